"""Servers for scenarios: the embedded server, and a real Centrifugo 1.x if CENTRIFUGO_V1_BIN names its binary."""

import contextlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from centripetal.server import EmbeddedServer
from tests.conformance.servers import Server, running
from tests.needs import find
from tests.ports import free_port

__all__ = ["CONFIGS", "KINDS", "SECRET", "Server", "real_command", "running", "start"]

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
"""Configuration files of the real server, which `EmbeddedServer(config=…)` accepts, too."""

KINDS = ("embedded", "real") if find("centrifugo-v1") else ("embedded",)


@contextlib.contextmanager
def start(kind: str, config: Mapping[str, Any], folder: Path) -> Iterator[Server]:
    """Run a server of that kind and configuration until the block ends; *folder* is for its files."""
    if kind == "embedded":
        with EmbeddedServer(config=config) as embedded:
            yield Server(kind, embedded.url)
    else:
        with _real(config, folder) as url:
            yield Server(kind, url)


@contextlib.contextmanager
def _real(config: Mapping[str, Any], folder: Path) -> Iterator[str]:
    port = free_port()
    with running(real_command(config, port, folder), port, folder):
        yield f"http://127.0.0.1:{port}"


def real_command(config: Mapping[str, Any], port: int, folder: Path) -> list[str]:
    """Return the command that starts a real server; *folder* is for its configuration."""
    program = find("centrifugo-v1")
    assert program, "scenarios for the real server need its binary"
    file = folder / "config.json"
    file.write_text(json.dumps(config))
    return [program, "--config", str(file), "--port", str(port), "--address", "127.0.0.1"]
