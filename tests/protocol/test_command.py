"""A command is checked and encoded once; later changes to its arguments do not matter."""

import collections
import datetime as dt
import json
from typing import Any, ClassVar

import msgspec
import pytest

from centripetal.errors import UsageError
from centripetal.protocol.command import Command


class Put(Command[bool], frozen=True):
    """A command as a dialect defines it."""

    name = "put"
    where: str
    data: Any
    note: str | None = None
    many: Any = None

    def check(self) -> None:
        if not self.where:
            raise UsageError("where must not be empty")


class Ask(Command[str], frozen=True):
    name = "ask"


class Limited(Command[None], frozen=True):
    """A command without `check` and without `data`."""

    name: ClassVar[str] = "limited"
    limit: int = 0


class SelfText(str):
    __slots__ = ()

    def __str__(self) -> str:
        return self


@pytest.mark.parametrize(
    ("command", "params"),
    [
        (Ask(), b"{}"),
        (Ask(timeout=1), b"{}"),
        (Limited(), b"{}"),
        (Limited(5), b'{"limit":5}'),
        (Put("x", None), b'{"where":"x","data":null}'),
        (Put("x", 0, timeout=0.5), b'{"where":"x","data":0}'),
        (Put("x", b' { "a":1.0 } '), b'{"where":"x","data": { "a":1.0 } }'),
        (Put("x", bytearray(b"null")), b'{"where":"x","data":null}'),
        (Put("x", memoryview(b"[1]")), b'{"where":"x","data":[1]}'),
        (Put("x", {"at": dt.date(2020, 1, 2)}), b'{"where":"x","data":{"at":"2020-01-02"}}'),
        (Put("x", msgspec.Raw(b"1e400")), b'{"where":"x","data":1e400}'),
        (Put("x", 1, note=""), b'{"where":"x","data":1,"note":""}'),
        (Put(SelfText("x"), 1, note=SelfText("n")), b'{"where":"x","data":1,"note":"n"}'),
        (Put("x", 1, many=collections.deque("ab")), b'{"where":"x","data":1,"many":["a","b"]}'),
    ],
)
def test_a_command_becomes_its_params(command: Command[Any], params: bytes) -> None:
    """Fields that were given are sent under their names, including None as data; the time limit is not sent."""
    assert command.body() == params
    json.loads(command.body().replace(b"1e400", b"1"))


def test_a_command_is_checked_before_it_is_encoded() -> None:
    """A command that the server could not accept is refused before its data is encoded."""
    with pytest.raises(UsageError, match=r"^where must not be empty$"):
        Put("", {1, 2}).body()


@pytest.mark.parametrize(
    ("command", "text"),
    [
        (Put("x", {"a": {1}}), r"^data\.a is a set"),
        (Put("x", {"a": "\ud800"}), r"^data\.a contains a lone surrogate"),
        (Put("x", b"{"), r"^data was passed as bytes, which must be encoded JSON"),
        (Put("x", 1, many=object()), r"^data cannot be sent as JSON: object has no JSON form"),
    ],
)
def test_data_that_cannot_be_encoded_is_refused(command: Command[Any], text: str) -> None:
    """The error names the position in the data, as `encode_json` does."""
    with pytest.raises(UsageError, match=text):
        command.body()


def test_an_encoded_command_does_not_change_with_its_arguments() -> None:
    """Data that is changed after the call was made is sent as it was, and the client does not change it."""
    data = {"n": [1], "at": dt.date(2020, 1, 2)}
    encoded = Put("x", data).body()
    assert data == {"n": [1], "at": dt.date(2020, 1, 2)}
    data.clear()
    assert encoded == b'{"where":"x","data":{"n":[1],"at":"2020-01-02"}}'


def test_commands_compare_by_value() -> None:
    """Commands compare by their fields, have a repr of the given fields, and cannot be changed."""
    assert Put("x", 1) == Put("x", 1, timeout=None) != Put("x", 2)
    assert repr(Put("x", 1)) == "Put(where='x', data=1)"
    with pytest.raises(AttributeError):
        Put("x", 1).where = "y"  # type: ignore[misc]


def test_options_are_keyword_only_and_known() -> None:
    """The time limit is keyword-only, and an unknown option raises TypeError."""
    with pytest.raises(TypeError):
        Ask(5.0)  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        Put("x", 1, colour="red")  # type: ignore[call-arg]
