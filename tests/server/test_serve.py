"""The embedded server as a command-line program."""

import os
import re
import signal
import socket
import sys
from typing import Any

import pytest

from centripetal.errors import UsageError
from centripetal.server import serve
from tests.server.test_embedded import ask


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serve_runs_until_a_signal(number: signal.Signals) -> None:
    """`serve` prints its address and purpose, runs until a signal, and restores the signal handlers."""
    lines: list[str] = []

    def echo(line: str) -> None:
        lines.append(line)
        if len(lines) == 3:
            os.kill(os.getpid(), number)

    before = signal.getsignal(number)
    serve(port=0, secret="s", echo=echo)
    assert "http://127.0.0.1:" in lines[0]
    assert lines[1] == f"its console: {lines[0].rpartition(' ')[2]}/console/"
    assert "for development and tests, not in production" in lines[2]
    assert signal.getsignal(number) is before


def test_serve_prints_a_generated_password() -> None:
    """Beyond loopback, `serve` prints the console password that it generated, but not a given password."""
    for given, shown in ((None, r"password [\w-]{16}\)"), ("known", r"with your password\)")):
        lines: list[str] = []

        def echo(line: str, lines: list[str] = lines) -> None:
            lines.append(line)
            if len(lines) == 3:
                os.kill(os.getpid(), signal.SIGTERM)

        serve(port=0, host="0.0.0.0", secret="s", console_password=given, echo=echo)
        assert re.fullmatch(rf"its console: http://localhost:\d+/console/ \({shown}", lines[1])


def test_serve_listens_on_the_configured_address() -> None:
    """`serve` listens on the configured address, and an invalid port is an error."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(UsageError, match=f"port {port} of 127.0.0.1"):
            serve(config={"secret": "s", "Port": str(port), "address": "127.0.0.1"})
    for port in ("x", "+80", "8_0", " 80", "\uff18\uff10", "65536", [80], float("inf")):
        with pytest.raises(UsageError, match="port in the configuration"):
            serve(config={"secret": "s", "port": port})
    with pytest.raises(UsageError, match="port in the configuration"):
        serve(config={"http_api": {"key": "k"}, "http_server": {"port": "x"}})


def test_serve_treats_null_as_unset() -> None:
    """A null section of the configuration counts as unset, as in the real server."""
    sections: dict[str, object] = {"http_api": None, "client": None, "http_server": None, "channel": {}}
    serve(port=0, config=sections, insecure=True, echo=lambda _: os.kill(os.getpid(), signal.SIGTERM))


def stopped_after(lines: list[str], **arguments: Any) -> dict[str, str]:
    """Serve until the last line, which *lines* receives, and return the variables that the server exports."""

    def echo(line: str) -> None:
        lines.append(line)
        if line.startswith("centripetal token"):
            os.kill(os.getpid(), signal.SIGTERM)

    serve(echo=echo, **arguments)
    exports = (line.removeprefix("export ").partition("=") for line in lines if line.startswith("export "))
    return {name: value for name, _, value in exports}


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        ({}, ["CENTRIFUGO_HTTP_API_URL", "CENTRIFUGO_HTTP_API_KEY", "CENTRIFUGO_CLIENT_TOKEN_HMAC_SECRET_KEY"]),
        ({"server": 1}, ["CENTRIFUGO_HTTP_API_URL", "CENTRIFUGO_SECRET"]),
        ({"api_key": "given"}, ["CENTRIFUGO_HTTP_API_URL", "CENTRIFUGO_CLIENT_TOKEN_HMAC_SECRET_KEY"]),
        ({"config": {"client": {"token": {"hmac_secret_key": "given"}}}}, ["CENTRIFUGO_HTTP_API_URL"]),
    ],
)
def test_serve_prints_generated_keys(arguments: dict[str, Any], names: list[str]) -> None:
    """`serve` generates the keys that are missing and prints only these, in lines of at most 80 columns."""
    lines: list[str] = []
    exported = stopped_after(lines, port=0, **arguments)
    assert list(exported) == names
    assert "given" not in " ".join(lines)
    assert max(map(len, lines)) <= 80


def test_serve_takes_a_free_port_if_the_default_is_in_use(monkeypatch: pytest.MonkeyPatch) -> None:
    """A default port in use leads to a free one and a note; a port that was given or configured is an error."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        monkeypatch.setattr(sys.modules["centripetal.server.serve"], "_DEFAULT_PORT", port)
        lines: list[str] = []
        url = stopped_after(lines)["CENTRIFUGO_HTTP_API_URL"]
        assert not url.endswith(f":{port}")
        assert f"Port {port} is in use, so the server selected a free one." in lines
        cases: list[dict[str, Any]] = [{"port": port}, {"config": {"secret": "s"}}]
        for arguments in cases:
            with pytest.raises(UsageError, match=f"port {port} of 127.0.0.1 is in use"):
                serve(**arguments)


def test_an_insecure_server_does_not_check_credentials() -> None:
    """With `insecure` the API does not check credentials either."""
    urls: list[str] = []

    def echo(line: str) -> None:
        urls.append(line.rpartition(" ")[2])
        if len(urls) == 1:
            assert ask(urls[0], {"method": "channels"})[0]["error"] is None
        else:
            os.kill(os.getpid(), signal.SIGTERM)

    serve(server=1, port=0, insecure=True, echo=echo)
