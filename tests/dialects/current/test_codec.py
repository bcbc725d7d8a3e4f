"""Encoding of requests and decoding of replies, compared with recorded requests and replies of a real 6.9.1 server."""

import base64
import contextlib
import inspect
import json
import traceback
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from centripetal.dialects.current.codec import Codec, endpoint
from centripetal.dialects.current.commands import (
    COMMANDS,
    BlockUser,
    Broadcast,
    Channels,
    DisconnectReason,
    History,
    HistoryRemove,
    Info,
    Presence,
    Publish,
    custom,
)
from centripetal.dialects.current.commands.maps import MapPublish
from centripetal.dialects.current.objects import FilterNode, StreamPosition, SubscribeOptionOverride
from centripetal.dialects.current.results.standard import HistoryRemoveResult, PublishResult
from centripetal.dialects.v1.commands import Channels as OtherChannels
from centripetal.errors import (
    AuthenticationError,
    CentripetalError,
    HTTPStatusError,
    MalformedResponseError,
    ServerError,
    UsageError,
)
from centripetal.protocol.command import Command, Prepared
from centripetal.protocol.exchange import Flow
from centripetal.protocol.http import HTTPReply, HTTPRequest
from tests.wire.golden import load, names

URL = "http://localhost:8000"
API_KEY = "golden-api-key"
KINDS: dict[str, Any] = {kind.name: kind for kind in COMMANDS}
JSON = (("content-type", "application/json"),)
TEXT = (("content-type", "text/plain; charset=utf-8"),)
NOT_FOUND = HTTPReply(404, b"404 page not found\n", TEXT)


def codec(**options: Any) -> Codec:
    return Codec(URL, API_KEY, **options)


def prepared(*commands: Command[Any]) -> list[Prepared[Any]]:
    return [codec().prepare(command) for command in commands]


def reply(value: Any, status: int = 200) -> HTTPReply:
    return HTTPReply(status, value if isinstance(value, bytes) else json.dumps(value).encode(), JSON)


def play(flow: Flow[Any], *replies: HTTPReply) -> tuple[Any, list[HTTPRequest]]:
    """Run *flow* with *replies* and return its result and its requests."""
    requests, waiting = [], iter(replies)
    try:
        step = next(flow)
        while True:
            assert isinstance(step, HTTPRequest)
            requests.append(step)
            step = flow.send(next(waiting))
    except StopIteration as end:
        assert next(waiting, None) is None, "fewer requests than expected"
        return end.value, requests


# ---- addresses and keys


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("http://localhost:8000", "http://localhost:8000/api"),
        ("http://localhost:8000/", "http://localhost:8000/api"),
        ("http://localhost:8000/api", "http://localhost:8000/api"),
        ("http://localhost:8000/api/", "http://localhost:8000/api"),
        ("https://example.com/push", "https://example.com/push/api"),
        ("https://example.com/push/api", "https://example.com/push/api"),
        ("http://api", "http://api/api"),
        ("http://api:8000/api", "http://api:8000/api"),
    ],
)
def test_the_endpoint_is_found_from_any_form_of_the_url(url: str, address: str) -> None:
    """Any form of the URL gives an endpoint without a trailing slash, because the server answers 404 with one."""
    assert endpoint(url) == codec_at(url).endpoint == address
    assert endpoint(address) == address


def codec_at(url: str) -> Codec:
    return Codec(url, API_KEY)


@pytest.mark.parametrize(
    ("url", "prefix", "address"),
    [
        ("http://h", "/push/api", "http://h/push/api"),
        ("http://h/push/api", "push/api/", "http://h/push/api"),
        ("http://h/x", "/", "http://h/x"),
        ("http://h", "", "http://h"),
    ],
)
def test_a_handler_prefix_takes_the_place_of_api(url: str, prefix: str, address: str) -> None:
    """The option replaces `/api`, as the server's `http_api.handler_prefix` does."""
    assert endpoint(url, prefix) == address


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("localhost:8000", "did you mean 'http://localhost:8000'"),
        ("ftp://h", "only http and https"),
        ("", "URL"),
        (None, "URL"),
        ("http://h?x=1", "query"),
        ("http://h/api/api", "contains the path /api twice: pass 'http://h/api'"),
        ("http://h/api/api/", "contains the path /api twice: pass 'http://h/api'"),
        ("http://h/api/publish", "ends in the name of a method: pass 'http://h/api'"),
        ("http://h/api/batch", "ends in the name of a method: pass 'http://h/api'"),
    ],
)
def test_a_bad_url_is_refused(url: Any, text: str) -> None:
    """The error shows the correct URL."""
    with pytest.raises(UsageError, match=text):
        Codec(url, API_KEY)


