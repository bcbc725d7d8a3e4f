"""A working server for tests of callers: it answers and records every request, and can be made to wait."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.faults.server import good, numbers_in
from tests.transport.scripted import Peer, ScriptedServer

__all__ = ["Recorder", "served"]


class Recorder(ScriptedServer):
    """Server that answers each request while `gate` is open; `arrived` is set after the first request."""

    def __init__(self) -> None:
        super().__init__(self._answer)
        self.gate = threading.Event()
        self.gate.set()
        self.arrived = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def numbers(self) -> list[int]:
        """Return all numbers published so far, in order."""
        return [number for request in list(self.requests) for number in numbers_in(request)]

    def _answer(self, peer: Peer) -> None:
        while request := peer.request():
            self.arrived.set()
            self.gate.wait(20)
            peer.send(good(request))


@asynccontextmanager
async def served() -> AsyncIterator[tuple[str, list[bytes]]]:
    """Run a server in the current loop, so that only the loop advances it, and yield its URL and the requests."""
    requests: list[bytes] = []
    writers: list[asyncio.StreamWriter] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                (length,) = (line for line in head.split(b"\r\n") if line.startswith(b"Content-Length: "))
                request = head + await reader.readexactly(int(length.split()[1]))
                requests.append(request)
                writer.write(good(request))
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", requests
    finally:
        server.close()
        for writer in writers:
            writer.close()
        await asyncio.sleep(0.01)
