"""Convert errors of the operating system and of TLS to errors of this library, each with advice.

The functions return the error to raise (`raise no_connection(error, place) from error`); they never raise.
"""

import errno
import os
import socket
import ssl
from collections.abc import Mapping

from centripetal.errors import ConnectError, ConnectionLostError, Executed, TimeoutError, TransportError

__all__ = ["connection_lost", "listed", "no_connection", "none_reached", "out_of_time", "reason_of", "unknown_host"]

# Reasons that different versions of OpenSSL report if the peer does not use TLS.
NOT_TLS = {
    "HTTP_REQUEST",
    "PACKET_LENGTH_TOO_LONG",
    "RECORD_LAYER_FAILURE",
    "UNKNOWN_PROTOCOL",
    "UNSUPPORTED_PROTOCOL",
    "WRONG_VERSION_NUMBER",
}
_LISTED = 4
_LACKS = {
    errno.EMFILE: "this process has too many open files",
    errno.ENFILE: "this machine has too many open files",
    errno.EAGAIN: "too many connections are waiting for the server to accept them",  # Unix sockets only
    errno.EAFNOSUPPORT: "this machine does not support addresses of this kind, such as IPv6",
    errno.EADDRNOTAVAIL: "this machine has no address of this kind (IPv4 or IPv6), or no free port",
}
WRONG_NAME = {62, 63, 64}  # X509_V_ERR_HOSTNAME_MISMATCH, _EMAIL_, _IP_ADDRESS_


def no_connection(error: OSError, place: str, program: str = "Centrifugo") -> ConnectError:
    """Return the error for a connection to *place*, where *program* should listen, that could not be opened."""
    if isinstance(error, ssl.SSLError):
        return _no_handshake(error, place)
    if isinstance(error, ConnectionRefusedError):
        return ConnectError(f"connection refused by {place}. Is {program} running there?")
    if isinstance(error, FileNotFoundError):
        return ConnectError(f"{place} does not exist. Is Centrifugo running, and is the path correct?")
    if isinstance(error, PermissionError):
        return ConnectError(f"no permission to connect to {place}", retryable=False)
    if isinstance(error, ConnectionError):
        return ConnectError(f"{place} closed the connection while it was being opened")
    if error.errno in _LACKS:
        return ConnectError(f"cannot connect to {place}: {_LACKS[error.errno]}")
    return ConnectError(f"cannot connect to {place}: {_reason(error)}")


def _no_handshake(error: ssl.SSLError, place: str) -> ConnectError:
    if isinstance(error, ssl.SSLCertVerificationError):
        return ConnectError(_certificate_text(error, place), retryable=False)
    if isinstance(error, (ssl.SSLEOFError, ssl.SSLZeroReturnError)):
        return ConnectError(f"{place} closed the connection during the TLS handshake: does it use TLS?")
    if _tls_reason(error) in NOT_TLS:
        text = f"{place} does not use TLS: should the URL begin with http://?"
    else:
        text = f"TLS with {place} failed: {_reason(error)}"
    return ConnectError(text, retryable=False)


def none_reached(reasons: Mapping[str, str], place: str) -> ConnectError:
    """Return the error for a host with several addresses that all failed; *reasons* says why each of them did."""
    return ConnectError(f"cannot connect to {place}. Tried {listed(reasons)}")


def listed(reasons: Mapping[str, str]) -> str:
    """Return *reasons*, a mapping from addresses to the states of their attempts, as text of bounded length."""
    shown = [f"{address} ({reason:.80})" for address, reason in list(reasons.items())[:_LISTED]]
    more = len(reasons) - len(shown)
    return ", ".join([*shown, f"and {more} more"] if more else shown)


def reason_of(error: TransportError) -> str:
    """Return the short reason of a failed attempt to connect: the words of the system if it has any."""
    cause = error.__cause__
    if not isinstance(cause, OSError):
        return str(error)
    return _LACKS.get(cause.errno or 0) or _reason(cause)


def unknown_host(error: Exception, host: str, source: str = "the URL") -> ConnectError:
    """Return the error for a host name, given in *source*, that could not be resolved."""
    if isinstance(error, socket.gaierror) and error.errno == socket.EAI_AGAIN:
        return ConnectError(f"the name {host!r} cannot be resolved at the moment. Is the name server reachable?")
    return ConnectError(f"the name {host!r} has no address: check {source} ({_reason(error)})")


def connection_lost(error: OSError, place: str, executed: Executed) -> ConnectionLostError:
    """Return the error for an open connection to *place* that broke."""
    if isinstance(error, ssl.SSLError) and not isinstance(error, ssl.SSLEOFError):
        refused = "CERTIFICATE" in _tls_reason(
            error
        )  # TLS 1.3 requests the client certificate only after the handshake
        advice = ": pass a client certificate with ssl_context" if refused else ""
        text = f"TLS with {place} failed: {_reason(error)}{advice}"
        return ConnectionLostError(text, executed=executed, retryable=not refused)
    return ConnectionLostError(f"the connection to {place} broke: {_reason(error)}", executed=executed)


def out_of_time(
    place: str, seconds: float, *, connected: bool, executed: Executed, greeted: bool = False
) -> TimeoutError:
    """Return the error for a call to *place* that exceeded its time limit; *greeted*: the TLS handshake had started."""
    limit = "within the call's timeout"
    if greeted and not connected:
        text = f"no TLS handshake with {place} {limit}. Does it use TLS, or should the URL begin with http://?"
    elif not connected:
        text = f"no connection to {place} {limit}. Is it reachable?"
    elif executed == "no":
        text = f"{place} accepted no data {limit}; nothing was sent"
    else:
        text = f"no complete reply from {place} {limit}. The server may still execute the command"
    error = TimeoutError(text, executed=executed)
    error.limit = seconds
    return error


def _certificate_text(error: ssl.SSLCertVerificationError, place: str) -> str:
    if error.verify_code in WRONG_NAME:
        advice = "connect with a name that the certificate contains"
    else:
        advice = "if it was signed by a private authority, pass the authority's certificate with ca_file='…'"
    return f"the certificate of {place} is not trusted, {error.verify_message.rstrip('.')}: {advice}"


def _tls_reason(error: ssl.SSLError) -> str:
    # Errors of OpenSSL have a reason; errors that Python creates may lack the attribute.
    return getattr(error, "reason", None) or ""


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLError):
        return _tls_reason(error).lower().replace("_", " ") or error.strerror or str(error)
    if isinstance(error, OSError) and not isinstance(error, socket.gaierror) and error.errno:
        return os.strerror(error.errno)
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
