"""Checked options of the built-in transports, and the TLS contexts and addresses that follow from them."""

import os
import socket
import ssl
import stat
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from centripetal.errors import UsageError, shown
from centripetal.protocol.checks import check_at_least
from centripetal.protocol.exact import exact_text
from centripetal.protocol.http1 import MAX_RESPONSE_BYTES, Origin
from centripetal.transport.clock import monotonic

__all__ = ["Address", "Settings", "attempts", "resolved", "server_name"]

MAX_CONNECTIONS = 64


class Address(NamedTuple):
    """An address that a socket can connect to."""

    family: int
    sockaddr: Any  # argument of `socket.connect`: a tuple whose shape depends on the family, or a path


class Settings:
    """The options of a transport; see `centripetal.transport.base.TransportOptions`.

    Raises:
        UsageError: an option has a wrong type or range, options exclude each other, or `ca_file` cannot be read.
    """

    def __init__(
        self,
        *,
        ssl_context: ssl.SSLContext | None = None,
        ca_file: str | os.PathLike[str] | None = None,
        unix_socket: str | os.PathLike[str] | None = None,
        max_connections: int = MAX_CONNECTIONS,
        max_response_bytes: int = MAX_RESPONSE_BYTES,
    ) -> None:
        if ssl_context is not None and not isinstance(ssl_context, ssl.SSLContext):
            raise UsageError(f"ssl_context must be an ssl.SSLContext, not {type(ssl_context).__name__}")
        if ssl_context is not None and ca_file is not None:
            raise UsageError("ssl_context and ca_file exclude each other: load the file into the context")
        self.max_connections = check_at_least("max_connections", max_connections, least=0)
        self.max_response_bytes = check_at_least("max_response_bytes", max_response_bytes, least=1)
        self.unix_socket = None if unix_socket is None else _path("unix_socket", unix_socket)
        self._ca_file = None if ca_file is None else _path("ca_file", ca_file)
        if self._ca_file is not None:
            _check_readable(self._ca_file)
        self._context = ssl_context

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

    def place(self, origin: Origin) -> str:
        """Return the name of the server in error messages."""
        if self.unix_socket is not None:
            return f"Unix socket {self.unix_socket!r}"
        return f"[{origin.host}]:{origin.port}" if ":" in origin.host else f"{origin.host}:{origin.port}"

    def known_address(self, origin: Origin) -> Address | None:
        """Return the address to connect to, or None if a name must be resolved first."""
        if self.unix_socket is not None:
            return Address(socket.AF_UNIX, self.unix_socket)
        for family in (socket.AF_INET, socket.AF_INET6):
            try:
                socket.inet_pton(family, origin.host)
            except OSError:
                continue
            return Address(family, (origin.host, origin.port))
        return None


def server_name(origin: Origin) -> str:
    """Return the name that the certificate of *origin* must contain."""
    # Certificates contain neither the zone of an IPv6 address nor the trailing dot of a name.
    return origin.host.partition("%")[0].removesuffix(".")


def resolved(found: Iterable[tuple[Any, ...]]) -> list[Address]:
    """Return the addresses in the result of `getaddrinfo`."""
    return [Address(family, sockaddr) for family, _, _, _, sockaddr in found]


def attempts(addresses: list[Address], deadline: float) -> Iterator[tuple[Address, float]]:
    """Yield the addresses to try in order, each with the time at which to give up on it.

    The remaining time is shared equally between the remaining addresses, so that an address that drops packets does not
    use up all of it.
    """
    for index, address in enumerate(addresses):
        now = monotonic()
        yield address, now + (deadline - now) / (len(addresses) - index)


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
