"""HTTP proxies: their URLs, with user name and password, and their choice by environment variables. PURE.

The variables have the meaning that they have for curl and for Python's `urllib`: see `EnvironmentProxies`.
"""

import binascii
import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import unquote_to_bytes

from centripetal.errors import UsageError
from centripetal.protocol.discreet import discreet
from centripetal.protocol.exact import exact_text
from centripetal.protocol.http import parse_url
from centripetal.protocol.no_proxy import DirectHosts
from centripetal.protocol.targets import Origin, Target

__all__ = ["EnvironmentProxies", "Proxy", "absolute_form", "parse_proxy"]

_EXAMPLE = "'http://proxy.example.com:3128'"
_IN_CREDENTIALS: Final = "[\x00-\x20\x7f/?#\ud800-\udfff]"


class Proxy:
    """An HTTP proxy. Its text is `host:port`; no representation contains the user name and the password.

    Attributes:
        origin: the address of the proxy.
        source: the option or the environment variable that names it, for messages.
        authorization: header line with user name and password; "" without them.
    """

    __slots__ = ("authorization", "origin", "source")

    def __init__(self, origin: Origin, source: str, authorization: str = "") -> None:
        self.origin = origin
        self.source = source
        self.authorization = authorization

    def __str__(self) -> str:
        return self.origin.place

    def __repr__(self) -> str:
        return f"<Proxy {self}>"


@discreet
def parse_proxy(url: Any, source: str = "http_proxy") -> Proxy:
    """Return the proxy at *url*: `http://host:port`, with `user:password@` before the host if it needs a login.

    Special characters in user name and password are percent-encoded. The default port is 80.

    Raises:
        UsageError: not a URL of an HTTP proxy. The message names *source*, and contains no part of the URL.
    """
    text = exact_text(url)
    if text is None:
        raise UsageError(f"{source} must be the URL of a proxy such as {_EXAMPLE}, not {type(url).__name__}")
    scheme, separator, rest = text.strip().partition("://")
    scheme = scheme.lower()
    if separator and scheme.startswith("socks"):
        raise UsageError(
            f"{source} names a SOCKS proxy, which is not supported: use an HTTP proxy, or pass a transport of your own"
        )
    if separator and scheme == "https":
        raise UsageError(
            f"{source} begins with https://, but TLS with the proxy itself is not supported: write http://. Requests "
            "to an https server are still encrypted, from the client to the server"
        )
    if not separator or scheme != "http":
        raise UsageError(f"{source} must be a URL that begins with http://, such as {_EXAMPLE}")
    credentials, _, address = rest.rpartition("@")
    if re.search(_IN_CREDENTIALS, credentials):
        raise UsageError(
            f"the user name or the password in {source} contains a special character: percent-encode it, for example "
            "%2F for / and %23 for #"
        )
    return Proxy(_origin(address, source), source, _authorization(credentials, source) if credentials else "")


def absolute_form(target: Target, proxy: Proxy) -> str:
    """Return the first header lines of requests to *target*, an http URL, through *proxy* (RFC 9112, section 3.2.2)."""
    method, _, rest = target.head.partition(" ")
    return f"{method} http://{target.host_header}{rest}{proxy.authorization}"


class EnvironmentProxies:
    """The proxies that environment variables name, as `urllib` and curl read them.

    `HTTP_PROXY` is for http servers and `HTTPS_PROXY` for https servers; `NO_PROXY` lists exceptions (`no_proxy.py`).
    The names in lower case take precedence, also if they are empty. In a CGI program, where `REQUEST_METHOD` is set,
    `HTTP_PROXY` is ignored, because it contains the header `Proxy` of a visitor's request. A proxy without a scheme is
    an HTTP proxy.

    Args:
        environment: the variables, which are copied.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        cgi = ("HTTP_PROXY",) if "REQUEST_METHOD" in environment else ()
        self._urls = {
            secure: _variable(environment, name, ignored=cgi)
            for secure, name in ((False, "HTTP_PROXY"), (True, "HTTPS_PROXY"))
        }
        self._direct = DirectHosts(_variable(environment, "NO_PROXY")[1])

    def proxy_for(self, origin: Origin) -> Proxy | None:
        """Return the proxy for requests to *origin*, or None.

        Raises:
            UsageError: a variable contains something other than an HTTP proxy.
        """
        if not self._urls[origin.secure][1] or origin in self._direct:
            return None
        return _named(self._urls[origin.secure])


@discreet
def _named(variable: tuple[str, str]) -> Proxy:
    name, value = variable
    return parse_proxy(value if "://" in value else f"http://{value}", name)


def _variable(environment: Mapping[str, str], name: str, ignored: tuple[str, ...] = ()) -> tuple[str, str]:
    """Return the name of the variable that counts, and its value without white space."""
    for each in (name.lower(), name):
        if each in environment and each not in ignored:
            return each, environment[each].strip()
    return name, ""


def _origin(address: str, source: str) -> Origin:
    try:
        parts = parse_url(f"http://{address}")
        port = parts.port or 80
    except ValueError:  # also a UsageError, whose text contains the address, and so a password without a host after it
        parts, port = None, 0
    if parts is None or parts.path not in ("", "/"):
        raise UsageError(
            f"{source} has no valid host and port: write it as {_EXAMPLE}, with user:password@ before the host if the "
            "proxy needs a login, and without a path"
        )
    return Origin(False, parts.hostname or "", port)


def _authorization(credentials: str, source: str) -> str:
    """Return the header line for *credentials*, percent-encoded, in the scheme Basic (RFC 7617)."""
    user, _, password = credentials.partition(":")
    name = unquote_to_bytes(user)
    if b":" in name:
        raise UsageError(f"the user name in {source} contains a colon, which the scheme Basic cannot send")
    token = binascii.b2a_base64(name + b":" + unquote_to_bytes(password), newline=False)
    return f"Proxy-Authorization: Basic {token.decode()}\r\n"
