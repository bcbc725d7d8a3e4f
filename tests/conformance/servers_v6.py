"""Servers of the current API for scenarios: the embedded server, and a real 6.x if available.

The real server's token checker is used, too.
"""

import contextlib
import json
import subprocess
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from centripetal.server import EmbeddedServer, UnhonouredConfigWarning
from tests.conformance.servers import Server, running
from tests.needs import find
from tests.ports import free_port

__all__ = ["API_KEY", "CONFIGS", "KINDS", "checks", "serving", "start"]

API_KEY = "the-key/of+tests=1"

_HISTORY = {"history_size": 50, "history_ttl": "300s"}
_MAP = {"mode": "persistent", "stream_size": 50, "stream_ttl": "300s"}
_CHANNELS: Mapping[str, Any] = {
    "without_namespace": {"presence": True, **_HISTORY},
    "namespaces": [
        {"name": "bare"},
        {"name": "five", "history_size": 5, "history_ttl": "300s"},
        {"name": "deep", "history_size": 20_000, "history_ttl": "300s"},
        {"name": "brief", "history_size": 5, "history_ttl": "1s"},
        {"name": "meta", "history_size": 5, "history_ttl": "1s", "history_meta_ttl": "2s"},
        {"name": "object", "publication_data_format": "json_object"},
        {"name": "bytes", "publication_data_format": "binary"},
        {"name": "map", "subscription_type": "map", "map": _MAP},
        {"name": "ephemeral", "subscription_type": "map", "map": {"mode": "ephemeral", "key_ttl": "60s"}},
    ],
}

CONFIGS: Mapping[str, Mapping[str, Any]] = {
    "usual": {"http_api": {"key": API_KEY}, "node": {"name": "node-1"}, "channel": _CHANNELS},
    "statuses": {"http_api": {"key": API_KEY, "error_mode": "transport"}, "channel": _CHANNELS},
    "insecure": {"http_api": {"insecure": True, "handler_prefix": "/push/api"}, "channel": _CHANNELS},
}
"""Configuration files of the real server."""

KINDS = ("embedded", "real") if find("centrifugo-v6") else ("embedded",)


@contextlib.contextmanager
def start(kind: str, config: Mapping[str, Any], folder: Path) -> Iterator[Server]:
    """Run a server of that kind and configuration until the block ends; *folder* is for its files."""
    if kind == "embedded":
        with warnings.catch_warnings():
            # A warning about map channels: the embedded server does not run their scenarios.
            warnings.simplefilter("ignore", UnhonouredConfigWarning)
            server = EmbeddedServer(config=config)
        with server as embedded:
            # The scenarios configure the path of the API themselves.
            yield Server(kind, f"http://{urlsplit(embedded.url).netloc}")
        return
    port = free_port()
    file = _written({**config, "http_server": {"address": "127.0.0.1", "port": port}}, folder)
    with running([_program(), "--config", str(file)], port, folder):
        yield Server(kind, f"http://127.0.0.1:{port}")


@contextlib.contextmanager
def serving(config: Mapping[str, Any], folder: Path) -> Iterator[str]:
    """Run a server with *config* until the block ends, and return its WebSocket address; *folder* is for its files."""
    port = free_port()
    listening = {"http_server": {"address": "127.0.0.1", "port": str(port)}}
    command = [_program(), "--config", str(_written({**config, **listening}, folder))]
    with running(command, port, folder):
        yield f"ws://127.0.0.1:{port}/connection/websocket"


def checks(kind: str, token: str, config: Mapping[str, Any], folder: Path) -> bool:
    """Return whether the server's own checker accepts a connection or subscription token."""
    verb = {"connection": "checktoken", "subscription": "checksubtoken"}[kind]
    command = [_program(), verb, "--config", str(_written(config, folder)), "--", token]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    lines = [line for line in ran.stdout.splitlines() if line.startswith(("valid ", "error: "))]
    assert len(lines) == 1, ran
    assert lines[0].startswith("valid") == (ran.returncode == 0), ran
    return ran.returncode == 0


def _written(config: Mapping[str, Any], folder: Path) -> Path:
    file = folder / "config.json"
    file.write_text(json.dumps(config))
    return file


def _program() -> str:
    program = find("centrifugo-v6")
    assert program, "tests that need the real server are skipped without its binary"
    return program
