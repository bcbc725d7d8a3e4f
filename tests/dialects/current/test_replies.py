"""Replies of the current API: each command gets its own outcome, whatever the server sends."""

import contextlib
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from centripetal.dialects.current.commands import (
    Broadcast,
    Channels,
    History,
    HistoryRemove,
    Info,
    Presence,
    Publish,
    custom,
)
from centripetal.dialects.current.results.standard import HistoryRemoveResult, PublishResult
from centripetal.errors import CentripetalError, MalformedResponseError, ServerError
from centripetal.protocol.command import Command
from centripetal.protocol.http import HTTPReply
from tests.dialects.current.conversations import JSON, codec, prepared, reply


def test_each_outcome_has_its_command() -> None:
    """Outcomes come in the order of the calls, each with its command and index."""
    calls = prepared(Publish("a", 1), HistoryRemove("a"))
    first, second = codec().outcomes(calls, reply({"replies": [{"publish": {"offset": 3}}, {"history_remove": {}}]}))
    assert (first.result(), second.result()) == (PublishResult(3), HistoryRemoveResult())
    assert [(one.command, one.index) for one in (first, second)] == [(calls[0].command, 0), (calls[1].command, 1)]
    (alone,) = codec().outcomes(calls[:1], reply({"result": {}}))
    assert (alone.result(), alone.command, alone.index) == (PublishResult(), calls[0].command, None)


def test_an_error_of_one_command_does_not_affect_the_others() -> None:
    """An error of one command does not affect the results of the other commands in the same request."""
    calls = prepared(Publish("no:a", 1), Publish("b", 1))
    body = {"replies": [{"error": {"code": 102, "message": "unknown channel"}}, {"publish": {}}]}
    refused, fine = codec().outcomes(calls, reply(body))
    assert fine.result() == PublishResult()
    with pytest.raises(ServerError, match=r"^publish \(command 0 of the request\): the server says: 102") as caught:
        refused.result()
    error = caught.value
    assert (error.command, error.index, error.executed, error.retryable) == (calls[0].command, 0, "no", False)


def test_a_reply_cannot_replace_the_command_of_an_outcome() -> None:
    """The command of an outcome comes from the codec, whatever members a server adds."""
    (answer,) = codec().outcomes(prepared(Info()), reply({"result": {}, " command": "evil", " index": 7}))
    assert (answer.command, answer.index) == (Info(), None)


MALFORMED = [
    (1, b""),
    (1, b"null"),
    (1, b"[]"),
    (1, b"{}"),
    (1, b'{"result":null}'),
    (1, b'{"result":5}'),
    (1, b'{"result":{"offset":"x"}}'),
    (1, b'{"publish":{}}'),
    (1, b'{"error":5}'),
    (1, b"<html>"),
    (1, b"[" * 100_000),
    (2, b"{}"),
    (2, b'{"replies":null}'),
    (2, b'{"replies":[]}'),
    (2, b'{"replies":[{"publish":{}}]}'),
    (2, b'{"replies":[{"publish":{}},{"info":{}},{"info":{}}]}'),
    (2, b'{"replies":[{"info":{}},{"publish":{}}]}'),
    (2, b'{"replies":[{},{}]}'),
    (2, b'{"replies":[null,nonsense]}'),
    (2, b'{"result":{}}'),
]


@pytest.mark.parametrize(("count", "body"), MALFORMED, ids=lambda value: repr(value)[:40])
def test_a_reply_that_does_not_match_the_commands_is_malformed(count: int, body: bytes) -> None:
    """A reply that is short, empty, of another shape or for another method is never a result."""
    calls = prepared(Publish("a", 1), Info())[:count]
    with pytest.raises(MalformedResponseError) as caught:
        codec().outcomes(calls, reply(body))
    assert caught.value.executed == "unknown"


BAD_MEMBERS = [
    b'{"publish":{}}',
    b"{}",
    b"null",
    b"[]",
    b"7",
    b"nonsense",
    b'{"history":5}',
    b'{"history":{"publications":{}}}',
    b'{"history":{"offset":"x"}}',
    b'{"history":{"epoch":7}}',
    b'{"history":{},"error":{"code":"x"}}',
    b'{"history":{"publications":[{"offset":2},{"offset":2}]}}',
    b'{"history":{"publications":[{"offset":3},{"offset":2}]}}',
    b'{"history":{"publications":[{"offset":1},{"offset":2},{"offset":3}]}}',
    b'{"history":{"publications":[{"offset":-1}]}}',
    b'{"history":{"publications":[{"offset":%d}]}}' % 2**64,
    b"[" * 5000 + b"]" * 5000,
]


@pytest.mark.parametrize("member", BAD_MEMBERS, ids=lambda value: repr(value)[:40])
@pytest.mark.parametrize("neighbour", [History("b"), Publish("b", 1)], ids=["one type", "two types"])
def test_a_bad_reply_fails_only_its_own_command(member: bytes, neighbour: Command[Any]) -> None:
    """If one reply of a batch is malformed or contradicts its command, the other commands get their results."""
    body = b'{"replies":[{"%b":{"offset":5}},%b,{"%b":{"offset":6}}]}' % (
        neighbour.name.encode(),
        member,
        neighbour.name.encode(),
    )
    first, bad, last = codec().outcomes(prepared(neighbour, History("a", limit=2), neighbour), reply(body))
    assert (first.result().offset, last.result().offset) == (5, 6)
    with pytest.raises(MalformedResponseError) as caught:
        bad.result()
    assert (caught.value.index, len(str(caught.value)) < 400) == (1, True)


