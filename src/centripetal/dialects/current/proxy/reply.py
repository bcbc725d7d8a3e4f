"""The base of replies to proxy events: checks at creation, and the body of the response. PURE.

A reply checks its fields when it is created, so an error shows the line that passed the wrong value: the server answers
a wrong type with error 100 to the client, and takes null and negative times for something else than their writer.
`result_body` writes a reply as the body of the response.
"""

import copy
import datetime
import functools
from collections.abc import Callable, Mapping
from itertools import compress
from operator import is_not
from typing import Annotated, Any, ClassVar

import msgspec
from msgspec import UNSET
from msgspec.structs import astuple

from centripetal.errors import CentripetalError, UsageError, shown
from centripetal.protocol.checks import check_given_once, unreadable
from centripetal.protocol.encoder import no_encoder
from centripetal.protocol.field_kinds import FieldKind, Text, UnixSeconds, UserIdentifier
from centripetal.protocol.fields import Field, ListOf, MapOf, ObjectOf, fields_of
from centripetal.protocol.payload import encode_plain, plain_data

__all__ = ["Deadline", "DeadlineOrNever", "Reply", "result_body", "value_body"]


_SCALARS = frozenset((str, int, bool, type(None)))
"""Types that need no conversion to JSON."""


class _Deadline(UnixSeconds):
    """A time in Unix seconds after 1970. The server takes a negative time for *never*."""

    def __init__(self, *, or_never: bool = False) -> None:
        super().__init__()
        self._or_never = or_never

    def check(self, what: str, value: Any) -> Any:
        seconds = super().check(what, value)
        if seconds < 0 or (seconds == 0 and not self._or_never):
            never = " or 0 for never" if self._or_never else "; to end it now, return Expired()"
            raise UsageError(f"{what} must be a time after 1970{never}, not {shown(value)}")
        return seconds


Deadline = Annotated[int | datetime.datetime, _Deadline()]
DeadlineOrNever = Annotated[int | datetime.datetime, _Deadline(or_never=True)]


class Reply(msgspec.Struct, frozen=True, omit_defaults=True, repr_omit_defaults=True, kw_only=True):
    """Base class of the replies that handlers return.

    Raises:
        UsageError: a field has a value that the server would reject or misread; the message names the field.
    """

    payloads: ClassVar[tuple[str, ...]] = ()
    """Names of the JSON fields. Each `x` may have a field `b64x` for bytes instead."""

    encoded: ClassVar[tuple[str, ...]] = ()
    """Names of the fields for bytes."""

    body: ClassVar[bytes] = b""
    """The body of the response, if it does not depend on the fields."""

    def __post_init__(self) -> None:
        takers, defaults = _takers(type(self))
        values = astuple(self)
        # Most fields have their defaults; they are left out without a step of Python for each. The lengths are those of
        # one class, and `strict=True` would cost a tenth of the whole.
        for (name, take), value in compress(zip(takers, values), map(is_not, values, defaults)):  # noqa: B905
            take(self, name, value)

    def _take_none(self, name: str) -> None:
        """Treat None as "not given": the server would take JSON null for a value, and store or send it."""
        msgspec.structs.force_setattr(self, name, UNSET)


Take = Callable[[Reply, str, Any], None]
"""Checks the value of a field, and stores its wire form if it differs."""


@functools.cache
def _takers(reply: type[Reply]) -> tuple[list[tuple[str, Take]], list[Any]]:
    """Return the fields of a class with a function that takes each value, and their defaults."""
    fields = fields_of(reply)
    return [(field.name, _taker(reply, field)) for field in fields], [field.default for field in fields]


def _taker(reply: type[Reply], field: Field) -> Take:
    check_value = field.kind.check

    def payload(made: Reply, name: str, value: Any) -> None:
        if value is None:
            made._take_none(name)
        # Replies have no `encoder`, so errors must not advise it.
        elif (sent := plain_data(value, name, no_encoder)) is not value:
            msgspec.structs.force_setattr(made, name, sent)

    def other(made: Reply, name: str, value: Any) -> None:
        try:
            sent = check_value(name, value)
        except CentripetalError:
            raise
        except Exception as error:  # raised by code of the value
            raise unreadable(name, error) from error
        if sent is not value:
            msgspec.structs.force_setattr(made, name, sent)

    def text(made: Reply, name: str, value: Any) -> None:
        if type(value) is not str or not value.isascii():
            other(made, name, value)

    def names(made: Reply, name: str, value: Any) -> None:
        if type(value) is not list or not all(type(each) is str and each and each.isascii() for each in value):
            other(made, name, value)

    def encoded(made: Reply, name: str, value: Any) -> None:
        check_given_once(getattr(made, name[3:]), value, what=name[3:], required=False)
        other(made, name, value)

    def objects(_: Reply, name: str, value: Any) -> None:
        # They keep their Python form, in which they can be read and compared; `result_body` converts them.
        check_value(name, value)
        for channel, options in value.items() if name == "subs" else ():
            for each in ("info", "data"):
                given, as_bytes = getattr(options, each), getattr(options, f"b64{each}")
                check_given_once(given, as_bytes, what=f"subs[{channel!r:.80}].{each}", required=False)

    if field.name in reply.payloads:
        return payload
    if field.name in reply.encoded:
        return encoded
    if _holds_objects(field.kind):
        return objects
    if isinstance(field.kind, ListOf) and isinstance(field.kind.item, Text):
        return names
    return text if type(field.kind) in (Text, UserIdentifier) else other


@functools.cache
def _objects(reply: type[Reply]) -> Mapping[str, FieldKind]:
    """Return the kinds of the fields that hold objects, by name."""
    return {field.name: field.kind for field in fields_of(reply) if _holds_objects(field.kind)}


def _holds_objects(kind: FieldKind) -> bool:
    return isinstance(kind, ObjectOf) or (isinstance(kind, ListOf | MapOf) and _holds_objects(kind.item))


# ---- bodies


def result_body(reply: Reply) -> bytes:
    """Return the body of the response with *reply*.

    Raises:
        UsageError: a value inside the reply was changed after its creation, and cannot be sent any more.
    """
    if reply.body:
        return reply.body
    changed = reply
    for name, kind in _objects(type(reply)).items():
        value = getattr(reply, name)
        if value:
            if changed is reply:
                changed = copy.copy(reply)  # unlike `replace`, it does not check again
            msgspec.structs.force_setattr(changed, name, kind.check(name, value))
    return b'{"result":%b}' % encode_plain(changed, "the reply")


def value_body(value: Any) -> bytes:
    """Return the body of the response with *value*, the result of an RPC: any JSON value, also None.

    Raises:
        UsageError: the value has no JSON form; the message names the place.
    """
    sent = value if type(value) in _SCALARS else plain_data(value, "the result", no_encoder)
    return b'{"result":{"data":%b}}' % encode_plain(sent, "the result")
