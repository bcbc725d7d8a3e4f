"""A real Centrifugo 6.x, where CENTRIFUGO_V6_BIN names one: to run, and to ask for its opinion on tokens."""

import contextlib
import json
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.conformance.servers_v1 import free_port, running
from tests.needs import find

__all__ = ["checks", "serving"]


@contextlib.contextmanager
def serving(config: Mapping[str, Any], folder: Path) -> Iterator[str]:
    """Run a server with *config* until the block ends; the address of its WebSocket. *folder* is for its files."""
    port = free_port()
    listening = {"http_server": {"address": "127.0.0.1", "port": str(port)}}
    command = [_program(), "--config", str(_written({**config, **listening}, folder))]
    with running(command, port, folder):
        yield f"ws://127.0.0.1:{port}/connection/websocket"


def checks(kind: str, token: str, config: Mapping[str, Any], folder: Path) -> bool:
    """Whether the server's own checker calls a connection or subscription token valid."""
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
    assert program, "only tests that need the real server get here"
    return program