@pytest.mark.parametrize("key", ["", b"k", 5, "two words ", "tab\t", "line\n", "é", " k"])
def test_a_bad_key_is_refused_and_not_shown(key: Any) -> None:
    """The error explains the problem with the key without repeating the key."""
    with pytest.raises(UsageError, match="api_key") as caught:
        Codec(URL, key)
    assert str(key) not in str(caught.value) or len(str(key)) < 2


def test_a_key_is_sent_in_both_headers() -> None:
    """Servers before 5 read one of the headers; later servers prefer the other."""
    headers = dict(codec().request(prepared(Info())).headers)
    assert headers["Authorization"] == f"apikey {API_KEY}"
    assert headers["X-API-Key"] == API_KEY
    assert dict(Codec(URL, None).request(prepared(Info())).headers) == {"Content-Type": "application/json"}


def test_reprs_and_tracebacks_hide_the_key() -> None:
    """A codec and its errors can be logged without showing the key."""
    assert API_KEY not in repr(codec())
    assert repr(codec()) == f"<Codec of Centrifugo at {URL}/api, with a key>"
    with pytest.raises(AuthenticationError) as caught:
        codec().outcomes(prepared(Info()), HTTPReply(401, b""))
    assert API_KEY not in "".join(traceback.format_exception(caught.value))


# ---- recorded requests and replies


def steps_of(*patterns: str) -> list[Any]:
    """Return each recorded request to the API as a test parameter."""
    return [
        pytest.param(step, id=f"{name}-{index}")
        for name in names("current", "http", *patterns)
        for index, step in enumerate(load("current", name)["steps"])
        if step["request"]["path"].startswith("/api/") and step["request"]["method"] == "POST"
    ]


def as_command(method: str, fields: Any) -> Command[Any] | None:
    """Return our command for a recorded command, or None if ours cannot express the recorded fields."""
    kind = KINDS.get(method)
    if kind is None or not isinstance(fields, dict):
        return None
    needed = {one.name for one in inspect.signature(kind).parameters.values() if one.default is one.empty}
    if not needed <= fields.keys() <= {field.name for field in msgspec.structs.fields(kind)}:
        return None
    given = {name: _argument(name, value) for name, value in fields.items()}
    if given.get("user") == "" and method in ("unsubscribe", "disconnect"):
        given["anonymous"] = True
    made: Command[Any] = kind(**given)
    return made


def _argument(name: str, value: Any) -> Any:
    if name in ("data", "info", "params"):
        return json.dumps(value).encode()
    if not isinstance(value, dict):
        return value
    makers: dict[str, Any] = {
        "since": StreamPosition,
        "recover_since": StreamPosition,
        "disconnect": DisconnectReason,
        "label_filter": FilterNode,
    }
    if name == "override":
        return SubscribeOptionOverride(**{key: flag["value"] for key, flag in value.items()})
    return makers[name](**value) if name in makers else value


def recorded_commands(step: Mapping[str, Any]) -> list[tuple[str, Any]] | None:
    """Return names and fields of the commands of a recorded request, or None if the request is malformed."""
    method = step["request"]["path"].partition("?")[0].removeprefix("/api/")
    try:
        body = json.loads(step["request"].get("body", ""))
    except ValueError:
        return None
    if method != "batch":
        return [(method, body)]
    commands = body.get("commands") if isinstance(body, dict) else None
    if not isinstance(commands, list) or not all(isinstance(one, dict) and len(one) == 1 for one in commands):
        return None
    return [next(iter(one.items())) for one in commands]


def as_reply(step: Mapping[str, Any]) -> HTTPReply:
    response = step["response"]
    headers = tuple((name.lower(), value) for name, value in response["headers"].items())
    return HTTPReply(response["status"], response.get("body", "").encode(), headers)


