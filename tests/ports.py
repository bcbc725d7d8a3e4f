"""Ports of loopback that stay the tests' own, also while nothing listens on them."""

import contextlib
import socket
import sys
from collections.abc import Iterator

__all__ = ["free_port", "kept_port"]

_until_the_end = contextlib.ExitStack()


@contextlib.contextmanager
def kept_port() -> Iterator[int]:
    """A port that nobody listens on, for whoever shall: until the block ends, the system gives it to nobody else.

    A port that is merely free may be the local end of somebody's connection a moment later, and then it cannot be
    listened on. Linux lets sockets that all say SO_REUSEADDR have one address while at most one of them listens, so
    one can keep it. Other systems don't: there, the port is merely free.
    """
    with socket.socket() as keeper:
        keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        keeper.bind(("127.0.0.1", 0))
        port: int = keeper.getsockname()[1]
        if sys.platform != "linux":
            keeper.close()
        yield port


def free_port() -> int:
    """A port that nobody listens on, kept until the tests end."""
    return _until_the_end.enter_context(kept_port())
