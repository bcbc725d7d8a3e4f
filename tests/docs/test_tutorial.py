"""The tutorial as a reader does it: files are written, commands run in order, and the page is opened in Chromium."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.conftest import OpenBrowser
from tests.docs.pages import DOCS, Block, blocks
from tests.needs import find, needs
from tests.ports import free_port

pytestmark = [needs("node"), needs("playwright"), needs("chromium"), needs("centrifuge-js")]

PAGE = DOCS / "tutorial.md"
STAYS = ("centripetal serve ", "uvicorn ")
"""Commands that run until they are stopped."""
INSTALLS = ("pip ", "npm ")
"""Commands that are not run, because their packages are installed already."""


class Reader:
    """A reader who follows the page, with a folder, shell variables and running programs."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ports = {"8000": str(free_port()), "8080": str(free_port())}
        self.url = f"http://localhost:{self._ports['8080']}"
        self._variables = dict(os.environ)
        self._variables["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        self._running: dict[str, subprocess.Popen[str]] = {}

    def do(self, block: Block) -> None:
        """Write the file, or type the commands of the block."""
        text = re.sub("8000|8080", lambda port: self._ports[port[0]], block.code)
        if block.file:
            path = self._folder / block.file
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        elif block.language == "console":
            command, _, output = text.removeprefix("$ ").partition("\n")
            self._type(command, output)
        else:
            for command in text.splitlines():
                self._type(command, "Uvicorn running on" if command.startswith("uvicorn ") else "")

    def _type(self, command: str, output: str) -> None:
        """Run *command* and check that it prints *output*."""
        expected = _pattern(output)
        if command.startswith("export "):
            for each in command.split()[1:]:
                name, _, value = each.partition("=")
                self._variables[name] = value
        elif command.startswith(STAYS):
            self._start(command, expected)
        elif not command.startswith(INSTALLS):
            with self._popen(command) as process:
                said = process.communicate(timeout=60)[0]
            assert expected.search(said), f"{command}\n{said}"

    def _start(self, command: str, ready: "re.Pattern[str]") -> None:
        process = self._running[command.split()[0]] = self._popen(f"exec {command}")
        assert process.stdout
        said = ""
        while not ready.search(said):
            line = process.stdout.readline()
            assert line, said
            said += line

    def _popen(self, command: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            ["bash", "-c", command],
            cwd=self._folder,
            env=self._variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def stop(self, program: str) -> None:
        """Stop *program* like Ctrl-C."""
        with self._running.pop(program) as process:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=20)

    def leave(self) -> None:
        """Stop all running programs."""
        for program in list(self._running):
            self.stop(program)


def _pattern(output: str) -> "re.Pattern[str]":
    """Return a pattern for *output*, in which "…" matches anything and blanks match any white space."""
    words = [re.escape(word).replace("…", ".*") for word in output.split()]
    return re.compile(r"\s+".join(words))


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    """Yield a reader in an empty folder in which npm has installed centrifuge."""
    sdk = Path(str(find("centrifuge-js"))) / "node_modules" / "centrifuge5" / "dist" / "centrifuge.js"
    (tmp_path / "node_modules" / "centrifuge" / "dist").mkdir(parents=True)
    shutil.copy(sdk, tmp_path / "node_modules" / "centrifuge" / "dist")
    reader = Reader(tmp_path)
    yield reader
    reader.leave()


async def test_the_tutorial_ends_with_a_live_page(reader: Reader, open_browser: OpenBrowser) -> None:
    """Each command prints the page's output, all windows show goals and messages, and they reconnect to the server."""
    todo = list(blocks(PAGE))
    (serve,) = (block for block in todo if "centripetal serve " in block.code)
    (opened,) = (number for number, block in enumerate(todo, 1) if block.code.startswith("uvicorn "))
    for block in todo[:opened]:
        reader.do(block)

    browser = await open_browser(viewport={"width": 900, "height": 600})

    async def shown(score: str) -> None:
        for page in ("one", "two"):
            await browser.do("waitForSelector", f"#score:text-is('{score}')", page=page)
            await browser.do("waitForSelector", "#state.live", page=page)

    for page in ("one", "two"):
        assert await browser.do("goto", reader.url, page=page) == 200
    await shown("0 : 0")
    await browser.do("click", "[data-team=home]", page="one")
    await shown("1 : 0")
    reader.do(todo[opened])
    await shown("1 : 1")
    reader.stop("centripetal")
    await browser.do("waitForSelector", "#state:not(.live)", page="one")
    reader.do(serve)
    await shown("1 : 1")  # nothing is lost, although the server's memory is
    await browser.do("click", "[data-team=away]", page="two")
    await shown("1 : 2")
    for block in todo[opened + 1 :]:
        reader.do(block)