def normal(value: Any) -> Any:
    """Return *value* without empty fields, and with user ids as text."""
    if not isinstance(value, dict):
        return value
    said = {name: normal(item) for name, item in value.items() if item not in (False, 0, "", None) or name == "data"}
    return said | {name: str(said[name]) for name in ("user",) if name in said}


def test_there_are_transcripts() -> None:
    """The transcripts contain steps for the tests below."""
    assert len(steps_of("http_*")) > 100


# Commands that a 6.9 server accepts, but that we refuse because they do harm or are mistakes.
REFUSED_ON_PURPOSE = (
    '"channels":["plain","nosuch:x",""]',  # an empty channel name
    '{"channels":["plain"]}',  # no data: an error for each channel
    '"expired":false,"info"',
    '"info":{"v":',  # without expire_at, and then the server ignores info
    '{"user":"nobody","info"',
    '"channel":"","user"',  # matches no subscription
)


@pytest.mark.parametrize("step", steps_of("http_*"))
def test_recorded_commands_can_be_sent_or_the_server_refuses_them_too(step: Mapping[str, Any]) -> None:
    """A command that a real server accepts encodes to the same JSON; a command that we refuse, the server refused."""
    commands = recorded_commands(step)
    ours = [as_command(*command) for command in commands or ()]
    if not commands or None in ours:
        return
    whole, status = step["request"]["body"], step["response"]["status"]
    spoken = codec(check_channels=False)
    try:
        calls = [spoken.prepare(command) for command in ours if command is not None]
        request = spoken.request(calls)
    except UsageError:
        refused = status != 200 or '"error"' in step["response"]["body"]
        assert refused or any(text in whole for text in REFUSED_ON_PURPOSE), whole
        return
    assert [call.keys for call in calls] == [tuple(call.command.touches()) for call in calls]
    body = json.loads(request.body)
    if len(commands) == 1:
        assert request.url == f"{URL}/api/{commands[0][0]}"
        assert normal(body) == normal(commands[0][1])
    else:
        assert request.url == f"{URL}/api/batch"
        assert [normal(next(iter(one.values()))) for one in body["commands"]] == [normal(one) for _, one in commands]


@pytest.mark.parametrize("step", steps_of("http_*"))
@pytest.mark.filterwarnings("ignore::centripetal.testing.UnreadErrorWarning")  # some broadcasts fail on purpose
def test_every_recorded_reply_is_understood(step: Mapping[str, Any]) -> None:
    """Each recorded reply becomes a value or an error for each command, or an HTTPStatusError for all of them."""
    commands = recorded_commands(step)
    came, answer = as_reply(step), step["response"].get("body", "")
    ours = [
        (as_command(name, fields) if name in ("broadcast", "history") else None) or dummy(name)
        for name, fields in commands or [("info", {})]
    ]
    calls = [Prepared(command, b"{}") for command in ours]
    whole_batch = step["request"]["path"] == "/api/batch"
    if came.status == 200 and (not commands or (whole_batch and len(commands) == 1)):
        return  # we never send an empty batch or a batch of a single command
    spoken = codec()
    spoken.server.single = False
    if came.status != 200 and not answer.startswith("{"):
        with pytest.raises(HTTPStatusError) as caught:
            spoken.outcomes(calls, came)
        assert caught.value.status == came.status
        assert isinstance(caught.value, AuthenticationError) == (came.status == 401)
        return
    outcomes = spoken.outcomes(calls, came)
    value = json.loads(answer)
    replies = value.get("replies", [value if came.status == 200 else {"error": value}])
    for outcome, one in zip(outcomes, replies, strict=True):
        if "error" not in one:
            assert "Malformed" not in repr(outcome.result())
            continue
        with pytest.raises(ServerError) as refusal:
            outcome.result()
        assert (refusal.value.code, refusal.value.message) == (one["error"]["code"], one["error"]["message"])


def dummy(method: str) -> Command[Any]:
    kind = KINDS.get(method)
    if kind is None:
        return custom(method if method.isidentifier() else "strange")
    needed = [one.name for one in inspect.signature(kind).parameters.values() if one.default is one.empty]
    made: Command[Any] = kind(**dict.fromkeys(needed, "x"))
    return made


# ---- requests


