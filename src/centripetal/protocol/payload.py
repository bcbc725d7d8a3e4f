"""Payloads: check and encode the JSON values that users publish, and decode JSON that users have published.

`encode_json` rejects values without an unambiguous JSON form (NaN, sets, bytes inside a value) and names the place in
its error. Other encoders would silently send `null`, a list or base64.
"""

import decimal
import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from centripetal.errors import MalformedResponseError, UsageError, told
from centripetal.protocol.encoder import Encoder, no_encoder
from centripetal.protocol.gojson import JSONError, check
from centripetal.protocol.plain import check_json, plain, plain_dict, shown_place, too_deep

__all__ = ["decode_json", "decode_value", "encode_json", "integer", "plain_data"]

_ESCAPES = re.compile(
    rb"(?s)\\[^u]|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
)
"""Escapes; the only group is a lone surrogate."""


def encode_json(value: Any, what: str = "data") -> bytes:
    """Encode *value* as JSON text.

    Args:
        value: None, bool, int, float, str, list, tuple, dict, a dataclass, attrs class, msgspec struct, pydantic model
            (anything with `model_dump`), datetime, date, time, timedelta, UUID, path, IP address, Decimal (as text,
            digits kept), Enum (its value), numpy scalar, lazy translation, `msgspec.Raw`, also nested; or `bytes`:
            already encoded JSON, checked and sent unchanged.
        what: name of the value for error messages.

    Raises:
        UsageError: the value has no JSON form; the message names the place.
    """
    return encode_plain(plain_data(value, what, no_encoder), what)


def plain_data(value: Any, what: str, encoder: Encoder | None = None) -> Any:
    """Return *value* in types that can be encoded: unchanged if it already is, checked bytes as `msgspec.Raw`.

    Args:
        value: the value.
        what: its name for error messages.
        encoder: the client's encoder for values of unknown types.

    Raises:
        UsageError: the value has no JSON form; the message names the place.
    """
    try:
        if type(value) is dict:  # the most frequent type
            return plain_dict(value, what, 1, encoder)
        if isinstance(value, bytes | bytearray | memoryview):
            return msgspec.Raw(check_json(bytes(value), what))
        return plain(value, what, 0, encoder)
    except UsageError:
        raise
    except RecursionError:
        raise too_deep(what) from None
    except Exception as error:  # raised by the value's code: attributes, iterators, time zones, serializers
        raise UsageError(f"{what} cannot be sent as JSON: {told(error)}") from error


def encode_plain(value: Any, what: str) -> bytes:
    """Encode what `plain_data` returned, or a command with such data.

    Raises:
        UsageError: the value contains a lone surrogate, or is nested too deeply.
    """
    try:
        return _encoder.encode(value)
    except UnicodeEncodeError:
        try:
            place = _find_surrogate(getattr(value, "data", value), what)
        except RecursionError:  # the stack of this thread is almost full
            place = what
        raise UsageError(f"{shown_place(place)} contains a lone surrogate, which cannot be encoded as UTF-8") from None
    except Exception as error:  # also raised by code of the value, see `_subclass`
        reason = told(error).removeprefix("TypeError: ")
        raise UsageError(f"{what} cannot be sent as JSON: {reason}") from None


def _subclass(value: Any) -> Any:
    """Convert subclasses of str, and other sequences and mappings, to types that the encoder supports."""
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, Sequence):
        return list(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


_encoder = msgspec.json.Encoder(enc_hook=_subclass)


def _find_surrogate(value: Any, place: str) -> str:
    """Return the place of the text with a lone surrogate in *value*, or *place* itself if it is not inside."""
    items: Iterable[tuple[str, Any]] = ()
    if isinstance(value, dict):
        if any(not _is_text(key) for key in value):
            return f"a key of {place}"
        items = ((f"{place}.{key}", item) for key, item in value.items())
    elif isinstance(value, list | tuple):
        items = ((f"{place}[{index}]", item) for index, item in enumerate(value))
    for inner, item in items:
        if isinstance(item, str):
            if not _is_text(item):
                return inner
        elif (found := _find_surrogate(item, inner)) != inner:
            return found
    return place


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def decode_json(text: bytes, what: str = "data") -> Any:
    """Decode JSON *text* that a user has stored in the server.

    Returns:
        The value. Text that is nested too deeply for Python (about 1,000 levels; servers accept up to 10,000) is
        returned undecoded as a `msgspec.Raw`: `bytes(value)` is its exact text.

    Raises:
        MalformedResponseError: the text is not JSON.
    """
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    try:
        return decode_value(text)
    except JSONError as error:
        raise MalformedResponseError(f"{what} is not JSON: {error}", executed="yes") from None


def decode_value(text: bytes) -> Any:
    """Decode JSON *text* like `decode_json`.

    The server passes on numbers that exceed the range of float, integers of any length, and invalid text (protocol 1:
    json-rules). They are decoded as well as possible: lone surrogates, from a browser that cut a text in the middle of
    an emoji, and invalid UTF-8 become U+FFFD; an integer of more than about 4,300 digits becomes a Decimal, because
    Python refuses to convert it.

    Raises:
        JSONError: the text is not JSON.
    """
    try:
        return msgspec.json.decode(text)
    except RecursionError:
        pass
    except (msgspec.DecodeError, UnicodeDecodeError):
        mended = _ESCAPES.sub(lambda found: rb"\ufffd" if found[1] else found[0], text).decode("utf-8", "replace")
        try:
            return json.loads(mended, parse_int=integer, parse_constant=_no_constant)
        except RecursionError:
            pass
        except ValueError as error:
            raise JSONError(str(error)) from None
    check(text, sys.maxsize)
    return msgspec.Raw(text)


def integer(text: str) -> int | decimal.Decimal:
    """Return the integer *text*, as a Decimal if Python refuses to convert so many digits."""
    try:
        return int(text)
    except ValueError:
        return decimal.Decimal(text)


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not valid JSON")
