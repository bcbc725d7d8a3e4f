"""Kinds of fields: what a field may hold, how it travels, how a server reads it, how it is typed on a command line.

A `FieldKind` is the only description of a field besides its name and default. A field's annotation carries it:
`Annotated[int, WholeNumber(0, 2**64 - 1)]`. `fields.py` gives plain types (`str`, `bool`, lists, mappings, structs)
their kinds. The client's checks, the embedded server's reader, the options of the command line and their documentation
are derived from it. One command of a wrong type is 400 for a whole batch of strangers (spec v6 §17.1), so the client
leaves nothing to the server.
"""

import binascii
import datetime
import re
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from centripetal.errors import UsageError
from centripetal.protocol.checks import MILLISECONDS, check_name, check_text
from centripetal.protocol.payload import plain_data

__all__ = [
    "Base64",
    "Base64Text",
    "BoxedFlag",
    "FieldKind",
    "Flag",
    "Int32",
    "Int64",
    "JSONValue",
    "LocalFlag",
    "Moment",
    "Name",
    "NonEmptyText",
    "OneOf",
    "Payload",
    "Text",
    "TrueOrFalse",
    "UInt32",
    "UInt64",
    "UnixSeconds",
    "UserId",
    "UserIdentifier",
    "WholeNumber",
]


class FieldKind:
    """What a field may hold, and its form in each place. The base: text, without a check.

    Attributes:
        travels: whether the field is sent at all.
        wire: the type that a server decodes the field into.
        is_pointer: whether null removes the value on the server, as with Go's pointers; otherwise null changes nothing.
        json: the type of the field in the JSON of a command, as in a file for `load`.
        converts: whether `received` returns anything but its argument.
        typed: the type that a command line parses: str, int, bool or list[str]; None if there is no option for it.
        json_start: how an argument starts that is JSON or names a file with JSON; None: there is no such argument.
        takes_bytes: whether an argument may name a file with the bytes.
        metavar: the name of the value in help and documentation; empty: the name of the field.
        help: what help and documentation add about the value.
    """

    travels = True
    wire: Any = str
    is_pointer = False
    json: Any = str
    converts = False
    typed: Any = str
    json_start: str | None = None
    takes_bytes = False
    metavar = ""
    help = ""

    def check(self, what: str, value: Any) -> Any:
        """Return the field's *value* as it is sent.

        Args:
            what: the name of the field in an error.
            value: what the caller gave.

        Raises:
            UsageError: no server accepts the value.
        """
        raise NotImplementedError

    def received(self, value: Any) -> Any:
        """Return the field's value from what a server decoded into `wire`; a `ValueError` if it is out of bounds."""
        return value

    def read(self, value: Any) -> Any:
        """Return the field's value from what was decoded into `json`."""
        return value

    def parse(self, what: str, given: Any) -> Any:  # noqa: ARG002 - some kinds name the field in an error
        """Return the field's value from an argument on a command line.

        Args:
            what: the name of the field in an error.
            given: what was parsed as `typed`; bytes if it is JSON or was in a file.

        Raises:
            UsageError: the argument is not of this kind.
        """
        return given


class Text(FieldKind):
    """Text of any length."""

    def check(self, what: str, value: Any) -> Any:
        check_text(what, value)
        return value


class NonEmptyText(Text):
    """Text that is not empty."""

    def check(self, what: str, value: Any) -> Any:
        check_name(what, value)
        return value


class OneOf(Text):
    """One of a few words, or the empty text."""

    def __init__(self, *words: str) -> None:
        self._words = words

    def check(self, what: str, value: Any) -> Any:
        super().check(what, value)
        if value and value not in self._words:
            raise UsageError(f"{what} must be {' or '.join(map(repr, self._words))}, not {value!r}")
        return value


class TrueOrFalse(FieldKind):
    """True or False, and nothing that is merely like them."""

    wire: Any = bool
    json: Any = bool
    typed: Any = bool

    def check(self, what: str, value: Any) -> Any:
        if not isinstance(value, bool):
            raise UsageError(f"{what} must be True or False, not {value!r:.100}")
        return value


class LocalFlag(TrueOrFalse):
    """True or False for the client alone: it is never sent."""

    travels = False

    def check(self, what: str, value: Any) -> Any:
        super().check(what, value)
        return False  # the default, which is left out


