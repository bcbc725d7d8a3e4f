"""The server's side of the 1.x API: decoding of request bodies and encoding of replies."""

from typing import Any

import msgspec
import pytest

from centripetal.dialects.v1.commands import (
    COMMANDS,
    Broadcast,
    Channels,
    Disconnect,
    History,
    Node,
    Presence,
    Publish,
    StatsCommand,
    Unsubscribe,
)
from centripetal.dialects.v1.results import ClientInfo, Message, NodeInfo, Stats
from centripetal.dialects.v1.server_codec import (
    Envelope,
    InvalidMessageError,
    join,
    read_command,
    read_envelopes,
    reply,
)
from centripetal.errors import ServerError
from centripetal.protocol.command import Command
from centripetal.protocol.gojson import JSONError
from centripetal.protocol.result import ABSENT


def read_one(method: str, params: bytes | None) -> Command[Any]:
    raw = ABSENT if params is None else msgspec.Raw(params)
    return read_command(Envelope(method=method, params=raw))


def test_a_body_is_an_object_or_an_array() -> None:
    """An object and an array both give a list of envelopes with unchanged params."""
    (one,) = read_envelopes(b'{"uid":"1","method":"x","params": {"a": 1} }\n')
    assert (one.uid, one.method, bytes(one.params)) == ("1", "x", b'{"a": 1}')
    assert [envelope.uid for envelope in read_envelopes(b'[{"UID":"1"},{"uid":"2","more":1},null]')] == ["1", "2", ""]
    assert read_envelopes(b"[]") == []


@pytest.mark.parametrize(
    "body", [b"", b" {}", b"\xef\xbb\xbf{}", b"null", b"1", b'"x"', b"{", b"[1]", b"[{}", b"{}{}", b'[{},{"uid":5}]']
)
def test_a_malformed_body_is_refused_before_any_command_runs(body: bytes) -> None:
    """A malformed envelope at any position makes the whole body invalid."""
    with pytest.raises(InvalidMessageError):
        read_envelopes(body)


def test_a_publish_carries_its_data_verbatim() -> None:
    """The bytes of data are neither parsed nor changed."""
    command = read_one("publish", b'{"channel":"c","data": {"a" : 1.0} ,"client":"x","uid":"u"}')
    assert isinstance(command, Publish)
    assert (command.channel, bytes(command.data), command.client, command.uid) == ("c", b'{"a" : 1.0}', "x", "u")


def test_null_is_data() -> None:
    """`"data": null` is data; only an absent member is missing."""
    command = read_one("publish", b'{"channel":"c","data":null,"client":null,"uid":""}')
    assert isinstance(command, Publish)
    assert (bytes(command.data), command.client, command.uid) == (b"null", None, None)


def test_a_broadcast_without_params_is_decoded() -> None:
    """A broadcast can be decoded without parameters, because its execution refuses missing ones."""
    command = read_one("broadcast", b"null")
    assert isinstance(command, Broadcast)
    assert (list(command.channels), bytes(command.data)) == ([], b"")


@pytest.mark.parametrize(
    ("method", "params", "expected"),
    [
        ("unsubscribe", b'{"user":"42"}', Unsubscribe("", "42")),
        ("unsubscribe", b'{"user":"42","channel":"c"}', Unsubscribe("c", "42")),
        ("disconnect", b"{}", Disconnect("")),
        ("presence", b'{"CHANNEL":"c"}', Presence("c")),
        ("history", b"null", History("")),
        ("channels", None, Channels()),
        ("stats", b"[1]", StatsCommand()),
        ("node", b'"x"', Node()),
    ],
)
def test_params_become_commands(method: str, params: bytes | None, expected: Command[Any]) -> None:
    """Params may be null, and are ignored if the command has none."""
    assert read_one(method, params) == expected


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("nope", b"{}"),
        ("CHANNELS", b"{}"),
        ("", b"{}"),
        ("ping", b"{}"),
        ("publish", None),
        ("publish", b"[]"),
        ("publish", b'{"data":1}'),
        ("publish", b'{"channel":"","data":1}'),
        ("publish", b'{"channel":null,"data":1}'),
        ("publish", b'{"channel":"c"}'),
        ("publish", b'{"channel":"c","data":1,"client":5}'),
        ("publish", b'{"channel":"c","data":1,"uid":5}'),
        ("broadcast", None),
        ("broadcast", b'{"channels":"a","data":1}'),
        ("broadcast", b'{"channels":["a",1],"data":1}'),
        ("unsubscribe", b'{"user":42}'),
        ("disconnect", None),
        ("presence", b'{"channel":5}'),
        ("history", None),
    ],
)
def test_a_fatal_command_is_invalid(method: str, params: bytes | None) -> None:
    """Each command that ends a request is an InvalidMessageError (protocol 1: fatal-commands)."""
    with pytest.raises(InvalidMessageError):
        read_one(method, params)


