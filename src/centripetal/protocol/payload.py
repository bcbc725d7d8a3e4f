"""Payloads: check and encode the JSON values that users publish. PURE.

`encode_json` rejects values without an unambiguous JSON form (NaN, sets, bytes inside a value) and names the place in
its error. Other encoders would silently send `null`, a list or base64.
"""

import datetime
import decimal
import enum
import math
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import msgspec

from centripetal.errors import UsageError, shown, told
from centripetal.protocol.encoder import Encoder, ask_encoder, no_encoder
from centripetal.protocol.exact import behind_proxy, members_of, python_value, text_of
from centripetal.protocol.gojson import MAX_DEPTH, JSONError, check

__all__ = ["DEEPEST_VALUE", "check_json", "encode_json", "encode_plain", "plain", "plain_data"]

_PLAIN = frozenset({str, int, bool, type(None)})
DEEPEST_VALUE = 200
"""Maximum nesting depth of a Python value that is published; encoded JSON may be nested more deeply."""

_LONGEST_PLACE = 60
_MAX_TEXT_DEPTH = MAX_DEPTH - 10
"""Maximum nesting depth of encoded JSON. Servers accept 10,000 levels in a request, and reject all its commands if it
has more; a batch adds four levels.
"""


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
            return _plain_dict(value, what, 1, encoder)
        if isinstance(value, bytes | bytearray | memoryview):
            return msgspec.Raw(check_json(bytes(value), what))
        return plain(value, what, 0, encoder)
    except UsageError:
        raise
    except RecursionError:
        raise _too_deep(what) from None
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
        raise UsageError(f"{_shown_place(place)} contains a lone surrogate, which cannot be encoded as UTF-8") from None
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


def _shown_place(place: str) -> str:
    """Return *place* for a message, cut in the middle: the names of members are data."""
    return place if len(place) <= _LONGEST_PLACE else f"{place[:30]}…{place[-29:]}"


def plain(value: Any, place: str = "data", depth: int = 0, encoder: Encoder | None = None) -> Any:
    """Return *value* with all nested values converted to JSON types, or *value* itself if nothing needs converting.

    Args:
        value: the value.
        place: its place in the data, for error messages.
        depth: number of values that contain it.
        encoder: converts values of unknown types.
    """
    kind = type(value)
    if kind in _PLAIN:
        return value
    if kind is float:
        if not math.isfinite(value):
            raise _unsupported(place, value)
        return value
    if kind is msgspec.Raw:
        check_json(bytes(value), _shown_place(place), depth)
        return value
    if depth > DEEPEST_VALUE:
        raise _too_deep(place)
    if kind is dict:
        return _plain_dict(value, place, depth + 1, encoder)
    if kind is list or kind is tuple:
        return _plain_list(value, place, depth + 1, encoder)
    return plain(_unwrap(value, place, encoder), place, depth + 1, encoder)


def _unsupported(place: str, value: object) -> UsageError:
    return UsageError(f"{_shown_place(place)} is {value}, which JSON does not support: send None or text instead")


def _too_deep(place: str) -> UsageError:
    """Return the error for the value at *place*, which is nested too deeply."""
    place = place if len(place) <= 60 else f"{place[:60]}…"
    return UsageError(f"{place} is nested deeper than {DEEPEST_VALUE} levels, or contains itself")


def _plain_dict(value: dict[Any, Any], place: str, depth: int, encoder: Encoder | None) -> dict[str, Any]:
    """Return the dict *value* as `plain` does."""
    changed: dict[str, Any] | None = None
    for key, item in value.items():
        if type(key) is not str:
            return _plain_dict(_text_keys(value, place), place, depth, encoder)
        if type(item) in _PLAIN:
            continue
        new = plain(item, f"{place}.{key}", depth, encoder)
        if new is not item:
            if changed is None:
                changed = dict(value)
            changed[key] = new
    return value if changed is None else changed


def _text_keys(value: Mapping[Any, Any], place: str) -> dict[str, Any]:
    items = {_key(key, place): item for key, item in value.items()}
    if len(items) < len(value):
        raise UsageError(f"{_shown_place(place)} has two keys with the same text form")
    return items


def _key(key: Any, place: str) -> str:
    if isinstance(key, enum.Enum):
        key = key.value
    if (text := text_of(key)) is not None:
        return text
    plain_key = python_value(key)
    if isinstance(plain_key, str):
        return str.__str__(plain_key)
    if isinstance(plain_key, int) and not isinstance(plain_key, bool):
        return str(int(plain_key))
    if isinstance(plain_key, uuid.UUID | datetime.date):
        return str(_text(plain_key))
    raise UsageError(
        f"{_shown_place(place)} has the key {shown(key, 40)}: keys of a JSON object must be text, for example str(…)"
    )


def _plain_list(value: list[Any] | tuple[Any, ...], place: str, depth: int, encoder: Encoder | None) -> Any:
    changed: list[Any] | None = None
    for index, item in enumerate(value):
        if type(item) in _PLAIN:
            continue
        new = plain(item, f"{place}[{index}]", depth, encoder)
        if new is not item:
            if changed is None:
                changed = list(value)
            changed[index] = new
    return value if changed is None else changed


def _unwrap(value: Any, place: str, encoder: Encoder | None) -> Any:
    """Convert *value* by one step towards JSON types."""
    if (real := behind_proxy(value)) is not value:
        return real
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, decimal.Decimal):
        if not value.is_finite():
            raise _unsupported(place, value)
        return str(value)
    if isinstance(value, datetime.datetime) and value.year != value.year:  # pandas.NaT
        raise _unsupported(place, value)
    if isinstance(value, _TEXT):
        return _text(value)
    if isinstance(value, msgspec.Struct):
        return _struct(value)
    if (members := members_of(value)) is not None:
        return members
    dump = getattr(type(value), "model_dump", None)
    if callable(dump):
        return _dumped(value, dump, place, encoder)
    if isinstance(value, Mapping):
        return _text_keys(value, place)
    if (text := text_of(value)) is not None:
        return text
    # Subclasses, such as a namedtuple.
    if issubclass(type(value), str):
        return str.__str__(value)  # str(value) may return the subclass again
    if issubclass(type(value), int):
        return int.__int__(value)
    if issubclass(type(value), float):
        return float.__float__(value)
    if (python := python_value(value)) is not value:
        if python is None:
            raise _unsupported(place, value)  # numpy's NaT
        return python
    if issubclass(type(value), list | tuple):
        return list(value)
    return ask_encoder(value, _shown_place(place), encoder)


def _dumped(value: Any, dump: Callable[..., Any], place: str, encoder: Encoder | None) -> Any:
    """Return what the `model_dump` of a pydantic model returns."""
    if "fallback" not in (getattr(dump, "__kwdefaults__", None) or ()):  # pydantic before 2.11, or another package
        return dump(value, mode="json")
    inside = f"a value in {_shown_place(place)}"
    return dump(value, mode="json", fallback=partial(ask_encoder, place=inside, encoder=encoder))


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
