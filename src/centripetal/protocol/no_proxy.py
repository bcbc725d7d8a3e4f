"""The servers that are reached without a proxy: the syntax of `NO_PROXY`. PURE.

The list is separated by commas or white space. An entry is one of:

- `example.com` or `.example.com` or `*.example.com`: the host and all hosts below it;
- `127.0.0.1`, `::1` or `[::1]`: an address; `10.0.0.0/8` or `fd00::/8`: a network of addresses;
- `localhost`: the host, and the loopback addresses;
- any of these, except a network, with a port: only this port of the host; IPv6 addresses need brackets then;
- `*`: every host.

Names are compared as they are written in the URL, and never looked up.
"""

import ipaddress
import re
from collections.abc import Callable
from typing import TypeAlias

from centripetal.protocol.hosts import is_address
from centripetal.protocol.targets import Origin

__all__ = ["DirectHosts"]

_Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
_ENTRY = r"(?:\[(?P<bracketed>[^\]]*)\]|(?P<host>[^:\[\]]*))(?::(?P<port>[0-9]{1,5}))?"


class DirectHosts:
    """The entries of *text*, the value of `NO_PROXY`. Entries that mean nothing are ignored, as by other programs."""

    def __init__(self, text: str) -> None:
        entries = [entry for entry in re.split(r"[,\s]+", text) if entry]
        self._rules = [rule for rule in map(_rule, entries) if rule is not None]

    def __contains__(self, origin: Origin) -> bool:
        """Return whether requests to *origin* go there directly."""
        return any(rule(origin) for rule in self._rules)


def _rule(entry: str) -> Callable[[Origin], bool] | None:
    if entry == "*":
        return lambda _: True
    if "/" in entry:
        try:
            network = ipaddress.ip_network(entry, strict=False)
        except ValueError:
            return None
        return lambda origin: (address := _address(origin.host)) is not None and address in network
    host, port = _split(entry)
    if not host:
        return None
    if (wanted := _address(host)) is not None:
        return lambda origin: port in (None, origin.port) and _address(origin.host) == wanted
    name = host.removeprefix("*").strip(".").lower()
    return lambda origin: port in (None, origin.port) and _is_below(origin.host, name)


def _split(entry: str) -> tuple[str, int | None]:
    """Return the host and the port of *entry*; None for every port."""
    found = re.fullmatch(_ENTRY, entry)
    if found is None:
        return entry, None  # an IPv6 address without brackets
    return found["bracketed"] or found["host"] or "", None if found["port"] is None else int(found["port"])


def _is_below(host: str, name: str) -> bool:
    """Return whether *host* is *name* or a host below it."""
    address = _address(host)
    if address is not None:
        return name == "localhost" and address.is_loopback
    host = host.removesuffix(".")
    return bool(name) and (host == name or host.endswith("." + name))


def _address(host: str) -> _Address | None:
    """Return *host* as an address without its zone; an IPv4 address inside an IPv6 address is an IPv4 address."""
    if ":" not in host and not is_address(host):
        return None
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
