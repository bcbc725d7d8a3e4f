"""Encoding and decoding of client protocol frames, in both directions."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from centripetal.dialects.v1.client_protocol import (
    COMMANDS,
    Connect,
    ConnectBody,
    HistoryBody,
    JoinPush,
    LeavePush,
    MessagePush,
    Ping,
    PingBody,
    Presence,
    PresenceBody,
    Publish,
    Push,
    Reply,
    StatusBody,
    Subscribe,
    SubscribeBody,
    UnsubscribePush,
    decode_frame,
    encode_commands,
    encode_push,
    encode_replies,
    read_envelopes,
    read_params,
)
from centripetal.dialects.v1.disconnects import Disconnect
from centripetal.dialects.v1.results import ClientInfo, Message
from centripetal.dialects.v1.server_codec import InvalidMessageError
from centripetal.errors import MalformedResponseError
from centripetal.protocol.gojson import JSONError
from tests.wire.golden import load, names, payload

WHO = ClientInfo("42", "id", msgspec.Raw(b'{ "a": "<" }'), msgspec.Raw(b"[1]"))
MESSAGE = Message("m", "c", msgspec.Raw(b'{ "b": "<\\/" }'), "id", WHO)

RECEIVED = [
    payload(frame, "data")
    for name in names("v1", "websocket", "ws_*")
    for frame in load("v1", name)["frames"]
    if frame["dir"] == "recv" and ("data" in frame or "data_b64" in frame)
]


@pytest.mark.parametrize("frame", RECEIVED, ids=range(len(RECEIVED)))
def test_frames_of_a_real_server_are_decoded(frame: bytes) -> None:
    """Every recorded frame of valid JSON can be decoded, and encodes to the same bytes again."""
    try:
        msgspec.json.decode(frame)
    except msgspec.DecodeError:
        assert any(isinstance(each, MalformedResponseError) for each in decode_frame(frame))
        return
    replies: list[Reply] = []
    pushes: list[bytes] = []
    for each in decode_frame(frame):
        if isinstance(each, Reply):
            replies.append(each)
        elif not isinstance(each, MalformedResponseError):
            pushes.append(encode_push(each))
    assert (encode_replies(replies) if replies else b"".join(pushes)) == frame


def test_commands_are_read_as_they_were_written() -> None:
    """The server decodes the commands that a client encodes; empty members are left out."""
    commands = [
        ("1", Connect("42", "1500000000", '{"a":1}', "token")),
        ("2", Subscribe("c", recover=True, last="m")),
        ("3", Publish("c", msgspec.Raw(b"[1.0]"))),
        ("", Ping()),
    ]
    frame = encode_commands(commands)
    envelopes = read_envelopes(frame)
    assert [(each.uid, read_params(each, COMMANDS[each.method])) for each in envelopes] == commands
    assert encode_commands([("7", Presence("c"))]) == b'{"uid":"7","method":"presence","params":{"channel":"c"}}'


def test_names_of_params_match_as_they_do_in_go() -> None:
    """Letter case of parameter names does not matter, null is absent, and a number is not a string.

    See protocol 1: json-reading.
    """
    (envelope,) = read_envelopes(b'{"METHOD":"subscribe","Params":{"CHANNEL":"c","last":null}}')
    assert read_params(envelope, Subscribe) == Subscribe("c")
    (envelope,) = read_envelopes(b'{"method":"connect","params":{"timestamp":1}}')
    with pytest.raises(InvalidMessageError, match="connect"):
        read_params(envelope, Connect)


def test_only_a_ping_may_lack_params() -> None:
    """Any other command without params is malformed (protocol 1: client-close-reasons, client-commands)."""
    (envelope,) = read_envelopes(b'{"method":"ping"}')
    assert read_params(envelope, Ping) == Ping()
    with pytest.raises(InvalidMessageError):
        read_params(envelope, Presence)


def test_replies_and_pushes_are_printed_differently() -> None:
    """Data is compacted and escaped in replies but unchanged in pushes; the order of members differs.

    See protocol 1: json-writing.
    """
    assert encode_replies([Reply("1", "history", body=HistoryBody("c\b", [MESSAGE]))]) == (
        b'{"uid":"1","method":"history","body":{"channel":"c\\b","data":[{"uid":"m","channel":"c",'
        b'"data":{"b":"\\u003c\\/"},"client":"id","info":{"user":"42","client":"id",'
        b'"default_info":{"a":"\\u003c"},"channel_info":[1]}}]}}'
    )
    info = b'{"default_info":{ "a": "<" },"channel_info":[1],"user":"42","client":"id"}'
    assert encode_push(MessagePush(MESSAGE)) == (
        b'{"method":"message","body":{"uid":"m","client":"id","info":' + info + b',"channel":"c",'
        b'"data":{ "b": "<\\/" }}}'
    )
    assert encode_push(JoinPush("<\b", WHO)) == (
        b'{"method":"join","body":{"channel":"\\u003c\\u0008","data":' + info + b"}}"
    )
    assert encode_push(LeavePush("c", ClientInfo("", "id"))) == (
        b'{"method":"leave","body":{"channel":"c","data":{"user":"","client":"id"}}}'
    )


def test_a_uid_with_a_quote_breaks_its_push_but_not_a_reply() -> None:
    """As in the real server, a uid is escaped in replies but not in pushes (protocol 1: client-pushes)."""
    message = Message('"', "c", msgspec.Raw(b"1"))
    assert encode_push(MessagePush(message)) == b'{"method":"message","body":{"uid":""","channel":"c","data":1}}'
    assert b'"uid":"\\""' in encode_replies([Reply("", "history", body=HistoryBody("c", [message]))])


