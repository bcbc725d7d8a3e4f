"""Servers for measurements and races, by generation, each in a separate process on this machine."""

import contextlib
import json
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple

from benchmarks.work import Generation
from tests.conformance.servers import running
from tests.needs import find
from tests.ports import free_port

__all__ = ["CREDENTIAL", "Server", "ServerKind", "kinds", "start", "variable"]

ServerKind = Literal["embedded", "real"]

CREDENTIAL = "benchmark"
"""Secret (1.x) or API key (6.x) of servers started here."""

_EMBEDDED = "from centripetal.server import serve; serve(config={config!r}, port={port})"
_NEEDS: Mapping[Generation, str] = {1: "centrifugo-v1", 6: "centrifugo-v6"}
# Clients may connect and subscribe without a token.
_CONFIGS: Mapping[Generation, Mapping[str, Any]] = {
    1: {"secret": CREDENTIAL, "insecure": True},
    6: {"http_api": {"key": CREDENTIAL}, "client": {"insecure": True}},
}
_VARIABLES: Mapping[Generation, str] = {1: "CENTRIFUGO_SECRET", 6: "CENTRIFUGO_API_KEY"}


class Server(NamedTuple):
    """A server process."""

    kind: ServerKind
    pid: int
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def kinds(generation: Generation) -> tuple[ServerKind, ...]:
    """Return the servers that can be started here; a real server needs CENTRIFUGO_V1_BIN or CENTRIFUGO_V6_BIN."""
    return ("embedded", "real") if find(_NEEDS[generation]) else ("embedded",)


def variable(generation: Generation) -> str:
    """Return the environment variable with the credential of a server that is not started here."""
    return _VARIABLES[generation]


@contextlib.contextmanager
def start(generation: Generation, kind: ServerKind) -> Iterator[Server]:
    """Run a server until the block ends."""
    with tempfile.TemporaryDirectory() as name:
        port, folder = free_port(), Path(name)
        command = _command(generation, kind, port, folder)
        with running(command, port, folder) as process:
            yield Server(kind, process.pid, port)


def _command(generation: Generation, kind: ServerKind, port: int, folder: Path) -> list[str]:
    config = _CONFIGS[generation]
    if kind == "embedded":
        return [sys.executable, "-c", _EMBEDDED.format(config=config, port=port)]
    program = find(_NEEDS[generation])
    assert program is not None, "kinds() tells whether there is one"
    file = folder / "config.json"
    if generation == 1:
        file.write_text(json.dumps(config))
        return [program, "--config", str(file), "--port", str(port), "--address", "127.0.0.1"]
    file.write_text(json.dumps({**config, "http_server": {"address": "127.0.0.1", "port": port}}))
    return [program, "--config", str(file)]
