"""Loopback ports that stay reserved for the tests while nothing listens on them."""

import contextlib
import socket
import sys
from collections.abc import Iterator

import pytest

__all__ = ["HAS_IPV6", "IPV6", "free_port", "kept_port"]


def _has_ipv6() -> bool:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


HAS_IPV6 = _has_ipv6()
"""Whether this machine has IPv6 on its loopback interface."""

IPV6 = pytest.mark.skipif(not HAS_IPV6, reason="this machine has no IPv6 on its loopback interface")
"""Mark of a test that listens on ::1."""

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
