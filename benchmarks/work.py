"""The work that contenders do: which commands a request of theirs carries, and what the reply to it must say."""

import hmac
from typing import Any, Literal

import msgspec

__all__ = ["CHANNEL", "CHANNELS", "DATA", "Kind", "Work", "api"]

Kind = Literal["publish", "broadcast"]

CHANNEL = "news"
CHANNELS = [f"news-{number}" for number in range(10_000)]
DATA = {"text": "hello", "number": 42}
_PARAMS: dict[Kind, dict[str, Any]] = {
    "publish": {"channel": CHANNEL, "data": DATA},
    "broadcast": {"channels": CHANNELS, "data": DATA},
}


class _Reply(msgspec.Struct):
    method: str
    error: str | None = None
    body: msgspec.Raw = msgspec.Raw(b"null")


class _Body(msgspec.Struct):
    method: str
    params: dict[str, Any]
    uid: str = "0"


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(list[_Reply]).decode


def api(url: str) -> str:
    """The address that requests go to."""
    return f"{url.rstrip('/')}/api/"


class Work:
    """One command for those who have no client of Centrifugo, as fast as Python can make it."""

    def __init__(self, kind: Kind, secret: str) -> None:
        self._kind = kind
        self._params = _PARAMS[kind]
        self._key = secret.encode()

    def encode(self) -> bytes:
        """The body of a request."""
        return _encode([_Body(self._kind, self._params)])

    def sign(self, body: bytes) -> str:
        """The signature of a body."""
        return hmac.digest(self._key, body, "sha256").hex()

    def headers(self, body: bytes) -> dict[str, str]:
        """The headers of a request with that body."""
        return {"Content-Type": "application/json", "X-API-Sign": self.sign(body)}

    def check(self, body: bytes, count: int = 1) -> None:
        """The reply must be to so many commands, and each must have worked."""
        replies = _decode(body)
        if len(replies) != count or any(reply.method != self._kind or reply.error is not None for reply in replies):
            raise RuntimeError(f"the server answered {body[:200]!r}")
