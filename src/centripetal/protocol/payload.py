"""Payloads: check and encode the JSON values that users publish, and decode JSON that users have published.

`encode_json` rejects values without an unambiguous JSON form (NaN, sets, bytes inside a value) and names the place in
its error. Other encoders would silently send `null`, a list or base64.
"""

import datetime
import decimal
import enum
import json
import math
import re
import sys
import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from centripetal.errors import MalformedResponseError, UsageError
from centripetal.protocol.gojson import MAX_DEPTH, JSONError, check

__all__ = ["DEEPEST_VALUE", "check_json", "decode_json", "decode_value", "encode_json", "integer", "plain_data"]

_PLAIN = frozenset({str, int, bool, type(None)})
DEEPEST_VALUE = 200
"""Maximum nesting depth of a Python value that is published; encoded JSON may be nested more deeply."""

_ESCAPES = re.compile(
    rb"(?s)\\[^u]|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
)
"""Escapes; the only group is a lone surrogate."""
_MAX_TEXT_DEPTH = MAX_DEPTH - 10
"""Maximum nesting depth of encoded JSON. Servers accept 10,000 levels in a request, and reject all its commands if it
has more; a batch adds four levels.
"""


def encode_json(value: Any, what: str = "data") -> bytes:
    """Encode *value* as JSON text.

    Args:
        value: None, bool, int, float, str, list, tuple, dict, a dataclass, msgspec struct, pydantic model (anything
            with `model_dump`), datetime, date, time, timedelta, UUID, Decimal (as text, digits kept), Enum (its
            value), `msgspec.Raw`, also nested; or `bytes`: already encoded JSON, checked and sent unchanged.
        what: name of the value for error messages.

    Raises:
        UsageError: the value has no JSON form; the message names the place.
    """
    return encode_plain(plain_data(value, what), what)


def plain_data(value: Any, what: str) -> Any:
    """Return *value* in types that the encoder accepts: unchanged if it already is, checked bytes as `msgspec.Raw`.

    Raises:
        UsageError: the value has no JSON form; the message names the place.
    """
    try:
        if type(value) is dict:  # the most frequent type
            return _plain_dict(value, what, 1)
        if isinstance(value, bytes | bytearray | memoryview):
            return msgspec.Raw(check_json(bytes(value), what))
        return plain(value, what)
    except UsageError:
        raise
    except RecursionError:
        raise _too_deep(what) from None
    except Exception as error:  # raised by the value's code: attributes, iterators, time zones, serializers
        raise UsageError(f"{what} cannot be sent as JSON: {type(error).__name__}: {error}") from error


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
        raise UsageError(f"{place} contains a lone surrogate, which cannot be encoded as UTF-8") from None
    except (TypeError, ValueError, RecursionError) as error:
        raise UsageError(f"{what} cannot be sent as JSON: {error}") from None


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


def check_json(text: bytes, what: str, depth: int = 0) -> bytes:
    """Return *text* if it is one JSON value in UTF-8; raise a `UsageError` otherwise.

    Args:
        text: the text.
        what: name of the value for error messages.
        depth: number of arrays and objects that contain the text.
    """
    try:
        text.decode()
        try:
            msgspec.json.decode(text, type=msgspec.Raw)
        except RecursionError:
            check(text, _MAX_TEXT_DEPTH - depth)
    except (msgspec.DecodeError, UnicodeDecodeError, JSONError) as error:
        raise UsageError(
            f"{what} was passed as bytes, which must be encoded JSON, but it is not valid: {error}. "
            "To publish text, pass a str"
        ) from None
    return text


def plain(value: Any, place: str = "data", depth: int = 0) -> Any:
    """Return *value* with all nested values converted to JSON types, or *value* itself if nothing needs converting."""
    kind = type(value)
    if kind in _PLAIN:
        return value
    if kind is float:
        if not math.isfinite(value):
            raise UsageError(f"{place} is {value}, which JSON does not support: send None or text instead")
        return value
    if kind is msgspec.Raw:
        check_json(bytes(value), place, depth)
        return value
    if depth > DEEPEST_VALUE:
        raise _too_deep(place)
    if kind is dict:
        return _plain_dict(value, place, depth + 1)
    if kind is list or kind is tuple:
        return _plain_list(value, place, depth + 1)
    return plain(_unwrap(value, place), place, depth + 1)


def _too_deep(place: str) -> UsageError:
    place = place if len(place) <= 60 else f"{place[:60]}…"
    return UsageError(f"{place} is nested deeper than {DEEPEST_VALUE} levels, or contains itself")


