"""Conversion of values in a configuration file, as lenient as the real servers: PURE.

The names of keys are case-insensitive, and strings are accepted for numbers and booleans where the real servers accept
them. Each function raises a `UsageError` that names the key.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar, get_args, get_origin

import msgspec

from centripetal.errors import UsageError

__all__ = ["boolean", "duration", "integer", "lowercase_keys", "read", "read_known", "read_names", "read_objects"]
__all__ += ["read_section", "text", "text_map", "texts"]

S = TypeVar("S", bound=msgspec.Struct)

_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_PART = r"(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)"


def lowercase_keys(raw: Any, place: str) -> dict[str, Any]:
    """Return the members of an object with lower-case keys, without null values."""
    if not isinstance(raw, Mapping):
        raise UsageError(f"{place} must be an object, not {type(raw).__name__}")
    return {str(key).lower(): value for key, value in raw.items() if value is not None}


def read_objects(raw: Any, place: str) -> list[tuple[str, dict[str, Any]]]:
    """Return the objects in a list, each with its path."""
    if not isinstance(raw, list | tuple):
        raise UsageError(f"{place} must be a list of objects, not {type(raw).__name__}")
    return [(f"{place}[{index}]", lowercase_keys(item, f"{place}[{index}]")) for index, item in enumerate(raw)]


def text(value: Any, place: str) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise UsageError(f"{place} must be text, not {type(value).__name__}")


def texts(value: Any, place: str) -> list[str]:
    if isinstance(value, str):
        # The real server reads a string like an environment variable: separated by white space.
        return value.split() if value else []
    if isinstance(value, list | tuple):
        return [text(item, f"{place}[{index}]") for index, item in enumerate(value)]
    raise UsageError(f"{place} must be a list of strings, not {type(value).__name__}")


def text_map(value: Any, place: str) -> dict[str, str]:
    """Return texts by name, from an object, or from a list of objects with `key` and `value`."""
    if isinstance(value, list | tuple):
        pairs = [(each.get("key"), each.get("value")) for _, each in read_objects(value, place)]
    elif isinstance(value, Mapping):
        pairs = list(value.items())
    else:
        raise UsageError(f"{place} must be an object of strings, not {type(value).__name__}")
    found: dict[str, str] = {}
    for key, each in pairs:
        if not isinstance(key, str) or not isinstance(each, str):
            raise UsageError(f"{place} must contain only strings")
        if key in found:
            raise UsageError(f"{place} contains {key!r:.80} twice")
        found[key] = each
    return found


def integer(value: Any, place: str) -> int:
    if isinstance(value, str) and re.fullmatch(r"[-+]?[0-9]+", value):
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    raise UsageError(f"{place} must be a whole number, not {value!r}")


def boolean(value: Any, place: str) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in ("true", "t", "1", "false", "f", "0", ""):
        return value.lower() in ("true", "t", "1")
    if value in (0, 1):
        return bool(value)
    raise UsageError(f"{place} must be true or false, not {value!r}")


def duration(value: Any, place: str) -> float:
    """Return the seconds in a duration such as "1h30m" or "300ms"."""
    if value in (0, "0", ""):
        return 0.0
    if isinstance(value, str) and re.fullmatch(f"[-+]?({_PART})+", value):
        seconds = sum(float(number) * _SECONDS[unit] for number, unit in re.findall(_PART, value))
        return -seconds if value.startswith("-") else seconds
    # The real server would read a bare number as nanoseconds, which is probably a mistake.
    raise UsageError(f'{place} must be a duration such as "300s" or "1h30m", not {value!r}')


_READERS: dict[Any, Callable[[Any, str], Any]] = {
    str: text,
    int: integer,
    bool: boolean,
    float: duration,
    list[str]: texts,
    dict[str, str]: text_map,
}


def read(value: Any, kind: Any, place: str) -> Any:
    """Return *value* converted to *kind*; float is a duration in seconds."""
    return _READERS[kind](value, place)


def read_known(values: dict[str, Any], shape: type[msgspec.Struct], place: str = "") -> dict[str, Any]:
    """Remove the fields of *shape* from *values* and return them, converted; *place* ends with a dot."""
    return {
        field.name: read(values.pop(field.name), field.type, place + field.name)
        for field in msgspec.structs.fields(shape)
        if field.name in values
    }


def read_section(raw: Any, shape: type[S], place: str, unknown_keys: dict[str, Any]) -> S:
    """Decode *raw* as a *shape*, and add the keys that *shape* does not have to *unknown_keys*, by their place.

    A value that is 0 or empty gets its default.
    """
    values = lowercase_keys(raw, place)
    known = {}
    for field in msgspec.structs.fields(shape):
        if field.name in values:
            value, inside = values.pop(field.name), f"{place}.{field.name}"
            # After reading the file, the real server replaces values that are 0 or empty by their defaults.
            if found := _read_field(value, field.type, inside, unknown_keys):
                known[field.name] = found
    unknown_keys |= {f"{place}.{key}": value for key, value in values.items()}
    return shape(**known)


def _read_field(value: Any, kind: Any, place: str, unknown_keys: dict[str, Any]) -> Any:
    if get_origin(kind) is None and issubclass(kind, msgspec.Struct):
        return read_section(value, kind, place, unknown_keys)
    if get_origin(kind) is list and issubclass(shape := get_args(kind)[0], msgspec.Struct):
        return [read_section(each, shape, inside, unknown_keys) for inside, each in read_objects(value, place)]
    return read(value, kind, place)


def read_names(raw: Any, place: str, marks: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield the name of each namespace in a list, its path, and its other keys.

    Args:
        raw: the list.
        place: the path of the list in the configuration.
        marks: the characters that a name may contain in addition to letters and digits.
    """
    found: set[str] = set()
    for inside, values in read_objects(raw, place):
        name = text(values.pop("name", ""), f"{inside}.name")
        if not re.fullmatch(f"[a-zA-Z0-9{re.escape(marks)}]{{2,}}", name):
            raise UsageError(
                f"{inside}.name is {name!r}: the name of a namespace must have at least two characters, "
                f"only letters, digits, {', '.join(marks[:-1])} and {marks[-1]}"
            )
        if name in found:
            raise UsageError(f"{inside}.name {name!r} is a duplicate: names of namespaces must be unique")
        found.add(name)
        yield name, inside, values
