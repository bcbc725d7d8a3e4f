"""The kinds of connections that type checkers tell apart: by the result of `execute`.

No connection has two of these types: mypy would otherwise give up on types like `AsyncConnection[tuple[Any, ...]]`,
because they contain Any.
"""

from collections.abc import Coroutine
from typing import Any, Protocol

__all__ = ["AwaitedConnection", "BlockingConnection", "HasCursors"]


class AwaitedConnection(Protocol):
    """A connection, cursor or session whose `execute` is a coroutine function."""

    def execute(self, *args: Any, **kwargs: Any) -> Coroutine[Any, Any, Any]: ...


class _Rows(Protocol):
    def fetchall(self) -> Any: ...


class BlockingConnection(Protocol):
    """A connection, cursor or session whose `execute` returns rows or None."""

    def execute(self, *args: Any, **kwargs: Any) -> _Rows | None: ...


class HasCursors(Protocol):
    """A connection that has only cursors, as in psycopg2 and Django."""

    def cursor(self) -> BlockingConnection: ...
