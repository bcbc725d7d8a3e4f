"""Decoding of the reply to one command of Centrifugo 1.x: the envelope and the body (protocol 1: commands).

See protocol 1: reply-envelope.
"""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

import msgspec

from centripetal.dialects.v1.advice import ADVICE
from centripetal.dialects.v1.error_codes import INVALID_MESSAGE, NAMESPACE_NOT_FOUND, NOT_AVAILABLE
from centripetal.dialects.v1.results import ClientInfo, Message, NodeInfo, Stats
from centripetal.errors import Executed, MalformedResponseError, ServerError, shortened
from centripetal.protocol.command import Outcome
from centripetal.protocol.gojson import JSONError
from centripetal.protocol.tolerant_decoding import decode

__all__ = [
    "Response",
    "Result",
    "decode_broadcast",
    "decode_channels",
    "decode_disconnect",
    "decode_history",
    "decode_node",
    "decode_presence",
    "decode_publish",
    "decode_stats",
    "decode_unsubscribe",
]

T = TypeVar("T")
NULL = msgspec.Raw(b"null")


class Response(Outcome[Any]):
    """The server's reply to one command of a request.

    Attributes:
        method: the command's method.
        error: the server's error message; None on success.
        body: the bytes of the reply's body; `result()` decodes them.
        advice: the server's advice after an error: "fix", "retry" or "".
        uid: the uid that the server echoed: the command's index in the request, as text.
        malformed: whether the server's reply cannot be read or belongs to another command; `error` then says why.
        command, index: the command that the reply belongs to, and its index; None for a response made by hand.
    """

    method: str
    error: str | None = None
    raw_body: msgspec.Raw = msgspec.field(default=NULL, name="body")
    uid: str = ""
    advice: str = ""
    malformed: bool = msgspec.field(default=False, name=" malformed")

    @property
    def index(self) -> int | None:
        return None if self.command is None else int(self.uid)

    @property
    def body(self) -> bytes:
        return bytes(self.raw_body)

    def result(self) -> Any:
        """Return the result of the command: True, or a value of the return type of the method of `Client`.

        Raises:
            ServerError: the server rejected the command.
            MalformedResponseError: the body does not match the method.
        """
        if self.error is None and self.raw_body == NULL and self.method in _WITHOUT_BODY:
            return True  # fast path for the most frequent case
        try:
            if self.malformed:
                raise MalformedResponseError(self.error or "")
            if self.error:
                self.error = shortened(self.error)  # the traceback of the error holds this reply
                raise _refusal(self.method, self.error, self.advice, self.command)
            decode = _BODIES.get(self.method)
            if decode is None:
                raise MalformedResponseError(f"unknown method {self.method!r:.100}")
            return decode(self.raw_body)
        except (ServerError, MalformedResponseError) as error:
            error.command, error.index = self.command, self.index
            raise

    def __repr__(self) -> str:
        return f"Response(method={self.method!r}, error={self.error!r}, body={self.body!r})"


Result = list[Response]
"""The result of `send()`: one response for each command, in order."""


def _refusal(method: str, message: str, advice: str, command: Any) -> ServerError:
    hint = ADVICE.hint(message, command, method)
    # A command with invalid params has not run. But a broadcast has reached the channels before the invalid one
    # (protocol 1: broadcast), and after a storage failure the outcome is unknown.
    stated = message in (NAMESPACE_NOT_FOUND, NOT_AVAILABLE, INVALID_MESSAGE)
    executed: Executed = "no" if stated and method != "broadcast" else "unknown"
    return ServerError(message, advice=advice, hint=hint, executed=executed, retryable=not stated and advice != "fix")


class _Body(msgspec.Struct, Generic[T]):
    data: T


class _StatsData(msgspec.Struct):
    nodes: list[dict[str, Any]]
    metrics_interval: int = 0


def _decoder(kind: Any, what: str) -> Callable[[bytes], Any]:
    decoder = msgspec.json.Decoder(kind)

    def checked(body: bytes) -> Any:
        try:
            return decode(decoder, bytes(body))
        except (JSONError, TypeError) as error:
            raise MalformedResponseError(f"invalid body of a {what} reply: {error}", executed="yes") from None

    return checked


_presence = _decoder(_Body[dict[str, ClientInfo] | None], "presence")
_history = _decoder(_Body[list[Message] | None], "history")
_channels = _decoder(_Body[list[str] | None], "channels")
_stats = _decoder(_Body[_StatsData], "stats")
_node = _decoder(_Body[dict[str, Any]], "node")
_nothing = _decoder(type(None), "publish, broadcast, unsubscribe or disconnect")


def decode_publish(body: bytes) -> bool:
    """Decode the body of a publish reply: True. Raises `MalformedResponseError` if the body is not null."""
    return _nothing(body) is None


def decode_broadcast(body: bytes) -> bool:
    """Decode the body of a broadcast reply: True. Raises `MalformedResponseError` if the body is not null."""
    return _nothing(body) is None


def decode_unsubscribe(body: bytes) -> bool:
    """Decode the body of an unsubscribe reply: True. Raises `MalformedResponseError` if the body is not null."""
    return _nothing(body) is None


def decode_disconnect(body: bytes) -> bool:
    """Decode the body of a disconnect reply: True. Raises `MalformedResponseError` if the body is not null."""
    return _nothing(body) is None


def decode_presence(body: bytes) -> dict[str, ClientInfo]:
    """Decode the body of a presence reply: connections by id. Raises `MalformedResponseError` if it is invalid."""
    return _presence(body).data or {}


def decode_history(body: bytes) -> list[Message]:
    """Decode the body of a history reply: messages, newest first. Raises `MalformedResponseError` if it is invalid."""
    return _history(body).data or []


def decode_channels(body: bytes) -> list[str]:
    """Decode the body of a channels reply: names. Raises `MalformedResponseError` if it is invalid."""
    return _channels(body).data or []


def decode_stats(body: bytes) -> Stats:
    """Decode the body of a stats reply. Raises `MalformedResponseError` if it is invalid."""
    data = _stats(body).data
    return Stats([_node_info(node) for node in data.nodes], data.metrics_interval)


def decode_node(body: bytes) -> NodeInfo:
    """Decode the body of a node reply. Raises `MalformedResponseError` if it is invalid."""
    return _node_info(_node(body).data)


_NODE_MEMBERS = ("uid", "name", "started_at", "version")


def _node_info(members: dict[str, Any]) -> NodeInfo:
    # In servers before 1.6.0, the metrics were members of the node itself (protocol 1: versions).
    named: dict[str, Any] = {name: members.pop(name) for name in _NODE_MEMBERS if name in members}
    named["metrics"] = members.pop("metrics", members)
    try:
        return msgspec.convert(named, NodeInfo)
    except msgspec.ValidationError as error:
        raise MalformedResponseError(f"invalid description of a node: {error}", executed="yes") from None


_WITHOUT_BODY = frozenset(("publish", "broadcast", "unsubscribe", "disconnect"))
_BODIES: dict[str, Callable[[bytes], Any]] = {
    "publish": decode_publish,
    "broadcast": decode_broadcast,
    "unsubscribe": decode_unsubscribe,
    "disconnect": decode_disconnect,
    "presence": decode_presence,
    "history": decode_history,
    "channels": decode_channels,
    "stats": decode_stats,
    "node": decode_node,
}