def test_one_command_is_posted_to_its_own_path() -> None:
    """The body holds the fields of the command, with payloads as written."""
    request = codec().request(prepared(Publish("a", b' {"x": 1.0} ')))
    assert request.url == f"{URL}/api/publish"
    assert request.body == b'{"channel":"a","data": {"x": 1.0} }'


def test_several_commands_are_one_batch() -> None:
    """Each command is an object with one member, in order; `parallel` is sent only if requested."""
    calls = prepared(Publish("a", 1), Info(), custom("new", {"x": 1}))
    body = b'{"commands":[{"publish":{"channel":"a","data":1}},{"info":{}},{"new":{"x":1}}]'
    assert codec().request(calls).url == f"{URL}/api/batch"
    assert codec().request(calls).body == body + b"}"
    assert codec().in_parallel().request(calls).body == body + b',"parallel":true}'


def test_a_known_server_needs_one_request() -> None:
    """After a server has answered at a method's path, `once` gives the requests and outcomes that `ask` would give."""
    spoken, one, two = codec(), prepared(Publish("a", 1)), prepared(Publish("a", 1), Info())
    play(spoken.ask(one), reply({"result": {}}))
    answers = {1: reply({"result": {"offset": 3}}), 2: reply({"replies": [{"publish": {}}, {"info": {"nodes": []}}]})}
    for calls in one, two, one:
        request, answer = spoken.direct_request(calls), answers[len(calls)]
        assert request is not None
        outcomes, (asked,) = play(spoken.ask(calls), answer)
        assert (request.url, request.headers, request.body) == (asked.url, asked.headers, asked.body)
        assert [one.result() for one in spoken.outcomes(calls, answer)] == [one.result() for one in outcomes]
    assert spoken.in_parallel().direct_request(two) is None


def test_asking_continues_after_a_404() -> None:
    """The first request to an unknown server is the usual request; `ask` continues after a 404."""
    spoken, one = codec(), prepared(Publish("a", 1))
    request = spoken.direct_request(one)
    assert request is not None
    assert spoken.outcomes(one, NOT_FOUND) == []
    legacy = HTTPReply(200, b'{"id":1,"result":{}}', JSON)
    (answer,), asked = play(spoken.ask(one, NOT_FOUND), LEGACY_INFO, legacy)
    assert answer.result() == PublishResult()
    assert [each.url for each in asked] == [f"{URL}/api", f"{URL}/api"]
    assert spoken.direct_request(one) is None


@pytest.mark.parametrize("thing", [OtherChannels(), "publish", None, Publish, {"method": "publish"}])
def test_a_command_of_another_dialect_is_refused(thing: Any) -> None:
    """Only commands of the current API can be sent to its servers."""
    with pytest.raises(UsageError, match="is not a command of the current API: use a command class from centripetal"):
        codec().prepare(thing)


@pytest.mark.parametrize(
    "command", [Publish("é", 1), Publish("x" * 256, 1), Broadcast(["a", "ж"], 1), Presence("x" * 300)]
)
def test_channels_that_no_client_can_subscribe_to_are_refused(command: Command[Any]) -> None:
    """The check can be disabled for a server with `channel_regex` or a larger `channel.max_length`."""
    with pytest.raises(UsageError, match=r"no client can subscribe to the channel .* check_channels=False"):
        codec().prepare(command)
    assert codec(check_channels=False).prepare(command).text
    assert codec().prepare(Publish("x" * 255, 1)).text


def test_oversized_payloads_are_refused() -> None:
    """The limit applies to data only (not to channel names or base64), is configurable and can be disabled."""
    names_ = ["c" * 200 + str(n) for n in range(10)]
    assert codec(max_payload_bytes=100).prepare(Broadcast(names_, "x" * 98)).text
    large: list[Command[Any]] = [Publish("a", "x" * 99), Broadcast(names_, "x" * 99), Publish("a", b64data=b"x" * 101)]
    for command in large:
        with pytest.raises(UsageError, match=r"more than max_payload_bytes \(100\)"):
            codec(max_payload_bytes=100).prepare(command)
        assert codec().prepare(command).text
    for size, fits in ((99, True), (100, True), (101, False), (102, False)):
        encoded = Publish("a", b64data=base64.b64encode(b"x" * size).decode())
        with contextlib.nullcontext() if fits else pytest.raises(UsageError, match=f"b64data has {size} bytes"):
            codec(max_payload_bytes=100).prepare(encoded)
    with pytest.raises(UsageError, match=r"max_payload_bytes \(1048576\)"):
        codec().prepare(Publish("a", "x" * 2**20))
    assert codec(max_payload_bytes=None).prepare(Publish("a", "x" * 2**20)).text
    for limit in (0, -1, True, "1"):
        with pytest.raises(UsageError, match="max_payload_bytes must be"):
            codec(max_payload_bytes=limit)


