"""A browser for tests: Chromium, driven from Python through `browser.cjs`."""

import asyncio
import contextlib
import itertools
import json
import subprocess
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.needs import find

PROGRAM = Path(__file__).parent / "browser.cjs"


class Program:
    """A running Chromium, shared by the tests of a module."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process
        self._names = itertools.count()
        self._exchanging = threading.Lock()

    def new_name(self) -> str:
        """Return a name that no context has."""
        return f"context {next(self._names)}"

    async def ask(self, order: object) -> Any:
        """Send a command and return its result."""
        # A thread, because the program outlives the event loop of a test.
        answer = json.loads(await asyncio.wait_for(asyncio.to_thread(self._exchange, order), 60))
        assert "error" not in answer, answer["error"]
        return answer["result"]

    def _exchange(self, order: object) -> bytes:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with self._exchanging:
            self._process.stdin.write(json.dumps(order).encode() + b"\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        assert line, "the browser has ended"
        return line


class Browser:
    """The pages of one context, with the methods of Playwright's `Page`, called by name.

    A context has its own cookies, storage and options, like a separate browser.
    """

    def __init__(self, program: Program) -> None:
        self._program = program
        self._name = program.new_name()

    async def do(self, method: str, *args: object, page: str = "main") -> Any:
        """Call a method of the page and return its result if that is plain data."""
        return await self._program.ask({"method": method, "args": args, "page": page, "context": self._name})

    async def open(self, url: str) -> None:
        """Open the console and wait until it is live."""
        assert await self.do("goto", url) == 200
        await self.do("waitForSelector", "body[data-link=live]")

    async def sees(self, selector: str, state: str = "visible") -> None:
        """Wait until an element matches *selector*; with "hidden", until no visible element does."""
        await self.do("waitForSelector", selector, {"state": state})

    async def text(self, selector: str) -> str:
        return str(await self.do("innerText", selector))

    async def press(self, *keys: str) -> None:
        for key in keys:
            await self.do("keyboard.press", key)


OpenBrowser = Callable[..., Awaitable[Browser]]


@contextlib.contextmanager
def start_program() -> Iterator[Program]:
    """Run Chromium; starting it takes longer than most tests, so tests of a module share it."""
    command = (find("node"), PROGRAM, find("playwright"), find("chromium"))
    with subprocess.Popen([*map(str, command)], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            yield Program(process)
            process.communicate(timeout=60)
        finally:
            process.kill()
        assert process.returncode == 0


@contextlib.asynccontextmanager
async def open_context(program: Program, **options: object) -> AsyncIterator[Browser]:
    """Open a browser with *options* of Playwright's context; at the end, no script in its pages may have failed."""
    browser = Browser(program)
    await browser.do("newContext", options)
    yield browser
    assert await browser.do("closeContext") == []


@pytest.fixture(scope="module")
def program() -> Iterator[Program]:
    """Chromium, started once for all tests of a module."""
    with start_program() as program:
        yield program


@pytest.fixture
async def open_browser(program: Program) -> AsyncIterator[OpenBrowser]:
    """Return a function that opens browsers with options of Playwright's context; script errors fail the test."""
    async with contextlib.AsyncExitStack() as stack:

        async def start(**options: object) -> Browser:
            return await stack.enter_async_context(open_context(program, **options))

        yield start


@pytest.fixture
async def browser(open_browser: OpenBrowser) -> Browser:
    return await open_browser(viewport={"width": 1280, "height": 800})
