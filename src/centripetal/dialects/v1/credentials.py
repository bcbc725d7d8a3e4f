"""HMAC-SHA256 signatures and tokens of Centrifugo 1.x, as lower-case hex; the secret is the key.

See protocol 1: signatures.

The signed parts are joined without a separator: user "1" with timestamp "23" and user "12" with timestamp "3" have the
same token. So do not let users choose two adjacent parts.
"""

import hashlib
import re
from typing import Any

import msgspec

from centripetal.errors import UsageError
from centripetal.protocol.checks import check_text, reading
from centripetal.protocol.discreet import discreet
from centripetal.protocol.exact import exact_bytes, exact_integer, exact_text
from centripetal.protocol.key_order import check_key_order

__all__ = ["Signer", "generate_api_sign", "generate_channel_sign", "generate_client_token", "sign"]


@discreet
def generate_api_sign(secret: str | bytes, data: str | bytes) -> str:
    """Return the `X-API-Sign` header of a request to the HTTP API.

    Args:
        secret: the server's `secret`.
        data: the request's body, exactly as it is sent.

    Returns:
        64 characters of lower-case hex.

    Raises:
        UsageError: an argument is neither `str` nor `bytes`, or the secret is empty.
    """
    return sign(_secret(secret), _bytes("data", data))


@discreet
def generate_client_token(secret: str | bytes, user: str, timestamp: str | int, info: str = "") -> str:
    """Return the token with which a browser connects as *user*.

    Args:
        secret: the server's `secret`.
        user: the user's id; "" is the anonymous user.
        timestamp: the current time in Unix seconds. If the server sets `connection_lifetime`, the lifetime of the
            token starts at this time.
        info: information about the user as JSON *text*, exactly as the browser will send it; "" for no info.

    Returns:
        64 characters of lower-case hex.

    Raises:
        UsageError: an argument has the wrong type, *timestamp* is not an integer, *secret* and *user* are clearly
            swapped, or *info* is not valid JSON text. The server would accept invalid JSON and then fail to encode
            replies (protocol 1: client-connect).
    """
    check_key_order(secret, user, "generate_client_token(secret, user, timestamp)")
    return sign(_secret(secret), _bytes("user", user), _timestamp(timestamp), _info("info", info))


@discreet
def generate_channel_sign(secret: str | bytes, client: str, channel: str, channel_data: str = "") -> str:
    """Return the signature with which connection *client* may subscribe to the private *channel*.

    Args:
        secret: the server's `secret`.
        client: the connection id that the browser received when it connected.
        channel: the channel's full name, with `$` and namespace.
        channel_data: JSON *text*, exactly as the browser will send it in `info`; "" for no info.

    Returns:
        64 characters of lower-case hex.

    Raises:
        UsageError: an argument has the wrong type, *client* or *channel* is empty, or *channel_data* is not valid JSON
            text.
    """
    parts = _bytes("client", client), _bytes("channel", channel)
    if not all(parts):
        raise UsageError("client and channel must not be empty")
    return sign(_secret(secret), *parts, _info("channel_data", channel_data))


class Signer:
    """HMAC-SHA256 (RFC 2104) with a fixed key, as lower-case hex.

    `hmac` processes the key in each call, which takes longer than all other work for a small request. This class hashes
    the inner and the outer key block only once.
    """

    __slots__ = ("_inner", "_outer")

    def __init__(self, key: bytes) -> None:
        key = (hashlib.sha256(key).digest() if len(key) > 64 else key).ljust(64, b"\0")
        self._inner = hashlib.sha256(key.translate(_INNER_PAD))
        self._outer = hashlib.sha256(key.translate(_OUTER_PAD))

    def sign(self, *parts: bytes) -> str:
        """Return the signature of the joined *parts*."""
        inner, outer = self._inner.copy(), self._outer.copy()
        for part in parts:
            inner.update(part)
        outer.update(inner.digest())
        return outer.hexdigest()


_INNER_PAD = bytes(byte ^ 0x36 for byte in range(256))
_OUTER_PAD = bytes(byte ^ 0x5C for byte in range(256))


def sign(key: bytes, *parts: bytes) -> str:
    """Return the HMAC-SHA256 of the joined *parts*, as lower-case hex."""
    return Signer(key).sign(*parts)


def _secret(secret: Any) -> bytes:
    key = _bytes("secret", secret)
    if not key:
        raise UsageError("secret must not be empty: pass the `secret` of the server's configuration")
    return key


def _bytes(name: str, value: Any) -> bytes:
    if issubclass(type(value), bytes):
        return bytes(memoryview(value))
    with reading(name):
        if not issubclass(type(value), str):
            raise UsageError(f"{name} must be text, not {type(value).__name__}")
        return check_text(name, value).encode()


def _timestamp(value: Any) -> bytes:
    # The server parses a 64-bit integer, without white space or underscores.
    number = exact_integer(value)
    if number is not None and abs(number) < 2**63:
        return b"%d" % number
    given = exact_text(value)
    text = exact_bytes(value) if given is None else given.encode("utf-8", "replace")
    if text is None or not re.fullmatch(rb"[+-]?[0-9]{1,99}", text) or abs(int(text)) >= 2**63:
        raise UsageError("timestamp must be Unix seconds as an int or text, such as str(int(time.time()))")
    return text


def _info(name: str, value: Any) -> bytes:
    text = _bytes(name, value)
    if text:
        try:
            msgspec.json.decode(text, type=msgspec.Raw)
        except (msgspec.DecodeError, RecursionError):
            raise UsageError(f"{name} must be empty or JSON text: use json.dumps(…)") from None
    return text
