"""API keys that come from a function."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from centripetal import AsyncClient, Client
from centripetal.errors import AuthenticationError
from centripetal.protocol.http import HTTPReply, HTTPRequest
from tests.client.facades import API_KEY, QUICK, good
from tests.dialects.current.conversations import JSON, NOT_FOUND, URL
from tests.stubs import AsyncStub, Stub


class Rotating:
    """Clients whose key comes from a function that returns *keys* in turn, and a server that accepts only *valid*."""

    def __init__(self, *keys: str, valid: str, old_server: bool = False, **options: Any) -> None:
        self.asked = 0
        self._keys = keys
        self._valid = valid
        self._old = old_server
        self.stubs = Stub(), AsyncStub()
        for stub in self.stubs:
            stub.usual = self._answer
        self.blocking = Client(URL, self.key, transport=self.stubs[0], **options)
        self.asked = 0
        self.awaiting = AsyncClient(URL, self.key, transport=self.stubs[1], **options)
        self.asked = 1

    def key(self) -> str:
        self.asked += 1
        return self._keys[min(self.asked, len(self._keys)) - 1]

    def _answer(self, request: HTTPRequest) -> HTTPReply:
        if dict(request.headers)["X-API-Key"] != self._valid:
            return HTTPReply(401, b"")
        if not self._old:
            return good(request)
        return HTTPReply(200, b'{"id":1,"result":{}}', JSON) if request.url.endswith("/api") else NOT_FOUND


def batch_of(client: Any) -> Any:
    with client.batch() as batch:
        slots = [batch.publish("a", 1), batch.info()]
    return [slot.result() for slot in slots]


async def async_batch_of(client: Any) -> Any:
    async with client.batch(parallel=True) as batch:
        slots = [batch.publish("a", 1), batch.info()]
    return [slot.result() for slot in slots]


ROTATING_CALLS: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any], dict[str, Any]]] = {
    "a call": (lambda client: client.publish("a", 1), lambda client: client.publish("a", 1), {}),
    "without grouping": (lambda client: client.info(), lambda client: client.info(), {"group": False}),
    "with retry": (lambda client: client.publish("a", 1), lambda client: client.publish("a", 1), {"retry": QUICK}),
    "an unknown method": (lambda client: client.call("new"), lambda client: client.call("new"), {}),
    "a batch": (batch_of, async_batch_of, {}),
    "an old server": (
        lambda client: client.publish("a", 1),
        lambda client: client.publish("a", 1),
        {"old_server": True},
    ),
}


@pytest.mark.parametrize("name", ROTATING_CALLS)
async def test_a_new_key_is_asked_for_after_a_401(name: str) -> None:
    """A call that gets 401 asks the function once more and is repeated once; later calls use the new key."""
    call, other, options = ROTATING_CALLS[name]
    server = Rotating("old", "new", valid="new", **options)
    for _ in range(2):
        call(server.blocking)
        assert server.asked == 2
    server.asked = 1
    for _ in range(2):
        await other(server.awaiting)
        assert server.asked == 2
    for stub in server.stubs:
        keys = [dict(request.headers)["X-API-Key"] for request in stub.requests]
        assert keys[0] == "old"
        assert set(keys[1:]) == {"new"}


async def test_a_call_is_repeated_only_once_with_another_key() -> None:
    """If the next key is refused too, the error of the 401 is raised; with a text as key, there is one request."""
    cases: list[dict[str, Any]] = [{}, {"retry": QUICK}]
    for options in cases:
        server = Rotating("old", "older", valid="new", **options)
        with pytest.raises(AuthenticationError, match="the api_key is not the server's"):
            server.blocking.publish("a", 1)
        with pytest.raises(AuthenticationError, match="the api_key is not the server's"):
            await server.awaiting.publish("a", 1)
        assert [len(stub.requests) for stub in server.stubs] == [2, 2]
    stub = Stub(HTTPReply(401, b""))
    with pytest.raises(AuthenticationError):
        Client(URL, API_KEY, transport=stub).publish("a", 1)
    assert len(stub.requests) == 1


def test_a_function_may_call_its_own_client() -> None:
    """No lock is held while the function runs: it can make calls with the same client and from other threads."""
    found: list[Any] = []

    def key() -> str:
        if found:
            found.append(found[0].info())
            with ThreadPoolExecutor(1) as pool:
                found.append(pool.submit(found[0].info).result(5))
        return API_KEY

    stub = Stub()
    stub.usual = good
    client = Client(URL, key, transport=stub)
    found.append(client)
    stub.reactions = [HTTPReply(401, b"")]
    client.publish("a", 1)
    assert len(stub.requests) == 4