INFO = ClientInfo("42", "id", msgspec.Raw(b'{ "name": "<Zo\xc3\xab>" }'), msgspec.Raw(b"[1, 2]"))
NODE = NodeInfo("u", "n", 5, {"b": 2, "a": 1}, "1.8.0")
NODE_TEXT = b'{"uid":"u","version":"1.8.0","name":"n","started_at":5,"metrics":{"a":1,"b":2}}'
INFO_TEXT = (
    rb'{"user":"42","client":"id","default_info":{"name":"\u003cZo' + "ë".encode() + rb'\u003e"},"channel_info":[1,2]}'
)


@pytest.mark.parametrize(
    ("command", "result", "expected"),
    [
        (Publish("c", b"1"), True, b'"error":null,"body":null'),
        (Publish("c", b"1"), ServerError("x", advice="fix"), b'"error":"x","advice":"fix","body":null'),
        (Disconnect("u"), ServerError("<x>"), rb'"error":"\u003cx\u003e","body":null'),
        (Presence("c&"), {}, rb'"error":null,"body":{"channel":"c\u0026","data":{}}'),
        (
            Presence("c"),
            {"b": ClientInfo("", "b"), "a": INFO},
            b'"error":null,"body":{"channel":"c","data":{"a":' + INFO_TEXT + b',"b":{"user":"","client":"b"}}}',
        ),
        (Presence("c"), ServerError("not available"), b'"error":"not available","body":{"channel":"c","data":null}'),
        (History("c"), [], b'"error":null,"body":{"channel":"c","data":[]}'),
        (
            History("c"),
            [Message("u<", "c", msgspec.Raw(b" 1"), "id", INFO), Message("v", "c", msgspec.Raw(b"null"))],
            b'"error":null,"body":{"channel":"c","data":[{"uid":"u\\u003c","channel":"c","data":1,"client":"id","info":'
            + INFO_TEXT
            + b'},{"uid":"v","channel":"c","data":null}]}',
        ),
        (History("c"), ServerError("x"), b'"error":"x","body":{"channel":"c","data":null}'),
        (Channels(), ["a", "b"], b'"error":null,"body":{"data":["a","b"]}'),
        (Channels(), ServerError("x"), b'"error":"x","body":{"data":null}'),
        (
            StatsCommand(),
            Stats([NODE], 60),
            b'"error":null,"body":{"data":{"nodes":[' + NODE_TEXT + b'],"metrics_interval":60}}',
        ),
        (Node(), NODE, b'"error":null,"body":{"data":' + NODE_TEXT + b"}"),
    ],
)
def test_replies_are_encoded_as_by_the_real_server(command: Command[Any], result: object, expected: bytes) -> None:
    """The order of members, null and empty values, and escapes match the real server.

    See protocol 1: reply-envelope, commands, json-reading, json-writing.
    """
    text = reply(Envelope(), command, result)
    assert text == b'{"method":"%b",%b}' % (command.name.encode(), expected)


def test_the_uid_comes_first_if_there_is_one() -> None:
    """A uid of any text is echoed as the first member."""
    assert reply(Envelope(uid='"'), Channels(), []).startswith(rb'{"uid":"\"","method":')


def test_an_info_of_invalid_json_cannot_be_encoded() -> None:
    """A client's info may be invalid JSON, and a reply with such an info cannot be encoded.

    See protocol 1: client-connect.
    """
    with pytest.raises(JSONError):
        reply(Envelope(), Presence("c"), {"a": ClientInfo("", "a", msgspec.Raw(b"nonsense"))})


def test_the_answer_is_always_an_array() -> None:
    """Replies are joined into an array without white space."""
    assert join([]) == b"[]"
    assert join([b"{}", b"{}"]) == b"[{},{}]"


def test_every_command_of_the_api_can_be_decoded() -> None:
    """The server decodes every command that a client can send."""
    for command in COMMANDS:
        params = b'{"channel":"c","data":1,"user":"u","channels":["c"]}'
        assert type(read_one(command.name, params)) is command