DEEP = b'{"a":[' * 5_001 + b"1" + b"]}" * 5_001  # Python 3.12 and later decode 9,999 levels


def test_deep_data_does_not_hide_the_rest() -> None:
    """Data nested more deeply than Python can decode are raw JSON; the rest of the reply is read as usual."""
    body = (
        rb'{"replies":[{"history":{"publications":[{"data":1,"offset":1},{"data":%b,"offset":2,"info":{"user":"u\ud83d",'
        rb'"client":"c","conn_info":%b}},{"data":"a\ud83d","offset":3,"tags":{"t":"\ud83d"}}],"offset":3}},'
        rb'{"presence":{"presence":{"c":{"user":"u","client":"c","chan_info":%b}}}}]}'
    ) % (DEEP, DEEP, DEEP)
    history, presence = codec().outcomes(prepared(History("a", limit=5), Presence("a")), reply(body))
    one, deep, cut = history.result().publications
    assert (one.data, cut.data, cut.data_json, cut.tags) == (1, "a\ufffd", rb'"a\ud83d"', {"t": "\ufffd"})
    assert isinstance(deep.data, msgspec.Raw)
    assert (bytes(deep.data), deep.data_json, deep.offset) == (DEEP, DEEP, 2)
    assert deep.info is not None
    assert (deep.info.user, deep.info.conn_info_json) == ("u\ufffd", DEEP)
    assert presence.result().presence["c"].chan_info_json == DEEP
    assert repr(DEEP) in repr(history.result())


def test_an_unreadable_publication_does_not_hide_the_others() -> None:
    """The data of a publication that cannot be read raise an error; the other publications are results."""
    body = (
        b'{"result":{"publications":[{"data":1,"offset":1},{"data":2,"offset":"x"},{"data":nope,"offset":3},'
        b'{"data":4,"offset":4}]}}'
    )
    (outcome,) = codec().outcomes(prepared(History("a", limit=5)), reply(body))
    one, bad, worse, four = outcome.result().publications
    assert (one.data, four.data, bad.data_json, worse.offset) == (1, 4, b"2", 3)
    for publication in (bad, worse):
        with pytest.raises(MalformedResponseError, match="description of a publication is invalid"):
            _ = publication.data


def test_the_result_of_any_method_may_contain_deep_data() -> None:
    """In the result of a method that is called by its name, only the deep part is raw JSON."""
    (outcome,) = codec().outcomes(
        prepared(custom("strange")), reply(b'{"result":{"publications":[{"data":%b,"offset":1}]}}' % DEEP)
    )
    (publication,) = outcome.result()["publications"]
    assert (bytes(publication["data"]), publication["offset"]) == (DEEP, 1)


RESPONSES = [
    (b"[]", "the reply has 0 responses for 3 channels"),
    (b'[{"result":{}}]', "1 responses"),
    (b'[{"result":{}},{"result":{}},{"result":{}},{"result":{}}]', "4 responses"),
    (b'[{"result":{}},{},{"result":{}}]', "response 1 contains neither"),
    (b'[{"result":{}},null,{"result":{}}]', r"\[1\]"),
]


@pytest.mark.parametrize(("responses", "text"), RESPONSES)
def test_a_broadcast_needs_a_response_for_each_channel(responses: bytes, text: str) -> None:
    """A broadcast with another number of responses is malformed, alone and in a batch."""
    broadcast = Broadcast(["a", "b", "c"], 1)
    with pytest.raises(MalformedResponseError, match=text):
        codec().outcomes(prepared(broadcast), reply(b'{"result":{"responses":%b}}' % responses))
    body = b'{"replies":[{"broadcast":{"responses":%b}},{"publish":{"offset":5}}]}' % responses
    bad, good = codec().outcomes(prepared(broadcast, Publish("a", 1)), reply(body))
    assert good.result().offset == 5
    with pytest.raises(MalformedResponseError, match=text) as caught:
        bad.result()
    assert caught.value.executed == "unknown"


@given(
    body=st.binary()
    | st.recursive(
        st.none() | st.integers() | st.text(),
        lambda inner: (
            st.dictionaries(
                st.sampled_from(["result", "error", "replies", "publish", "code", "message", "offset"]), inner
            )
            | st.lists(inner)
        ),
    ).map(lambda value: json.dumps(value).encode()),
    count=st.integers(1, 3),
    status=st.sampled_from([200, 200, 400, 404, 500]),
)
def test_any_reply_becomes_outcomes_or_our_error(body: bytes, count: int, status: int) -> None:
    """Any reply gives as many outcomes as calls, or raises a CentripetalError."""
    try:
        outcomes = codec().outcomes(prepared(*[Publish("a", 1)] * count), HTTPReply(status, body, JSON))
    except CentripetalError:
        return
    assert len(outcomes) == count
    for outcome in outcomes:
        with contextlib.suppress(ServerError, MalformedResponseError):
            assert isinstance(outcome.result(), PublishResult)


def test_half_of_an_emoji_in_one_reply_does_not_spoil_the_others() -> None:
    """Invalid text in one history does not affect the other commands of the request."""
    body = rb'{"replies":[{"history":{"publications":[{"data":"a\ud83d"}]}},{"channels":{"channels":{"\ud83d":{}}}}]}'
    history, channels = codec().outcomes(prepared(History("a"), Channels()), reply(body))
    assert history.result().publications[0].data == "a\ufffd"
    assert list(channels.result().channels) == ["\ufffd"]