def test_publications_get_idempotency_keys() -> None:
    """Each publication gets its own key unless it has one; commands without that field get none."""
    keys = (f"key-{n}" for n in range(9))
    spoken = codec(new_key=lambda: next(keys))
    commands: list[Command[Any]] = [
        *(Publish("a", 1), Broadcast(["a"], 1), Publish("a", 1, idempotency_key="mine"), Presence("a"))
    ]
    texts = [spoken.prepare(command).text for command in commands]
    assert [json.loads(text).get("idempotency_key") for text in texts] == ["key-0", "key-1", "mine", None]


# ---- replies


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


STATUSES = [
    (301, HTTPStatusError, "no", False, "use 'http://localhost:8000/elsewhere' as the URL"),
    (400, HTTPStatusError, "no", False, "for Centrifugo 1.x, use centripetal.v1.Client"),
    (401, AuthenticationError, "no", False, "the api_key is not the server's `http_api.key`"),
    (403, AuthenticationError, "no", False, "access denied"),
    (404, HTTPStatusError, "no", False, "no Centrifugo API at this address"),
    (405, HTTPStatusError, "no", False, "accepts only POST"),
    (408, HTTPStatusError, "unknown", True, "oh dear"),
    (413, HTTPStatusError, "no", False, "too large"),
    (418, HTTPStatusError, "no", False, "oh dear"),
    (429, HTTPStatusError, "no", True, "too many requests"),
    (500, HTTPStatusError, "unknown", True, "oh dear"),
    (502, HTTPStatusError, "unknown", True, "oh dear"),
    (204, HTTPStatusError, "unknown", False, "oh dear"),
]


@pytest.mark.parametrize(("status", "kind", "executed", "retryable", "text"), STATUSES)
def test_an_http_status_becomes_an_error_with_advice(
    status: int, kind: type[HTTPStatusError], executed: str, retryable: bool, text: str
) -> None:
    """Each status other than 200 raises the right error class, with the right `executed` and with advice."""
    body = b"" if status == 401 else b"oh dear"
    answer = HTTPReply(status, body, (("location", "/elsewhere"),))
    answers = [answer, answer] if status == 404 else [answer]  # after a 404, the codec also tries the single endpoint
    for count in (1, 2):
        with pytest.raises(HTTPStatusError, match=text) as caught:
            play(codec().ask(prepared(Info(), Info())[:count]), *answers)
        error = caught.value
        assert type(error) is kind
        assert (error.status, error.body, error.executed, error.retryable) == (status, body, executed, retryable)


@pytest.mark.parametrize(
    "body",
    [
        b"Client sent an HTTP request to an HTTPS server.\n",
        b"<html><title>400 The plain HTTP request was sent to HTTPS port</title></html>",
    ],
)
def test_plain_http_to_a_tls_port_is_explained(body: bytes) -> None:
    """The replies of Go's servers and of nginx in that case are recognised; no command has run."""
    with pytest.raises(HTTPStatusError, match="the URL must begin with https://") as caught:
        codec().outcomes(prepared(Info()), HTTPReply(400, body))
    assert caught.value.executed == "no"


def test_the_advice_for_a_status_depends_on_the_request() -> None:
    """A 401 without a key asks for the key; a history that the server cannot encode is explained."""
    with pytest.raises(AuthenticationError, match="the server requires an api_key"):
        Codec(URL, None).outcomes(prepared(Info()), HTTPReply(401, b""))
    with pytest.raises(HTTPStatusError, match="the history may contain binary data"):
        codec().outcomes(prepared(History("a")), HTTPReply(500, b"Internal Server Error\n"))


