"""Calls on a stale connection, which the server had closed: they are repeated once if they cannot run twice."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

import centripetal
import centripetal.v1
from centripetal import ConnectionLostError, HTTPReply, HTTPRequest
from centripetal.client.awaiting import AwaitingBatch
from centripetal.transport.memory import AwaitingMemoryTransport, MemoryTransport

Act = Callable[[Any], Any]


def stale(is_stale: bool = True) -> ConnectionLostError:
    error = ConnectionLostError("the server closed the connection without a reply")
    error.stale = is_stale
    return error


class Server:
    """A server that loses the first *losses* requests, and then answers like Centrifugo of a *version*.

    Attributes:
        asked: the method or path of each request.
    """

    def __init__(self, version: str = "6.0.0", losses: int = 1, is_stale: bool = True) -> None:
        self.asked: list[str] = []
        self._version, self._losses, self._is_stale = version, losses, is_stale

    def __call__(self, request: HTTPRequest) -> HTTPReply:
        sent = json.loads(request.body)
        v1 = isinstance(sent, list)
        self.asked.append("+".join(one["method"] for one in sent) if v1 else request.url.rpartition("/")[2])
        if len(self.asked) <= self._losses:
            raise stale(self._is_stale)
        if v1:
            bodies = {"history": {"channel": "a", "data": []}}
            replies = [
                {"uid": one["uid"], "method": one["method"], "error": None, "body": bodies.get(one["method"])}
                for one in sent
            ]
            return HTTPReply(200, json.dumps(replies).encode())
        return HTTPReply(200, json.dumps(self._answer(sent, self.asked[-1])).encode())

    def _answer(self, sent: Any, method: str) -> Any:
        if method == "batch":
            return {"replies": [{next(iter(one)): {}} for one in sent["commands"]]}
        return {"result": {"nodes": [{"name": "n", "version": self._version}]} if method == "info" else {}}


def batch(*acts: Act, **options: Any) -> Act:
    async def run(client: Any) -> None:
        made = client.batch(**options)
        if isinstance(made, AwaitingBatch):
            async with made as collected:
                slots = [act(collected) for act in acts]
        else:
            with made as collected:
                slots = [act(collected) for act in acts]
        for slot in slots:
            slot.result()

    return run


def history(client: Any) -> Any:
    return client.history("a")


def publish(client: Any) -> Any:
    return client.publish("a", 1)


def publish_once(client: Any) -> Any:
    return client.publish("a", 1, idempotency_key="k")


V6 = (centripetal.Client, centripetal.AsyncClient)
V1 = (centripetal.v1.Client, centripetal.v1.AsyncClient)
CASES: dict[str, tuple[tuple[Any, Any], Server, Act, list[str], bool]] = {
    "a read of 1.x": (V1, Server(), history, ["history"] * 2, True),
    "a publish of 1.x": (V1, Server(), publish, ["publish"], False),
    "a batch of reads of 1.x": (V1, Server(), batch(history, history), ["history+history"] * 2, True),
    "a batch of 1.x": (V1, Server(), batch(history, publish), ["history+publish"], False),
    "a read": (V6, Server(), history, ["history"] * 2, True),
    "a read, not stale": (V6, Server(is_stale=False), history, ["history"], False),
    "a read, lost twice": (V6, Server(losses=2), history, ["history"] * 2, False),
    "a publish": (V6, Server(), publish, ["publish"], False),
    "a publish with a key": (V6, Server(), publish_once, ["publish", "info", "publish"], True),
    "a key, and an old server": (V6, Server("5.1.9"), publish_once, ["publish", "info"], False),
    "an empty key": (V6, Server(), lambda client: client.publish("a", 1, idempotency_key=""), ["publish"], False),
    "a batch": (V6, Server(), batch(history, publish), ["batch"], False),
    "a batch of reads": (V6, Server(), batch(history, history), ["batch"] * 2, True),
    "a parallel batch of reads": (V6, Server(), batch(history, history, parallel=True), ["batch"] * 2, True),
    "a batch with keys": (V6, Server(), batch(history, publish_once), ["batch", "info", "batch"], True),
}


@pytest.mark.parametrize("awaits", [False, True])
@pytest.mark.parametrize("name", CASES)
def test_calls_on_a_stale_connection(name: str, awaits: bool) -> None:
    """A request is sent again if all of its commands can run twice; otherwise `executed` is "unknown"."""
    kinds, template, act, asked, succeeds = CASES[name]
    server = Server(template._version, template._losses, template._is_stale)
    transport = AwaitingMemoryTransport(server) if awaits else MemoryTransport(server)
    client = kinds[awaits]("http://h", "key", transport=transport)
    errors: list[ConnectionLostError] = []

    async def main() -> None:
        try:
            made = act(client)
            if asyncio.iscoroutine(made):
                await made
        except ConnectionLostError as error:
            errors.append(error)

    asyncio.run(main())
    assert server.asked == asked
    assert succeeds == (not errors)
    assert [error.executed for error in errors] == ["unknown"] * len(errors)
