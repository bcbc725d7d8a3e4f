"""Addresses that a socket can connect to: of IP addresses in URLs, and of names that the system has resolved."""

import errno
import socket
from collections.abc import Iterable
from itertools import chain, zip_longest
from typing import Any, NamedTuple

from centripetal.errors import ConnectError
from centripetal.protocol.hosts import is_address
from centripetal.protocol.targets import Origin
from centripetal.transport.mapping import no_connection, unknown_host

__all__ = ["Address", "literal_address", "lookup_error", "resolved", "server_name"]

MOST_ADDRESSES = 64
"""Number of addresses of one name that are tried: each attempt may hold a descriptor until the last one ends."""


class Address(NamedTuple):
    """An address that a socket can connect to."""

    family: int
    sockaddr: Any  # argument of `socket.connect`: a tuple whose shape depends on the family, or a path

    def __str__(self) -> str:
        return str(self.sockaddr[0] if isinstance(self.sockaddr, tuple) and self.sockaddr else self.sockaddr)


def literal_address(origin: Origin) -> Address | None:
    """Return the address of *origin* if its host is an IP address, or None if it is a name.

    Raises:
        ConnectError: the zone of the address is not a network interface of this machine.
    """
    host, port = origin.host, origin.port
    if not is_address(host):
        return None
    if ":" not in host:
        return Address(socket.AF_INET, (host, port))
    host, _, zone = host.partition("%")
    if not zone:
        return Address(socket.AF_INET6, (host, port))
    try:
        number = int(zone) if zone.isdigit() else socket.if_nametoindex(zone)
        socket.if_indextoname(number)
    except (OSError, OverflowError):
        raise ConnectError(f"this machine has no network interface {zone!r}, the zone of the address {host}") from None
    return Address(socket.AF_INET6, (host, port, 0, number))


def resolved(found: Iterable[tuple[Any, ...]], origin: Origin) -> list[Address]:
    """Return the addresses in the result of `getaddrinfo`, in its order but with alternating families (RFC 8305).

    Raises:
        ConnectError: the name has no address; the message names *origin*.
    """
    each = (Address(family, sockaddr) for family, _, _, _, sockaddr in found)
    addresses = list(dict.fromkeys(each))[:MOST_ADDRESSES]
    families: dict[int, list[Address]] = {}
    for address in addresses:
        families.setdefault(address.family, []).append(address)
    if not addresses:
        raise ConnectError(f"the name {origin.host!r} has no address: check the URL")
    return [address for address in chain.from_iterable(zip_longest(*families.values())) if address is not None]


def lookup_error(error: Exception, origin: Origin, place: str, source: str = "the URL") -> ConnectError:
    """Return the error for a failed lookup of the name of *origin*.

    Args:
        error: the error of the system.
        origin: the server or proxy.
        place: its name in messages.
        source: where its host is given.
    """
    # Without free descriptors, the system's lookup reports an unknown name: opening a socket tells the difference.
    try:
        socket.socket().close()
    except OSError as lack:
        if lack.errno in (errno.EMFILE, errno.ENFILE):
            return no_connection(lack, place)
    return unknown_host(error, origin.host, source)


def server_name(origin: Origin) -> str:
    """Return the name that the certificate of *origin* must contain."""
    # Certificates contain neither the zone of an IPv6 address nor the trailing dot of a name.
    return origin.host.partition("%")[0].removesuffix(".")
