"""The program as a process: both ways to start it, what it lacks, signals, pipes, serve and demo."""

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Mapping
from pathlib import Path

import pytest

from centripetal.cli import main as entry
from centripetal.cli.main import main
from centripetal.client.watching import Watching
from centripetal.dialects.v1.watcher import Watcher
from centripetal.server import EmbeddedServer
from centripetal.v1 import Client
from centripetal.version import __version__
from tests.cli.conftest import API_KEY, SECRET, TOKEN_KEY

SCRIPT = str(Path(sys.executable).with_name("centripetal"))
MODULE = (sys.executable, "-m", "centripetal")


def environment(server: EmbeddedServer | None = None, **more: str) -> Mapping[str, str]:
    named = {"CENTRIFUGO_API_URL": server.url, "CENTRIFUGO_SECRET": SECRET} if server else {}
    return {**os.environ, **named, **more}


def run(*arguments: str, env: Mapping[str, str] | None = None) -> "subprocess.CompletedProcess[str]":
    command = [*MODULE, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL, env=env)


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


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_serve_until_told_to_stop(tmp_path: Path, stop: signal.Signals) -> None:
    """`serve` runs a server by its configuration until Ctrl-C or SIGTERM, and then exits with 0."""
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"secret": "configured", "history_size": 1, "history_lifetime": 60}))
    with subprocess.Popen(
        [*MODULE, "serve", "--config", str(config), "--port", "0", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        url = json.loads(process.stdout.readline())["url"]
        assert json.loads(process.stdout.readline())["console"] == f"{url}/console/"
        with Client(url, "configured") as client:
            client.publish("news", 1)
            assert client.history("news")[0].data == 1
        process.send_signal(stop)
        assert process.wait(60) == 0


def test_serve_a_current_server(tmp_path: Path) -> None:
    """An API key means a current one; its options come from the configuration."""
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"http_server": {"port": 1}, "http_api": {"key": "configured"}}))
    with subprocess.Popen(
        [*MODULE, "serve", "--api-key", "k", "--config", str(config), "--port", "0", "--json"],
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        url = json.loads(process.stdout.readline())["url"]
        request = urllib.request.Request(f"{url}/api/channels", b"{}", {"X-API-Key": "k"})
        with urllib.request.urlopen(request, timeout=10) as response:
            assert json.load(response) == {"result": {"channels": {}}}
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0


@pytest.mark.parametrize(
    ("environment", "generation"),
    [({"CENTRIFUGO_API_KEY": "k"}, "6"), ({"CENTRIFUGO_HTTP_API_KEY": "k"}, "6"), ({"CENTRIFUGO_SECRET": "s"}, "1.x")],
)
def test_the_environment_says_which_server(environment: dict[str, str], generation: str) -> None:
    """The environment decides if neither an option nor a configuration does."""
    with subprocess.Popen(
        [*MODULE, "serve", "--port", "0"], stdout=subprocess.PIPE, text=True, env=os.environ | environment
    ) as process:
        assert process.stdout is not None
        assert f"Centrifugo {generation} at" in process.stdout.readline()
        process.send_signal(signal.SIGINT)


@pytest.mark.parametrize(("generation", "option"), [("1", "--secret"), ("6", "--api-key")])
def test_serve_says_which_credential_is_missing(generation: str, option: str) -> None:
    """By its option, for who asks for a generation and gives nothing else."""
    run = subprocess.run([*MODULE, "serve", "--server", generation, "--port", "0"], capture_output=True, text=True)
    assert run.returncode == 2
    assert f"{option} of the command line" in run.stderr


def test_serve_warns_in_sentences(tmp_path: Path) -> None:
    """A key of the configuration that has no effect is a warning of one line, without a place in our code."""
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"secret": "s", "no_such_key": 1}))
    with subprocess.Popen(
        [*MODULE, "serve", "--config", str(config), "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert "http://127.0.0.1:" in process.stdout.readline()
        process.send_signal(signal.SIGINT)
        (warning,) = process.stderr.read().splitlines()
        assert warning.startswith("warning: ")
        assert "no_such_key" in warning


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--port", "0"), "CENTRIFUGO_SECRET"),
        (("--insecure",), "--server 1 or 6"),
        (("--secret", "s", "--server", "6"), "API key"),
        (("--secret", "s", "--api-key", "k"), "give only what one of them has"),
        (("--server", "6"), "API key"),
        (("--server", "5"), "server must be 1"),
        (("--secret", "s", "--port", "70000"), "port"),
        (("--config", "no-such-file.json"), "no-such-file.json"),
    ],
)
def test_serve_explains_what_is_wrong(
    arguments: tuple[str, ...], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A server that cannot start says why and exits with 2."""
    assert main(["serve", *arguments]) == 2
    assert words in capsys.readouterr().err


def test_demo_does_the_main_job() -> None:
    """The demo runs on a server of its own, shows each call with its result and ends by itself without a terminal."""
    ran = run("demo", "--server", "1")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert re.search(r"client\.publish\('demo', .*True +\d+\.\d\d ms", ran.stdout)
    assert re.search(r"response\.result\(\) for .*\[True, True, True\]", ran.stdout)
    assert "namespace not found" in ran.stdout
    assert re.search(r"its console: http://127.0.0.1:\d+/console/", ran.stdout)


def test_demo_is_watched() -> None:
    """A live subscriber is in the channels, and what reaches it stands below the call that caused it."""
    out = run("demo", "--server", "1").stdout
    lines = [re.sub(r"connection \S+", "connection …", line).strip() for line in out.splitlines()]
    seen = [line.removeprefix("alice sees  ") for line in lines if line.startswith("alice sees")]
    assert seen == [
        "demo    joined     alice, connection …",
        "demo-2  joined     alice, connection …",
        'demo    published  {"text":"hello"}',
        'demo    published  {"text":"to both"}',
        'demo-2  published  {"text":"to both"}',
        *(f'demo    published  {{"n":{number}}}' for number in (1, 2, 3)),
    ]
    (published,) = [number for number, line in enumerate(lines) if line.startswith("client.publish('demo',")]
    assert lines[published + 1] == f"alice sees  {seen[2]}"
    assert "ClientInfo(user='alice'" in out
    assert re.search(r"client\.channels\(\) +\['demo', 'demo-2'\]", out)


def test_demo_on_a_server_that_is_named(server: EmbeddedServer) -> None:
    """With CENTRIFUGO_API_URL set, the demo uses that server; with --json each call is an object."""
    ran = run("demo", "--json", env=environment(server))
    calls = [json.loads(line) for line in ran.stdout.splitlines()]
    assert {"client.publish('demo', {'text': 'hello'})", "client.pending"} <= {call["call"] for call in calls}
    assert [call for call in calls if "error" in call][-1]["error"].startswith("publish: the server says")
    assert len(Client(server.url, SECRET).history("demo")) == 5
    arrived = [event for call in calls for event in call.get("arrived", ())]
    assert [event["data"] for event in arrived if event["event"] == "published"][-3:] == [{"n": n} for n in (1, 2, 3)]


def test_demo_goes_on_where_nobody_can_watch() -> None:
    """A server that lets no more connections of the user in is used all the same, and the demo says why."""
    config = {"user_connection_limit": 1, "history_size": 5, "history_lifetime": 60, "presence": True}
    with EmbeddedServer(secret=SECRET, config=config) as server:
        events = iter(Watching(Watcher(["elsewhere"], secret=SECRET, user="alice"), server.url))
        next(events)
        ran = run("demo", env=environment(server))
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "Nobody watches, for this reason: the server says: limit exceeded" in ran.stdout
    assert "[True, True, True]" in ran.stdout
    assert "alice sees" not in ran.stdout
    events.close()


def test_demo_shows_no_secret_of_a_server(server: EmbeddedServer) -> None:
    """The demo prints neither the secret of a real server nor a whole token."""
    ran = run("demo", env=environment(server))
    assert ran.returncode == 0
    assert SECRET not in ran.stdout
    assert not re.search(r"[0-9a-f]{64}", ran.stdout)


def test_demo_without_a_server_says_so() -> None:
    """A demo against a server that is not there fails like any verb."""
    ran = run("demo", "--url", "http://127.0.0.1:1", "--secret", "s")
    assert ran.returncode == 3
    assert ran.stderr.startswith("error: ")


def test_demo_of_a_current_server() -> None:
    """By default it shows the current API: offsets, a repeated publication, a batch, a subscriber who sees it."""
    out = run("demo").stdout
    lines = [line.strip() for line in out.splitlines()]
    assert "from centripetal import Client" in lines
    assert [line for line in lines if line.startswith("alice sees") and "published" in line] == [
        'alice sees  demo    published  {"text":"hello"}',
        'alice sees  demo    published  {"text":"to both"}',
        'alice sees  demo-2  published  {"text":"to both"}',
        'alice sees  demo    published  {"text":"once"}',
        *(f'alice sees  demo    published  {{"n":{number}}}' for number in (1, 2, 3)),
    ]
    assert re.search(r"slot\.result\(\)\.offset for slot in slots\] +\[4, 5, 6\]", out)
    assert "102: unknown channel" in out


def test_demo_on_a_current_server_that_is_named(current_server: EmbeddedServer) -> None:
    """An address and an API key are enough; nobody watches then, if the server wants tokens."""
    named = {"CENTRIFUGO_HTTP_API_URL": current_server.url, "CENTRIFUGO_HTTP_API_KEY": API_KEY}
    ran = run("demo", env={**os.environ, **named})
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "Nobody watches, for this reason: the server says: 3501" in ran.stdout
    assert "connection_token" not in ran.stdout
    ran = run("demo", "--json", "--token-key", TOKEN_KEY, env={**os.environ, **named})
    calls = [json.loads(line) for line in ran.stdout.splitlines()]
    arrived = [event["data"] for call in calls for event in call.get("arrived", ()) if event["event"] == "published"]
    assert arrived[-3:] == [{"n": n} for n in (1, 2, 3)]
    assert TOKEN_KEY not in ran.stdout