def test_an_info_of_invalid_json_breaks_the_reply() -> None:
    """A reply whose info is invalid JSON cannot be encoded (protocol 1: client-connect)."""
    with pytest.raises(JSONError):
        encode_replies(
            [Reply("1", "presence", body=PresenceBody("c", {"id": ClientInfo("u", "id", msgspec.Raw(b"x"))}))]
        )


def test_one_reply_is_an_object_and_several_are_an_array() -> None:
    """Replies are encoded this way however the client sent its commands; an error precedes the body.

    See protocol 1: client-frames.
    """
    refused = Reply("1", "publish", "permission denied", "fix", StatusBody("c", False))
    text = b'{"uid":"1","method":"publish","error":"permission denied","advice":"fix",'
    text += b'"body":{"channel":"c","status":false}}'
    assert encode_replies([refused]) == text
    assert encode_replies([refused, Reply("", "ping")]) == b"[" + text + b',{"method":"ping"}]'


@given(
    st.lists(
        st.one_of(
            st.builds(
                Reply,
                st.text(st.characters(codec="utf-8"), min_size=1),
                st.just("connect"),
                body=st.builds(ConnectBody, st.just("1.8.0"), st.text(), st.booleans(), st.booleans(), st.integers(0)),
            ),
            st.builds(
                Reply,
                st.just("1"),
                st.just("subscribe"),
                st.text(),
                st.sampled_from(["", "fix", "retry"]),
                st.builds(SubscribeBody, st.text(), st.booleans(), st.text()),
            ),
            st.builds(Reply, st.just("1"), st.just("ping"), body=st.builds(PingBody, st.text())),
        ),
        min_size=1,
    )
)
def test_replies_survive_encoding_and_decoding(replies: list[Reply]) -> None:
    """Replies with any text decode to equal replies."""
    assert decode_frame(encode_replies(replies)) == replies


def test_pushes_survive_encoding_and_decoding() -> None:
    """Each kind of push decodes to an equal push."""
    pushes: list[Push] = [MessagePush(MESSAGE), JoinPush("c", WHO), LeavePush("c", WHO), UnsubscribePush("c")]
    assert [decode_frame(encode_push(push)) for push in pushes] == [[push] for push in pushes]


@pytest.mark.parametrize("frame", [b"", b"nonsense", b"1", b"[1]", b'{"method":5}', b'{"method":"join","body":1}'])
def test_an_invalid_frame_is_malformed(frame: bytes) -> None:
    """The error for an invalid frame quotes the beginning of the frame."""
    (error,) = decode_frame(frame)
    assert isinstance(error, MalformedResponseError)
    assert "an invalid frame" in str(error)


def test_an_invalid_reply_does_not_hide_the_others() -> None:
    """In an array, an invalid reply becomes an error and an empty reply with its uid; the others are decoded."""
    frame = b'[{"uid":"1","method":"ping"},{"uid":"2","method":"subscribe","body":5},nope,{"uid":"3","method":"ping"}]'
    first, error, empty, nonsense, last = decode_frame(frame)
    assert (first, empty, last) == (Reply("1", "ping"), Reply("2", "subscribe"), Reply("3", "ping"))
    assert isinstance(error, MalformedResponseError)
    assert isinstance(nonsense, MalformedResponseError)


def test_frames_of_older_servers_and_unknown_methods_are_understood() -> None:
    """`error` may be null, bodies may be missing, and an unknown push is a reply without a uid.

    See protocol 1: versions.
    """
    assert decode_frame(b'{"uid":"1","method":"ping","error":null,"body":null}') == [Reply("1", "ping")]
    assert decode_frame(b'{"method":"disconnect","body":{"reason":"x"}}') == [Reply("", "disconnect")]


@pytest.mark.parametrize(
    ("code", "text", "disconnect"),
    [
        (3000, '{"reason":"stale","reconnect":false}', Disconnect("stale", False)),
        (3000, "disconnect", Disconnect("disconnect", False)),
        (3000, "shutting down", Disconnect("shutting down", True)),
        (1000, '{"reason":"stale","reconnect":false}', Disconnect('{"reason":"stale","reconnect":false}', True)),
    ],
)
def test_a_close_frame_tells_whether_to_reconnect(code: int, text: str, disconnect: Disconnect) -> None:
    """Servers before 1.6.0 use plain text instead of JSON as the reason.

    See protocol 1: client-close-reasons, versions.
    """
    assert Disconnect.parse(code, text) == disconnect


def test_the_reason_of_a_close_frame_is_json() -> None:
    """The reason is encoded to the same bytes as the real server's."""
    assert Disconnect("expired", True).text() == '{"reason":"expired","reconnect":true}'
