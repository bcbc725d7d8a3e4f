"""What a browser says and hears, independent of the generation of the server: PURE.

`current.py` and `v1.py` implement `BrowserProtocol` with the messages of their dialect.
"""

from abc import ABC, abstractmethod
from collections.abc import Coroutine, Iterable
from typing import Any, Generic, NamedTuple, TypeVar

from centripetal.errors import CentripetalError, ServerError, UsageError
from centripetal.protocol.checks import check_text
from centripetal.testing.publications import Publication

__all__ = ["Answer", "BrowserProtocol", "Disconnection", "Identity", "Joined", "Left", "Message", "Ping", "Refusal"]
__all__ += ["Subscribed", "Unreadable", "Unsubscribed", "credential"]

RequestT = TypeVar("RequestT")


class Disconnection(NamedTuple):
    """Code and reason with which the server closed the connection; code 1006 if it sent no close frame."""

    code: int
    reason: str

    def __str__(self) -> str:
        return f"{self.code} {self.reason}".rstrip()


class Identity(NamedTuple):
    """The *user* of a connection and the connection's id, *client*; both are empty before it has connected."""

    user: str
    client: str


class Refusal(NamedTuple):
    """The error in a reply or in a close frame; *code* is None in a reply of Centrifugo 1.x."""

    code: int | None
    message: str
    advice: str = ""


class Answer(NamedTuple):
    """The reply to the request with this *number*: its *result*, or a *refusal*."""

    number: int
    result: Any = None
    refusal: Refusal | None = None


class Subscribed(NamedTuple):
    """The browser is subscribed to *channel*."""

    channel: str


class Unsubscribed(NamedTuple):
    """The subscription to *channel* has ended."""

    channel: str


class Joined(NamedTuple):
    """A connection subscribed to *channel*; *person* is the dialect's `ClientInfo`."""

    channel: str
    person: Any


class Left(NamedTuple):
    """The subscription of a connection to *channel* ended; *person* is the dialect's `ClientInfo`."""

    channel: str
    person: Any


class Ping(NamedTuple):
    """The server asks for a *pong*, the message to answer with."""

    pong: bytes


class Unreadable(NamedTuple):
    """The server sent something that cannot be decoded."""

    error: CentripetalError


Message = Answer | Publication | Unreadable | Subscribed | Unsubscribed | Joined | Left | Disconnection | Ping


def credential(what: str, value: Any) -> str:
    """Return a token or a part of credentials as a page would send it.

    Raises:
        UsageError: *value* is not text.
    """
    if isinstance(value, Coroutine):
        value.close()  # otherwise Python would warn about it too
        raise UsageError(f"{what} is a coroutine: await the call that creates it")
    if isinstance(value, bytes):
        raise UsageError(f"{what} must be text, not bytes: call decode() on it")
    if not isinstance(value, str):
        raise UsageError(f"{what} must be the text that the page sends, not {type(value).__name__}")
    return check_text(what, value)


class BrowserProtocol(ABC, Generic[RequestT]):
    """Encoding and decoding of a browser's messages in one dialect."""

    @abstractmethod
    def encode(self, number: int, request: RequestT) -> bytes:
        """Return the message with *request*."""

    @abstractmethod
    def decode(self, payload: bytes) -> Iterable[Message]:
        """Return the replies and pushes in a message of the server, in order."""

    @abstractmethod
    def effect(self, request: RequestT) -> "Subscribed | Unsubscribed | None":
        """Return what has changed when the server has accepted *request*."""

    @abstractmethod
    def explained(self, request: RequestT, refusal: Refusal, who: Identity) -> ServerError:
        """Return the error for *request* of *who*; its text says why the server refused it."""

    @abstractmethod
    def publish(self, channel: str, data: bytes) -> RequestT:
        """Return the request that publishes JSON *data*."""

    @abstractmethod
    def unsubscribe(self, channel: str) -> RequestT:
        """Return the request that ends the subscription to *channel*."""

    @abstractmethod
    def presence(self, channel: str) -> RequestT:
        """Return the request for the presence of *channel*."""
