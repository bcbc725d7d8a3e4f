"""A real Centrifugo 6 where CENTRIFUGO_V6_BIN names one."""

import contextlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.conformance.servers_v1 import free_port, running
from tests.needs import find

__all__ = ["real"]


@contextlib.contextmanager
def real(config: Mapping[str, Any], folder: Path) -> Iterator[str]:
    """Run a real server until the block ends, and yield its URL; *folder* is for its files."""
    program, port, file = find("centrifugo-v6"), free_port(), folder / "config.json"
    assert program
    file.write_text(json.dumps({**config, "http_server": {"address": "127.0.0.1", "port": port}}))
    with running([program, "--config", str(file)], port, folder):
        yield f"http://127.0.0.1:{port}"
