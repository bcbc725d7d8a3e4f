"""Requests of the current API: addresses, keys, bodies, batches, and checks before anything is sent."""

import base64
import contextlib
import json
import traceback
from typing import Any

import pytest

from centripetal.dialects.current.codec import Codec, endpoint
from centripetal.dialects.current.commands import BlockUser, Broadcast, HistoryRemove, Info, Presence, Publish, custom
from centripetal.dialects.current.results.standard import PublishResult
from centripetal.dialects.v1.commands import Channels as OtherChannels
from centripetal.errors import AuthenticationError, UsageError
from centripetal.protocol.command import Command
from centripetal.protocol.http import HTTPReply
from tests.dialects.current.conversations import (
    API_KEY,
    JSON,
    LEGACY_INFO,
    NOT_FOUND,
    URL,
    codec,
    play,
    prepared,
    reply,
)

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
