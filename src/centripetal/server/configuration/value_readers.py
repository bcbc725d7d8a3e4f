"""What a server's configuration file holds, read as the real servers read it: PURE.

Names of keys match regardless of letter case, and text stands for a number or a bool where the real servers take it so.
Everything here raises `UsageError` that names the key.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from centripetal.errors import UsageError

__all__ = ["boolean", "duration", "integer", "lowercase_keys", "read", "read_known", "read_names", "read_objects"]
__all__ += ["text", "texts"]

_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_PART = r"(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)"


def lowercase_keys(raw: Any, place: str) -> dict[str, Any]:
    """The members of an object; a null is as good as absent."""
    if not isinstance(raw, Mapping):
        raise UsageError(f"{place} must be an object, not {type(raw).__name__}")
    return {str(key).lower(): value for key, value in raw.items() if value is not None}


def read_objects(raw: Any, place: str) -> list[tuple[str, dict[str, Any]]]:
    """The objects in a list, each with its place."""
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
        # As in an environment variable.
        return value.split() if value else []
    if isinstance(value, list | tuple):
        return [text(item, f"{place}[{index}]") for index, item in enumerate(value)]
    raise UsageError(f"{place} must be a list of texts, not {type(value).__name__}")


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
    """Seconds, from text such as "1h30m" or "300ms"."""
    if value in (0, "0", ""):
        return 0.0
    if isinstance(value, str) and re.fullmatch(f"[-+]?({_PART})+", value):
        seconds = sum(float(number) * _SECONDS[unit] for number, unit in re.findall(_PART, value))
        return -seconds if value.startswith("-") else seconds
    # A bare number would count nanoseconds; nobody means that.
    raise UsageError(f'{place} must be a duration such as "300s" or "1h30m", not {value!r}')


_READERS: dict[Any, Callable[[Any, str], Any]] = {
    str: text,
    int: integer,
    bool: boolean,
    float: duration,
    list[str]: texts,
}


def read(value: Any, kind: Any, place: str) -> Any:
    """*value* as a *kind*; a float is a duration in seconds."""
    return _READERS[kind](value, place)


def read_known(values: dict[str, Any], shape: type[msgspec.Struct], place: str = "") -> dict[str, Any]:
    """Take the fields of *shape* out of *values*, and return them as what the fields are; *place* ends with a dot."""
    return {
        field.name: read(values.pop(field.name), field.type, place + field.name)
        for field in msgspec.structs.fields(shape)
        if field.name in values
    }


def read_names(raw: Any, place: str, marks: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Read a list of namespaces: yield the name of each, its place, and its other keys.

    Args:
        raw: the list.
        place: where it is in the configuration.
        marks: the characters that a name may have besides letters and digits.
    """
    found: set[str] = set()
    for inside, values in read_objects(raw, place):
        name = text(values.pop("name", ""), f"{inside}.name")
        if not re.fullmatch(f"[a-zA-Z0-9{re.escape(marks)}]{{2,}}", name):
            raise UsageError(
                f"{inside}.name is {name!r}: a namespace has a name of at least two characters, "
                f"which are letters, digits, {', '.join(marks[:-1])} and {marks[-1]}"
            )
        if name in found:
            raise UsageError(f"{inside}.name is {name!r} once more: names of namespaces must be unique")
        found.add(name)
        yield name, inside, values
