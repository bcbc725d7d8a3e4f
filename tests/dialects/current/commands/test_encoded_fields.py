"""The JSON values in the fields of commands are converted with the client's encoder."""

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from centripetal.dialects.current.commands import COMMANDS as CURRENT
from centripetal.dialects.current.commands import Publish, custom
from centripetal.dialects.v1.commands import COMMANDS as V1
from centripetal.dialects.v1.commands import Broadcast as BroadcastV1
from centripetal.dialects.v1.commands import Publish as PublishV1
from centripetal.errors import UsageError
from centripetal.protocol.command import Command
from centripetal.protocol.field_kinds import FieldKind, JSONValue
from centripetal.protocol.fields import ListOf, MapOf, ObjectOf, fields_of


class Unknown:
    """A type without a JSON form."""


def known(value: object) -> Any:
    return "known" if isinstance(value, Unknown) else NotImplemented


def json_fields(struct: type[msgspec.Struct], within: tuple[type, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the path of each field in *struct* and in its objects that takes any JSON value."""
    for field in fields_of(struct):
        kind: FieldKind = field.kind
        path: tuple[str, ...] = (field.name,)
        while isinstance(kind, ListOf | MapOf):
            kind, path = kind.item, (*path, "*")
        if isinstance(kind, JSONValue):
            yield path
        elif isinstance(kind, ObjectOf) and kind.struct not in within:
            for inner in json_fields(kind.struct, (*within, struct)):
                yield (*path, *inner)


def built(struct: type[msgspec.Struct], path: tuple[str, ...], value: Any) -> Any:
    """Return an instance of *struct* with *value* at *path*; other required fields are empty text."""
    name, *rest = path
    field = next(each for each in fields_of(struct) if each.name == name)
    inner = built(field.kind.struct, tuple(rest), value) if isinstance(field.kind, ObjectOf) else value
    needed = {each.name: "" for each in fields_of(struct) if each.default is msgspec.NODEFAULT}
    return struct(**{**needed, name: inner})


PATHS = [(command, path) for command in (*CURRENT, *V1) for path in json_fields(command)]


@pytest.mark.parametrize(
    ("command", "path"), PATHS, ids=[f"{each.__module__}.{each.name}-{'.'.join(path)}" for each, path in PATHS]
)
def test_every_field_with_json_uses_the_encoder(command: type[Command[Any]], path: tuple[str, ...]) -> None:
    """Each field that takes JSON, also in an object of a command, is converted with the encoder."""
    given = built(command, path, {"a": [Unknown()]})
    found: Any = given.with_plain_data(known)
    place = ".".join(path)
    for name in path:
        found, given = getattr(found, name), getattr(given, name)
    assert found == {"a": ["known"]}
    assert isinstance(given["a"][0], Unknown)  # the caller's command is unchanged
    with pytest.raises(UsageError) as caught:
        built(command, path, [Unknown()]).with_plain_data(lambda value: value)
    assert str(caught.value).startswith(f"{place}[0]: the client's encoder returned its own argument")


def test_there_are_such_fields() -> None:
    """The test above covers data, info, parameters and pushes of both generations."""
    assert {(PublishV1, ("data",)), (BroadcastV1, ("data",)), (Publish, ("data",))} <= set(PATHS)
    assert len(PATHS) >= 15


def test_a_command_without_unknown_values_is_returned_itself() -> None:
    """Nothing is copied if nothing needs the encoder."""
    command = Publish("news", {"a": 1})
    assert command.with_plain_data(known) is command


def test_the_fields_of_any_method() -> None:
    """The encoder also converts the fields of `client.call("name", {…})`."""
    command = custom("publish", {"channel": "news", "data": [Unknown()], "raw": b"[1]"})
    assert command.with_plain_data(known).body() == b'{"channel":"news","data":["known"],"raw":[1]}'
    wrong: Any = 5
    assert custom("publish", wrong).with_plain_data(known).params is wrong
