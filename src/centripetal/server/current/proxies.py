"""Proxies of a Centrifugo 6 server: where it asks for which event, and with which headers: PURE.

See protocol 6: proxy-requests.
"""

from collections.abc import Iterator, Mapping

import msgspec

from centripetal.dialects.current.proxy.reading import StatusTransform
from centripetal.server.questions import Endpoint

__all__ = ["Proxies", "Proxy", "headers_for"]

Headers = tuple[tuple[str, str], ...]


class Proxy(msgspec.Struct, frozen=True, kw_only=True):
    """An endpoint of the application, and what the server sends to it.

    Attributes:
        endpoint: where to ask.
        http_headers: lower-case names of the headers of the client's handshake that are passed on.
        emulated_headers: lower-case names of the headers in the client's connect command that are passed on.
        static_headers: headers of every question.
        transforms: the meanings of HTTP statuses.
        binary_encoding: whether the data of clients is sent in base64.
        include_connection_meta: whether the connection's meta is sent.
    """

    endpoint: Endpoint
    http_headers: frozenset[str] = frozenset()
    emulated_headers: frozenset[str] = frozenset()
    static_headers: Mapping[str, str] = {}
    transforms: tuple[StatusTransform, ...] = ()
    binary_encoding: bool = False
    include_connection_meta: bool = False

    def __repr__(self) -> str:
        return f"<Proxy {self.endpoint.shown}>"  # static headers contain secrets


class Proxies(msgspec.Struct, frozen=True, kw_only=True):
    """The proxies of a server.

    Attributes:
        connect, refresh: the proxies of connections; None if they are off.
        defaults: the proxies with the name "default", by the kind of event.
        named: the other proxies, by name. They serve all kinds.
        asks_rpc: whether an RPC namespace, or the methods without a namespace, have a proxy.
    """

    connect: Proxy | None = None
    refresh: Proxy | None = None
    defaults: Mapping[str, Proxy] = {}
    named: Mapping[str, Proxy] = {}
    asks_rpc: bool = False

    def of(self, kind: str, name: str) -> Proxy:
        """Return the proxy called *name* for events of *kind*."""
        return self.defaults[kind] if name == "default" else self.named[name]

    def endpoints(self) -> Iterator[Endpoint]:
        """Yield all endpoints."""
        for proxy in (self.connect, self.refresh, *self.defaults.values(), *self.named.values()):
            if proxy is not None:
                yield proxy.endpoint


def headers_for(proxy: Proxy, handshake: Headers, emulated: Mapping[str, str]) -> Headers:
    """Return the headers of a question.

    A header of the handshake replaces one of the connect command with the same name, which replaces a static header.

    Args:
        proxy: the proxy.
        handshake: the headers of the client's handshake, with lower-case names.
        emulated: the headers in the client's connect command.
    """
    found: dict[str, list[str]] = {}
    for name, value in proxy.static_headers.items():
        found[_canonical(name)] = [_bytes(value)]
    for name, value in emulated.items():
        if name.lower() in proxy.emulated_headers:
            found[_canonical(name)] = [_bytes(value)]
    if proxy.http_headers:
        passed = [(_canonical(name), value) for name, value in handshake if name in proxy.http_headers]
        for name, _ in passed:
            found[name] = []
        for name, value in passed:
            found[name].append(value)
    found["Content-Type"] = ["application/json"]
    return tuple([(name, value) for name, values in found.items() for value in values])


def _canonical(name: str) -> str:
    """Return *name* with the case that Go gives it, such as `X-Api-Key`."""
    return "-".join(part[:1].upper() + part[1:].lower() for part in name.split("-"))


def _bytes(value: str) -> str:
    """Return *value* with a character for each byte of its UTF-8, as the headers of handshakes have."""
    return value.encode("utf-8", "surrogatepass").decode("latin-1")
