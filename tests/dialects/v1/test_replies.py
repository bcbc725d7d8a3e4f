"""Decoding of 1.x replies: the body of each method, errors of the server, and every form of older servers."""

import json
import pickle
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from centripetal.dialects.v1 import replies
from centripetal.dialects.v1.commands import COMMANDS, Broadcast, Publish
from centripetal.dialects.v1.replies import Response
from centripetal.dialects.v1.results import ClientInfo, NodeInfo, Stats
from centripetal.errors import MalformedResponseError, ServerError

DECODE: dict[str, Callable[[bytes], Any]] = {
    command.name: getattr(replies, f"decode_{command.name}") for command in COMMANDS
}
NOTHING = ("publish", "broadcast", "unsubscribe", "disconnect")
methods = pytest.mark.parametrize("method", DECODE)

NODE = b'{"uid":"n","version":"1.8.0","name":"node-1","started_at":1500000000,"metrics":{"node_num_clients":2}}'
NODE_INFO = NodeInfo("n", "node-1", 1500000000, {"node_num_clients": 2}, "1.8.0")
FLAT = b'{"uid":"n","name":"node-1","started_at":1500000000,"num_clients":2,"num_msg_published":7,"cpu_usage":0}'
FLAT_INFO = NodeInfo("n", "node-1", 1500000000, {"num_clients": 2, "num_msg_published": 7, "cpu_usage": 0}, "")

BODIES: list[tuple[str, bytes, Any]] = [
    *((method, b"null", True) for method in NOTHING),
    *((method, b" null\n", True) for method in NOTHING),
    ("presence", b'{"channel":"x","data":{}}', {}),
    ("presence", b'{"channel":"x","data":null}', {}),
    ("presence", b'{"channel":"x","data":{"c":{"user":"42","client":"c"}}}', {"c": ClientInfo("42", "c")}),
    ("presence", b'{"data":{"c":{"user":"","client":"c","new":[1]}},"new":1}', {"c": ClientInfo("", "c")}),
    ("history", b'{"channel":"x","data":[]}', []),
    ("history", b'{"channel":"x","data":null}', []),
    ("channels", b'{"data":["a","b"]}', ["a", "b"]),
    ("channels", b'{"data":[]}', []),
    ("channels", b'{"data":null}', []),
    ("stats", b'{"data":{"nodes":[%s,%s],"metrics_interval":60}}' % (NODE, FLAT), Stats([NODE_INFO, FLAT_INFO], 60)),
    ("stats", b'{"data":{"nodes":[]}}', Stats([], 0)),
    ("node", b'{"data":%s}' % NODE, NODE_INFO),
    ("node", b'{"data":%s}' % FLAT, FLAT_INFO),
    ("node", b'{"data":{"uid":"n","name":"x"}}', NodeInfo("n", "x")),
]


def test_every_method_has_its_decoder() -> None:
    """Each command has a public decoder for the body of its reply."""
    assert {f"decode_{method}" for method in DECODE} == {name for name in replies.__all__ if name.startswith("decode_")}


@pytest.mark.parametrize(("method", "body", "value"), BODIES)
def test_a_body_becomes_the_result_of_its_method(method: str, body: bytes, value: Any) -> None:
    """Each method's body, also from old servers, becomes the value that the client's method is declared to return."""
    assert DECODE[method](body) == value
    assert Response(method, None, msgspec.Raw(body)).result() == value


def test_history_keeps_the_order_of_the_server() -> None:
    """Messages stay in the order that the server sends (newest first), with data of any kind."""
    text = (
        b'{"channel":"x","data":[{"uid":"2","channel":"x","data":null},{"uid":"1","channel":"x","data":{"a":1e400}}]}'
    )
    first, second = replies.decode_history(text)
    assert (first.uid, first.data, second.uid, second.data_json) == ("2", None, "1", b'{"a":1e400}')


