"""Host names and IP addresses in URLs and options: checked, in ASCII, and never changed into another name.

Many programs rewrite a host before they look it up: they map `faß.de` to `fass.de` (IDNA 2003), `①.de` to `1.de`, and
`127.1` to `127.0.0.1`. The result can be somebody else's server, which would receive the API key. This module follows
IDNA 2008 (RFC 5891) and refuses every other spelling. Only the case of ASCII letters is changed, which DNS ignores.
"""

import ipaddress
import re

__all__ = ["checked_host", "checked_port", "could_be_host", "is_address"]

_LABEL = r"[a-z0-9_-]{1,63}"
_NUMBER = r"[0-9]+|0x[0-9a-f]*"  # a name with such a last label is an address to inet_aton() and to browsers
# `localhost`; a name with a dot or with a port; an IPv6 address.
_LIKELY = r"(?i)localhost|(?:[a-z0-9-]+\.)+[a-z0-9-]+\.?|[a-z0-9.-]+:[0-9]{0,5}|\[[0-9a-f:.%]+\](?::[0-9]{0,5})?"
_LIKELY_LENGTH = 80
_ZONE = r"[A-Za-z0-9._~-]{1,64}"


def checked_host(host: str, *, convert: bool = True) -> str:
    """Return *host* in ASCII and lower case.

    Args:
        host: a name, an IPv4 address, or an IPv6 address without brackets, optionally with `%` and its zone.
        convert: whether to convert an international name with the package `idna`, which may import it. Pass False
            inside a call; the name is refused then.

    Raises:
        ValueError: invalid host; the text says why and what to write instead.
    """
    if ":" in host:
        return _ipv6(host)
    host = re.sub("[A-Z]+", lambda found: found[0].lower(), host)
    if not host.isascii():
        host = ".".join(_ascii_label(label, host, convert) for label in host.split("."))
    labels = host.removesuffix(".").split(".")
    if re.fullmatch(_NUMBER, labels[-1]):
        return _ipv4(host)
    if "%" in host:
        raise ValueError(f"the host name {host!r:.100} contains '%': write the characters themselves, not their codes")
    if len(host) > 253 or not all(re.fullmatch(_LABEL, label) for label in labels):
        raise ValueError(
            f"invalid host name {host!r:.100}: its parts need 1 to 63 letters, digits, hyphens or underscores each, "
            "and the whole name at most 253 characters"
        )
    return host


def is_address(host: str) -> bool:
    """Return whether *host*, a result of `checked_host`, is an IP address and not a name."""
    return ":" in host or host.rpartition(".")[2].isdigit()


def could_be_host(text: str) -> bool:
    """Return whether *text*, with or without a port, is likely to be a host that somebody meant to pass, not a key."""
    return len(text) <= _LIKELY_LENGTH and re.fullmatch(_LIKELY, text) is not None


def checked_port(text: str) -> int:
    """Return the port that *text* contains: ASCII digits only.

    Raises:
        ValueError: not a number from 1 to 65535.
    """
    digits = text.lstrip("0")
    if not re.fullmatch("[0-9]{1,5}", digits) or int(digits) > 65535:
        raise ValueError("the port must be a number from 1 to 65535")
    return int(digits)


def _ipv4(host: str) -> str:
    try:
        ipaddress.IPv4Address(host)
    except ValueError:
        raise ValueError(
            f"{host!r:.100} is neither a host name nor an IPv4 address of four decimal numbers such as 127.0.0.1"
        ) from None
    return host


def _ipv6(host: str) -> str:
    address, mark, zone = host.partition("%")
    try:
        ipaddress.IPv6Address(address)
    except ValueError:
        raise ValueError(f"{host!r:.100} is not an IPv6 address") from None
    if not mark:
        return address.lower()
    # RFC 6874 writes the separator as %25 in a URL; people and tools also write the plain sign.
    zone = zone.removeprefix("25") if len(zone) > 2 else zone
    if zone == "25" or not re.fullmatch(_ZONE, zone):
        raise ValueError(f"the zone of the address {host!r:.100} must be the name or number of a network interface")
    return f"{address.lower()}%{zone}"


def _ascii_label(label: str, host: str, convert: bool) -> str:
    if label.isascii():
        return label
    advice = "write its ASCII form, whose parts begin with xn--"
    if not convert:
        raise ValueError(f"the host name {host!r:.100} is not ASCII: {advice}")
    try:
        import idna
    except ImportError:
        raise ValueError(f"the host name {host!r:.100} is not ASCII: {advice}, or install the package idna") from None
    try:
        return idna.alabel(label).decode("ascii")
    except UnicodeError as error:  # the base class of the package's errors
        raise ValueError(f"IDNA 2008 does not allow the host name {host!r:.100}: {error!s:.100}") from None
