"""Advice about redirects, which clients do not follow: the absolute address to use instead. PURE.

A server may send a relative address in `Location` (RFC 9110, section 10.2.2). The advice never contains its user name,
password, query or fragment, because these may be secret.
"""

import re
from collections.abc import Callable
from urllib.parse import quote, urlsplit

from centripetal.errors import UsageError
from centripetal.protocol.http1 import target_of

__all__ = ["redirect_advice"]

_MOST = 200
_LOCATION = r"(?:(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*):)?(?://(?P<host>[^/]*))?(?P<path>.*)"
_LOGIN = r"(?i)log[-_]?[io]n|sign[-_]?[io]n|auth|sso\b|saml|session|consent|portal|captive|account"


def redirect_advice(location: str | None, url: str, endpoint: str, base_of: Callable[[str], str]) -> str:
    """Return advice about a reply that redirects to *location*.

    Args:
        location: value of the `Location` header; None without one.
        url: URL that the request was sent to.
        endpoint: address of the API; *url* may have the name of a method after it.
        base_of: returns the address of the API for the URL of a client; raises `UsageError` for an invalid URL.
    """
    address = None if location is None else _absolute(location, url)
    if address is None:
        return "check the URL"
    method = url.removeprefix(endpoint).rstrip("/")
    # A redirect that keeps the end of the path leads to the API somewhere else, and not to a login.
    kept = address.endswith(method or "/" + endpoint.rstrip("/").rpartition("/")[2])
    if kept and method:
        address = address.removesuffix(method).rstrip("/")
    try:
        again = base_of(address)
        target_of(again)
    except UsageError:
        return "check the URL"
    if again == endpoint:
        return f"{address!r} is the same address: a login or a rule of a proxy redirects requests to the API's path"
    if not kept and re.search(_LOGIN, address):
        return f"{address!r} seems to be a login in front of the server: let the API's path pass without a login"
    return f"use {address!r} as the URL"


def _absolute(location: str, url: str) -> str | None:
    """Return the absolute address of *location*, without anything secret and without a slash at the end."""
    found = re.fullmatch(_LOCATION, re.split(r"[?#]", location.strip())[0])
    base = urlsplit(url)
    if found is None or (found["scheme"] or base.scheme).lower() not in ("http", "https"):
        return None
    scheme, host, path = (found["scheme"] or base.scheme).lower(), found["host"], found["path"]
    if host is None:
        host = base.netloc
        if not path.startswith("/"):
            path = f"{base.path.rpartition('/')[0]}/{path}" if path else base.path
    address = f"{scheme}://{host.rpartition('@')[2]}{quote(_without_dots(path), safe='/%:@!$&()*+,;=~')}".rstrip("/")
    return address if len(address) <= _MOST else None


def _without_dots(path: str) -> str:
    """Return *path* without the segments `.` and `..` (RFC 3986, section 5.2.4)."""
    kept: list[str] = []
    for segment in path.split("/")[1:]:
        if segment == "..":
            kept[-1:] = []
        elif segment != ".":
            kept.append(segment)
    return "/" + "/".join(kept)
