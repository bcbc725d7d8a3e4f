"""The real Centrifugo 6 that scenarios run on, where CENTRIFUGO_V6_BIN names one."""

import contextlib
import http.client
import json
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.conformance.servers_v1 import free_port
from tests.needs import find

__all__ = ["real"]


@contextlib.contextmanager
def real(config: Mapping[str, Any], folder: Path) -> Iterator[str]:
    """A real server with that configuration until the block ends: its URL. *folder* is for its files."""
    program = find("centrifugo-v6")
    assert program, "there is no real server"
    port = free_port()
    file, log = folder / "config.json", folder / "server.log"
    file.write_text(json.dumps({**config, "http_server": {"address": "127.0.0.1", "port": port}}))
    with log.open("wb") as output:
        process = subprocess.Popen(
            [program, "-c", str(file)], stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
        try:
            _wait_until_it_answers(process, port, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_until_it_answers(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    end = time.monotonic() + 20
    while process.poll() is None and time.monotonic() < end:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/")
            connection.getresponse().read()
        except OSError:
            time.sleep(0.02)
        else:
            return
        finally:
            connection.close()
    raise RuntimeError(f"the server does not answer: {log.read_text(errors='replace')[-2000:]}")
