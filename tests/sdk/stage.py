"""Tools to run official client libraries: a proxy that can be cut, and a process that takes commands."""

import asyncio
import contextlib
import json
from typing import Any
from urllib.parse import urlsplit

__all__ = ["Line", "Program"]


class Line:
    """A TCP proxy between client and server that can be cut."""

    def __init__(self, target: str) -> None:
        self._target = urlsplit(target)
        self._open = True
        self._writers: set[asyncio.StreamWriter] = set()

    async def start(self) -> str:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        return f"ws://127.0.0.1:{self._server.sockets[0].getsockname()[1]}{self._target.path}"

    def cut(self) -> None:
        """Close all connections and refuse new ones."""
        self._open = False
        for writer in self._writers:
            writer.transport.abort()

    def mend(self) -> None:
        self._open = True

    async def stop(self) -> None:
        self.cut()
        self._server.close()
        await self._server.wait_closed()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self._open:
            writer.transport.abort()
            return
        far_reader, far_writer = await asyncio.open_connection(self._target.hostname, self._target.port)
        self._writers |= {writer, far_writer}
        await asyncio.gather(self._copy(reader, far_writer), self._copy(far_reader, writer))
        self._writers -= {writer, far_writer}

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(1 << 16):
                writer.write(data)
        writer.close()


class Program:
    """A process with a client library that reads commands and writes events, one JSON value per line."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._events: list[dict[str, Any]] = []

    def order(self, order: str, **details: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"order": order, **details}).encode() + b"\n")

    async def event(self, event: str, **details: object) -> dict[str, Any]:
        """Return the next event with this name and these details, and keep earlier events."""
        wanted = {"event": event, **details}
        while True:
            for index, found in enumerate(self._events):
                if wanted.items() <= found.items():
                    return self._events.pop(index)
            assert self._process.stdout is not None
            line = await asyncio.wait_for(self._process.stdout.readline(), 20)
            assert line, f"the client has ended; its events were {self._events}"
            self._events.append(json.loads(line))

    async def stop(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        assert await self._process.wait() == 0
