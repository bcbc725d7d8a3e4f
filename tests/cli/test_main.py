"""The program as a process: both ways to start it, what it lacks, signals and pipes."""

import json
import os
import signal
import subprocess
import sys

import pytest

from centripetal.cli import main as entry
from centripetal.cli.main import main
from centripetal.server import EmbeddedServer
from centripetal.v1 import Client
from centripetal.version import __version__
from tests.cli.conftest import SECRET
from tests.cli.process import MODULE, SCRIPT, environment, run


@pytest.mark.parametrize("command", [(SCRIPT,), MODULE], ids=["script", "module"])
def test_version(command: tuple[str, ...]) -> None:
    """The installed script and `python -m centripetal` are the same program, and tell their version."""
    ran = subprocess.run([*command, "--version"], capture_output=True, text=True, timeout=60)
    assert (ran.returncode, ran.stdout) == (0, f"centripetal {__version__}\n")


@pytest.mark.parametrize("package", ["typer", "rich"])
def test_without_the_extra(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], package: str) -> None:
    """Where Typer or Rich is missing, the program says what to install and exits with 2; its version it tells."""
    monkeypatch.setitem(sys.modules, package, None)
    assert main(["channels"]) == 2
    assert "pip install 'centripetal[cli]'" in capsys.readouterr().err
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"centripetal {__version__}\n"


def test_core_does_not_import_the_extra() -> None:
    """Importing the client, or the start of the program, imports neither Typer nor Rich."""
    code = "import sys, centripetal.v1, centripetal.cli.main; sys.exit(bool({'typer', 'rich'} & sys.modules.keys()))"
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0
    assert not hasattr(entry, "typer")


def test_whole_way_through_a_process(server: EmbeddedServer) -> None:
    """Publish from standard input in one process, read it in another."""
    published = subprocess.run(
        [*MODULE, "publish", "process"], input=b'{"n": 1}', env=environment(server), capture_output=True, timeout=60
    )
    assert published.stdout == b"ok\n"
    ran = run("history", "process", "--json", env=environment(server))
    assert json.loads(ran.stdout)[0]["data"] == {"n": 1}


def test_letters_that_the_output_does_not_have(server: EmbeddedServer) -> None:
    """They are escaped: for people in some way, and with --json so that it is the same JSON."""
    with Client(server.url, SECRET) as client:
        client.publish("letters", {"text": "é漢😀"})
    latin = environment(server, PYTHONIOENCODING="latin-1")
    command = [*MODULE, "history", "letters"]
    shown = subprocess.run(command, capture_output=True, encoding="latin-1", timeout=60, env=latin)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert r"é\u6f22\U0001f600" in shown.stdout
    ran = subprocess.run([*command, "--json"], capture_output=True, encoding="ascii", timeout=60, env=latin)
    assert json.loads(ran.stdout)[0]["data"] == {"text": "é漢😀"}


def test_pipe_that_closes_early(server: EmbeddedServer) -> None:
    """A reader that stops reading ends the program without a word."""
    client = Client(server.url, SECRET)
    client.publish("pipe", "x" * 200_000)
    # Without its own buffer, Python takes a write that was cut short for a whole one.
    quiet = {name: value for name, value in environment(server).items() if name != "PYTHONUNBUFFERED"}
    with subprocess.Popen(
        [*MODULE, "history", "pipe", "--json"],
        env=quiet,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(1)
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(60) == 141


def test_interrupted_input_exits_130(server: EmbeddedServer) -> None:
    """Ctrl-C while the program waits for its input exits with 130 and without a traceback."""
    reading, writing = os.pipe()
    code = "import os, sys; from centripetal.cli import input; from centripetal.cli.main import run;"
    # Says when it has begun to read, so that the signal does not come before.
    code += "read = input.read_bytes; input.read_bytes = lambda a: (os.write(1, b'!'), read(a))[1]; run()"
    with subprocess.Popen(
        [sys.executable, "-c", code, "publish", "news"],
        env=environment(server),
        stdin=reading,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.read(1) == b"!"
        process.send_signal(signal.SIGINT)
        assert process.stderr.read() == b""
        assert process.wait(60) == 130
    os.close(reading)
    os.close(writing)
