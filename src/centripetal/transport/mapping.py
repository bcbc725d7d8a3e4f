"""What the operating system and TLS report, as errors of this library: each case here, once, with what to do about it.

These functions return the error to raise (`raise no_connection(error, place) from error`); they never raise.
"""

import errno
import os
import socket
from typing import TYPE_CHECKING

from centripetal.errors import ConnectError, ConnectionLostError, Executed, TimeoutError

if TYPE_CHECKING:
    # Importing ssl takes long; the first error, or TLS itself, pays for it.
    import ssl

__all__ = ["connection_lost", "no_connection", "out_of_time", "unknown_host"]

# What OpenSSL says to an answer that is not TLS, in its various versions.
NOT_TLS = {
    "HTTP_REQUEST",
    "PACKET_LENGTH_TOO_LONG",
    "RECORD_LAYER_FAILURE",
    "UNKNOWN_PROTOCOL",
    "UNSUPPORTED_PROTOCOL",
    "WRONG_VERSION_NUMBER",
}
WRONG_NAME = {62, 63, 64}  # X509_V_ERR_HOSTNAME_MISMATCH, _EMAIL_, _IP_ADDRESS_


def no_connection(error: OSError, place: str) -> ConnectError:
    """No connection to *place* came about."""
    import ssl

    if isinstance(error, ssl.SSLCertVerificationError):
        return ConnectError(_certificate_text(error, place), retryable=False)
    if isinstance(error, (ssl.SSLEOFError, ssl.SSLZeroReturnError)):
        return ConnectError(f"{place} hung up while TLS was being set up: does it speak TLS?")
    if isinstance(error, ssl.SSLError):
        if _tls_reason(error) in NOT_TLS:
            text = f"{place} does not speak TLS: should the URL begin with http://?"
        else:
            text = f"TLS with {place} failed: {_reason(error)}"
        return ConnectError(text, retryable=False)
    if isinstance(error, ConnectionRefusedError):
        return ConnectError(f"nothing listens on {place}: is Centrifugo running there?")
    if isinstance(error, FileNotFoundError):
        return ConnectError(f"there is no {place}: is Centrifugo running, and is that its path?")
    if isinstance(error, PermissionError):
        return ConnectError(f"this process may not connect to {place}", retryable=False)
    if isinstance(error, ConnectionError):
        return ConnectError(f"{place} hung up while the connection was being set up")
    if error.errno in (errno.EMFILE, errno.ENFILE):
        return ConnectError(f"cannot connect to {place}: this process has too many open files")
    return ConnectError(f"cannot connect to {place}: {_reason(error)}")


def unknown_host(error: OSError | UnicodeError, host: str) -> ConnectError:
    """The host's name led to no address."""
    if isinstance(error, socket.gaierror) and error.errno == socket.EAI_AGAIN:
        return ConnectError(f"the name {host!r} cannot be looked up at the moment: is the name server reachable?")
    return ConnectError(f"no address is known for the name {host!r}: check the URL ({_reason(error)})")


def connection_lost(error: OSError, place: str, executed: Executed) -> ConnectionLostError:
    """The connection to *place* broke after it had been set up."""
    import ssl

    if isinstance(error, ssl.SSLError) and not isinstance(error, ssl.SSLEOFError):
        refused = "CERTIFICATE" in _tls_reason(error)  # TLS 1.3 asks for ours only after the handshake
        advice = ": give a client certificate, by ssl_context" if refused else ""
        text = f"TLS with {place} failed: {_reason(error)}{advice}"
        return ConnectionLostError(text, executed=executed, retryable=not refused)
    return ConnectionLostError(f"the connection to {place} broke: {_reason(error)}", executed=executed)


def out_of_time(
    place: str, seconds: float, *, connected: bool, executed: Executed, greeted: bool = False
) -> TimeoutError:
    """The time for a call to *place* is over; *greeted*: TLS was being set up, and has not come about."""
    limit = f"within the {seconds:g} s that the call may take"
    if greeted and not connected:
        text = f"no TLS with {place} {limit}: does it speak TLS, or should the URL begin with http://?"
        return TimeoutError(text, executed=executed)
    if not connected:
        return TimeoutError(f"no connection to {place} {limit}: is it reachable?", executed=executed)
    if executed == "no":
        return TimeoutError(f"{place} took no byte of the request {limit}", executed=executed)
    return TimeoutError(f"{place} gave no whole answer {limit}", executed=executed)


def _certificate_text(error: "ssl.SSLCertVerificationError", place: str) -> str:
    if error.verify_code in WRONG_NAME:
        advice = "connect by a name that the certificate holds"
    else:
        advice = "if your own authority has signed it, give that one's certificate by ca_file='…'"
    return f"the certificate of {place} is not to be trusted, {error.verify_message.rstrip('.')}: {advice}"


def _tls_reason(error: "ssl.SSLError") -> str:
    # OpenSSL's own errors have one; those that Python makes up may lack even the attribute.
    return getattr(error, "reason", None) or ""


def _reason(error: OSError | UnicodeError) -> str:
    import ssl

    if isinstance(error, ssl.SSLError) and _tls_reason(error):
        return _tls_reason(error).lower().replace("_", " ")
    if isinstance(error, OSError) and not isinstance(error, (socket.gaierror, ssl.SSLError)) and error.errno:
        return os.strerror(error.errno)
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
