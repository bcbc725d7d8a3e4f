"""The listening sockets of an embedded server."""

import errno
import socket

from centripetal.errors import UsageError
from centripetal.protocol.hosts import checked_host, is_address

__all__ = ["PortInUse", "check_host", "listen"]

_ANY = ("0.0.0.0", "::")  # noqa: S104 - the addresses that mean every address of this machine
_LOCAL = "localhost"
_LOOPBACK = ("127.0.0.1", "::1")
_NOT_HERE = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, errno.EPROTONOSUPPORT)  # the platform lacks IPv6 or IPv4
_TRIES = 20  # a port that is free for one address may be in use for the other


class PortInUse(UsageError):
    """Another program listens on the port."""


def check_host(host: str) -> str:
    """Return *host*, the address or name to listen on, in ASCII; empty means every IPv4 address.

    Raises:
        UsageError: *host* is not text, or neither an IP address nor a host name.
    """
    if not isinstance(host, str):
        raise UsageError(f"host must be text, such as 127.0.0.1, not {host!r:.100}")
    if host.startswith("[") and host.endswith("]"):
        raise UsageError(f"host must not have brackets: pass {host[1:-1]!r:.100}")
    try:
        checked = checked_host(str.__str__(host)) if host else _ANY[0]
    except ValueError as error:
        raise UsageError(f"invalid host: {error}") from None
    return _LOCAL if checked == f"{_LOCAL}." else checked


def listen(host: str, port: int) -> list[socket.socket]:
    """Return sockets that are bound to *host*, all to the same port.

    `::` also accepts IPv4, and `localhost` means both 127.0.0.1 and ::1, as far as the platform has both. Another name
    means its first IPv4 address, or its first IPv6 address if it has no other, as in the real servers.

    Args:
        host: an address or name, checked by `check_host`.
        port: the port, or 0 for a free port.

    Raises:
        PortInUse: another program listens on the port.
        UsageError: the platform cannot listen on this address.
    """
    try:
        if host == "::" and socket.has_dualstack_ipv6():
            return [socket.create_server((host, port), family=socket.AF_INET6, dualstack_ipv6=True)]
        if host == "::":
            return _on_both(_ANY, port)
        if host == _LOCAL:
            return _on_both(_LOOPBACK, port)
        return [_bound(host, port)]
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise PortInUse(f"port {port} of {host} is in use: choose another port, or 0 for a free port") from None
        advice = ""
        if error.errno in _NOT_HERE and ":" in host:
            advice = ". Does this machine have IPv6? For all addresses of IPv4, listen on 0.0.0.0"
        raise UsageError(f"cannot listen on port {port} of {host}: {error.strerror or error}{advice}") from None


def _on_both(hosts: tuple[str, str], port: int) -> list[socket.socket]:
    """Listen on an IPv4 and an IPv6 address, or only on the address that the platform has."""
    for left in reversed(range(_TRIES)):
        listeners: list[socket.socket] = []
        missing: OSError | None = None
        try:
            for host in hosts:
                try:
                    listeners.append(_bound(host, listeners[0].getsockname()[1] if listeners else port))
                except OSError as error:
                    if error.errno not in _NOT_HERE:
                        raise
                    missing = error
            if missing is not None and not listeners:
                raise missing
        except OSError as error:
            for listener in listeners:
                listener.close()
            if port or not left or error.errno != errno.EADDRINUSE:
                raise
        else:
            return listeners
    raise AssertionError("the last try returns or raises")


def _bound(host: str, port: int) -> socket.socket:
    if is_address(host):
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    # Pass bytes: for a str, Python would load the tables for internationalized names.
    found = socket.getaddrinfo(host.encode("ascii"), port, type=socket.SOCK_STREAM)
    family, _, _, _, address = min(found, key=lambda each: each[0] != socket.AF_INET)
    return socket.create_server(address, family=family)
