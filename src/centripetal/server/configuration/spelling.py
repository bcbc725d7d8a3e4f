"""Suggestions for misspelled configuration keys: PURE.

Keys are written as paths, such as "channel.namespaces[0].presence"; in the list of known keys, the keys of any
namespace are in "channel.namespaces[]".
"""

import difflib
import re
from collections.abc import Iterable, Iterator
from typing import get_origin

import msgspec

__all__ = ["closest_key", "key_paths"]

_INDEX = re.compile(r"\[\d+\]")


def key_paths(shape: type[msgspec.Struct], place: str) -> Iterator[str]:
    """Yield the paths of all keys of a section and its subsections."""
    for field in msgspec.structs.fields(shape):
        path = f"{place}.{field.name}"
        yield path
        if get_origin(field.type) is None and issubclass(field.type, msgspec.Struct):
            yield from key_paths(field.type, path)


def closest_key(key: str, known: Iterable[str]) -> str:
    """Return the *known* key in the same section whose spelling is closest to *key*; empty if no key is close."""
    parent, _, name = key.rpartition(".")
    section = _INDEX.sub("[]", parent)
    siblings = {place.rpartition(".")[2] for place in known if place.rpartition(".")[0] == section}
    found = difflib.get_close_matches(name, siblings, 1, 0.8)
    return f"{parent}.{found[0]}".removeprefix(".") if found else ""
