"""The servers that scenarios run on: the embedded one, and a real Centrifugo 1.x where CENTRIFUGO_V1_BIN names one."""

import contextlib
import http.client
import itertools
import json
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from centripetal.server import EmbeddedServer
from tests.needs import find

__all__ = ["CONFIGS", "KINDS", "SECRET", "Server", "Servers", "free_port", "real_command", "running", "start"]

SECRET = 'clé 🔑 "&<>'

_MINUTES = {"history_lifetime": 300}

CONFIGS: Mapping[str, Mapping[str, Any]] = {
    "usual": {
        "secret": SECRET,
        "name": "node-1",
        "presence": True,
        "history_size": 10,
        "history_lifetime": 300,
        "namespaces": [
            {"name": "public", "presence": True, "history_size": 5, **_MINUTES},
            {"name": "one", "history_size": 1, **_MINUTES},
            {"name": "bare"},
            {"name": "size-only", "history_size": 3},
            {"name": "life-only", **_MINUTES},
            {"name": "inactive", "history_size": 3, "history_drop_inactive": True, **_MINUTES},
            {"name": "short", "history_size": 3, "history_lifetime": 1},
            {"name": "deep", "history_size": 20_000, **_MINUTES},
        ],
    },
    "insecure": {"secret": SECRET, "insecure_api": True, "name": "node-1", "history_size": 10, "history_lifetime": 300},
    "insecure without secret": {"insecure_api": True, "name": "node-1", "history_size": 10, "history_lifetime": 300},
    "without secret": {"name": "node-1", "history_size": 10, "history_lifetime": 300},
}
"""Configuration files of the real server; `EmbeddedServer(config=…)` takes the same."""

KINDS = ("embedded", "real") if find("centrifugo-v1") else ("embedded",)


class Server(NamedTuple):
    """A server that runs."""

    kind: str
    url: str


@contextlib.contextmanager
def start(kind: str, config: Mapping[str, Any], folder: Path) -> Iterator[Server]:
    """Run a server of that kind and configuration until the block ends; *folder* is for its files."""
    if kind == "embedded":
        with EmbeddedServer(config=config) as embedded:
            yield Server(kind, embedded.url)
    else:
        with _real(config, folder) as url:
            yield Server(kind, url)


class Servers:
    """Servers that many scenarios share, started when the first one asks; and others of its own for who needs it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = itertools.count()
        self._shared: dict[tuple[str, str], Server] = {}
        self._stack = contextlib.ExitStack()

    def shared(self, kind: str, config: str) -> Server:
        """One for everybody."""
        key = kind, config
        if key not in self._shared:
            self._shared[key] = self._stack.enter_context(self.fresh(kind, config))
        return self._shared[key]

    @contextlib.contextmanager
    def fresh(self, kind: str, config: str) -> Iterator[Server]:
        """One that nobody has used."""
        folder = self._folder / f"{kind}-{next(self._numbers)}"
        folder.mkdir()
        with start(kind, CONFIGS[config], folder) as server:
            yield server

    def close(self) -> None:
        self._stack.close()


@contextlib.contextmanager
def _real(config: Mapping[str, Any], folder: Path) -> Iterator[str]:
    port = free_port()
    with running(real_command(config, port, folder), port, folder):
        yield f"http://127.0.0.1:{port}"


def real_command(config: Mapping[str, Any], port: int, folder: Path) -> list[str]:
    """What starts a real server; *folder* is for its configuration."""
    program = find("centrifugo-v1")
    assert program, "scenarios for the real server are only made where there is one"
    file = folder / "config.json"
    file.write_text(json.dumps(config))
    return [program, "--config", str(file), "--port", str(port), "--address", "127.0.0.1"]


@contextlib.contextmanager
def running(command: Sequence[str], port: int, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A server process that answers at *port*, until the block ends; *folder* is for its log."""
    log = folder / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
        try:
            _wait_until_it_answers(process, port, log)
            yield process
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
    return port


def _wait_until_it_answers(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    end = time.monotonic() + 20
    while process.poll() is None and time.monotonic() < end:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("POST", "/api/", b"")
            connection.getresponse().read()
        except OSError:
            time.sleep(0.02)
        else:
            return
        finally:
            connection.close()
    raise RuntimeError(f"the server does not answer: {log.read_text(errors='replace')[-2000:]}")
