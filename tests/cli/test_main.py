"""Tests of the program as a separate process: both ways to start it, missing extras, signals and pipes."""

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
    """The installed script and `python -m centripetal` run the same program and print the same version."""
    ran = subprocess.run([*command, "--version"], capture_output=True, text=True, timeout=60)
    assert (ran.returncode, ran.stdout) == (0, f"centripetal {__version__}\n")


@pytest.mark.parametrize("package", ["typer", "rich"])
def test_without_the_extra(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], package: str) -> None:
    """Without Typer or Rich, the program names the extra to install and exits with 2, but still prints its version."""
    monkeypatch.setitem(sys.modules, package, None)
    assert main(["channels"]) == 2
    assert "pip install 'centripetal[cli]'" in capsys.readouterr().err
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"centripetal {__version__}\n"


def test_core_does_not_import_the_extra() -> None:
    """Importing the client or the program's entry point loads neither Typer nor Rich."""
    code = "import sys, centripetal.v1, centripetal.cli.main; sys.exit(bool({'typer', 'rich'} & sys.modules.keys()))"
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0
    assert not hasattr(entry, "typer")


def test_publish_and_read_in_separate_processes(server: EmbeddedServer) -> None:
    """One process publishes data from standard input, and another process reads it."""
    published = subprocess.run(
        [*MODULE, "publish", "process"], input=b'{"n": 1}', env=environment(server), capture_output=True, timeout=60
    )
    assert published.stdout == b"ok\n"
    ran = run("history", "process", "--json", env=environment(server))
    assert json.loads(ran.stdout)[0]["data"] == {"n": 1}


def test_characters_outside_the_output_encoding(server: EmbeddedServer) -> None:
    """Characters that the output encoding lacks are escaped, and --json output remains equivalent JSON."""
    with Client(server.url, SECRET) as client:
        client.publish("letters", {"text": "é漢😀"})
    latin = environment(server, PYTHONIOENCODING="latin-1")
    command = [*MODULE, "history", "letters"]
    shown = subprocess.run(command, capture_output=True, encoding="latin-1", timeout=60, env=latin)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert r"é\u6f22\U0001f600" in shown.stdout
    ran = subprocess.run([*command, "--json"], capture_output=True, encoding="ascii", timeout=60, env=latin)
    assert json.loads(ran.stdout)[0]["data"] == {"text": "é漢😀"}


def test_reader_closes_the_pipe_early(server: EmbeddedServer) -> None:
    """When its reader closes the pipe, the program says in one line that the command ran, and exits with 141."""
    client = Client(server.url, SECRET)
    client.publish("pipe", "x" * 200_000)
    # With buffered output, Python would report a partial write as a complete write.
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
        (line,) = process.stderr.read().splitlines()
        error = json.loads(line)["error"]
        assert (error["method"], error["channel"], error["executed"]) == ("history", "pipe", "yes")
        assert process.wait(60) == error["exit_code"] == 141


def test_interrupted_input_exits_130(server: EmbeddedServer) -> None:
    """Ctrl-C while the program waits for input exits with 130 and prints no traceback."""
    reading, writing = os.pipe()
    code = "import os, sys; from centripetal.cli import input; from centripetal.cli.main import run;"
    # The process reports when it starts to read, so that the signal cannot arrive earlier.
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


@pytest.mark.parametrize(("closed", "code"), [((1,), 6), ((2,), 0), ((0, 1, 2), 6)], ids=str)
def test_closed_standard_descriptors(server: EmbeddedServer, closed: tuple[int, ...], code: int) -> None:
    """Closed standard streams cause no traceback, and only a closed standard output is an error."""

    def close() -> None:
        for number in closed:
            os.close(number)

    ran = subprocess.run(
        [*MODULE, "stats"], env=environment(server), capture_output=True, text=True, timeout=60, preexec_fn=close
    )
    assert ran.returncode == code
    expected = "error: cannot write to standard output: Bad file descriptor. The server executed the command\n"
    assert ran.stderr == (expected if code and 2 not in closed else "")


def test_a_full_disk(server: EmbeddedServer) -> None:
    """If the disk is full, the program says so in one line, and Python reports nothing more at exit."""
    with open("/dev/full", "wb") as full:
        ran = subprocess.run(
            [*MODULE, "stats"], env=environment(server), stdout=full, stderr=subprocess.PIPE, text=True, timeout=60
        )
    expected = "error: cannot write to standard output: No space left on device. The server executed the command\n"
    assert (ran.returncode, ran.stderr) == (6, expected)
