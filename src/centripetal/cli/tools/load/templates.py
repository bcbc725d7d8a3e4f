"""Templates of channels and data, in which `{name}` is replaced by a value of a row: PURE.

Only `{` is special: `{{` is a brace, and `}` outside of a placeholder is itself. A value can change neither the
structure of the JSON that it is put into nor the namespace or the kind of the channel.
"""

import json
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple, Protocol

from centripetal.cli.tools.load.values import json_text
from centripetal.errors import UsageError, shown
from centripetal.protocol.gojson import JSONError, check
from centripetal.protocol.json_text import unique_members

__all__ = ["ChannelTemplate", "DataTemplate", "Values"]


class Values(Protocol):
    """The values of one row by name. Both methods raise a `UsageError` for a name that the row does not have."""

    def text(self, name: str) -> str:
        """Return the value as text for a channel or for a JSON string."""
        ...

    def json(self, name: str) -> bytes:
        """Return the value as JSON."""
        ...


class _Piece(NamedTuple):
    """Literal text, followed by a placeholder unless *name* is None."""

    literal: str
    name: str | None


class ChannelTemplate:
    """The template of a channel, such as `orders:{customer}`.

    Args:
        template: the template.

    Attributes:
        names: the names in the placeholders.

    Raises:
        UsageError: a placeholder is incomplete or empty, or the template is empty.
    """

    def __init__(self, template: str) -> None:
        if not template:
            raise UsageError("--channel must not be empty")
        self._pieces = list(_pieces(template))
        self.names = [piece.name for piece in self._pieces if piece.name is not None]

    def fill(self, values: Values) -> str:
        """Return the channel of a row.

        Raises:
            UsageError: a value is missing, or cannot be a part of a channel.
        """
        channel = ""
        for literal, name in self._pieces:
            channel += literal
            if name is not None:
                channel += _checked_part(name, values.text(name), channel)
        return channel


_SPECIAL = {
    ":": "it would change the namespace",
    "#": "the names after it would be the only users that can subscribe",
    "&": "it limits a channel to one client",
}


def _checked_part(name: str, part: str, before: str) -> str:
    """Return *part*, the value of *name*, if it can stand after *before* without changing the kind of the channel."""
    special = dict(_SPECIAL)
    if "#" in before:
        special[","] = "it separates users"
    if before.startswith("/"):
        special["/"] = "it separates the parts of the channel"
    reason = ""
    if not part:
        reason = "it is empty"
    elif found := special.keys() & set(part):
        character = min(found)
        reason = f"it contains {character!r}: {special[character]}"
    elif not before and part[0] in "$/":
        reason = f"it starts with {part[0]!r}, which makes a channel private or selects a pattern"
    elif not part.isprintable() or part.strip() != part:
        reason = "it contains control characters, or starts or ends with white space"
    if reason:
        raise UsageError(f"{name!r:.60} is {shown(part, 60)}, which cannot be a part of a channel, because {reason}")
    return part


# A brace that starts an object is followed by a member's name or by the closing brace.
_OBJECT = re.compile(r'\{(?=[ \t\r\n]*["}])')
_PLAIN = re.compile(r'[^"\\{]+|\\.?', re.DOTALL)
_COLON = re.compile(r"[ \t\r\n]*:")
_NAME = re.compile(r'\{([^{}"]*)\}')


class DataTemplate:
    """The template of data: JSON with placeholders, such as `{"id": {id}, "text": "order {id}"}`.

    Outside of a string, a placeholder becomes the value as JSON, including the quotation marks of text. Inside a
    string, it becomes the value as text, escaped.

    Args:
        template: the template.

    Attributes:
        names: the names in the placeholders.

    Raises:
        UsageError: a placeholder is incomplete, empty or in the name of a member, or the rest is not JSON.
    """

    def __init__(self, template: str) -> None:
        self._pieces = list(_data_pieces(template))
        self.names = [piece.name for piece, _ in self._pieces if piece.name is not None]
        try:
            sample = self._joined(lambda _, in_string: b"" if in_string else b"null")
            check(sample)
            json.loads(sample, object_pairs_hook=unique_members)
        except (JSONError, UnicodeEncodeError, RecursionError) as error:
            raise UsageError(
                f"--data is not JSON, apart from its placeholders ({error}). Example: "
                '\'{"id": {id}, "name": {name}}\', where id and name are columns'
            ) from None

    def fill(self, values: Values) -> bytes:
        """Return the data of a row as JSON.

        Raises:
            UsageError: a value is missing, or a value inside a string is not text or a number.
        """
        return self._joined(
            lambda name, in_string: json_text(values.text(name))[1:-1] if in_string else values.json(name)
        )

    def _joined(self, value: Callable[[str, bool], bytes]) -> bytes:
        parts: list[bytes] = []
        for (literal, name), in_string in self._pieces:
            parts.append(literal.encode())
            if name is not None:
                parts.append(value(name, in_string))
        return b"".join(parts)


def _data_pieces(template: str) -> Iterator[tuple[_Piece, bool]]:
    """Yield the pieces of a data template, and whether the placeholder of each is inside a string."""
    literal, place, in_string, filled = "", 0, False, False
    while place < len(template):
        if plain := _PLAIN.match(template, place):
            literal, place = literal + plain[0], plain.end()
        elif template[place] == '"':
            literal, place, in_string = literal + '"', place + 1, not in_string
            if filled and not in_string and _COLON.match(template, place):
                raise UsageError("--data: the name of a member must not contain a placeholder")
            filled = False
        elif template.startswith("{{", place):
            literal, place = literal + "{", place + 2
        elif not in_string and _OBJECT.match(template, place):
            literal, place = literal + "{", place + 1
        else:
            name, place = _placeholder("--data", template, place)
            yield _Piece(literal, name), in_string
            literal, filled = "", in_string
    yield _Piece(literal, None), False


def _pieces(template: str) -> Iterator[_Piece]:
    """Yield the pieces of a channel template."""
    literal, place = "", 0
    while place < len(template):
        brace = template.find("{", place)
        end = len(template) if brace < 0 else brace
        literal, place = literal + template[place:end], end
        if template.startswith("{{", place):
            literal, place = literal + "{", place + 2
        elif place < len(template):
            name, place = _placeholder("--channel", template, place)
            yield _Piece(literal, name)
            literal = ""
    yield _Piece(literal, None)


def _placeholder(option: str, template: str, start: int) -> tuple[str, int]:
    """Return the name in the placeholder at *start*, and the position after it."""
    found = _NAME.match(template, start)
    name = "" if found is None else found[1].strip()
    if found is None or not name:
        where = shown(template[start : start + 30])
        problem = "a placeholder is not closed" if found is None else "a placeholder is empty"
        raise UsageError(
            f"{option}: {problem} at {where}. Write {{name}} for the value of the column `name`, and {{{{ for a brace"
        )
    return name, found.end()
