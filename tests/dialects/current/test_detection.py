"""Detection of servers before 5, which have a single endpoint, and of servers that lack a method."""

from collections.abc import Iterable, Sequence
from typing import Any

import pytest

from centripetal.dialects.current.commands import BlockUser, Info, Publish, custom
from centripetal.dialects.current.commands.maps import MapPublish
from centripetal.errors import AuthenticationError, HTTPStatusError, ServerError
from centripetal.protocol.command import Command
from centripetal.protocol.exchange import Flow
from centripetal.protocol.http import HTTPReply, HTTPRequest
from tests.dialects.current.conversations import JSON, LEGACY_INFO, NOT_FOUND, OK, URL, codec, play, reply

UNKNOWN_HERE = (BlockUser("u"), MapPublish("a", "k"), custom("new"))


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
