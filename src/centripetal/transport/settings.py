"""Checked options of the built-in transports, and the TLS contexts and addresses that they result in."""

import os
import socket
import stat
from typing import TYPE_CHECKING

from centripetal.errors import UsageError
from centripetal.protocol.http1 import MAX_RESPONSE_BYTES, Origin
from centripetal.transport.addresses import Address, literal_address

if TYPE_CHECKING:
    # Importing ssl is slow, and programs without TLS do not need it.
    import ssl

__all__ = ["Settings"]

MAX_CONNECTIONS = 64


class Settings:
    """The options of a transport; see `centripetal.transport.base.TransportOptions`.

    Raises:
        UsageError: an option has a wrong type or range, options exclude each other, `ca_file` cannot be read, or the
            platform has no Unix sockets.
    """

    def __init__(
        self,
        *,
        ssl_context: "ssl.SSLContext | None" = None,
        ca_file: str | os.PathLike[str] | None = None,
        unix_socket: str | os.PathLike[str] | None = None,
        max_connections: int = MAX_CONNECTIONS,
        max_response_bytes: int = MAX_RESPONSE_BYTES,
    ) -> None:
        if ssl_context is not None:
            import ssl

            if not isinstance(ssl_context, ssl.SSLContext):
                raise UsageError(f"ssl_context must be an ssl.SSLContext, not {type(ssl_context).__name__}")
        if ssl_context is not None and ca_file is not None:
            raise UsageError("ssl_context and ca_file exclude each other: load the file into the context")
        self.max_connections = _count("max_connections", max_connections, least=0)
        self.max_response_bytes = _count("max_response_bytes", max_response_bytes, least=1)
        self.unix_socket = None if unix_socket is None else _path("unix_socket", unix_socket)
        if self.unix_socket is not None and not hasattr(socket, "AF_UNIX"):
            raise UsageError("unix_socket: this platform has no Unix sockets; connect to the host and port of a URL")
        self._ca_file = None if ca_file is None else _path("ca_file", ca_file)
        if self._ca_file is not None:
            _check_readable(self._ca_file)
        self._context = ssl_context

    def context(self, origin: Origin) -> "ssl.SSLContext | None":
        """Return the TLS context for *origin*, or None for plain HTTP.

        Creating the default context takes 10 ms or more, so it is created at first use.

        Raises:
            UsageError: `ca_file` contains no certificates.
        """
        if not origin.secure:
            return None
        if self._context is None:
            import ssl

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
        """Return the address to connect to, or None if a name must be resolved first.

        Raises:
            ConnectError: the zone of the address is not a network interface of this machine.
        """
        if self.unix_socket is not None:
            return Address(socket.AF_UNIX, self.unix_socket)
        return literal_address(origin)


def _count(name: str, value: int, least: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise UsageError(f"{name} must be an integer of {least} or more, not {value!r:.100}")
    return value


def _path(name: str, value: str | os.PathLike[str]) -> str:
    path = os.fspath(value) if isinstance(value, (str, os.PathLike)) else None
    # Names of abstract sockets (Linux) start with a NUL; anywhere else, a NUL would end the path.
    if not isinstance(path, str) or not path or "\0" in path[1:]:
        raise UsageError(f"{name} must be the path of a file, not {value!r:.100}")
    return path


def _check_readable(ca_file: str) -> None:
    try:
        with open(ca_file, "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise UsageError(f"ca_file {ca_file!r} is not a file")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"ca_file {ca_file!r} cannot be read: {reason}") from error
