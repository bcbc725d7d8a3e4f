"""Questions of a server to the application, and the replies: PURE.

A session asks a `Question` with `Environment.ask`, and gets the `Reply` by a call. `asking/` asks over HTTP or in the
process. This module knows no dialect: the body of a question is its dialect's event.
"""

from collections.abc import Callable
from typing import Protocol

import msgspec

__all__ = ["TLS", "Ask", "Endpoint", "Pending", "Question", "Reply", "ask_nobody"]


class TLS(msgspec.Struct, frozen=True, kw_only=True):
    """TLS options for an endpoint (`http.tls` of a proxy).

    Each certificate or key is text in PEM format, the same in base64, or the path of a file.

    Attributes:
        cert_pem, key_pem: the certificate and the key that the server shows.
        server_ca_pem: the authorities that the certificate of the endpoint must be signed by; the system's if empty.
        server_name: the name that the certificate must contain; the host of the URL if empty.
        insecure_skip_verify: accept any certificate.
    """

    cert_pem: str = ""
    key_pem: str = ""
    server_ca_pem: str = ""
    server_name: str = ""
    insecure_skip_verify: bool = False

    def __repr__(self) -> str:
        return "<TLS>"  # keep the key out of logs


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """An address of the application.

    Attributes:
        url: the URL, `http://…` or `https://…`. Others, such as `grpc://…`, cannot be asked.
        timeout: seconds until the complete reply must have arrived; 0 or less for no limit.
        tls: TLS options; None for the system's.
    """

    url: str
    timeout: float = 1.0
    tls: TLS | None = None

    def __repr__(self) -> str:
        return f"<Endpoint {self.shown}>"

    @property
    def shown(self) -> str:
        """The URL without user name, password and query, for messages."""
        scheme, mark, rest = self.url.partition("?")[0].partition("://")
        authority, slash, path = rest.partition("/")
        return f"{scheme}{mark}{authority.rpartition('@')[2]}{slash}{path}"


class Question(msgspec.Struct, frozen=True):
    """One question.

    Attributes:
        endpoint: where to ask.
        kind: the name of the event, such as `connect`.
        headers: names in the usual case of HTTP/1.1 and values, in which each character is a byte. The `User-Agent`
            is among them.
        body: JSON of the event.
    """

    endpoint: Endpoint
    kind: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def __repr__(self) -> str:
        return f"<Question {self.kind}, {len(self.body)} bytes>"  # headers contain secrets, the body data of users


class Reply(msgspec.Struct, frozen=True):
    """The answer to a question.

    Attributes:
        status: HTTP status, after redirects; 0 if there is no answer.
        body: the body, decompressed.
        problem: why there is no answer; empty if there is one.
    """

    status: int
    body: bytes = b""
    problem: str = ""


class Pending(Protocol):
    """A question that waits for its reply."""

    def cancel(self) -> object:
        """Forget the question: the reply is dropped."""
        ...


Ask = Callable[[Question, Callable[[Reply], object]], Pending]
"""Asks a question, and calls the function with the reply, once and not before this call has returned."""


def ask_nobody(_question: Question, _then: Callable[[Reply], object]) -> Pending:
    """Stand-in for environments of servers without proxies."""
    raise RuntimeError("this environment cannot ask the application")
