"""Encoding and decoding of client protocol lines, in both directions."""

import contextlib
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from centripetal.dialects.current.client_protocol.commands import (
    Command,
    Connect,
    History,
    Ping,
    Publish,
    Send,
    Subscribe,
    Unsubscribe,
    encode_commands,
    read_commands,
)
from centripetal.dialects.current.client_protocol.objects import (
    BadMessageError,
    ClientInfo,
    Disconnect,
    Publication,
    UnsubscribePush,
)
from centripetal.dialects.current.client_protocol.replies import (
    PING,
    ConnectResult,
    Empty,
    Error,
    HistoryResult,
    Info,
    PresenceResult,
    PresenceStatsResult,
    Push,
    RefreshResult,
    Reply,
    RpcResult,
    SubscribePush,
    SubscribeResult,
    decode_replies,
    encode_push,
    encode_reply,
)
from centripetal.dialects.current.objects import FilterNode, StreamPosition
from centripetal.errors import MalformedResponseError
from tests.wire.deviations import NOT_EMULATED_TRANSCRIPTS
from tests.wire.golden import load, names

RECORDED = [
    frame
    for name in names("current", "websocket", "ws_*", "sdk_*")
    if name not in NOT_EMULATED_TRANSCRIPTS
    for frame in load("current", name)["frames"]
    if frame["dir"] in ("recv", "send") and "data" in frame
]
RECEIVED = [frame["data"] for frame in RECORDED if frame["dir"] == "recv"]
SENT = [frame["data"] for frame in RECORDED if frame["dir"] == "send" and frame["data"].startswith('{"')]


@pytest.mark.parametrize("line", RECEIVED, ids=range(len(RECEIVED)))
def test_lines_of_a_real_server_are_decoded(line: str) -> None:
    """Every recorded line can be decoded, and encodes to the same bytes again."""
    (reply,) = decode_replies(line.encode())
    assert isinstance(reply, Reply)
    if reply.push is not None:
        assert encode_push(reply.push) == line.encode()
    assert encode_reply(reply) == line.encode()


