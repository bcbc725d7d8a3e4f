"""The work of contenders: the commands of their requests, and checks of the replies.

There is one `Work` for each generation of servers; contenders that are not Centrifugo clients get their bytes from it.
"""

import hmac
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, Literal

import msgspec

__all__ = ["CHANNEL", "CHANNELS", "DATA", "Generation", "Kind", "Work", "work_for"]

Generation = Literal[1, 6]
Kind = Literal["publish", "broadcast"]

CHANNEL = "news"
CHANNELS = [f"news-{number}" for number in range(10_000)]
DATA = {"text": "hello", "number": 42}
_PARAMS: dict[Kind, dict[str, Any]] = {
    "publish": {"channel": CHANNEL, "data": DATA},
    "broadcast": {"channels": CHANNELS, "data": DATA},
}
_encode = msgspec.json.Encoder().encode


class Work(ABC):
    """One command for contenders that are not Centrifugo clients, encoded as fast as Python can.

    Attributes:
        url: address of requests with one command.
    """

    url: str

    def __init__(self, url: str, kind: Kind) -> None:
        self._base = url.rstrip("/")
        self._kind = kind
        self._params = _PARAMS[kind]

    @abstractmethod
    def encode(self) -> bytes:
        """Return the body of a request."""

    @abstractmethod
    def header(self, body: bytes) -> tuple[str, str]:
        """Return name and value of the header that authenticates a request with that body."""

    def headers(self, body: bytes) -> Mapping[str, str]:
        """Return all headers of a request with that body that an HTTP library does not set itself."""
        name, value = self.header(body)
        return {"Content-Type": "application/json", name: value}

    @abstractmethod
    def check(self, body: bytes) -> None:
        """Raise unless the command has succeeded."""

    @abstractmethod
    def many(self, count: int) -> tuple[str, bytes]:
        """Return address and body of a request with *count* commands."""

    @abstractmethod
    def check_many(self, body: bytes, count: int) -> None:
        """Raise unless the reply contains *count* results without an error."""


def work_for(generation: Generation, url: str, credential: str, kind: Kind = "publish") -> Work:
    """Return the work for a server of that generation, whose *credential* is a secret (1.x) or an API key."""
    return {1: _Signed, 6: _Keyed}[generation](url, credential, kind)


def _require(holds: bool, body: bytes) -> None:
    if not holds:
        raise RuntimeError(f"the server answered {body[:200]!r}")


class _Reply1(msgspec.Struct):
    method: str
    error: str | None = None
    body: msgspec.Raw = msgspec.Raw(b"null")


class _Body1(msgspec.Struct):
    method: str
    params: dict[str, Any]
    uid: str = "0"


_decode_1 = msgspec.json.Decoder(list[_Reply1]).decode


class _Signed(Work):
    """Centrifugo 1.x: a signed array (protocol 1: http-api)."""

    def __init__(self, url: str, credential: str, kind: Kind) -> None:
        super().__init__(url, kind)
        self.url = f"{self._base}/api/"
        self._key = credential.encode()

    def encode(self) -> bytes:
        return _encode([_Body1(self._kind, self._params)])

    def header(self, body: bytes) -> tuple[str, str]:
        return "X-API-Sign", hmac.digest(self._key, body, "sha256").hex()

    def check(self, body: bytes) -> None:
        self.check_many(body, 1)

    def many(self, count: int) -> tuple[str, bytes]:
        return self.url, _encode([_Body1(self._kind, self._params, str(number)) for number in range(count)])

    def check_many(self, body: bytes, count: int) -> None:
        replies = _decode_1(body)
        fine = len(replies) == count and all(reply.method == self._kind and reply.error is None for reply in replies)
        _require(fine, body)


class _Error6(msgspec.Struct):
    code: int
    message: str = ""


class _Result6(msgspec.Struct):
    offset: int = 0
    epoch: str = ""


class _Response6(msgspec.Struct):
    result: _Result6 | None = None
    error: _Error6 | None = None


class _Results6(msgspec.Struct):
    responses: list[_Response6]


class _Broadcast6(msgspec.Struct):
    result: _Results6 | None = None
    error: _Error6 | None = None


class _Member6(msgspec.Struct):
    publish: _Result6 | None = None
    error: _Error6 | None = None


class _Batch6(msgspec.Struct):
    replies: list[_Member6]


_decode_publish = msgspec.json.Decoder(_Response6).decode
_decode_broadcast = msgspec.json.Decoder(_Broadcast6).decode
_decode_batch = msgspec.json.Decoder(_Batch6).decode


class _Keyed(Work):
    """Centrifugo 6: a path for each method, and a key (protocol 6: http-api, methods)."""

    def __init__(self, url: str, credential: str, kind: Kind) -> None:
        super().__init__(url, kind)
        self.url = f"{self._base}/api/{kind}"
        self._header = "X-API-Key", credential

    def encode(self) -> bytes:
        return _encode(self._params)

    def header(self, body: bytes) -> tuple[str, str]:  # noqa: ARG002 - the same for all
        return self._header

    def check(self, body: bytes) -> None:
        if self._kind == "publish":
            _require(_decode_publish(body).result is not None, body)
            return
        result = _decode_broadcast(body).result
        responses = result.responses if result is not None else []
        _require(len(responses) == len(CHANNELS) and all(each.result is not None for each in responses), body)

    def many(self, count: int) -> tuple[str, bytes]:
        return f"{self._base}/api/batch", _encode({"commands": [{self._kind: self._params}] * count})

    def check_many(self, body: bytes, count: int) -> None:
        replies = _decode_batch(body).replies
        _require(len(replies) == count and all(reply.publish is not None for reply in replies), body)
