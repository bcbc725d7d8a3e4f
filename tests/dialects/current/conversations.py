"""Requests and replies of a codec of the current API, without a server."""

import json
from typing import Any

from centripetal.dialects.current.codec import Codec
from centripetal.dialects.current.commands import COMMANDS
from centripetal.protocol.command import Command, Prepared
from centripetal.protocol.exchange import Flow
from centripetal.protocol.http import HTTPReply, HTTPRequest

__all__ = ["API_KEY", "JSON", "KINDS", "LEGACY_INFO", "NOT_FOUND", "OK", "URL", "codec", "play", "prepared", "reply"]

URL = "http://localhost:8000"
API_KEY = "golden-api-key"
KINDS: dict[str, Any] = {kind.name: kind for kind in COMMANDS}
JSON = (("content-type", "application/json"),)

NOT_FOUND = HTTPReply(404, b"404 page not found\n", (("content-type", "text/plain; charset=utf-8"),))


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


OK = reply({"result": {}})
LEGACY_INFO = HTTPReply(200, b'{"id":1,"result":{"nodes":[{"version":"4.1.2"}]}}', JSON)
