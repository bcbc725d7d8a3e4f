"""Encoding of requests and decoding of replies, compared with recorded requests and replies of a real 1.8.0 server."""

import contextlib
import json
import traceback
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from centripetal.dialects.v1.codec import Codec, endpoint
from centripetal.dialects.v1.commands import COMMANDS, Channels, History, Publish
from centripetal.dialects.v1.credentials import generate_api_sign
from centripetal.dialects.v1.replies import Response
from centripetal.errors import (
    AuthenticationError,
    CentripetalError,
    HTTPStatusError,
    MalformedResponseError,
    ServerError,
    UsageError,
)
from centripetal.protocol.command import Command, Prepared
from centripetal.protocol.http import HTTPReply
from tests.wire.golden import load, names

SECRET = "hunter2"
CODEC = Codec("http://localhost:8000", SECRET)
UNSIGNED = Codec("http://localhost:8000", None)
KINDS = {kind.name: kind for kind in COMMANDS}


def prepared(*commands: Command[Any]) -> list[Prepared[Any]]:
    return [CODEC.prepare(command) for command in commands]


# ---- addresses


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("http://localhost:8000", "http://localhost:8000/api/"),
        ("http://localhost:8000/", "http://localhost:8000/api/"),
        ("http://localhost:8000//", "http://localhost:8000/api/"),
        ("http://localhost:8000/api", "http://localhost:8000/api/"),
        ("http://localhost:8000/api/", "http://localhost:8000/api/"),
        ("http://localhost:8000/api//", "http://localhost:8000/api/"),
        ("https://example.com/push", "https://example.com/push/api/"),
        ("https://example.com/push/api", "https://example.com/push/api/"),
        ("https://example.com/myapi", "https://example.com/myapi/api/"),
        ("https://example.com/api/v1", "https://example.com/api/v1/api/"),
        # A host may be called "api", as in docker compose.
        ("http://api", "http://api/api/"),
        ("http://api/", "http://api/api/"),
        ("http://api/api", "http://api/api/"),
        ("http://api:8000", "http://api:8000/api/"),
    ],
)
def test_the_endpoint_is_found_from_any_form_of_the_url(url: str, address: str) -> None:
    """With or without slash or `/api`, requests go to `…/api/`, because a redirect to it would lose their body."""
    assert endpoint(url) == Codec(url, SECRET).endpoint == address
    assert endpoint(address) == address


@pytest.mark.parametrize("url", ["localhost:8000", "http://h?x=1", "ftp://h", "", None])
def test_a_bad_url_is_refused(url: Any) -> None:
    """A client cannot be created with a URL that does not accept POST requests."""
    with pytest.raises(UsageError, match="URL"):
        Codec(url, SECRET)


@pytest.mark.parametrize(
    ("secret", "text"),
    [
        ("", r"the secret is empty; for a server with `insecure_api`, use Client\.insecure"),
        (b"hunter2", "secret must be text, not bytes"),
        (5, "secret must be text, not int"),
        (f"{SECRET}\ud83d", "secret contains a lone surrogate"),
    ],
)
def test_a_bad_secret_is_refused_and_not_shown(secret: Any, text: str) -> None:
    """The error explains the problem with the secret without repeating the secret."""
    with pytest.raises(UsageError, match=f"^{text}") as caught:
        Codec("http://h", secret)
    assert SECRET not in "".join(traceback.format_exception(caught.value))


# ---- requests


def steps_of(*patterns: str) -> list[Any]:
    """Return each recorded step of the transcripts as a test parameter."""
    return [
        pytest.param(step, id=f"{name}-{index}")
        for name in names("v1", "http", *patterns)
        for index, step in enumerate(load("v1", name)["steps"])
    ]


def recorded_data(request: Mapping[str, Any]) -> str:
    """Return the text that the server read the commands from: the body, or a field of a form."""
    kind = request["headers"].get("Content-Type", "").lower()
    if kind.startswith("application/json"):
        return str(request.get("body", ""))
    form = request.get("body", "") if "urlencoded" in kind else request["path"].partition("?")[2]
    fields: dict[str, list[str]] = parse_qs(form)
    return fields.get("data", [""])[0]


