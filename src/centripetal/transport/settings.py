"""Checked options of the built-in transports, and the TLS contexts and addresses that they result in."""

import os
import socket
import ssl
import stat
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from centripetal.errors import UsageError, shown
from centripetal.protocol.checks import check_at_least, check_flag
from centripetal.protocol.discreet import discreet
from centripetal.protocol.exact import exact_float, exact_text
from centripetal.protocol.extra_headers import Headers, checked_headers, header_lines
from centripetal.protocol.http import HTTPRequest
from centripetal.protocol.http1 import MAX_RESPONSE_BYTES
from centripetal.protocol.proxies import EnvironmentProxies, Proxy, absolute_form, parse_proxy
from centripetal.protocol.targets import Origin, Target, target_of
from centripetal.transport.addresses import Address, literal_address
from centripetal.transport.clock import monotonic
from centripetal.transport.routes import Route

__all__ = ["Settings", "connect_limit"]

MAX_CONNECTIONS = 64
MAX_IDLE = 55.0
"""Seconds; gateways often close connections that have been idle for 60 seconds."""


class Settings:
    """The options of a transport; see `centripetal.transport.base.TransportOptions`.

    Attributes:
        headers: headers of the caller for every request.

    Raises:
        UsageError: an option has a wrong type or range, options exclude each other, `ca_file` cannot be read, or the
            platform has no Unix sockets. No message contains the value of a header or credentials of a proxy.
    """

    @discreet
    def __init__(
        self,
        *,
        ssl_context: ssl.SSLContext | None = None,
        ca_file: str | os.PathLike[str] | None = None,
        unix_socket: str | os.PathLike[str] | None = None,
        max_connections: int = MAX_CONNECTIONS,
        max_idle: float | None = MAX_IDLE,
        max_response_bytes: int = MAX_RESPONSE_BYTES,
        headers: Headers | None = None,
        http_proxy: str | None = None,
        trust_env: bool = False,
    ) -> None:
        if ssl_context is not None and not isinstance(ssl_context, ssl.SSLContext):
            raise UsageError(f"ssl_context must be an ssl.SSLContext, not {type(ssl_context).__name__}")
        if ssl_context is not None and ca_file is not None:
            raise UsageError("ssl_context and ca_file exclude each other: load the file into the context")
        self.max_connections = check_at_least("max_connections", max_connections, least=0)
        self.max_idle = None if max_idle is None else _seconds("max_idle", max_idle)
        self.max_response_bytes = check_at_least("max_response_bytes", max_response_bytes, least=1)
        self.unix_socket = None if unix_socket is None else _path("unix_socket", unix_socket)
        if self.unix_socket is not None and not hasattr(socket, "AF_UNIX"):
            raise UsageError("unix_socket: this platform has no Unix sockets; connect to the host and port of a URL")
        self._ca_file = None if ca_file is None else _path("ca_file", ca_file)
        if self._ca_file is not None:
            _check_readable(self._ca_file)
        self._context = ssl_context
        self.headers = checked_headers(headers)
        self._proxy = None if http_proxy is None else parse_proxy(http_proxy)
        if self._proxy is not None and self.unix_socket is not None:
            raise UsageError("unix_socket and http_proxy exclude each other: a proxy cannot connect to a Unix socket")
        # A Unix socket is on this machine, so the variables do not concern it.
        trusts = check_flag("trust_env", trust_env) and self._proxy is None and self.unix_socket is None
        self._environment = EnvironmentProxies(os.environ) if trusts else None

    def target(self) -> Callable[[str], Target]:
        """Return the function that returns the target of a URL, with the headers for the gateway and the proxy."""
        if not self.headers and self._proxy is None and self._environment is None:
            return target_of
        return lru_cache(maxsize=256)(self._target)

    def _target(self, url: str) -> Target:
        target = target_of(url)
        proxy = None if target.origin.secure else self.proxy(target.origin)
        head = target.head if proxy is None else absolute_form(target, proxy)
        return target._replace(head=head + header_lines(self.headers))

    def proxy(self, origin: Origin) -> Proxy | None:
        """Return the proxy for requests to *origin*, or None.

        Raises:
            UsageError: the environment variable for it does not contain an HTTP proxy.
        """
        return self._proxy if self._environment is None else self._environment.proxy_for(origin)

    def via(self, url: str) -> str:
        """Return " through the proxy …" if requests to *url* go through one, for the repr of a client; else ""."""
        try:
            proxy = self.proxy(target_of(url).origin)
        except UsageError:
            return ""
        return "" if proxy is None else f" through the proxy {proxy}"

    def route(self, origin: Origin, *, websocket: bool = False) -> Route:
        """Return how to connect to *origin*: for requests, or for a WebSocket, which always needs a tunnel.

        Raises:
            UsageError: `ca_file` contains no certificates, or an environment variable does not contain an HTTP proxy.
        """
        proxy = self.proxy(origin)
        place = origin.place
        if self.unix_socket is not None:
            place = f"Unix socket {self.unix_socket!r}"
        elif proxy is not None:
            place = f"{place} (through the proxy {proxy})"
        return Route(origin, place, self.context(origin), proxy, proxy is not None and (origin.secure or websocket))

    def context(self, origin: Origin) -> ssl.SSLContext | None:
        """Return the TLS context for *origin*, or None for plain HTTP.

        Creating the default context takes 10 ms or more, so it is created at first use.

        Raises:
            UsageError: `ca_file` contains no certificates.
        """
        if not origin.secure:
            return None
        if self._context is None:
            try:
                context = ssl.create_default_context(cafile=self._ca_file)
            except OSError as error:
                raise UsageError(
                    f"ca_file {self._ca_file!r} contains no certificates in PEM format: {error}"
                ) from error
            context.set_alpn_protocols(["http/1.1"])
            self._context = context
        return self._context

    def known_address(self, route: Route) -> Address | None:
        """Return the address to connect to on *route*, or None if a name must be resolved first.

        Raises:
            ConnectError: the zone of the address is not a network interface of this machine.
        """
        if self.unix_socket is not None:
            return Address(socket.AF_UNIX, self.unix_socket)
        return literal_address(route.hop)


def connect_limit(request: HTTPRequest, deadline: float) -> float:
    """Return when to give up connecting for *request*: other servers that can be tried after it have equal shares."""
    if not request.others:
        return deadline
    now = monotonic()
    return now + (deadline - now) / (request.others + 1)


def _seconds(name: str, value: Any) -> float:
    seconds = exact_float(value)
    if seconds is None or not seconds > 0:
        raise UsageError(f"{name} must be a number of seconds above 0, or None for no limit, not {shown(value)}")
    return seconds


def _path(name: str, value: str | os.PathLike[str]) -> str:
    path = exact_text(os.fspath(value) if isinstance(value, (str, os.PathLike)) else None)
    # Names of abstract sockets (Linux) start with a NUL; anywhere else, a NUL would end the path.
    if not path or "\0" in path[1:]:
        raise UsageError(f"{name} must be the path of a file, not {shown(value)}")
    try:
        os.fsencode(path)
    except UnicodeEncodeError:
        raise UsageError(f"{name} {path!r:.100} contains a surrogate, which cannot be part of a path") from None
    return path


def _check_readable(ca_file: str) -> None:
    try:
        with open(ca_file, "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise UsageError(f"ca_file {ca_file!r} is not a file")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"ca_file {ca_file!r} cannot be read: {reason}") from error
