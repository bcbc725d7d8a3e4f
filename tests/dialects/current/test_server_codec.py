"""The server's side of the HTTP API: decoding of requests and encoding of replies."""

from typing import Any

import msgspec
import pytest

from centripetal.dialects.current.commands import COMMANDS, Info, Publish
from centripetal.dialects.current.results.standard import Nothing, PublishResult
from centripetal.dialects.current.server_codec import (
    NUMBERS,
    UndecodableError,
    Unknown,
    batch_steps,
    encode_outcome,
    encode_reply,
    join_replies,
    read_commands,
    read_request,
)
from centripetal.errors import ServerError
from centripetal.server.steps import finished


def test_methods_have_the_numbers_of_the_single_endpoint() -> None:
    """The numbers are the same as in protocol 6: table-method-numbers; which skips 13."""
    numbers = {name: number for number, name in NUMBERS.items()}
    assert (numbers["publish"], numbers["refresh"], numbers["connections"]) == (0, 12, 14)
    assert (numbers["cancel_push"], numbers["map_publish"], numbers["shared_poll_publish"]) == (32, 33, 39)
    assert 13 not in NUMBERS
    assert set(numbers) == {command.name for command in COMMANDS}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"channel":"a","data":{"x":1}}', Publish("a", data=msgspec.Raw(b'{"x":1}'))),
        (b' {"CHANNEL":"a","nothing":1,"data": null} ', Publish("a", data=msgspec.Raw(b"null"))),
        (b'{"channel":"a","channel":"b"}', Publish("b")),
        (b'{"channel":"a","channel":null,"tags":null}', Publish("a")),
        (b"null", Publish("")),
        (b'{"version":18446744073709551615}', Publish("", version=2**64 - 1)),
        (b'{"data":"\xff"}', Publish("", data=msgspec.Raw(b'"\xff"'))),
        (b'{"channel":"\xff"}', Publish("\ufffd")),
    ],
)
def test_a_request_is_decoded_as_by_go(body: bytes, expected: Publish) -> None:
    """Names match in any case, unknown names are ignored, the last duplicate wins, and null counts as absent."""
    assert read_request("publish", body) == expected


@pytest.mark.parametrize(
    ("method", "body"),
    [
        ("publish", b""),
        ("publish", b"[]"),
        ("publish", b'{"channel":5}'),
        ("publish", b'{"data":1} x'),
        ("publish", b'{"tags":{"a":1}}'),
        ("publish", b'{"version":18446744073709551616}'),
        ("publish", b'{"version":-1}'),
        ("history", b'{"limit":2147483648}'),
        ("history", b'{"limit":1.0}'),
        ("history", b'{"since":{"offset":18446744073709551616}}'),
        ("refresh", b'{"expire_at":9223372036854775808}'),
        ("disconnect", b'{"disconnect":{"code":4294967296}}'),
        ("subscribe", b'{"override":{"presence":true}}'),
    ],
)
def test_a_wrong_type_anywhere_is_undecodable(method: str, body: bytes) -> None:
    """Numbers must fit the server's integer types (protocol 6: http-response)."""
    with pytest.raises(UndecodableError):
        read_request(method, body)


def test_a_batch_distinguishes_empty_and_unknown_commands() -> None:
    """The first member in the server's order counts, and null counts as absent (protocol 6: batch)."""
    body = b"""{"commands":[null,{},{"nosuch":1},{"connections":{"user":"u"}},{"info":{},"channels":{}},
        {"channels":null,"info":{}},{"INFO":{}}]}"""
    assert finished(batch_steps(body)) == [*(None, Unknown(), Unknown(), Unknown(), Info(), Info(), Info())]
    assert finished(batch_steps(b"{}")) == finished(batch_steps(b"null")) == []
    assert join_replies([]) == b"{}"
    for wrong in (b'{"commands":[5]}', b'{"commands":{}}', b'{"parallel":1}', b'{"commands":[{"connections":5}]}'):
        with pytest.raises(UndecodableError):
            finished(batch_steps(wrong))


@pytest.mark.parametrize(
    ("body", "requested"),
    [
        (b" \n", []),
        (b'{"method":"Info"}{"id":7,"method":9}', [(0, Info()), (7, Info())]),
        (b'null\n{"method":99}', [(0, None), (0, Unknown())]),
        (b'{"method":"connections"}', [(0, Unknown())]),
        (b'{"method":-1}{"method":4294967305}', [(0, Unknown()), (0, Info())]),
        (b'{"method":"channels"}', [(0, None)]),
        (b'{"method":"channels","params":5}', [(0, None)]),
    ],
)
def test_commands_follow_each_other(body: bytes, requested: list[tuple[int, Any]]) -> None:
    """Commands need no separator; methods have names and numbers (protocol 6: single-endpoint)."""
    assert [(call.id, call.command) for call in read_commands(body)] == requested


@pytest.mark.parametrize(
    "wrong", [b"", b"[]", b'{"id":-1}', b'{"method":"nosuch"}', b'{"method":null}', b'{"method":1.5}']
)
def test_an_undecodable_command_raises_in_order(wrong: bytes) -> None:
    """Commands before an undecodable command are returned first."""
    good = b'{"method":"info"}' if wrong else b""
    commands = read_commands(good + wrong)
    if good:
        assert next(commands).command == Info()
    with pytest.raises(UndecodableError):
        next(commands)


def test_replies_have_the_shape_of_their_endpoint() -> None:
    """Results have one shape per endpoint; an error is an object in all of them."""
    error = ServerError("unknown <channel>", code=102)
    assert encode_reply(0, Nothing()) == b'{"result":{}}'
    assert encode_reply(7, PublishResult(1, "e")) == b'{"id":7,"result":{"offset":1,"epoch":"e"}}'
    assert encode_reply(7, error) == b'{"id":7,"error":{"code":102,"message":"unknown \\u003cchannel\\u003e"}}'
    replies = [encode_outcome("publish", PublishResult()), encode_outcome("", error)]
    assert (
        join_replies(replies)
        == b'{"replies":[{"publish":{}},{"error":{"code":102,"message":"unknown \\u003cchannel\\u003e"}}]}'
    )