def without_zeros(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    # A position always contains its offset.
    members = {key: each if key == "since" else without_zeros(each) for key, each in value.items()}
    return {key: each for key, each in members.items() if each not in (0, "", [])}


@pytest.mark.parametrize("message", SENT, ids=range(len(SENT)))
def test_commands_of_real_clients_are_decoded(message: str) -> None:
    """Every recorded command is decoded completely, except for members outside the protocol."""
    commands = list(read_commands(message.encode()))
    lines = [json.loads(line) for line in message.splitlines()]
    for line in lines:
        line.pop("nosuch", None)
    assert [json.loads(encode_commands([command])) for command in commands] == [without_zeros(line) for line in lines]


WHO = ClientInfo("42", "id", msgspec.Raw(b'{ "a": "<" }'), msgspec.Raw(b"[1]"))
REPLIES = [
    (Reply(), b"{}"),
    (Reply(1, error=Error(100, "internal server error", True)), None),
    (
        Reply(
            1, connect=ConnectResult("id", "6.9.1 OSS", True, 9, msgspec.Raw(b"1"), {"c": SubscribeResult()}, 25, True)
        ),
        b'{"id":1,"connect":{"client":"id","version":"6.9.1 OSS","expires":true,"ttl":9,"data":1,"subs":{"c":{}},'
        b'"ping":25,"pong":true}}',
    ),
    (Reply(1, unsubscribe=Empty()), b'{"id":1,"unsubscribe":{}}'),
    (Reply(1, publish=Empty()), b'{"id":1,"publish":{}}'),
    (Reply(1, presence=PresenceResult({})), b'{"id":1,"presence":{"presence":{}}}'),
    (Reply(1, presence=PresenceResult()), b'{"id":1,"presence":{}}'),
    (Reply(1, presence=PresenceResult({"id": WHO})), None),
    (Reply(1, presence_stats=PresenceStatsResult(0, 0)), b'{"id":1,"presence_stats":{"num_clients":0,"num_users":0}}'),
    (Reply(1, history=HistoryResult([], "", 0)), b'{"id":1,"history":{"publications":[],"epoch":"","offset":0}}'),
    (Reply(1, rpc=RpcResult(msgspec.Raw(b'{ "x":\n1}'))), b'{"id":1,"rpc":{"data":{ "x":1}}}'),
    (Reply(1, sub_refresh=RefreshResult(True, 3)), None),
    (
        Reply(push=Push("<", pub=Publication(msgspec.Raw(b'"<&"'), WHO, 1, {"t": "<\u2028"}, epoch="e", version=7))),
        b'{"push":{"channel":"\\u003c","pub":{"data":"<&","info":{"user":"42","client":"id","conn_info":{ "a": "<" },'
        b'"chan_info":[1]},"offset":1,"tags":{"t":"\\u003c\\u2028"},"epoch":"e","version":7}}}',
    ),
    (
        Reply(push=Push("c", join=Info(ClientInfo("", "id")))),
        b'{"push":{"channel":"c","join":{"info":{"user":"","client":"id"}}}}',
    ),
    (Reply(push=Push("c", leave=Info(WHO))), None),
    (Reply(push=Push("c", subscribe=SubscribePush(True, "e", 3, True))), None),
    (Reply(push=Push("", unsubscribe=UnsubscribePush(2000, "server unsubscribe"))), None),
    (Reply(push=Push(refresh=RefreshResult())), b'{"push":{"refresh":{}}}'),
    (Reply(push=Push(disconnect=Disconnect(3503, "force disconnect"))), None),
]


@pytest.mark.parametrize(("reply", "line"), REPLIES)
def test_replies_survive_encoding_and_decoding(reply: Reply, line: bytes | None) -> None:
    """A client decodes the replies that a server encodes."""
    printed = encode_reply(reply)
    assert line is None or printed == line
    (read,) = decode_replies(printed)
    assert isinstance(read, Reply)
    assert encode_reply(read) == printed


COMMANDS = [
    Command(),
    Command(1, connect=Connect("t", msgspec.Raw(b"1"), {"c": Subscribe(recover=True, offset=3, epoch="e")}, "js", "1")),
    Command(2, subscribe=Subscribe("c", tf=FilterNode(op="not", nodes=[FilterNode(key="a", cmp="in", vals=["x"])]))),
    Command(4294967295, unsubscribe=Unsubscribe("c")),
    Command(3, publish=Publish("c", msgspec.Raw(b"[1.0]"))),
    Command(4, history=History("c", -1, StreamPosition((1 << 64) - 1, "e"), True)),
    Command(0, send=Send(msgspec.Raw(b"1"))),
]


def test_commands_are_read_as_they_were_written() -> None:
    """Several commands in one message are decoded in order, with or without a line break at the end."""
    message = encode_commands(COMMANDS)
    for text in (message, message + b"\n"):
        assert [encode_commands([each]) for each in read_commands(text)] == [
            encode_commands([each]) for each in COMMANDS
        ]
    assert [type(each.request()) for each in COMMANDS[1:4]] == [Connect, Subscribe, Unsubscribe]
    assert COMMANDS[0].request() is None


@pytest.mark.parametrize(
    ("line", "command"),
    [
        (b'{"ID":1,"Subscribe":{"CHANNEL":"c"}}', Command(1, subscribe=Subscribe("c"))),
        (b' {"id":1, "subscribe":{"channel":"c","more":[1]},"x":null}', Command(1, subscribe=Subscribe("c"))),
        (b'{"id":1,"subscribe":{"channel":"c"}} and more {', Command(1, subscribe=Subscribe("c"))),
        (b'{"id":1,"subscribe":{"channel":"a","channel":"c","token":null}}', Command(1, subscribe=Subscribe("c"))),
        (b'{"id":1,"subscribe":null}', Command(1)),
        (b"null", Command()),
        (b"{}", Command()),
        (b'{"id":1,"publish":{"channel":"c","data":null}}', Command(1, publish=Publish("c", msgspec.Raw(b"null")))),
        (b'{"id":1,"publish":{"data":"\\ud800","x":1}}', Command(1, publish=Publish("", msgspec.Raw(b'"\\ud800"')))),
        (b'{"id":1,"connect":{"subs":{"C":null}}} ', Command(1, connect=Connect(subs={"C": Subscribe()}))),
        (b'{"id":1,"connect":{"subs":{"C":{"Recover":true}}}}',
         Command(1, connect=Connect(subs={"C": Subscribe(recover=True)}))),
        (b'{"id":1,"ping":{}}', Command(1, ping=Ping())),
        (b'{"id":7,"x":1,"subscribe":{"tf":{"vals":["a",null],"nodes":[null]}}}',
         Command(7, subscribe=Subscribe(tf=FilterNode(vals=["a", ""], nodes=[FilterNode()])))),
    ],
)  # fmt: skip
def test_lines_are_decoded_as_by_the_real_server(line: bytes, command: Command) -> None:
    """Letter case, unknown members, repeated members, nulls and trailing text do not matter."""
    assert [encode_commands([each]) for each in read_commands(line)] == [encode_commands([command])]


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\n",
        b" ",
        b"{not json",
        b"[]",
        b'"text"',
        b'{"id":"1"}',
        b'{"id":-1}',
        b'{"id":4294967296}',
        b'{"id":1.5}',
        b'{"id":1,"subscribe":[]}',
        b'{"id":1,"subscribe":{"channel":1}}',
        b'{"id":1,"subscribe":{"recover":1}}',
        b'{"id":1,"subscribe":{"offset":-1}}',
        b'{"id":1,"subscribe":{"tf":' + b'{"nodes":[' * 40_000 + b"]}" * 40_000 + b"}}",
        b'{"id":1,"subscribe":{"tf":' + b'{"Nodes":[' * 6000 + b"]}" * 6000 + b"}}",
    ],
)
def test_an_invalid_command_is_refused(message: bytes) -> None:
    """Empty lines, other JSON and fields of a wrong type are a BadMessageError."""
    with pytest.raises(BadMessageError):
        list(read_commands(message))


