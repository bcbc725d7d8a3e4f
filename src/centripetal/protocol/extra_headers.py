"""Headers of the caller that are sent with every request, for gateways in front of a server. PURE.

No message contains a value, because it may be a token, and no invalid name, because it may be a value in the wrong
place.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from centripetal.errors import UsageError
from centripetal.protocol.exact import exact_text
from centripetal.protocol.http1 import HEADER_NAME, check_header_value

__all__ = ["Headers", "checked_headers", "header_lines"]

Headers = Mapping[str, str] | Iterable[tuple[str, str]]

_OWN: Final[Mapping[str, str]] = {
    "host": "it follows from the URL",
    "user-agent": "the transport sends its own",
    "content-type": "requests are always JSON",
    "content-length": "the transport counts the bytes",
    "content-encoding": "requests are not compressed",
    "transfer-encoding": "requests are not sent in chunks",
    "te": "it belongs to the connection",
    "trailer": "it belongs to the connection",
    "connection": "the transport manages its connections",
    "proxy-connection": "the transport manages its connections",
    "keep-alive": "the transport manages its connections",
    "upgrade": "the transport manages its connections",
    "expect": "requests are sent at once",
    "authorization": "clients send the API key in it, so let the gateway read another header",
    "x-api-key": "pass the key as api_key",
    "x-api-sign": "it is the signature of each request: pass the secret",
    "proxy-authorization": "write the user name and the password into the URL of http_proxy",
}
_OWN_PREFIX = "sec-websocket-"


def checked_headers(headers: Headers | None) -> tuple[tuple[str, str], ...]:
    """Return *headers*, a mapping or pairs of names and values, as pairs. A name may occur in several pairs.

    Raises:
        UsageError: invalid name or value, or a header that the client sends itself.
    """
    if headers is None:
        return ()
    given: Any = headers
    if isinstance(given, str | bytes) or not isinstance(given, Mapping | Iterable):
        raise UsageError(f"headers must be a dict such as {{'X-Gateway-Token': 'token'}}, not {type(given).__name__}")
    pairs = list(given.items() if isinstance(given, Mapping) else given)
    return tuple(_checked(index, pair) for index, pair in enumerate(pairs))


def header_lines(headers: Iterable[tuple[str, str]]) -> str:
    """Return *headers*, a result of `checked_headers`, as lines of a request."""
    return "".join(f"{name}: {value}\r\n" for name, value in headers)


def _checked(index: int, pair: Any) -> tuple[str, str]:
    if not isinstance(pair, tuple | list) or len(pair) != 2:
        raise UsageError(f"headers[{index}] must be a pair of name and value: pass a dict, or a list of pairs")
    name, value = map(exact_text, pair)
    if name is None or not re.fullmatch(HEADER_NAME, name):
        raise UsageError(
            f"headers: the name at position {index} is not a valid header name, which has letters, digits and hyphens"
        )
    lower = name.lower()
    if lower in _OWN or lower.startswith(_OWN_PREFIX):
        why = _OWN.get(lower, "the transport sets it")
        raise UsageError(f"headers must not contain {name[:100]!r}: {why}")
    if value is None:
        raise UsageError(f"the value of the header {name[:100]!r} must be text, not {type(pair[1]).__name__}")
    check_header_value(name[:100], value)
    return name, value
