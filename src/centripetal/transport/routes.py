"""How a connection reaches a server: directly, by a Unix socket, or through a proxy, as requests or in a tunnel."""

import ssl
from typing import NamedTuple

from centripetal.protocol.proxies import Proxy
from centripetal.protocol.targets import Origin

__all__ = ["Route"]


class Route(NamedTuple):
    """How to open a connection for requests to a server.

    Attributes:
        origin: scheme, host and port of the server.
        place: name of the server in error messages; it includes the proxy.
        context: TLS settings, or None for plain HTTP.
        proxy: the proxy to connect to instead of the server, or None.
        tunnel: whether the proxy has to open a tunnel; otherwise it receives the requests themselves.
    """

    origin: Origin
    place: str
    context: ssl.SSLContext | None = None
    proxy: Proxy | None = None
    tunnel: bool = False

    @property
    def hop(self) -> Origin:
        """The origin whose address the socket connects to."""
        return self.origin if self.proxy is None else self.proxy.origin

    @property
    def hop_place(self) -> str:
        """Name of that origin in error messages."""
        return self.place if self.proxy is None else f"the proxy {self.proxy}"

    @property
    def hop_source(self) -> str:
        """Where the host of that origin is given."""
        return "the URL" if self.proxy is None else self.proxy.source

    @property
    def hop_program(self) -> str:
        """Name of the program that should listen there."""
        return "Centrifugo" if self.proxy is None else f"the proxy of {self.proxy.source}"
