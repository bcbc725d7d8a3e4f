"""Transports for tests without a server: they record every request and answer like a working 1.x server.

Set `usual` of a stub to change its answers.
"""

import asyncio
import copy
import json
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from centripetal.protocol.http import HTTPReply, HTTPRequest

__all__ = ["AsyncStub", "Reaction", "Stub", "answer", "commands_in", "wait_until_blocked"]

Reaction = HTTPReply | BaseException | Callable[[HTTPRequest], HTTPReply]
"""Reaction of a stub to a request, instead of its usual answer."""

NODE = {"uid": "n1", "version": "1.8.0", "name": "node-1", "started_at": 1500000000, "metrics": {"node_num_clients": 2}}
BODIES: dict[str, Any] = {
    "presence": {"channel": "x", "data": {"c1": {"user": "42", "client": "c1"}}},
    "history": {"channel": "x", "data": [{"uid": "m1", "channel": "x", "data": {"n": 1}}]},
    "channels": {"data": ["a", "b"]},
    "stats": {"data": {"nodes": [NODE], "metrics_interval": 60}},
    "node": {"data": NODE},
}


def commands_in(request: HTTPRequest) -> list[dict[str, Any]]:
    """Return the commands of *request*."""
    commands: list[dict[str, Any]] = json.loads(request.body)
    return commands


def answer(request: HTTPRequest) -> HTTPReply:
    """Answer each command with success; a channel called "bad" has an unknown namespace."""
    replies: list[dict[str, Any]] = []
    for command in commands_in(request):
        reply = {"uid": command["uid"], "method": command["method"], "error": None}
        if command["params"].get("channel") == "bad":
            reply |= {"error": "namespace not found", "advice": "fix"}
        replies.append(reply | {"body": BODIES.get(command["method"])})
    return HTTPReply(200, json.dumps(replies).encode())


class _Recording:
    """Records of both stubs, and their reactions to the next requests."""

    def __init__(self, *reactions: Reaction) -> None:
        self.reactions = list(reactions)
        self.requests: list[HTTPRequest] = []
        self.timeouts: list[float] = []
        self.closed = 0
        self.usual: Callable[[HTTPRequest], HTTPReply] = answer

    @property
    def sent(self) -> list[list[Any]]:
        """Channels of the commands in each request, or the methods' names of commands without a channel."""
        return [
            [command["params"].get("channel", command["method"]) for command in commands_in(request)]
            for request in self.requests
        ]

    def react(self, request: HTTPRequest, timeout: float) -> HTTPReply:
        self.requests.append(request)
        self.timeouts.append(round(timeout, 2))  # the time limit has shrunk by a few microseconds
        reaction = self.reactions.pop(0) if self.reactions else self.usual
        if isinstance(reaction, BaseException):
            raise copy.copy(reaction)  # a shared error would keep its last traceback, and the objects of its frames
        return reaction if isinstance(reaction, HTTPReply) else reaction(request)


class Stub(_Recording):
    """A blocking transport."""

    def send(self, request: HTTPRequest, timeout: float) -> HTTPReply:
        return self.react(request, timeout)

    def close(self) -> None:
        self.closed += 1


class AsyncStub(_Recording):
    """An asyncio transport; requests wait in it while `gate` is closed."""

    def __init__(self, *reactions: Reaction) -> None:
        super().__init__(*reactions)
        self.gate = asyncio.Event()
        self.gate.set()

    async def send(self, request: HTTPRequest, timeout: float) -> HTTPReply:
        await self.gate.wait()
        return self.react(request, timeout)

    async def close(self) -> None:
        self.closed += 1


def wait_until_blocked(thread: threading.Thread) -> None:
    """Wait until *thread* waits for something, or has ended: it stays at the same instruction for 10 milliseconds."""
    last, same = None, 0
    while thread.is_alive() and same < 5:
        time.sleep(0.002)
        frame = sys._current_frames().get(thread.ident or 0)
        here = None if frame is None else (id(frame), frame.f_lasti)
        same = same + 1 if here == last is not None else 0
        last = here
