"""TCP options of connections, and what the system knows about a connection that the server has closed."""

import socket
import sys
from contextlib import suppress

__all__ = ["CAN_PROVE", "accepted_nothing", "keep_alive"]

CAN_PROVE = sys.platform == "linux"
"""Whether `accepted_nothing` can return True on this system."""

_PROBES = (
    ("TCP_KEEPIDLE", 30),  # seconds of idling before the first probe
    ("TCP_KEEPALIVE", 30),  # the same on macOS
    ("TCP_KEEPINTVL", 10),  # seconds between probes
    ("TCP_KEEPCNT", 3),  # unanswered probes until the connection is considered broken
)
_TCP_CLOSE = 7  # a state in Linux: a reset has arrived


def keep_alive(sock: socket.socket) -> None:
    """Let the system probe *sock* while it is idle, so that gateways do not drop it, and a dead server is noticed."""
    with suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _PROBES:
        option = getattr(socket, name, None)  # platforms have different sets of these options
        if option is not None:
            with suppress(OSError):
                sock.setsockopt(socket.IPPROTO_TCP, option, value)


def accepted_nothing(sock: socket.socket, sent: int) -> bool:
    """Return whether it is certain that the server accepted none of the *sent* bytes of the last request.

    *sock* must have received the end of the connection (`recv` returned b""). Each segment acknowledges all bytes that
    have arrived before it, so if the end acknowledged no byte of the request, the server had closed the connection
    earlier. If the system answered the request with a reset, no program could read it. A reset alone proves nothing:
    the server may have executed the request before. Only Linux tells; elsewhere the result is False.
    """
    try:
        return _was_reset(sock) and 0 < sent <= _unacknowledged(sock)
    except (OSError, ValueError):  # a Unix socket; it refuses the request already when it is written
        return False


if sys.platform == "linux":
    import fcntl
    import termios

    def _was_reset(sock: socket.socket) -> bool:
        return sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] == _TCP_CLOSE

    def _unacknowledged(sock: socket.socket) -> int:
        """Return the number of bytes at the end of what was written that the other side has not acknowledged."""
        return int.from_bytes(fcntl.ioctl(sock.fileno(), termios.TIOCOUTQ, bytes(4)), sys.byteorder)

else:

    def _was_reset(sock: socket.socket) -> bool:  # noqa: ARG001
        return False

    def _unacknowledged(sock: socket.socket) -> int:  # noqa: ARG001
        return 0
