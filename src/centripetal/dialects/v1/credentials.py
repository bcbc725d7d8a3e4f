"""HMAC-SHA256 signs and tokens of Centrifugo 1.x (spec v1 §4): lower case hex over UTF-8, keyed with the secret.

Parts are joined without a separator, so user "1" with timestamp "23" signs like user "12" with "3": do not let users
choose both sides of a joint.
"""

import hashlib
import re
from typing import Any

import msgspec

from centripetal.errors import UsageError

__all__ = ["Signer", "generate_api_sign", "generate_channel_sign", "generate_client_token", "sign"]


def generate_api_sign(secret: str | bytes, data: str | bytes) -> str:
    """The `X-API-Sign` of a request to the HTTP API.

    Args:
        secret: the server's `secret`.
        data: the request's body, exactly the bytes that are sent.

    Returns:
        64 characters of lower case hex.

    Raises:
        UsageError: an argument is neither text nor bytes, or the secret is empty.
    """
    return sign(_secret(secret), _bytes("data", data))


def generate_client_token(secret: str | bytes, user: str, timestamp: str | int, info: str = "") -> str:
    """The token with which a browser connects as *user*.

    Args:
        secret: the server's `secret`.
        user: the user's id; "" is the anonymous user.
        timestamp: now, in Unix seconds; with `connection_lifetime` set, the token's life starts there.
        info: the *text* of a JSON value about the user, the very string that the browser will send; "" for none.

    Returns:
        64 characters of lower case hex.

    Raises:
        UsageError: an argument of a wrong type, a timestamp that is no integer, or info that is no JSON text (the
            server would accept it and then fail to print it, spec v1 §9.4).
    """
    return sign(_secret(secret), _bytes("user", user), _timestamp(timestamp), _info("info", info))


def generate_channel_sign(secret: str | bytes, client: str, channel: str, channel_data: str = "") -> str:
    """The sign with which connection *client* may subscribe to the private *channel*.

    Args:
        secret: the server's `secret`.
        client: the connection id that the browser got when it connected.
        channel: the channel's full name, with `$` and namespace.
        channel_data: the *text* of a JSON value, the very string that the browser will send as `info`; "" for none.

    Returns:
        64 characters of lower case hex.

    Raises:
        UsageError: an argument of a wrong type, an empty client or channel, or channel_data that is no JSON text.
    """
    parts = _bytes("client", client), _bytes("channel", channel)
    if not all(parts):
        raise UsageError("client and channel must not be empty")
    return sign(_secret(secret), *parts, _info("channel_data", channel_data))


class Signer:
    """HMAC-SHA256 (RFC 2104) with one key, in lower case hex.

    `hmac` begins anew with the key at each call, which takes longer than all the rest of a small request; here both
    halves of the key's work are done once.
    """

    __slots__ = ("_inner", "_outer")

    def __init__(self, key: bytes) -> None:
        key = (hashlib.sha256(key).digest() if len(key) > 64 else key).ljust(64, b"\0")
        self._inner = hashlib.sha256(key.translate(_INNER_PAD))
        self._outer = hashlib.sha256(key.translate(_OUTER_PAD))

    def sign(self, *parts: bytes) -> str:
        """The sign of the joined *parts*."""
        inner, outer = self._inner.copy(), self._outer.copy()
        for part in parts:
            inner.update(part)
        outer.update(inner.digest())
        return outer.hexdigest()


_INNER_PAD = bytes(byte ^ 0x36 for byte in range(256))
_OUTER_PAD = bytes(byte ^ 0x5C for byte in range(256))


def sign(key: bytes, *parts: bytes) -> str:
    """HMAC-SHA256 over the joined *parts*, in lower case hex."""
    return Signer(key).sign(*parts)


def _secret(secret: Any) -> bytes:
    key = _bytes("secret", secret)
    if not key:
        raise UsageError("the secret is empty: give the `secret` of the server's configuration")
    return key


def _bytes(name: str, value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    if not isinstance(value, str):
        raise UsageError(f"{name} must be text, not {type(value).__name__}")
    try:
        return value.encode()
    except UnicodeEncodeError:
        raise UsageError(f"{name} holds half of a surrogate pair, which is no text") from None


def _timestamp(value: Any) -> bytes:
    # As the server reads it: into 64 bits, without white space or underscores.
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63:
        return b"%d" % value
    text = value.encode("utf-8", "replace") if isinstance(value, str) else value
    if not isinstance(text, bytes) or not re.fullmatch(rb"[+-]?[0-9]{1,99}", text) or abs(int(text)) >= 2**63:
        raise UsageError("timestamp must be Unix seconds, an integer or its text: str(int(time.time()))")
    return text


def _info(name: str, value: Any) -> bytes:
    text = _bytes(name, value)
    if text:
        try:
            msgspec.json.decode(text, type=msgspec.Raw)
        except (msgspec.DecodeError, RecursionError):
            raise UsageError(f"{name} must be the text of a JSON value, or empty: json.dumps(…)") from None
    return text