def test_half_of_an_emoji_in_one_message_does_not_hide_the_others() -> None:
    """Half of a surrogate pair that a browser published does not make a history or a presence unreadable."""
    text = rb'{"channel":"x","data":[{"uid":"2","channel":"x","data":"a\ud83d"},{"uid":"1","channel":"x","data":1}]}'
    assert [message.data for message in replies.decode_history(text)] == ["a\ufffd", 1]
    text = rb'{"channel":"x","data":{"c":{"user":"42","client":"c","default_info":{"\ude00":"\ud83d\ude00"}}}}'
    assert replies.decode_presence(text)["c"].default_info == {"\ufffd": "😀"}


@pytest.mark.parametrize(
    ("text", "data_json"),
    [
        (b"null", b""),
        (b'{"uid":"u","channel":"x"}', b""),
        (b'{"uid":1,"channel":"x","data":1}', b"1"),
        (b'{"uid":"u","channel":"x","data":nope}', b""),
    ],
)
def test_an_unreadable_message_does_not_hide_the_others(text: bytes, data_json: bytes) -> None:
    """The data of a message that cannot be read raise an error; the other messages are results."""
    good = b'{"uid":"1","channel":"x","data":1}'
    first, bad, last = replies.decode_history(b'{"channel":"x","data":[%b,%b,%b]}' % (good, text, good))
    assert (first.data, bad.data_json, last.data) == (1, data_json, 1)
    with pytest.raises(MalformedResponseError, match="description of a message is invalid"):
        _ = bad.data


WRONG: list[tuple[str, bytes]] = [
    *((method, body) for method in DECODE for body in (b"", b"{", b"nonsense", b"[]", b'"x"', b"5", b"[" * 100_000)),
    *((method, body) for method in NOTHING for body in (b"true", b"{}", b"[null]", b"null null")),
    *((method, body) for method in DECODE if method not in NOTHING for body in (b"null", b"{}", b'{"data":5}')),
    ("presence", b'{"data":[]}'),
    ("presence", b'{"data":{"c":null}}'),
    ("presence", b'{"data":{"c":{"user":5}}}'),
    ("history", b'{"data":{}}'),
    ("channels", b'{"data":[1]}'),
    ("channels", b'{"data":{}}'),
    ("stats", b'{"data":{"nodes":null}}'),
    ("stats", b'{"data":{"nodes":[[]]}}'),
    ("stats", b'{"data":{"nodes":[{}]}}'),
    ("stats", b'{"data":{"nodes":[],"metrics_interval":"60"}}'),
    ("node", b'{"data":{"uid":"n"}}'),
    ("node", b'{"data":{"uid":"n","name":"x","metrics":null}}'),
    ("node", b'{"data":{"uid":"n","name":"x","metrics":{"a":"b"}}}'),
    ("node", b'{"data":{"uid":"n","name":"x","stray":"text"}}'),
    ("node", b'{"data":{"uid":"n","name":"x","started_at":"now"}}'),
]


@pytest.mark.parametrize(("method", "body"), WRONG, ids=lambda value: ascii(value[:30]))
def test_a_body_of_another_shape_is_malformed(method: str, body: bytes) -> None:
    """A body of another shape raises MalformedResponseError; `executed` is "yes" because the command has run."""
    with pytest.raises(MalformedResponseError) as caught:
        DECODE[method](body)
    assert caught.value.executed == "yes"
    assert len(str(caught.value)) < 300


bodies = st.sampled_from([body for _, body, _ in BODIES] + [body for _, body in WRONG]).flatmap(
    lambda body: st.integers(0, len(body)).map(lambda cut: body[:cut])
)
fields: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.integers() | st.text(max_size=3) | st.booleans(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["data", "nodes", "uid", "channel", "user", "client", "info", "metrics", "name", "c"]),
            inner,
        )
    ),
    max_leaves=10,
)


@methods
@given(body=st.binary(max_size=40) | bodies | fields.map(lambda value: json.dumps(value).encode()))
@example(b'{"data":{"uid":"n","name":"x","metrics":[]}}')
@settings(deadline=None, max_examples=60)
def test_decoding_any_body_gives_a_value_or_our_error(method: str, body: bytes) -> None:
    """Decoding raises only MalformedResponseError, and every value that it returns has a repr."""
    try:
        value = DECODE[method](body)
    except MalformedResponseError:
        return
    assert repr(value)


