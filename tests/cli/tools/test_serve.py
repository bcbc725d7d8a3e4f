"""Tests of `serve`: the server that it chooses, its output and its exit."""

import json
import signal
import subprocess
import urllib.request
from pathlib import Path
from typing import Any

import pytest

import centripetal as c
from centripetal.cli.main import main
from centripetal.v1 import Client
from tests.cli.conftest import Run
from tests.cli.process import MODULE


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_serve_until_interrupted(tmp_path: Path, stop: signal.Signals) -> None:
    """`serve` runs a server from a configuration file until Ctrl-C or SIGTERM and then exits with 0."""
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
    """An API key starts a current server, with the options of the configuration."""
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
    ("environment", "generation", "credential"),
    [
        ({"CENTRIFUGO_API_KEY": "k"}, 6, "api_key"),
        ({"CENTRIFUGO_HTTP_API_KEY": "k"}, 6, "api_key"),
        ({"CENTRIFUGO_SECRET": "k"}, 1, "secret"),
    ],
)
def test_the_environment_selects_the_server(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], generation: int, credential: str
) -> None:
    """Without an option or a configuration, the environment selects the generation of the server and its credential."""
    served: dict[str, Any] = {}
    monkeypatch.setattr("centripetal.server.serve", served.update)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert main(["serve", "--port", "0"]) == 0
    assert served["server"] == generation
    assert {name: served[name] for name in ("api_key", "secret") if served[name]} == {credential: "k"}


@pytest.mark.parametrize(("arguments", "generation"), [((), 6), (("--server", "1"), 1), (("--insecure",), 6)])
def test_serve_needs_no_credential(
    monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], generation: int
) -> None:
    """Without credentials, `serve` leaves the keys to the server: a Centrifugo 6 unless an option selects 1.x."""
    served: dict[str, Any] = {}
    monkeypatch.setattr("centripetal.server.serve", served.update)
    assert main(["serve", *arguments]) == 0
    assert (served["server"], served["secret"], served["api_key"], served["token_secret"]) == (
        generation,
        *(None, None, None),
    )


def test_the_printed_lines_work_in_a_shell(cli: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the variables that bare `serve` prints, clients, the verbs of the program and its tokens work."""
    with subprocess.Popen([*MODULE, "serve", "--port", "0", "--json"], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        variables: dict[str, str] = {}
        for line in process.stdout:
            variables |= json.loads(line).get("environment", {})
            if "token connection" in line:
                break
        with c.Client.from_env(environment=variables) as client:
            assert client.publish("news", {"text": "hello"}).offset == 1
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        assert cli("publish", "news", "2").code == 0
        assert [one["offset"] for one in json.loads(cli("history", "news", "--json").out)["publications"]] == [1, 2]
        token = cli("token", "connection", "42").out.strip()
        assert cli("doctor", "--channel", "news", "--token", token).code == 0
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0


def test_serve_prints_warnings_in_one_line(tmp_path: Path) -> None:
    """A configuration key without effect is a one-line warning without a location in the library's code."""
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
        (("--secret", "s", "--server", "6"), "for 1.x servers: for a current server, pass api_key"),
        (("--secret", "s", "--api-key", "k"), "pass only one kind of key"),
        (("--server", "5"), "server must be the number 1"),
        (("--secret", "s", "--port", "70000"), "port"),
        (("--config", "no-such-file.json"), "no-such-file.json"),
    ],
)
def test_serve_explains_errors(arguments: tuple[str, ...], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A server that cannot start exits with 2 and explains the reason."""
    assert main(["serve", *arguments]) == 2
    assert words in capsys.readouterr().err