@pytest.mark.parametrize(
    ("status", "code", "retryable"), [(500, 100, True), (404, 102, False), (400, 107, False), (416, 112, False)]
)
def test_json_errors_with_an_http_status_are_server_errors(status: int, code: int, retryable: bool) -> None:
    """A server with `http_api.error_mode` "transport" sends errors like this (protocol 6: error-mode-transport)."""
    (answer,) = codec().outcomes(prepared(Info()), reply({"code": code, "message": "m"}, status))
    with pytest.raises(ServerError) as caught:
        answer.result()
    assert (caught.value.code, caught.value.retryable) == (code, retryable)
    with pytest.raises(HTTPStatusError):
        codec().outcomes(prepared(Info()), reply({"other": 1}, status))


HINTS = [
    (Publish("no:x", 1), 102, "the namespace of “no:x” is not configured", "no"),
    (Publish("a", 1), 107, "publication_data_format", "no"),
    (Presence("a"), 108, "presence is disabled", "no"),
    (History("a"), 108, "`history_size` and `history_ttl`", "no"),
    (History("a"), 112, "has a new epoch", "no"),
    (MapPublish("a", "k"), 107, "subscription_type", "no"),
    (BlockUser("a"), 104, "needs Centrifugo PRO or a newer server", "no"),
    (custom("new"), 104, "needs Centrifugo PRO or a newer server", "no"),
    (KINDS["rpc"]("m"), 104, "check the name of the RPC method", "no"),
    (Channels(pattern="["), 100, "is a valid glob", "unknown"),
    (Publish("a", 1), 100, "internal", "unknown"),
]


@pytest.mark.parametrize(("command", "code", "text", "executed"), HINTS, ids=lambda value: str(value)[:30])
def test_errors_of_the_server_have_advice(command: Command[Any], code: int, text: str, executed: str) -> None:
    """The message adds advice to the server's text; only an internal error is retryable, with `executed` "unknown"."""
    words = "internal server error" if code == 100 else "m"
    (answer,) = codec().outcomes([Prepared(command, b"{}")], reply({"error": {"code": code, "message": words}}))
    with pytest.raises(ServerError) as caught:
        answer.result()
    assert text in str(caught.value)
    assert (caught.value.executed, caught.value.retryable) == (executed, executed == "unknown")


# ---- detection of the server


OK = reply({"result": {}})
UNKNOWN_HERE = (BlockUser("u"), MapPublish("a", "k"), custom("new"))
LEGACY_INFO = HTTPReply(200, b'{"id":1,"result":{"nodes":[{"version":"4.1.2"}]}}', JSON)


@pytest.mark.parametrize("command", UNKNOWN_HERE, ids=lambda command: command.name)
def test_a_method_that_a_known_server_lacks_needs_pro_or_a_newer_one(command: Command[Any]) -> None:
    """After the server has answered a request to any method's path, a 404 concerns only the method."""
    spoken = codec()
    play(spoken.ask([spoken.prepare(Info())]), OK)
    with pytest.raises(HTTPStatusError, match="this method needs Centrifugo PRO or a newer server") as caught:
        play(spoken.ask([spoken.prepare(command)]), NOT_FOUND)
    assert (caught.value.status, caught.value.executed) == (404, "no")


@pytest.mark.parametrize("command", UNKNOWN_HERE, ids=lambda command: command.name)
def test_a_missing_method_of_an_unknown_server_is_told_from_an_old_server(command: Command[Any]) -> None:
    """A single `info` request decides between a missing method and an old server."""
    spoken = codec()
    requests: list[HTTPRequest] = []
    for answers in ((NOT_FOUND, OK), (NOT_FOUND,)):
        flow = spoken.ask([spoken.prepare(command)])
        requests.append(_first(flow))
        with pytest.raises(HTTPStatusError, match="needs Centrifugo PRO"):
            _feed(flow, answers, requests)
    assert [request.url.rpartition("/")[2] for request in requests] == [command.name, "info", command.name]


def _first(flow: Flow[Any]) -> HTTPRequest:
    step = next(flow)
    assert isinstance(step, HTTPRequest)
    return step


def _feed(flow: Flow[Any], answers: Iterable[HTTPReply], requests: list[HTTPRequest]) -> None:
    for answer in answers:
        step = flow.send(answer)
        assert isinstance(step, HTTPRequest)
        requests.append(step)


