"""Fixtures that run the command line in this process, and servers for it."""

import io
import sys
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import NamedTuple

import pytest

from centripetal.cli.main import main
from centripetal.server import EmbeddedServer

SECRET = "the secret of these tests"
CONFIG = {"history_size": 10, "history_lifetime": 60, "presence": True, "namespaces": [{"name": "bare"}]}


class Ran(NamedTuple):
    """Exit code and output of a run of the command line."""

    code: int
    out: str
    err: str


Run = Callable[..., Ran]


API_KEY = "the API key of these tests"
TOKEN_KEY = "the key of tokens of these tests"
_CHANNELS = {
    "presence": True,
    "join_leave": True,
    "history_size": 10,
    "history_ttl": "60s",
    "allow_recovery": True,
    "allow_history_for_subscriber": True,
    "allow_presence_for_subscriber": True,
}
CURRENT_CONFIG = {
    "http_api": {"key": API_KEY},
    "client": {"token": {"hmac_secret_key": TOKEN_KEY}},
    "channel": {
        "without_namespace": _CHANNELS,
        "namespaces": [{"name": "bare"}, {"name": "open", "allow_subscribe_for_client": True}],
    },
}


@pytest.fixture(scope="session")
def server() -> Iterator[EmbeddedServer]:
    """An embedded server with history and presence."""
    with EmbeddedServer(secret=SECRET, config=CONFIG) as server:
        yield server


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command line in this process: `cli("publish", "news", "1", stdin=b"")`."""
    # Tables take the width that they need; help pages take this width.
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("NO_COLOR", "1")

    def run(*arguments: str, stdin: bytes = b"") -> Ran:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        code = main(arguments)
        return Ran(int(code), *capsys.readouterr())

    return run


@pytest.fixture
def api(cli: Run, server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch) -> Run:
    """`cli` with the URL and the secret of the embedded server in the environment."""
    monkeypatch.setenv("CENTRIFUGO_API_URL", server.url)
    monkeypatch.setenv("CENTRIFUGO_SECRET", SECRET)
    return cli


@pytest.fixture(scope="session")
def current_server() -> Iterator[EmbeddedServer]:
    """An embedded server of the current API."""
    with EmbeddedServer(config=CURRENT_CONFIG) as server:
        yield server


@pytest.fixture
def current(cli: Run, current_server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch) -> Run:
    """`cli` with the URL and the keys of the current embedded server in the environment."""
    monkeypatch.setenv("CENTRIFUGO_HTTP_API_URL", current_server.url)
    monkeypatch.setenv("CENTRIFUGO_HTTP_API_KEY", API_KEY)
    monkeypatch.setenv("CENTRIFUGO_CLIENT_TOKEN_HMAC_SECRET_KEY", TOKEN_KEY)
    return cli


@pytest.fixture
def answering(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a server that sends the same reply to every request; the parameter is (status, body)."""
    status, body = request.param

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            """Print nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as stub:
        Thread(target=stub.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{stub.server_address[1]}"
        stub.shutdown()
