"""Kinds of fields: allowed values, wire form, how a server reads the field, how a command line parses it.

A `FieldKind` describes a field completely, except for its name and default. It is part of the field's annotation:
`Annotated[int, WholeNumber(0, 2**64 - 1)]`. `fields.py` maps plain types (`str`, `bool`, lists, mappings, structs) to
kinds. The client's checks, the embedded server's reader, the options of the command line and their documentation are
derived from the kinds. The client checks every field, because the server answers 400 to a whole batch if one field of
one command has a wrong type (protocol 6: advice-server-api).
"""

import binascii
import datetime
import re
from abc import ABC, abstractmethod
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from centripetal.errors import UsageError, shown
from centripetal.protocol.checks import MILLISECONDS, check_flag, check_name, check_text
from centripetal.protocol.exact import exact_bytes, exact_integer, exact_text
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


class FieldKind(ABC):
    """Allowed values of a field, and its form in each place. The base class is unchecked text.

    Attributes:
        travels: whether the field is sent.
        wire: type that a server decodes the field into.
        is_pointer: whether null removes the value on the server, as with Go's pointers; otherwise null changes nothing.
        json: type of the field in the JSON of a command, as in a file for `load`.
        converts: whether `received` changes its argument.
        typed: type that a command line parses: str, int, bool or list[str]; None if the field has no option.
        json_start: first characters of an argument that is JSON or names a file with JSON; None if an argument cannot
            be JSON.
        takes_bytes: whether an argument may name a file with the bytes.
        metavar: name of the value in help and documentation; empty for the name of the field.
        help: description of the value in help and documentation.
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

    @abstractmethod
    def check(self, what: str, value: Any) -> Any:
        """Check *value* and return it in its wire form.

        Args:
            what: name of the field for error messages.
            value: value from the caller.

        Raises:
            UsageError: servers would reject the value.
        """

    def received(self, value: Any) -> Any:
        """Convert a value that a server decoded into `wire`; raise a `ValueError` if it is out of bounds."""
        return value

    def read(self, value: Any) -> Any:
        """Convert a value that was decoded into `json`."""
        return value

    def parse(self, what: str, given: Any) -> Any:  # noqa: ARG002 - some kinds name the field in errors
        """Convert an argument of a command line.

        Args:
            what: name of the field for error messages.
            given: the argument, parsed as `typed`; bytes if it is JSON or was read from a file.

        Raises:
            UsageError: the argument is invalid.
        """
        return given


class Text(FieldKind):
    """Text of any length."""

    def check(self, what: str, value: Any) -> Any:
        return check_text(what, value)


class NonEmptyText(Text):
    """Text that is not empty."""

    def check(self, what: str, value: Any) -> Any:
        return check_name(what, value)


class OneOf(Text):
    """One of a few words, or empty text."""

    def __init__(self, *words: str) -> None:
        self._words = words

    def check(self, what: str, value: Any) -> Any:
        word = check_text(what, value)
        if word and word not in self._words:
            raise UsageError(f"{what} must be {' or '.join(map(repr, self._words))}, not {shown(word)}")
        return word


class TrueOrFalse(FieldKind):
    """True or False; other truthy or falsy values are invalid."""

    wire: Any = bool
    json: Any = bool
    typed: Any = bool

    def check(self, what: str, value: Any) -> Any:
        return check_flag(what, value)


class LocalFlag(TrueOrFalse):
    """True or False, used by the client and never sent."""

    travels = False

    def check(self, what: str, value: Any) -> Any:
        super().check(what, value)
        return False  # the default, which is not sent


class _Box(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    value: bool = False


class BoxedFlag(TrueOrFalse):
    """True or False, sent inside an object, so that False differs from an absent value."""

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
    """An integer.

    Args:
        least, most: bounds of the server's type; the server answers 400 to values outside.
        at_least: lowest value that makes sense, if it differs from *least*.
    """

    json: Any = int
    typed: Any = int
    metavar = "NUMBER"

    def __init__(self, least: int | None = None, most: int | None = None, *, at_least: int | None = None) -> None:
        self._least = least if at_least is None else at_least
        self._most = most
        # msgspec does not accept bounds beyond 63 bits, so `received` checks that bound.
        self.converts = most is not None and most >= 2**63
        self.wire = Annotated[int, Meta(ge=least, le=None if self.converts else most)]

    def check(self, what: str, value: Any) -> Any:
        number = exact_integer(value)
        if number is None:
            advice = f"write int({what})" if issubclass(type(value), float) else "pass an int"
            raise UsageError(f"{what} must be an integer, not {type(value).__name__}: {advice}")
        if self._least is not None and self._most is not None and not self._least <= number <= self._most:
            raise UsageError(f"{what} must be from {self._least} to {self._most}, not {shown(number)}")
        return number

    def received(self, value: Any) -> Any:
        if self._most is not None and value > self._most:
            raise ValueError("an integer has more than 64 bits")
        return value


class UnixSeconds(WholeNumber):
    """A time in Unix seconds, not milliseconds; callers may also pass a datetime with a time zone."""

    json = int | datetime.datetime
    typed = str
    metavar = "TIME"
    help = "Unix seconds, or a time such as 2026-01-31T12:00:00Z."

    def __init__(self) -> None:
        super().__init__(-(2**63), 2**63 - 1)

    def check(self, what: str, value: Any) -> Any:
        if isinstance(value, datetime.datetime):
            if value.utcoffset() is None:
                raise UsageError(f"{what} is a datetime without a time zone: use datetime.now(datetime.UTC) + …")
            return int(value.timestamp())
        seconds = super().check(what, value)
        if not -MILLISECONDS < seconds < MILLISECONDS:
            raise UsageError(f"{what} must be Unix seconds, not {seconds}, which looks like milliseconds")
        return seconds

    def parse(self, what: str, given: str) -> int | datetime.datetime:
        if re.fullmatch(r"-?\d+", given):
            return int(given)
        try:
            moment = datetime.datetime.fromisoformat(given)
        except ValueError:
            raise UsageError(
                f"{what}: {given!r:.100} is not a time: use Unix seconds, or a time such as 2026-01-31T12:00:00Z"
            ) from None
        if moment.tzinfo is None:
            raise UsageError(
                f"{what}: {given!r:.100} has no time zone: end it with Z (UTC) or an offset such as +01:00"
            )
        return moment


class UserIdentifier(FieldKind):
    """The id of a user as text; an int is converted to text, because servers only accept text.

    See protocol 6: advice-server-api.

    Args:
        may_be_empty: whether the empty id, which addresses anonymous users, is allowed.
    """

    json = str | int
    metavar = "USER"

    def __init__(self, *, may_be_empty: bool = True) -> None:
        self._may_be_empty = may_be_empty

    def check(self, what: str, value: Any) -> Any:
        number = exact_integer(value)
        if number is not None:
            return str(number)
        text = exact_text(value)
        if text is None:
            raise UsageError(
                f"{what} must be a user's id, text or an int, not {type(value).__name__}: convert it with str(…)"
            )
        return check_text(what, text) if text or self._may_be_empty else check_name(what, text)


class Base64Text(FieldKind):
    """Bytes, which are sent as base64; or text that is already base64."""

    takes_bytes = True
    metavar = "BASE64"
    help = "Base64; or bytes from @FILE, or from standard input with -."

    def check(self, what: str, value: Any) -> Any:
        given = exact_bytes(value)
        if given is not None:
            return binascii.b2a_base64(given, newline=False).decode()
        text = exact_text(value)
        if text is None:
            raise UsageError(
                f"{what} must be bytes, which are encoded for you, or base64 text, not {type(value).__name__}"
            )
        try:
            binascii.a2b_base64(text, strict_mode=True)
        except ValueError as error:
            raise UsageError(
                f"{what} is not valid base64 ({error}): pass the bytes themselves, or standard base64 with padding"
            ) from None
        return text


class JSONValue(FieldKind):
    """Any JSON value; bytes are already encoded JSON. A value that is read from JSON keeps its exact text."""

    wire = json = msgspec.Raw
    json_start = ""
    metavar = "JSON"
    help = "JSON, or @FILE."

    def check(self, what: str, value: Any) -> Any:
        return plain_data(value, what)

    def read(self, value: Any) -> Any:
        return bytes(value)


# The bounds are repeated for msgspec, which decodes into some structs directly and accepts bounds up to 63 bits.
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