def recorded_commands(step: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """Return the commands of a recorded request with their params as written, or None if the request is malformed."""
    try:
        value = msgspec.json.decode(recorded_data(step["request"]))
    except msgspec.DecodeError:
        return None
    commands = [value] if isinstance(value, dict) else value
    if not isinstance(commands, list) or not all(isinstance(c, dict) and c.get("method") in KINDS for c in commands):
        return None
    return commands


def as_command(recorded: Mapping[str, Any]) -> Command[Any] | None:
    """Return our command for a recorded command, or None if ours cannot express the recorded params."""
    kind = KINDS[recorded["method"]]
    params = recorded.get("params", {})
    needed = {field.name for field in msgspec.structs.fields(kind) if field.required}
    known = {field.name for field in msgspec.structs.fields(kind)} - {"timeout"}
    if not isinstance(params, dict) or not needed <= params.keys() <= known:
        return None
    if "data" in params:
        params = params | {"data": json.dumps(params["data"]).encode()}
    return kind(**params)


def values_of(body: bytes | str) -> Any:
    """Return commands as values without uids; empty params and absent params are equal."""
    return [{"method": command["method"], "params": command.get("params", {})} for command in json.loads(body)]


def test_there_are_transcripts() -> None:
    """The transcripts contain steps for the tests below."""
    assert len(steps_of("*")) > 100


@pytest.mark.parametrize("step", steps_of("gocent_requests"))
def test_our_requests_equal_the_requests_of_gocent(step: Mapping[str, Any]) -> None:
    """Every request of gocent can be made here and is equal except for uids and the order of members."""
    commands = recorded_commands(step)
    assert commands is not None
    calls = []
    for recorded in commands:
        command = as_command(recorded)
        assert command is not None
        calls.append(CODEC.prepare(command))
    assert [call.keys for call in calls] == [tuple(call.command.touches()) for call in calls]
    request = CODEC.request(calls)
    assert values_of(request.body) == values_of(step["request"]["body"])
    assert request.url == "http://localhost:8000/api/"
    headers = dict(request.headers)
    assert headers["Content-Type"] == step["request"]["headers"]["Content-Type"]
    assert headers.keys() == step["request"]["headers"].keys()
    assert len(headers["X-API-Sign"]) == len(step["request"]["headers"]["X-API-Sign"])


# Commands that a 1.8.0 server accepts, but that we refuse because they do harm.
REFUSED_ON_PURPOSE = ('"uid":"quote\\" <tag>', '"uid":""')


@pytest.mark.parametrize("step", steps_of("http_*", "api_*", "channel_*", "history_*"))
def test_recorded_commands_can_be_sent_or_the_server_refuses_them_too(step: Mapping[str, Any]) -> None:
    """A command that a real server accepts encodes to the same JSON; a command that we refuse, the server refused."""
    commands = recorded_commands(step)
    if commands is None:
        return
    whole, answer = recorded_data(step["request"]), step["response"]
    ours = [as_command(recorded) for recorded in commands]
    for index, command in enumerate(ours):
        if command is None:
            continue
        try:
            body = CODEC.request([CODEC.prepare(command)]).body
        except UsageError:
            accepted = answer["status"] == 200 and json.loads(answer["body"])[index]["error"] is None
            assert not accepted or any(text in whole for text in REFUSED_ON_PURPOSE)
        else:
            assert values_of(body) == values_of(json.dumps([commands[index]]))


@pytest.mark.parametrize("step", steps_of("http_*", "api_*", "channel_*", "history_*", "gocent_requests"))
def test_every_recorded_reply_is_understood(step: Mapping[str, Any]) -> None:
    """Each recorded reply becomes a value or an error for each command, or an HTTPStatusError for all of them."""
    status, text = step["response"]["status"], step["response"].get("body", "")
    reply = HTTPReply(status, text.encode(), tuple((k.lower(), v) for k, v in step["response"]["headers"].items()))
    if status != 200:
        with pytest.raises(HTTPStatusError) as caught:
            CODEC.outcomes(prepared(Channels()), reply)
        assert caught.value.status == status
        assert isinstance(caught.value, AuthenticationError) == (status == 401)
        return
    commands = recorded_commands(step)
    assert commands is not None
    calls: list[Prepared[Any]] = []
    for recorded in commands:
        kind = KINDS[recorded["method"]]
        dummies: dict[str, Any] = {field.name: "x" for field in msgspec.structs.fields(kind) if field.required}
        calls.append(Prepared(kind(**dummies), b"{}"))
    answers = json.loads(text)
    for index, answer in enumerate(answers):
        answer["uid"] = str(index)
    responses = CODEC.outcomes(calls, HTTPReply(200, json.dumps(answers, ensure_ascii=False).encode()))
    assert [response.method for response in responses] == [recorded["method"] for recorded in commands]
    for response, answer in zip(responses, answers, strict=True):
        if answer["error"] is None:
            shown = repr(response.result())
            assert "Malformed" not in shown
        else:
            with pytest.raises(ServerError) as refusal:
                response.result()
            assert (refusal.value.message, refusal.value.advice) == (answer["error"], answer.get("advice", ""))


def test_a_request_is_an_array_with_positions_as_uids() -> None:
    """The body is always an array in the order of the calls, even for zero or one, and keeps data as written."""
    calls = prepared(Publish("a", b' {"x": 1.0} '), History("b"), Channels())
    assert CODEC.request(calls).body == (
        b'[{"uid":"0","method":"publish","params":{"channel":"a","data": {"x": 1.0} }},'
        b'{"uid":"1","method":"history","params":{"channel":"b"}},{"uid":"2","method":"channels","params":{}}]'
    )
    assert CODEC.request([]).body == b"[]"


@given(channel=st.text(min_size=1), data=st.none() | st.integers() | st.text(), secret=st.text(min_size=1))
@settings(deadline=None)
def test_the_signature_is_over_exactly_the_body(channel: str, data: Any, secret: str) -> None:
    """The signed bytes are the bytes that are sent, for any content, and they are JSON."""
    codec = Codec("http://h", secret)
    request = codec.request([codec.prepare(Publish(channel, data))])
    assert dict(request.headers)["X-API-Sign"] == generate_api_sign(secret, request.body)
    assert json.loads(request.body)[0]["params"] == {"channel": channel, "data": data}


def test_an_unsigned_request_carries_no_sign() -> None:
    """Without a secret, a request has no signature header."""
    assert UNSIGNED.request(prepared(Channels())).headers == (("Content-Type", "application/json"),)


class Stranger(Command[bool], frozen=True):
    name = "publish"


class Subclass(Publish, frozen=True):
    pass


@pytest.mark.parametrize("thing", [Stranger(), Subclass("a", 1), "publish", None, Publish, {"method": "publish"}])
def test_a_command_of_another_dialect_is_refused(thing: Any) -> None:
    """Only commands of 1.x can be sent to a 1.x server."""
    with pytest.raises(
        UsageError, match=r"is not a command of Centrifugo 1\.x: use a command class from centripetal\.v1"
    ):
        CODEC.prepare(thing)


def test_the_repr_shows_where_and_whether_but_not_the_secret() -> None:
    """The repr shows the address and whether requests are signed, so a codec can be logged."""
    assert repr(CODEC) == "<Codec of Centrifugo 1.x at http://localhost:8000/api/, signed>"
    assert repr(UNSIGNED) == "<Codec of Centrifugo 1.x at http://localhost:8000/api/, unsigned>"


# ---- replies


def answers(*members: Mapping[str, Any]) -> bytes:
    return json.dumps([{"error": None, "body": None, **member} for member in members]).encode()


GOOD = answers({"uid": "0", "method": "publish"}, {"uid": "1", "method": "channels", "body": {"data": []}})
CALLS = prepared(Publish("a", 1), Channels())


def test_each_response_knows_its_command() -> None:
    """Responses come in the order of the calls, each with its command and index."""
    responses = CODEC.outcomes(CALLS, HTTPReply(200, GOOD))
    assert [response.result() for response in responses] == [True, []]
    assert [(r.command, r.index) for r in responses] == [(CALLS[0].command, 0), (CALLS[1].command, 1)]


def test_an_error_of_one_command_does_not_affect_the_others() -> None:
    """An error of one command does not affect the results of the other commands in the same request."""
    body = answers(
        {"uid": "0", "method": "publish", "error": "namespace not found", "advice": "fix"},
        {"uid": "1", "method": "channels", "body": {"data": ["a"]}},
    )
    refused, fine = CODEC.outcomes(CALLS, HTTPReply(200, body))
    assert fine.result() == ["a"]
    with pytest.raises(
        ServerError, match=r"^publish \(command 0 of the request\): the server says: namespace"
    ) as caught:
        refused.result()
    assert caught.value.command is CALLS[0].command


def test_replies_of_older_servers_are_accepted() -> None:
    """Another order of members, missing advice, unknown members and white space are accepted (protocol 1: versions)."""
    body = b"""
        [ {"uid":"0","body":null,"error":null,"method":"publish"},
        {"body":{"data":[]},"uid":"1","x":5,"method":"channels"}]
    """
    assert [response.result() for response in CODEC.outcomes(CALLS, HTTPReply(200, body))] == [True, []]


def test_a_reply_cannot_replace_the_command_of_a_response() -> None:
    """The command of a response comes from the codec, whatever members a server adds."""
    body = GOOD.replace(b'"uid": "0"', b'"uid": "0", " command": "evil", " index": 7')
    assert body != GOOD
    response = CODEC.outcomes(CALLS, HTTPReply(200, body))[0]
    assert (response.command, response.index) == (CALLS[0].command, 0)


def test_half_of_an_emoji_in_one_reply_does_not_spoil_the_others() -> None:
    """Invalid text in one history does not affect the other commands of the request."""
    body = rb"""[{"uid":"0","method":"history","error":null,"body":{"channel":"x","data":
        [{"uid":"m","channel":"x","data":"a\ud83d"}]}},{"uid":"1","method":"channels","error":null,"body":{"data":[]}}]"""
    history, channels = CODEC.outcomes(prepared(History("x"), Channels()), HTTPReply(200, body))
    assert history.result()[0].data == "a\ufffd"
    assert channels.result() == []


PUBLISH, CHANNELS = json.loads(GOOD)
MALFORMED: dict[str, bytes] = {
    "empty": b"",
    "no JSON": b"<html>It works!</html>",
    "not UTF-8": b"\xff\xfe",
    "null": b"null",
    "object": b"{}",
    "a reply without its array": json.dumps(PUBLISH).encode(),
    "no replies": b"[]",
    "one too few": json.dumps([PUBLISH]).encode(),
    "one too many": json.dumps([PUBLISH, CHANNELS, CHANNELS]).encode(),
    "swapped": json.dumps([CHANNELS, PUBLISH]).encode(),
    "arrays": b"[[],[]]",
    "nulls": b"[null,null]",
    "followed by something": GOOD + b"x",
    "twice": GOOD + GOOD,
    "truncated": GOOD[:-1],
    "truncated early": GOOD[:20],
    "nested": b"[" * 100_000 + b"]" * 100_000,
    "a byte order mark": b"\xef\xbb\xbf" + GOOD,
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED.keys())
def test_a_reply_that_does_not_match_the_commands_is_malformed(body: bytes) -> None:
    """A reply that does not match the commands is never taken for success, and `executed` is "unknown"."""
    with pytest.raises(MalformedResponseError) as caught:
        CODEC.outcomes(CALLS, HTTPReply(200, body))
    assert (caught.value.executed, caught.value.retryable) == ("unknown", False)
    assert len(str(caught.value)) < 500


DEEP = b'{"a":[' * 5_001 + b"1" + b"]}" * 5_001  # Python 3.12 and later decode 9,999 levels
BAD_MEMBERS: dict[str, bytes] = {
    "the first again": json.dumps(PUBLISH).encode(),
    "another method": json.dumps(CHANNELS | {"method": "stats"}).encode(),
    "another uid": json.dumps(CHANNELS | {"uid": "2"}).encode(),
    "no uid": json.dumps({"method": "channels", "error": None, "body": {"data": []}}).encode(),
    "no method": json.dumps({"uid": "1", "error": None, "body": None}).encode(),
    "uid a number": json.dumps(CHANNELS | {"uid": 1}).encode(),
    "error a number": json.dumps(CHANNELS | {"error": 5}).encode(),
    "advice an array": json.dumps(CHANNELS | {"advice": []}).encode(),
    "null": b"null",
    "an array": b"[]",
    "nonsense": b"nonsense",
    "a deep body": b'{"uid":"1","method":"channels","body":%b}' % DEEP,
}


@pytest.mark.parametrize("member", BAD_MEMBERS.values(), ids=BAD_MEMBERS.keys())
def test_a_bad_reply_fails_only_its_own_command(member: bytes) -> None:
    """If one reply is malformed or belongs to another command, the other commands get their results."""
    good, bad, last = CODEC.outcomes(
        prepared(Publish("a", 1), Channels(), Publish("b", 1)),
        HTTPReply(200, b'[{"uid":"0","method":"publish"},%b,{"uid":"2","method":"publish"}]' % member),
    )
    assert (good.result(), last.result()) == (True, True)
    with pytest.raises(MalformedResponseError) as caught:
        bad.result()
    assert (caught.value.index, len(str(caught.value)) < 500) == (1, True)


def test_deep_data_does_not_hide_the_rest() -> None:
    """Data nested more deeply than Python can decode are raw JSON; the rest of the reply is read as usual."""
    message = rb'{"uid":"%d","channel":"a\ud83d","data":%b,"info":{"user":"u","client":"c","default_info":%b}}'
    messages = b",".join(message % (number, data, data) for number, data in enumerate([b"1", DEEP]))
    body = b'[{"uid":"0","method":"history","body":{"data":[%b]}},{"uid":"1","method":"publish"}]' % messages
    history, publish = CODEC.outcomes(prepared(History("a"), Publish("a", 1)), HTTPReply(200, body))
    one, deep = history.result()
    assert (one.data, deep.data_json, deep.channel, publish.result()) == (1, DEEP, "a\ufffd", True)
    assert isinstance(deep.data, msgspec.Raw)
    assert (bytes(deep.data), deep.info.default_info_json) == (DEEP, DEEP)


STATUSES: list[tuple[int, int, type[HTTPStatusError], str, bool, str]] = [
    # status, commands -> class, executed, retryable, advice in the message
    (204, 1, HTTPStatusError, "unknown", False, "an empty body"),
    (
        301,
        1,
        HTTPStatusError,
        "no",
        False,
        "redirects are not followed: use 'http://localhost:8000/elsewhere' as the URL",
    ),
    (
        307,
        2,
        HTTPStatusError,
        "no",
        False,
        "redirects are not followed: use 'http://localhost:8000/elsewhere' as the URL",
    ),
    (400, 1, HTTPStatusError, "no", False, "`secret`"),
    (400, 2, HTTPStatusError, "unknown", False, "commands before the rejected one have run"),
    (401, 1, AuthenticationError, "no", False, "the secret does not match the"),
    (401, 2, AuthenticationError, "no", False, "the secret does not match the"),
    (403, 1, AuthenticationError, "no", False, "access denied"),
    (404, 1, HTTPStatusError, "no", False, "use centripetal.Client"),
    (405, 1, HTTPStatusError, "no", False, "oh dear"),
    (408, 1, HTTPStatusError, "unknown", True, "oh dear"),
    (413, 2, HTTPStatusError, "no", False, "send fewer commands at once"),
    (429, 1, HTTPStatusError, "no", True, "too many requests"),
    (500, 1, HTTPStatusError, "unknown", True, "oh dear"),
    (502, 1, HTTPStatusError, "unknown", True, "oh dear"),
    (503, 2, HTTPStatusError, "unknown", True, "oh dear"),
    (504, 1, HTTPStatusError, "unknown", True, "oh dear"),
]


@pytest.mark.parametrize(("status", "count", "kind", "executed", "retryable", "text"), STATUSES)
def test_an_http_status_becomes_an_error_with_advice(
    status: int, count: int, kind: type[HTTPStatusError], executed: str, retryable: bool, text: str
) -> None:
    """Each status other than 200 raises the right error class, with the right `executed` and with advice."""
    body = {204: b"", 401: b"Unauthorized\n"}.get(status, b"oh dear")
    with pytest.raises(HTTPStatusError) as caught:
        CODEC.outcomes(CALLS[:count], HTTPReply(status, body, (("location", "/elsewhere/"),)))
    error = caught.value
    assert type(error) is kind
    assert (error.status, error.body) == (status, body)
    assert (error.executed, error.retryable) == (executed, retryable)
    assert str(error).startswith(f"{status} from http://localhost:8000/api/: ")
    assert text in str(error)


def test_a_400_advises_an_unsigned_client_to_sign() -> None:
    """For an unsigned request, the error explains that the server may want a signature."""
    with pytest.raises(HTTPStatusError, match=r"the server requires a secret"):
        UNSIGNED.outcomes(CALLS, HTTPReply(400, b"Bad Request\n"))


def test_a_redirect_without_a_location_is_reported() -> None:
    """Without a Location header, the error advises to check the URL."""
    with pytest.raises(HTTPStatusError, match="redirects are not followed: check the URL"):
        CODEC.outcomes(CALLS, HTTPReply(302, b""))


def test_an_error_page_is_quoted_in_part() -> None:
    """The message shows the beginning of the page; `body` holds the first 4,096 bytes."""
    page = b"<html>\xff" + b"x" * 10_000
    with pytest.raises(HTTPStatusError) as caught:
        CODEC.outcomes(CALLS, HTTPReply(502, page))
    assert "<html>\ufffdxxx" in str(caught.value)
    assert len(str(caught.value)) < 250
    assert caught.value.body == page[:4096]


replies_near_good = st.tuples(
    st.integers(0, len(GOOD)),
    st.integers(0, len(GOOD)),
    st.sampled_from([b"", b"0", b'"', b"null", b"[]", b"\xff", b"}"]),
).map(lambda cut: GOOD[: cut[0]] + cut[2] + GOOD[cut[1] :])


@given(status=st.integers(200, 599) | st.just(200), body=st.binary() | replies_near_good, signed=st.booleans())
@example(status=200, body=GOOD, signed=True)
@settings(deadline=None, max_examples=3 * settings().max_examples)
def test_any_reply_becomes_outcomes_or_our_error(status: int, body: bytes, signed: bool) -> None:
    """Any reply becomes one outcome per command, each a value or an error of ours, or raises a single error of ours."""
    failure: CentripetalError | None = None
    try:
        responses: Sequence[Response] = (CODEC if signed else UNSIGNED).outcomes(CALLS, HTTPReply(status, body))
    except CentripetalError as error:
        failure = error
    if failure is not None:
        assert str(failure)
        assert SECRET not in str(failure)
        return
    assert status == 200
    assert [response.command for response in responses] == [call.command for call in CALLS]
    for response in responses:
        with contextlib.suppress(ServerError, MalformedResponseError):
            repr(response.result())
