"""Conversion of the values that users publish to the types of JSON. PURE.

No package is imported for it: values of other packages are recognised by their classes and attributes.
"""

import datetime
import decimal
import enum
import math
import uuid
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import msgspec

from centripetal.errors import UsageError, shown
from centripetal.protocol.encoder import Encoder, ask_encoder
from centripetal.protocol.exact import python_value
from centripetal.protocol.gojson import MAX_DEPTH, JSONError, check
from centripetal.protocol.recognised import behind_proxy, members_of, text_of

__all__ = ["DEEPEST_VALUE", "check_json", "plain", "plain_dict", "shown_place", "too_deep"]

_PLAIN = frozenset({str, int, bool, type(None)})
DEEPEST_VALUE = 200
"""Maximum nesting depth of a Python value that is published; encoded JSON may be nested more deeply."""

_LONGEST_PLACE = 60
_MAX_TEXT_DEPTH = MAX_DEPTH - 10
"""Maximum nesting depth of encoded JSON. Servers accept 10,000 levels in a request, and reject all its commands if it
has more; a batch adds four levels.
"""


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


def shown_place(place: str) -> str:
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
        check_json(bytes(value), shown_place(place), depth)
        return value
    if depth > DEEPEST_VALUE:
        raise too_deep(place)
    if kind is dict:
        return plain_dict(value, place, depth + 1, encoder)
    if kind is list or kind is tuple:
        return _plain_list(value, place, depth + 1, encoder)
    return plain(_unwrap(value, place, encoder), place, depth + 1, encoder)


def _unsupported(place: str, value: object) -> UsageError:
    return UsageError(f"{shown_place(place)} is {value}, which JSON does not support: send None or text instead")


def too_deep(place: str) -> UsageError:
    """Return the error for the value at *place*, which is nested too deeply."""
    place = place if len(place) <= 60 else f"{place[:60]}…"
    return UsageError(f"{place} is nested deeper than {DEEPEST_VALUE} levels, or contains itself")


def plain_dict(value: dict[Any, Any], place: str, depth: int, encoder: Encoder | None) -> dict[str, Any]:
    """Return the dict *value* as `plain` does."""
    changed: dict[str, Any] | None = None
    for key, item in value.items():
        if type(key) is not str:
            return plain_dict(_text_keys(value, place), place, depth, encoder)
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
        raise UsageError(f"{shown_place(place)} has two keys with the same text form")
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
        f"{shown_place(place)} has the key {shown(key, 40)}: keys of a JSON object must be text, for example str(…)"
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
    return ask_encoder(value, shown_place(place), encoder)


def _dumped(value: Any, dump: Callable[..., Any], place: str, encoder: Encoder | None) -> Any:
    """Return what the `model_dump` of a pydantic model returns."""
    if "fallback" not in (getattr(dump, "__kwdefaults__", None) or ()):  # pydantic before 2.11, or another package
        return dump(value, mode="json")
    inside = f"a value in {shown_place(place)}"
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
