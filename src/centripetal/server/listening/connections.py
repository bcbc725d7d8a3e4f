"""The connections that are open at one place, and the wait until they are not: what all that listens has in common."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Generic, Protocol, TypeVar

__all__ = ["OpenConnections"]


class _Abortable(Protocol):
    def abort(self) -> None:
        """End at once; what is not sent is lost."""
        ...


C = TypeVar("C", bound=_Abortable)


class OpenConnections(Generic[C]):
    """A set of them: each says when it is `opened` and, at its end, `closed`."""

    def __init__(self) -> None:
        self._open: set[C] = set()
        self._all_closed = asyncio.Event()

    def __iter__(self) -> Iterator[C]:
        """All of them: a copy, since what is done to them may close them."""
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
        """*close* each; what takes longer than *timeout* seconds to send its last is cut off."""
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
