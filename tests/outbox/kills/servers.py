"""Servers of the kill tests. Centrifugo and Redis can be killed and started again on the same port."""

import contextlib
import json
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from centripetal import Client
from centripetal.server import EmbeddedServer
from tests.needs import find
from tests.outbox.kills.judging import Message
from tests.ports import free_port

__all__ = ["KEY", "Centrifugo", "Program", "Redis", "embedded"]

KEY = "the api key"


_CHANNELS = {
    "allow_subscribe_for_client": True,
    "allow_subscribe_for_anonymous": True,
    "history_size": 1_000_000,
    "history_ttl": "3600s",
    "force_recovery": True,
}


def _config(consumers: Mapping[str, Any]) -> dict[str, Any]:
    """Return a configuration in which all channels have a long history, and everyone may subscribe."""
    return {
        "http_api": {"key": KEY},
        "client": {"allow_anonymous_connect_without_token": True},
        "channel": {"without_namespace": _CHANNELS},
        **consumers,
    }


def embedded(consumers: Mapping[str, Any]) -> EmbeddedServer:
    """Return an embedded server that reads an outbox."""
    return EmbeddedServer(config=_config(consumers))


class Program:
    """A program that listens on a port of this machine. It runs while its `with` block is entered."""

    def __init__(self, command: Sequence[str], port: int, log: Path) -> None:
        self.port = port
        self._command = command
        self._log = log

    def start(self) -> None:
        """Start the program, and wait until it is ready."""
        with self._log.open("ab") as output:
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
            )
        for _ in range(1000):
            with contextlib.suppress(OSError):
                if self.is_ready():
                    return
            if self._process.poll() is not None:
                break
            time.sleep(0.01)
        self.kill()
        raise AssertionError(f"{self._command[0]} does not start: {self._log.read_text()[-2000:]}")

    def is_ready(self) -> bool:
        """Return whether the program accepts connections, or raise OSError."""
        socket.create_connection(("127.0.0.1", self.port), 1).close()
        return True

    def kill(self, number: signal.Signals = signal.SIGKILL) -> None:
        """End the program with a signal, and wait until it has ended."""
        self._process.send_signal(number)
        self._process.wait(30)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()


class Redis(Program):
    """Redis that writes each command to a file before it answers, so that it forgets nothing when it is killed."""

    def __init__(self, folder: Path) -> None:
        port = free_port()
        data = folder / f"redis-{port}"
        data.mkdir()
        options = ["--bind", "127.0.0.1", "--port", str(port), "--dir", str(data), "--save", ""]
        options += ["--appendonly", "yes", "--appendfsync", "no"]
        super().__init__([str(find("redis-server")), *options], port, data / "log")

    def is_ready(self) -> bool:
        with socket.create_connection(("127.0.0.1", self.port), 5) as connection:
            connection.sendall(b"PING\r\n")  # the answer is -LOADING until it has read its file
            return connection.recv(100) == b"+PONG\r\n"


class Centrifugo(Program):
    """A real Centrifugo 6 that reads an outbox.

    Args:
        folder: folder for its configuration and log.
        consumers: the configuration of the consumer, `Outbox.server_config(dsn)`.
        redis: the engine; by default the server's memory.
    """

    def __init__(self, folder: Path, consumers: Mapping[str, Any], redis: Redis | None = None) -> None:
        port = free_port()
        config = _config(consumers)
        config["http_server"] = {"address": "127.0.0.1", "port": port}
        config["client"] |= {"queue_max_size": 1 << 28, "recovery_max_publication_limit": 1_000_000}
        if redis is not None:
            config["engine"] = {"type": "redis", "redis": {"address": f"redis://127.0.0.1:{redis.port}"}}
        file = folder / f"centrifugo-{port}.json"
        file.write_text(json.dumps(config))
        super().__init__([str(find("centrifugo-v6")), "--config", str(file)], port, file.with_suffix(".log"))
        self.url = f"http://127.0.0.1:{port}"

    def history(self, channels: Sequence[str]) -> list[Message]:
        """Return the publications in the history of all *channels*, oldest first in each channel."""
        with Client(self.url, KEY, timeout=20) as client:
            return [
                (channel, publication.data)
                for channel in channels
                for page in client.history_pages(channel, limit=10_000)
                for publication in page.publications
            ]
