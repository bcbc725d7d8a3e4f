"""Tests of the benchmarks' assumptions: contenders do the same work, and failures are noticed. No timing."""

import contextlib
import json

import pytest

import centripetal
from benchmarks.listeners import DIALECTS
from benchmarks.rows import ROWS, Place
from benchmarks.work import CHANNEL, CHANNELS, DATA, Generation, Kind, work_for
from centripetal import v1
from centripetal.protocol.http import HTTPReply, HTTPRequest
from centripetal.transport.memory import MemoryTransport

URL = "http://localhost:8000"
GENERATIONS: list[Generation] = [1, 6]
ROW_NAMES = [(generation, name) for generation in GENERATIONS for name in ROWS[generation]]


def client_of(generation: Generation, transport: MemoryTransport) -> v1.Client | centripetal.Client:
    return (v1.Client if generation == 1 else centripetal.Client)(URL, "credential", transport=transport)


def sent(generation: Generation, kind: Kind, count: int) -> HTTPRequest:
    """Return the request that the library's client sends."""
    transport = MemoryTransport(lambda _: HTTPReply(500, b""))
    with contextlib.suppress(centripetal.HTTPStatusError), client_of(generation, transport).batch() as batch:
        for _ in range(count):
            batch.publish(CHANNEL, DATA) if kind == "publish" else batch.broadcast(CHANNELS, DATA)
    return transport.requests[0]


@pytest.mark.parametrize(("generation", "name"), ROW_NAMES)
def test_targets_name_the_contenders_of_their_row(generation: Generation, name: str) -> None:
    """A target names contenders of its row, and the contenders of a row have different names."""
    race = ROWS[generation][name](Place(generation, URL, "credential", "gocent"))
    names = [contender.name for contender in race.contenders]
    assert race.name == name
    assert len(set(names)) == len(names)
    assert {name for target in race.targets for name in target[:2]} <= set(names)
    assert {name for name, _ in race.busy} <= set(names)


@pytest.mark.parametrize("kind", ["publish", "broadcast"])
@pytest.mark.parametrize("generation", GENERATIONS)
def test_bare_contenders_send_the_same_request(generation: Generation, kind: Kind) -> None:
    """Contenders without a Centrifugo client send the same request and credential as the library's client."""
    work, request = work_for(generation, URL, "credential", kind), sent(generation, kind, 1)
    assert work.url == request.url
    assert json.loads(work.encode()) == json.loads(request.body)
    assert work.header(request.body) in request.headers


@pytest.mark.parametrize("generation", GENERATIONS)
def test_prepared_requests_equal_a_batch(generation: Generation) -> None:
    """A prepared request with several publishes equals the request of the library's batch."""
    (url, body), request = work_for(generation, URL, "credential").many(3), sent(generation, "publish", 3)
    assert url == request.url
    assert json.loads(body) == json.loads(request.body)


REFUSALS = [
    (1, "publish", '[{"uid":"0","method":"publish","error":"internal server error","body":null}]'),
    (1, "publish", "[]"),
    (6, "publish", '{"error":{"code":102,"message":"unknown channel"}}'),
    (6, "publish", "{}"),
    (6, "broadcast", '{"error":{"code":107,"message":"bad request"}}'),
    (6, "broadcast", '{"result":{"responses":[{"result":{}}]}}'),
    (6, "broadcast", json.dumps({"result": {"responses": [{"error": {"code": 102}}] * len(CHANNELS)}})),
]


@pytest.mark.parametrize(("generation", "kind", "body"), REFUSALS)
def test_rejected_work_ends_the_race(generation: Generation, kind: Kind, body: str) -> None:
    """A reply that does not confirm all of the work ends the race."""
    with pytest.raises(RuntimeError, match="answered"):
        work_for(generation, URL, "credential", kind).check(body.encode())


BATCH_REFUSALS = [
    (1, '[{"uid":"0","method":"publish","error":null,"body":null}]'),
    (6, '{"replies":[{"publish":{}}]}'),
    (6, '{"replies":[{"publish":{}},{"error":{"code":102,"message":"unknown channel"}}]}'),
]


@pytest.mark.parametrize(("generation", "body"), BATCH_REFUSALS)
def test_batch_replies_must_be_complete(generation: Generation, body: str) -> None:
    """A reply to a batch must contain a success for each command."""
    with pytest.raises(RuntimeError, match="answered"):
        work_for(generation, URL, "credential").check_many(body.encode(), 2)


CONVERSATIONS = [
    (1, b'\x81\x50[{"method":"message","body":{"channel":"load","data":{"n":7,"t":123},"uid":"x"}}]\x89\x04ping'),
    (6, b'\x81\x45{"push":{"channel":"load","pub":{"data":{"n":7,"t":123}}}}\n{}'),
]


@pytest.mark.parametrize(("generation", "received"), CONVERSATIONS)
def test_listeners_find_publications_and_pings(generation: Generation, received: bytes) -> None:
    """Listeners find the number and time of each publication, and the pings that require an answer."""
    found = [match.groups() for match in DIALECTS[generation].event.finditer(received)]
    assert found == [(b"7", b"123"), (None, None)]
