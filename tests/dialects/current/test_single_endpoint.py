"""The single endpoint of old servers, compared with recorded requests and replies."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from centripetal.dialects.current.capabilities import ServerCapabilities
from centripetal.dialects.current.codec import Codec, endpoint
from centripetal.dialects.current.commands import Broadcast, Channels, History, Info, Publish, custom
from centripetal.dialects.current.credentials import Credentials
from centripetal.dialects.current.results.standard import PublishResult
from centripetal.dialects.current.single_endpoint import SingleEndpoint
from centripetal.errors import (
    AuthenticationError,
    HTTPStatusError,
    MalformedResponseError,
    ServerError,
    UsageError,
)
from centripetal.protocol.command import Command, Prepared
from centripetal.protocol.exchange import Flow
from centripetal.protocol.http import HTTPReply, HTTPRequest
from tests.wire.golden import load

ADDRESS = "http://localhost:8000/api"
HEADERS = Credentials("k").headers


def place(server: ServerCapabilities | None = None) -> SingleEndpoint:
    return SingleEndpoint(ADDRESS, Credentials("k"), server or ServerCapabilities(), endpoint)


def prepared(*commands: Command[Any]) -> list[Prepared[Any]]:
    codec = Codec("http://localhost:8000", "k")
    return [codec.prepare(command) for command in commands]


def play(flow: Flow[Any], *replies: HTTPReply) -> Any:
    try:
        step = next(flow)
        for reply in replies:
            assert isinstance(step, HTTPRequest)
            step = flow.send(reply)
    except StopIteration as end:
        return end.value
    raise AssertionError("more requests than expected")


def test_commands_are_lines_with_their_places_as_ids() -> None:
    """Each line has a method and params; ids start at 1, because the server does not echo 0."""
    request = place().request(prepared(Publish("a", b"[1]"), Info()))
    assert (request.url, request.headers) == (ADDRESS, HEADERS)
    assert request.body == (
        b'{"id":1,"method":"publish","params":{"channel":"a","data":[1]}}\n{"id":2,"method":"info","params":{}}'
    )


STEPS = [
    pytest.param(step, id=str(index))
    for index, step in enumerate(load("current", "http_legacy_command")["steps"])
    if step["response"]["status"] == 200 and '"params":{' in step["request"]["body"]
]


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.filterwarnings("ignore::centripetal.testing.UnreadErrorWarning")  # some broadcasts fail on purpose
def test_recorded_replies_are_decoded(step: Mapping[str, Any]) -> None:
    """Each recorded reply of the single endpoint becomes a result or a server error."""
    sent = json.loads(step["request"]["body"])
    method = sent.get("method", "publish")
    name = method.lower() if isinstance(method, str) else "publish"
    commands: dict[str, Command[Any]] = {
        "publish": Publish("a", 1),
        "history": History("a"),
        "broadcast": Broadcast(sent.get("params", {}).get("channels", ["a"]), 1),
    }
    command = commands.get(name) or custom(name)
    answer = json.loads(step["response"]["body"])
    body = json.dumps(answer | {"id": 1}).encode()
    (outcome,) = place().outcomes([Prepared(command, b"{}")], HTTPReply(200, body))
    if "error" in answer:
        with pytest.raises(ServerError) as caught:
            outcome.result()
        assert caught.value.code == answer["error"]["code"]
    else:
        assert outcome.result() is not None


def test_each_command_gets_its_answer() -> None:
    """Each command gets its own result or error, with its index."""
    body = b'{"id":1,"error":{"code":102,"message":"unknown channel"}}\n{"id":2,"result":{"offset":3}}'
    refused, fine = play(place().ask(prepared(Publish("no:a", 1), Publish("b", 1))), HTTPReply(200, body))
    assert fine.result() == PublishResult(3)
    with pytest.raises(ServerError, match=r"^publish \(command 0 of the request\)"):
        refused.result()
    (alone,) = play(place().ask(prepared(Publish("b", 1))), HTTPReply(200, b'{"id":1,"result":{}}'))
    assert (alone.result(), alone.index) == (PublishResult(), None)


def test_published_line_breaks_do_no_harm() -> None:
    """Old servers print published JSON as it was written, including line breaks."""
    body = '{"id":1,"result":{"publications":[{"data":{"a":\n"é"}}]}}\n{"id":2,"result":{}}\n'.encode()
    history, channels = play(place().ask(prepared(History("a"), Channels())), HTTPReply(200, body))
    assert history.result().publications[0].data == {"a": "é"}
    assert channels.result().channels == {}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null\nnull",
        b'{"id":1,"result":{}}',
        b'{"id":2,"result":{}}\n{"id":1,"result":{}}',
        b'{"id":1}\n{"id":2}',
        b'{"id":1,"result":{}}\n{"id":2,"result":{}}\n{"id":3,"result":{}}',
        b'{"id":1,"result":{}}{"id":2',
        b"<html>\n</html>",
    ],
)
def test_a_reply_that_does_not_match_the_commands_is_malformed(body: bytes) -> None:
    """A reply with another count, other ids or other shapes is malformed."""
    with pytest.raises(MalformedResponseError):
        place().outcomes(prepared(Publish("a", 1), Publish("b", 1)), HTTPReply(200, body))


@pytest.mark.parametrize(
    "line", [b"nonsense", b'{"id":2}', b'{"id":1,"result":{}}', b'{"id":2,"result":5}', b'{"id":2,"result":{}', b"[[[["]
)
def test_a_bad_line_fails_only_its_own_command(line: bytes) -> None:
    """If one reply is malformed or belongs to another command, the other commands get their results."""
    body = b'{"id":1,"result":{"offset":5}}\n%b\n{"id":3,"result":{"offset":6}}\n' % line
    first, bad, last = play(place().ask(prepared(*[Publish("a", 1)] * 3)), HTTPReply(200, body))
    assert (first.result(), last.result()) == (PublishResult(5), PublishResult(6))
    with pytest.raises(MalformedResponseError) as caught:
        bad.result()
    assert (caught.value.index, caught.value.executed) == (1, "unknown")


def test_a_refused_request_may_have_run_in_part() -> None:
    """After a 400, a single command has not run; of several, the first ones may have run.

    See protocol 6: single-endpoint.
    """
    one, two = prepared(custom("new")), prepared(Publish("a", 1), custom("new"))
    for calls, executed in ((one, "no"), (two, "unknown")):
        with pytest.raises(HTTPStatusError, match="does not know the method") as caught:
            place().outcomes(calls, HTTPReply(400, b"Bad Request\n"))
        assert (caught.value.status, caught.value.executed) == (400, executed)


def test_a_command_with_ignored_fields_is_not_sent() -> None:
    """A call that was made before the server was known fails alone if it has fields that the server ignores."""
    server = ServerCapabilities()
    server.single = True
    calls = prepared(Publish("a", 1, version=3), Publish("b", 1))
    flow = place(server).ask(calls)
    request = next(flow)
    assert isinstance(request, HTTPRequest)
    assert b'"channel":"a"' not in request.body
    with pytest.raises(StopIteration) as end:
        flow.send(HTTPReply(200, b'{"id":1,"result":{}}'))
    ignored, fine = end.value.value
    with pytest.raises(UsageError, match=r"^publish \(command 0 of the request\): version needs Centrifugo 6\.2"):
        ignored.result()
    assert (fine.result(), fine.index) == (PublishResult(), 1)
    (alone,) = play(place(server).ask(calls[:1]))
    with pytest.raises(UsageError, match=r"version needs Centrifugo 6\.2"):
        alone.result()


def test_detection_of_the_endpoint_learns_the_version() -> None:
    """404 and 405 mean that the endpoint does not exist; a wrong key raises AuthenticationError."""
    server = ServerCapabilities()
    body = b'{"id":1,"result":{"nodes":[{"version":"4.1.2"}]}}'
    assert play(place(server).is_there(), HTTPReply(200, body)) is True
    assert server.version == (4, 1, 2)
    assert play(place(ServerCapabilities()).is_there(), HTTPReply(404, b"")) is False
    assert play(place(ServerCapabilities()).is_there(), HTTPReply(405, b"")) is False
    refused = b'{"id":1,"error":{"code":100,"message":"internal server error"}}'
    assert play(place(ServerCapabilities()).is_there(), HTTPReply(200, refused)) is True
    with pytest.raises(AuthenticationError, match="api_key"):
        play(place().is_there(), HTTPReply(401, b""))


def test_a_replaced_server_is_detected_again() -> None:
    """Centrifugo 7 will no longer have the single endpoint."""
    server = ServerCapabilities()
    server.single, server.version, server.open = True, (4, 1, 2), True
    with pytest.raises(HTTPStatusError):
        place(server).outcomes(prepared(Info()), HTTPReply(404, b"404 page not found\n"))
    assert vars(server) == vars(ServerCapabilities())