@pytest.mark.parametrize("commands", [[Publish("a", 1)], [Publish("a", 1), Info()], [BlockUser("u")]])
def test_an_old_server_is_detected_once_and_remembered(commands: Sequence[Command[Any]]) -> None:
    """After a 404 by path and a reply at the single endpoint, only the single endpoint is used."""
    spoken = codec()
    calls = [spoken.prepare(command) for command in commands]
    lines = b"\n".join(b'{"id":%d,"result":{}}' % number for number in range(1, len(calls) + 1))
    probing = [NOT_FOUND] * (2 if isinstance(commands[0], BlockUser) else 1)
    outcomes, requests = play(spoken.ask(calls), *probing, LEGACY_INFO, HTTPReply(200, lines, JSON))
    assert len(outcomes) == len(calls)
    assert [request.url for request in requests[-2:]] == [f"{URL}/api"] * 2
    assert spoken.server.version == (4, 1, 2)
    _, requests = play(spoken.ask(calls), HTTPReply(200, lines, JSON))
    assert [request.url for request in requests] == [f"{URL}/api"]


def test_a_wrong_address_is_reported() -> None:
    """A 404 everywhere means that the address is wrong, and the next call tries both again."""
    spoken = codec()
    for _ in range(2):
        with pytest.raises(HTTPStatusError, match="no Centrifugo API at this address"):
            play(spoken.ask([spoken.prepare(Info())]), NOT_FOUND, NOT_FOUND)


def test_a_wrong_key_of_an_old_server_is_reported() -> None:
    """An old server answers 404 to a path before it checks the key, so the single endpoint reports the wrong key."""
    spoken = codec()
    with pytest.raises(AuthenticationError):
        play(spoken.ask([spoken.prepare(Info())]), NOT_FOUND, HTTPReply(401, b""))


def test_a_json_error_with_404_is_not_an_unknown_path() -> None:
    """A 404 with JSON is error 102 or 104 of a server with error mode "transport"."""
    spoken = codec()
    outcomes, requests = play(
        spoken.ask([spoken.prepare(Publish("no:a", 1))]), reply({"code": 102, "message": "unknown channel"}, 404)
    )
    assert len(requests) == 1
    with pytest.raises(ServerError, match="102"):
        outcomes[0].result()


def test_the_server_decides_which_commands_can_be_repeated() -> None:
    """Reads and idempotent commands can be repeated; publications only if `info` shows that the server honours keys."""
    commands: list[Command[Any]] = [
        *(Presence("a"), HistoryRemove("a"), Publish("a", 1), custom("new"), BlockUser("u"))
    ]

    def repeatable(version: str) -> list[bool]:
        spoken = codec(new_key=lambda: "key")
        calls = [spoken.prepare(command) for command in commands]
        answer = reply({"result": {"nodes": [{"version": version}]}})
        value, _ = play(spoken.repeatable(calls), answer)
        again, requests = play(spoken.repeatable(calls))
        assert (again, requests) == (value, [])
        return list(value)

    assert repeatable("6.9.1 OSS") == [True, True, True, False, True]
    assert repeatable("5.1.0") == [True, True, False, False, True]
    spoken = codec(new_key=lambda: "key")
    spoken.server.single = True
    value, _ = play(spoken.repeatable([spoken.prepare(Publish("a", 1))]))
    assert value == [False]


def test_parallel_needs_a_server_that_supports_it() -> None:
    """An older server would run the batch sequentially without an error."""
    spoken = codec()
    spoken.server.version = (5, 1, 0)
    calls = prepared(Info(), Info())
    with pytest.raises(UsageError, match=r"parallel needs Centrifugo 5\.2"):
        play(spoken.in_parallel().ask(calls))
    spoken.server.version = (5, 2, 0)
    play(spoken.in_parallel().ask(calls), reply({"replies": [{"info": {}}] * 2}))


def test_base64_is_sent_as_in_the_transcripts() -> None:
    """Base64 uses the standard alphabet with padding."""
    text = codec().prepare(Publish("a", b64data=bytes(range(250, 256)))).text
    assert json.loads(text)["b64data"] == base64.b64encode(bytes(range(250, 256))).decode()