class _Box(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    value: bool = False


class BoxedFlag(TrueOrFalse):
    """True or False, which travels in an object, so that False differs from nothing."""

    wire = _Box
    is_pointer = True
    json = bool | _Box
    converts = True

    def check(self, what: str, value: Any) -> Any:
        return {"value": super().check(what, value)}

    def received(self, value: Any) -> Any:
        return value.value

    def read(self, value: Any) -> Any:
        return value.value if isinstance(value, _Box) else value


class WholeNumber(FieldKind):
    """A whole number.

    Args:
        least, most: the bounds of the server's type; the server answers 400 outside of them.
        at_least: the lowest number that makes sense, if it is not *least*.
    """

    json: Any = int
    typed: Any = int
    metavar = "NUMBER"

    def __init__(self, least: int | None = None, most: int | None = None, *, at_least: int | None = None) -> None:
        self._least = least if at_least is None else at_least
        self._most = most
        # msgspec takes no bound beyond 63 bits: `received` has to look at that one.
        self.converts = most is not None and most >= 2**63
        self.wire = Annotated[int, Meta(ge=least, le=None if self.converts else most)]

    def check(self, what: str, value: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, int):
            advice = f"write int({what})" if isinstance(value, float) else "give an int"
            raise UsageError(f"{what} must be a whole number, not {type(value).__name__}: {advice}")
        if self._least is not None and self._most is not None and not self._least <= value <= self._most:
            raise UsageError(f"{what} must be from {self._least} to {self._most}, not {value}")
        return int(value)

    def received(self, value: Any) -> Any:
        if self._most is not None and value > self._most:
            raise ValueError("an integer has more than 64 bits")
        return value


class UnixSeconds(WholeNumber):
    """A time in Unix seconds, not milliseconds; the caller may give a datetime with a time zone instead."""

    json = int | datetime.datetime
    typed = str
    metavar = "TIME"
    help = "Unix seconds, or a time such as 2026-01-31T12:00:00Z."

    def __init__(self) -> None:
        super().__init__(-(2**63), 2**63 - 1)

    def check(self, what: str, value: Any) -> Any:
        if isinstance(value, datetime.datetime):
            if value.utcoffset() is None:
                raise UsageError(f"{what} is a datetime without time zone: make it with datetime.now(datetime.UTC) + …")
            return int(value.timestamp())
        seconds = super().check(what, value)
        if not -MILLISECONDS < seconds < MILLISECONDS:
            raise UsageError(f"{what} must be Unix seconds, not {value}, which looks like milliseconds")
        return seconds

    def parse(self, what: str, given: str) -> int | datetime.datetime:
        if re.fullmatch(r"-?\d+", given):
            return int(given)
        try:
            moment = datetime.datetime.fromisoformat(given)
        except ValueError:
            raise UsageError(
                f"{what}: {given!r} is not a time: give Unix seconds, or a time such as 2026-01-31T12:00:00Z"
            ) from None
        if moment.tzinfo is None:
            raise UsageError(f"{what}: {given!r} has no time zone: end it with Z (UTC) or an offset such as +01:00")
        return moment


class UserIdentifier(FieldKind):
    """The id of a user: text; ints become text, because ids are text everywhere on the server (spec v6 §17.1).

    Args:
        may_be_empty: whether the empty id, which means anonymous users, makes sense.
    """

    json = str | int
    metavar = "USER"

    def __init__(self, *, may_be_empty: bool = True) -> None:
        self._may_be_empty = may_be_empty

    def check(self, what: str, value: Any) -> Any:
        if type(value) is int or (isinstance(value, int) and not isinstance(value, bool)):
            return str(int(value))
        if not isinstance(value, str):
            raise UsageError(
                f"{what} must be a user's id, text or an int, not {type(value).__name__}: str(…) makes it text"
            )
        if not value and not self._may_be_empty:
            raise UsageError(f"{what} must not be empty")
        check_text(what, value)
        return value


class Base64Text(FieldKind):
    """Bytes, which travel as base64; or text that is base64 already."""

    takes_bytes = True
    metavar = "BASE64"
    help = "Base64, or the bytes in @FILE or, with -, from the standard input."

    def check(self, what: str, value: Any) -> Any:
        if isinstance(value, bytes | bytearray | memoryview):
            return binascii.b2a_base64(value, newline=False).decode()
        if not isinstance(value, str):
            raise UsageError(f"{what} must be bytes (we encode them) or base64 text, not {type(value).__name__}")
        try:
            binascii.a2b_base64(value, strict_mode=True)
        except ValueError as error:
            raise UsageError(
                f"{what} is no base64 text ({error}): give the bytes themselves, or standard base64 with its padding"
            ) from None
        return value


class JSONValue(FieldKind):
    """Any JSON value; bytes are ready-made JSON. Where JSON is read, the value stays the text that it is."""

    wire = json = msgspec.Raw
    json_start = ""
    metavar = "JSON"
    help = "JSON, or @FILE."

    def check(self, what: str, value: Any) -> Any:
        return plain_data(value, what)

    def read(self, value: Any) -> Any:
        return bytes(value)


# The bounds are repeated for msgspec, which decodes some structs as they are; it takes none beyond 63 bits.
UInt32 = Annotated[int, Meta(ge=0, le=2**32 - 1), WholeNumber(0, 2**32 - 1)]
UInt64 = Annotated[int, Meta(ge=0), WholeNumber(0, 2**64 - 1)]
Int32 = Annotated[int, Meta(ge=-(2**31), le=2**31 - 1), WholeNumber(-(2**31), 2**31 - 1)]
Int64 = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1), WholeNumber(-(2**63), 2**63 - 1)]
Moment = Annotated[int | datetime.datetime, UnixSeconds()]
Name = Annotated[str, NonEmptyText()]
UserId = Annotated[str | int, UserIdentifier()]
Base64 = Annotated[bytes | str, Base64Text()]
Payload = Annotated[Any, JSONValue()]
Flag = Annotated[bool, BoxedFlag()]
