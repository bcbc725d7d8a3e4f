"""A proxy that cuts connections, on demand or at random moments that depend on a seed."""

import contextlib
import random
import select
import socket
import struct
import threading
from types import TracebackType
from typing import Self

__all__ = ["CuttingProxy"]


class CuttingProxy:
    """Proxy that forwards to *port* on loopback and cuts connections.

    Args:
        port: port of the server.
        seed: seed of the random cuts.
        rarity: average number of packets between two cuts.
        early: whether it also cuts a connection before the first byte of a request.

    Attributes:
        cuts: number of connections cut so far.
        calm: set it to stop cutting.
    """

    def __init__(self, port: int, seed: int, rarity: int = 12, *, early: bool = True) -> None:
        self.cuts = 0
        self.calm = False
        self._port = port
        self._random = random.Random(seed)
        self._generation = 0
        self._rarity = rarity
        self._early = early
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._threads: list[threading.Thread] = []
        self._over = threading.Event()

    def __enter__(self) -> Self:
        self._threads.append(threading.Thread(target=self._accept))
        self._threads[0].start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)
        self._listener.close()

    def cut_all(self) -> None:
        """Cut all open connections; later connections are not affected."""
        self._generation += 1

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self._threads.append(threading.Thread(target=self._forward, args=(client, self._generation)))
            self._threads[-1].start()

    def _forward(self, client: socket.socket, generation: int) -> None:
        try:
            if self._early and self._cuts():
                return
            with socket.create_connection(("127.0.0.1", self._port)) as server:
                ends = {client: server, server: client}
                while not self._over.is_set() and generation == self._generation:
                    for end in select.select(list(ends), [], [], 0.05)[0]:
                        data = end.recv(65_536)
                        if not data:
                            return
                        if self._cuts():
                            # Part of the data may get through before the cut.
                            ends[end].sendall(
                                data[: self._random.choice((0, len(data) // 2, len(data) - 1, len(data)))]
                            )
                            return
                        ends[end].sendall(data)
        except OSError:
            pass
        finally:
            if self._random.random() < 0.5:
                with contextlib.suppress(OSError):
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.close()

    def _cuts(self) -> bool:
        if self.calm or self._random.randrange(self._rarity):
            return False
        self.cuts += 1
        return True
