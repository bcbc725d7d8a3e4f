"""The open connections of a listener, and waiting until all of them have closed."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Generic, Protocol, TypeVar

__all__ = ["OpenConnections"]


class _Abortable(Protocol):
    def abort(self) -> None:
        """Close immediately and discard unsent data."""
        ...


C = TypeVar("C", bound=_Abortable)


class OpenConnections(Generic[C]):
    """A set of open connections; each connection reports to `opened` and `closed`."""

    def __init__(self) -> None:
        self._open: set[C] = set()
        self._all_closed = asyncio.Event()

    def __iter__(self) -> Iterator[C]:
        """Iterate over a copy, because the caller's actions may close connections."""
        return iter(tuple(self._open))

    def __len__(self) -> int:
        return len(self._open)

    def opened(self, connection: C) -> None:
        self._open.add(connection)

    def closed(self, connection: C) -> None:
        self._open.discard(connection)
        if not self._open:
            self._all_closed.set()

    async def end(self, close: Callable[[C], object], timeout: float) -> None:
        """Call *close* for each connection, and abort those that are still open after *timeout* seconds."""
        for connection in self:
            close(connection)
        try:
            async with asyncio.timeout(timeout):
                while self._open:
                    self._all_closed.clear()
                    await self._all_closed.wait()
        except TimeoutError:
            for connection in self:
                connection.abort()
            await asyncio.sleep(0)
