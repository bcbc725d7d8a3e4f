"""Patterns of channels and methods, such as `rooms:{room}`, with converted parts. PURE.

`{room}` matches one or more characters except `:`, `#`, `,` and white space; `*` matches any text, also none. A part is
converted to the type of the parameter with its name. Only its usual spelling fits, so `rooms:7` and `rooms:007` are not
the same room.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import msgspec.inspect

from centripetal.errors import UsageError

__all__ = ["Pattern", "places_of"]

_FROM_TEXT = (
    *(msgspec.inspect.StrType, msgspec.inspect.IntType, msgspec.inspect.FloatType, msgspec.inspect.BoolType),
    *(msgspec.inspect.UUIDType, msgspec.inspect.DateType, msgspec.inspect.DateTimeType, msgspec.inspect.TimeType),
    *(msgspec.inspect.DecimalType, msgspec.inspect.EnumType, msgspec.inspect.LiteralType),
)
_PLACE = re.compile(r"\{([^{}]*)\}|\*")


def places_of(pattern: str) -> tuple[str, ...]:
    """Return the names of the places in *pattern*.

    Raises:
        UsageError: a brace is not closed, or a name is not an identifier or occurs twice.
    """
    names = [found[1] for found in _PLACE.finditer(pattern) if found[0] != "*"]
    rest = _PLACE.sub("", pattern)
    if "{" in rest or "}" in rest:
        raise UsageError(f"the pattern {pattern!r:.100} has a brace without its counterpart: write {{name}}")
    for name in names:
        if not name.isidentifier() or names.count(name) > 1:
            raise UsageError(f"the pattern {pattern!r:.100} has the place {name!r:.50}: use identifiers, each once")
    return tuple(names)


class Pattern:
    """A compiled pattern.

    Args:
        text: the pattern.
        types: the type of each place, by name; `str` for places that are missing.

    Attributes:
        text: the pattern.
        parts: returns the converted parts of a channel or a method; None if it does not fit.

    Raises:
        UsageError: the pattern is invalid, or text cannot be converted to a type.
    """

    def __init__(self, text: str, types: Mapping[str, Any]) -> None:
        self.text = text
        self._converters: dict[str, Callable[[str], Any]] = {}
        for name in places_of(text):
            kind = types.get(name, str)
            if kind is int:
                self._converters[name] = _integer
            elif kind not in (str, Any):
                self._converters[name] = _converter(name, kind)
        self._match = re.compile(_regex(text)).fullmatch
        self._start, _, self._place = text[:-1].partition("{")
        # Two usual forms need no regular expression: a name without places, and one integer at the end.
        self.parts: Callable[[str], dict[str, Any] | None] = self._by_expression
        if not _PLACE.search(text):
            self.parts = self._exact
        elif text.count("{") == 1 and text[-1] == "}" and "*" not in text and _integer in self._converters.values():
            self.parts = self._one_integer

    def _by_expression(self, name: str) -> dict[str, Any] | None:
        found = self._match(name)
        if found is None:
            return None
        parts: dict[str, Any] = found.groupdict()
        try:
            for place, convert in self._converters.items():
                parts[place] = convert(parts[place])
        except msgspec.ValidationError:
            return None
        return parts

    def _exact(self, name: str) -> dict[str, Any] | None:
        return {} if name == self.text else None

    def _one_integer(self, name: str) -> dict[str, Any] | None:
        if not name.startswith(self._start):
            return None
        try:
            return {self._place: _integer(name[len(self._start) :])}
        except msgspec.ValidationError:
            return None


def _regex(text: str) -> str:
    pieces, end = [], 0
    for found in _PLACE.finditer(text):
        place = r"(?s:.*)" if found[0] == "*" else rf"(?P<{found[1]}>[^:#,\s]+)"
        pieces += [re.escape(text[end : found.start()]), place]
        end = found.end()
    return "".join([*pieces, re.escape(text[end:])])


def _integer(text: str) -> int | None:
    try:
        value = int(text)
    except ValueError:
        value = None
    if str(value) != text:
        raise msgspec.ValidationError("not the usual spelling of an integer")
    return value


def _converter(name: str, kind: Any) -> Callable[[str], Any]:
    def convert(text: str) -> Any:
        value = msgspec.convert(text, kind, strict=False)
        usual = msgspec.to_builtins(value)
        if text != (usual if isinstance(usual, str) else msgspec.json.encode(usual).decode()):
            raise msgspec.ValidationError("not the usual spelling")
        return value

    try:
        info = msgspec.inspect.type_info(kind)
    except Exception as error:
        what = f"the parameter {name!r} has the type {kind!r:.80}"
        raise UsageError(f"{what}, which text cannot become: {error}") from None
    if not all(isinstance(each, _FROM_TEXT) for each in getattr(info, "types", (info,))):
        raise UsageError(f"the parameter {name!r} has the type {kind!r:.80}, which text cannot become: use str or int")
    return convert
