"""What users publish: any JSON value, checked and encoded; and JSON of users, decoded.

`encode_json` refuses what has no one JSON form (NaN, sets, bytes inside a value) with an error that names the place,
where encoders would send `null`, a list or base64 without a word.
"""

import dataclasses
import datetime
import decimal
import enum
import json
import math
import uuid
from collections.abc import Mapping
from typing import Any

import msgspec

from centripetal.errors import MalformedResponseError, UsageError

__all__ = ["check_json", "decode_json", "encode_json", "plain"]

_encoder = msgspec.json.Encoder()
_PLAIN = frozenset({str, int, bool, type(None)})
_TEXT = (datetime.date, datetime.time, datetime.timedelta, uuid.UUID)
_MAX_DEPTH = 500


def encode_json(value: Any, what: str = "data") -> bytes:
    """*value* as JSON text.

    Args:
        value: None, bool, int, float, str, list, tuple, dict, a dataclass, msgspec struct, pydantic model (anything
            with `model_dump`), datetime, date, time, timedelta, UUID, Decimal (as text, digits kept), Enum (its
            value), `msgspec.Raw`, also nested; or `bytes`: ready-made JSON, checked and passed through untouched.
        what: what an error calls the value.

    Raises:
        UsageError: the value has no JSON form; the message names the place in it.
    """
    if isinstance(value, bytes | bytearray | memoryview):
        return check_json(bytes(value), what)
    return encode_plain(plain(value, what), what)


def encode_plain(value: Any, what: str) -> bytes:
    """Encode what `plain` returned, or a struct of such values."""
    try:
        return _encoder.encode(value)
    except UnicodeEncodeError:
        raise UsageError(f"{what} holds half of a surrogate pair, which is no text: it cannot be sent") from None
    except (TypeError, ValueError, RecursionError) as error:
        raise UsageError(f"{what} cannot be sent as JSON: {error}") from None


def check_json(text: bytes, what: str) -> bytes:
    """*text* itself, if it is one JSON value in UTF-8; a `UsageError` if not."""
    try:
        text.decode()
        msgspec.json.decode(text, type=msgspec.Raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(
            f"{what} was given as bytes, which must be ready-made JSON, but it is not: {error}. "
            "To publish text, give it as str"
        ) from None
    return text


def plain(value: Any, place: str = "data", depth: int = 0) -> Any:
    """*value* with everything below it in the types that JSON has; the value itself where it is so already."""
    kind = type(value)
    if kind in _PLAIN:
        return value
    if kind is float:
        if not math.isfinite(value):
            raise UsageError(f"{place} is {value}, which JSON does not have: send None or text instead")
        return value
    if kind is msgspec.Raw:
        check_json(bytes(value), place)
        return value
    if depth > _MAX_DEPTH:
        raise UsageError(f"{place} is nested deeper than {_MAX_DEPTH} levels, or contains itself")
    if kind is dict:
        return _plain_dict(value, place, depth + 1)
    if kind is list or kind is tuple:
        return _plain_list(value, place, depth + 1)
    return plain(_unwrap(value, place), place, depth + 1)


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
        raise UsageError(f"{place} has two keys that become the same text")
    return items


def _key(key: Any, place: str) -> str:
    if isinstance(key, enum.Enum):
        key = key.value
    if isinstance(key, str):
        return str(key)
    if isinstance(key, bool) or key is None or not isinstance(key, int | uuid.UUID | datetime.date):
        raise UsageError(f"{place} has the key {key!r}: keys of a JSON object are text")
    return key.isoformat() if isinstance(key, datetime.date) else str(key)


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
    """One step from a Python type towards JSON types."""
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, decimal.Decimal):
        if not value.is_finite():
            raise UsageError(f"{place} is {value}, which JSON does not have: send None or text instead")
        return str(value)
    if isinstance(value, _TEXT):
        return msgspec.to_builtins(value)
    if isinstance(value, msgspec.Struct):
        return _struct(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    dump = getattr(type(value), "model_dump", None)
    if callable(dump):
        return value.model_dump(mode="json")
    if isinstance(value, Mapping):
        return _text_keys(value, place)
    base = next((base for base in (int, float, str, list, tuple) if isinstance(value, base)), None)
    if base is not None:  # a subclass, such as a namedtuple
        return base(value)
    if isinstance(value, bytes | bytearray | memoryview):
        raise UsageError(f"{place} is bytes: inside of a value they have no JSON form, decode them to text first")
    if isinstance(value, set | frozenset):
        raise UsageError(f"{place} is a set, which has no order: send a (sorted) list")
    raise UsageError(f"{place} is of type {type(value).__name__}, which has no JSON form: convert it first")


def _struct(value: msgspec.Struct) -> Any:
    """One level of a msgspec struct, in the form that its author declared."""
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
    if field.default_factory is not msgspec.NODEFAULT:
        return bool(item == field.default_factory())
    return field.default is not msgspec.NODEFAULT and bool(item == field.default)


def decode_json(text: bytes, what: str = "data") -> Any:
    """The Python value of JSON *text* that some user put into the server.

    Raises:
        MalformedResponseError: it is no JSON, or nested too deep to be read.
    """
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError):
        # The server passes on numbers beyond any float and text that is not UTF-8 (spec v1 §7); read them as far as
        # they can be.
        try:
            return json.loads(text.decode("utf-8", "replace"))
        except (ValueError, RecursionError) as error:
            raise MalformedResponseError(f"{what} is not JSON: {error}", executed="yes") from None
    except RecursionError:
        raise MalformedResponseError(f"{what} is nested too deep to be read", executed="yes") from None
