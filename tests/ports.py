"""Loopback ports that stay reserved for the tests while nothing listens on them."""

import contextlib
import socket
import sys
from collections.abc import Iterator

__all__ = ["free_port", "kept_port"]

_until_the_end = contextlib.ExitStack()


@contextlib.contextmanager
def kept_port() -> Iterator[int]:
    """Yield a port that nothing listens on, and reserve it until the block ends.

    The system may use a port that is merely free as the local end of another connection, and then no server can listen
    on it. On Linux, several sockets with SO_REUSEADDR can be bound to one address while at most one of them listens, so
    a bound socket reserves the port. On other systems the port is merely free.
    """
    with socket.socket() as keeper:
        keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        keeper.bind(("127.0.0.1", 0))
        port: int = keeper.getsockname()[1]
        if sys.platform != "linux":
            keeper.close()
        yield port


def free_port() -> int:
    """Return a port that nothing listens on, reserved until the tests end."""
    return _until_the_end.enter_context(kept_port())