def test_commands_before_a_bad_line_are_decoded() -> None:
    """Commands before a bad line are returned first, so the server has executed them."""
    commands = read_commands(b'{"id":1,"unsubscribe":{"channel":"c"}}\n\n{"id":2}')
    assert next(commands).unsubscribe == Unsubscribe("c")
    with pytest.raises(BadMessageError):
        next(commands)


@given(st.binary(max_size=60))
def test_any_bytes_make_commands_or_the_documented_error(message: bytes) -> None:
    """Decoding raises only BadMessageError, whatever a client sends."""
    with contextlib.suppress(BadMessageError):
        list(read_commands(message))


@pytest.mark.parametrize("message", [b"", b"{}\n\n", b"[1]", b'{"id":"x"}', b'{"push":{"pub":1}}', b"\xff"])
def test_an_invalid_message_of_a_server_is_refused(message: bytes) -> None:
    """An invalid line is decoded to an error, and the lines before and after it to their replies."""
    assert [type(each) for each in decode_replies(b'{"id":7}\n' + message + b'\n{"id":8}')].count(Reply) >= 2
    assert any(isinstance(each, MalformedResponseError) for each in decode_replies(message))


def test_an_invalid_reply_still_answers_its_request() -> None:
    """If the id of an invalid reply can be read, an empty reply follows the error."""
    error, empty = decode_replies(b'{"id":3,"subscribe":{"offset":-1}}')
    assert isinstance(error, MalformedResponseError)
    assert empty == Reply(3)


def test_a_message_of_a_server_holds_many_lines() -> None:
    """Unknown members of later servers are ignored; a ping is an empty object."""
    replies = decode_replies(b'{"id":1,"publish":{"new":1},"more":2}\n' + PING + b"\n")
    assert [encode_reply(each) for each in replies if isinstance(each, Reply)] == [b'{"id":1,"publish":{}}', PING]


@pytest.mark.parametrize(
    ("code", "reconnects"),
    [(1009, True), (3000, True), (3499, True), (3500, False), (3999, False), (4000, True), (4500, False), (5000, True)],
)
def test_a_disconnect_code_decides_about_reconnecting(code: int, reconnects: bool) -> None:
    """The ranges of codes are the same as in all client libraries."""
    assert Disconnect(code, "").reconnects is reconnects