ERRORS: list[tuple[str, str, str, str, bool]] = [
    # method, error, advice -> executed, retryable
    ("publish", "namespace not found", "fix", "no", False),
    ("publish", "dial tcp 127.0.0.1:6379: connection refused", "", "unknown", True),
    ("broadcast", "invalid message", "fix", "unknown", False),
    ("broadcast", "namespace not found", "fix", "unknown", False),
    ("broadcast", "dial tcp: refused", "", "unknown", True),
    ("unsubscribe", "invalid message", "", "no", False),
    ("unsubscribe", "internal server error", "", "unknown", True),
    ("disconnect", "internal server error", "retry", "unknown", True),
    ("presence", "not available", "", "no", False),
    ("history", "not available", "", "no", False),
    ("history", "namespace not found", "", "no", False),
    ("channels", "internal server error", "", "unknown", True),
    ("channels", "something new", "fix", "unknown", False),
    ("future", "method not found", "fix", "unknown", False),
]


@pytest.mark.parametrize(("method", "error", "advice", "executed", "retryable"), ERRORS)
def test_an_error_in_a_reply_is_a_server_error(
    method: str, error: str, advice: str, executed: str, retryable: bool
) -> None:
    """The error keeps the server's text and advice, and tells whether the command ran and can be retried."""
    response = Response(method, error, msgspec.Raw(b'{"channel":"x","data":null}'), advice=advice)
    with pytest.raises(ServerError) as caught:
        response.result()
    stated = caught.value
    assert (stated.message, stated.advice, stated.code) == (error, advice, None)
    assert (stated.executed, stated.retryable) == (executed, retryable)
    assert str(stated).startswith(f"the server says: {error}")


@pytest.mark.parametrize(
    ("method", "error", "hint"),
    [
        ("publish", "namespace not found", "namespaces"),
        ("presence", "not available", "set `presence` to true"),
        ("history", "not available", "history_lifetime"),
    ],
)
def test_an_error_names_the_option_to_look_at(method: str, error: str, hint: str) -> None:
    """If a single option of the server explains the error, the message names the option."""
    with pytest.raises(ServerError, match=hint):
        Response(method, error).result()


@pytest.mark.parametrize("failing", [Response("publish", "no"), Response("publish", None, msgspec.Raw(b"1"))])
def test_an_error_of_a_response_names_its_command(failing: Response) -> None:
    """The error contains the command and the index that the codec set."""
    failing.command, failing.uid = Publish("news", 1), "3"
    with pytest.raises(
        (ServerError, MalformedResponseError), match=r"^publish \(command 3 of the request\): "
    ) as caught:
        failing.result()
    assert (caught.value.command, caught.value.index) == (failing.command, 3)


def test_a_response_of_an_unknown_method_is_malformed() -> None:
    """A method that no client calls has no result."""
    with pytest.raises(MalformedResponseError, match="unknown method 'nope'"):
        Response("nope").result()


def test_a_response_has_the_fields_of_gocent() -> None:
    """A response has method, error and the bytes of the body, and an empty error counts as no error, as in gocent."""
    response = Response("channels", None, msgspec.Raw(b'{"data":["a"]}'))
    assert (response.method, response.error, response.body) == ("channels", None, b'{"data":["a"]}')
    assert repr(response) == """Response(method='channels', error=None, body=b'{"data":["a"]}')"""
    assert Response("publish", "").result() is True
    assert Response("publish").body == b"null"


def test_a_response_can_be_created_from_bytes() -> None:
    """Tests of users can create responses from bytes."""
    assert Response("channels", None, b'{"data":["a"]}').result() == ["a"]  # type: ignore[arg-type]


def test_a_pickled_server_error_keeps_its_command() -> None:
    """A pickled error keeps its command, so a task queue can report which command failed."""
    response = Response("broadcast", "namespace not found", advice="fix")
    response.command, response.uid = Broadcast(["a"], 1), "0"
    with pytest.raises(ServerError) as caught:
        response.result()
    there = pickle.loads(pickle.dumps(caught.value))
    assert vars(there) == vars(caught.value)
    assert str(there) == str(caught.value)