def _plain_dict(value: dict[Any, Any], place: str, depth: int) -> dict[str, Any]:
    changed: dict[str, Any] | None = None
    for key, item in value.items():
        if type(key) is not str:
            return _plain_dict(_text_keys(value, place), place, depth)
        if type(item) in _PLAIN:
            continue
        new = plain(item, f"{place}.{key}", depth)
        if new is not item:
            if changed is None:
                changed = dict(value)
            changed[key] = new
    return value if changed is None else changed


def _text_keys(value: Mapping[Any, Any], place: str) -> dict[str, Any]:
    items = {_key(key, place): item for key, item in value.items()}
    if len(items) < len(value):
        raise UsageError(f"{place} has two keys with the same text form")
    return items


def _key(key: Any, place: str) -> str:
    if isinstance(key, enum.Enum):
        key = key.value
    if isinstance(key, str):
        return str.__str__(key)
    if isinstance(key, bool) or key is None or not isinstance(key, int | uuid.UUID | datetime.date):
        raise UsageError(f"{place} has the key {key!r}: keys of a JSON object must be text")
    return str(int(key)) if isinstance(key, int) else _text(key)


def _plain_list(value: list[Any] | tuple[Any, ...], place: str, depth: int) -> Any:
    changed: list[Any] | None = None
    for index, item in enumerate(value):
        if type(item) in _PLAIN:
            continue
        new = plain(item, f"{place}[{index}]", depth)
        if new is not item:
            if changed is None:
                changed = list(value)
            changed[index] = new
    return value if changed is None else changed


def _unwrap(value: Any, place: str) -> Any:
    """Convert *value* by one step towards JSON types."""
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, decimal.Decimal):
        if not value.is_finite():
            raise UsageError(f"{place} is {value}, which JSON does not support: send None or text instead")
        return str(value)
    if isinstance(value, _TEXT):
        return _text(value)
    if isinstance(value, msgspec.Struct):
        return _struct(value)
    if hasattr(type(value), "__dataclass_fields__"):
        import dataclasses  # slow to import; a program with dataclasses has already loaded it

        members = ((field.name, getattr(value, field.name)) for field in dataclasses.fields(value))
        return {name: item for name, item in members if item is not msgspec.UNSET}
    dump = getattr(type(value), "model_dump", None)
    if callable(dump):
        return dump(value, mode="json")
    if isinstance(value, Mapping):
        return _text_keys(value, place)
    # Subclasses, such as a namedtuple.
    if isinstance(value, str):
        return str.__str__(value)  # str(value) may return the subclass again
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value)
    if isinstance(value, list | tuple):
        return list(value)
    if isinstance(value, bytes | bytearray | memoryview):
        raise UsageError(
            f"{place} is bytes: decode it to str first (bytes are only accepted as encoded JSON for the whole payload)"
        )
    if isinstance(value, set | frozenset):
        raise UsageError(f"{place} is a set, and JSON has no sets: pass a list, for example sorted(…)")
    raise UsageError(f"{place} is of type {type(value).__name__}, which has no JSON form: convert it first")


_TEXT = (datetime.date, datetime.time, datetime.timedelta, uuid.UUID)


def _text(value: datetime.date | datetime.time | datetime.timedelta | uuid.UUID) -> Any:
    """Return the text of a date, time, duration or UUID; also of subclasses, which the encoder does not support."""
    exact: Any = value
    if isinstance(value, datetime.datetime):
        exact = datetime.datetime.combine(_date(value), _time(value))
    elif isinstance(value, datetime.date):
        exact = _date(value)
    elif isinstance(value, datetime.time):
        exact = _time(value)
    elif isinstance(value, datetime.timedelta):
        exact = datetime.timedelta(value.days, value.seconds, value.microseconds)
    return msgspec.to_builtins(exact)


def _date(value: datetime.date) -> datetime.date:
    return datetime.date(value.year, value.month, value.day)


def _time(value: datetime.time | datetime.datetime) -> datetime.time:
    return datetime.time(value.hour, value.minute, value.second, value.microsecond, value.tzinfo, fold=value.fold)


def _struct(value: msgspec.Struct) -> Any:
    """Convert one level of a msgspec struct, with the names, tag and omissions that the struct declares."""
    config = value.__struct_config__
    fields = msgspec.structs.fields(value)
    tag = () if config.tag is None else ((config.tag_field, config.tag),)
    if config.array_like:
        return [text for _, text in tag] + [getattr(value, field.name) for field in fields]
    members = dict(tag)
    for field in fields:
        item = getattr(value, field.name)
        if item is msgspec.UNSET or (config.omit_defaults and _is_default(item, field)):
            continue
        members[field.encode_name] = item
    return members


def _is_default(item: Any, field: msgspec.structs.FieldInfo) -> bool:
    # The same rule as in msgspec: the identical default object, or an empty collection; True is not 1.
    if field.default_factory in (list, dict, set):
        return type(item) is field.default_factory and not item
    return item is field.default


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
