"""Blocking and asyncio clients of the current API over stubs."""

import inspect
import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from centripetal import AsyncClient, Client, Retry
from centripetal.errors import CentripetalError, ConnectionLostError
from centripetal.protocol.http import HTTPReply, HTTPRequest
from tests.dialects.current.commands.definition import METHODS, field_types, sample
from tests.dialects.current.conversations import URL, reply
from tests.stubs import AsyncStub, Reaction, Stub

__all__ = ["API_KEY", "LOST", "QUICK", "Facades", "good", "kinds"]

API_KEY = "a-key-that-nobody-may-see"
QUICK = Retry(attempts=3, base=0.001, cap=0.002)
LOST = ConnectionLostError("gone")

kinds = pytest.mark.parametrize("kind", [Client, AsyncClient], ids=["blocking", "awaiting"])


def good(request: HTTPRequest) -> HTTPReply:
    """Return a successful reply to each command, and error 102 for a channel in the namespace "no"."""
    path, body = request.url.rpartition("/")[2], json.loads(request.body)
    if path != "batch":
        return reply(_answer(path, body, "result"))
    return reply({"replies": [_answer(name, fields, name) for one in body["commands"] for name, fields in one.items()]})


def _answer(name: str, fields: Mapping[str, Any], member: str) -> Any:
    if str(fields.get("channel", "")).startswith("no:"):
        return {"error": {"code": 102, "message": "unknown channel"}}
    listed = next((one for one in METHODS if one.name == name), None)
    result = {} if listed is None else {field: sample(of, field) for field, of in field_types(listed.result).items()}
    return {member: result}


class Facades:
    """A blocking and an asyncio client over stubs, with a helper that makes the same call on both."""

    def __init__(self, *reactions: Reaction, **options: Any) -> None:
        self.stubs = Stub(*reactions), AsyncStub(*reactions)
        for stub in self.stubs:
            stub.usual = good
        self.blocking = Client(URL, API_KEY, transport=self.stubs[0], **options)
        self.awaiting = AsyncClient(URL, API_KEY, transport=self.stubs[1], **options)

    async def both(self, call: Callable[[Any], Any]) -> Any:
        """Make *call* on both clients, check that the outcomes are equal, and return or raise the outcome."""
        came = []
        for client in (self.blocking, self.awaiting):
            try:
                value = call(client)
                came.append(await value if inspect.isawaitable(value) else value)
            except CentripetalError as error:
                came.append(error)
        assert repr(came[0]) == repr(came[1])
        assert [request.body for request in self.stubs[0].requests] == [r.body for r in self.stubs[1].requests]
        if isinstance(came[0], CentripetalError):
            raise came[0]
        return came[0]

    async def both_with_keys(self, call: Callable[[Any], Any]) -> list[str]:
        """Make a call on both clients, check that all attempts share an idempotency key, and return the paths."""
        for stub in self.stubs:
            stub.requests.clear()
        call(self.blocking)
        await call(self.awaiting)
        for stub in self.stubs:
            bodies = [json.loads(request.body) for request in stub.requests]
            keys = [body["idempotency_key"] for body in bodies if body]
            assert len(keys) > 1
            assert len(set(keys)) == 1
        assert self.paths == [request.url.rpartition("/")[2] for request in self.stubs[1].requests]
        return self.paths

    @property
    def paths(self) -> list[str]:
        return [request.url.rpartition("/")[2] for request in self.stubs[0].requests]

    @property
    def bodies(self) -> list[Any]:
        return [json.loads(request.body) for request in self.stubs[0].requests]
