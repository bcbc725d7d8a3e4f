"""Client connections of a Centrifugo 6 node, without a network and with a clock that the test sets."""

import base64
import hashlib
import heapq
import hmac
import itertools
import json
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from centripetal.dialects.current.client_protocol.objects import Disconnect
from centripetal.dialects.current.server_codec import read_request
from centripetal.server.current.api import API
from centripetal.server.current.config import read_config
from centripetal.server.current.node import Node
from centripetal.server.current.permissions import Permissions
from centripetal.server.current.session import Session
from centripetal.server.engine.events import Event
from centripetal.server.questions import Question, Reply
from tests.server.environment import fixed_environment

__all__ = ["Asked", "Client", "World", "error", "token"]

_OPEN = {"allow_subscribe_for_client": True, "allow_subscribe_for_anonymous": True}
_HISTORY = {"history_size": 5, "history_ttl": "60s"}
_FOR_SUBSCRIBERS = {f"allow_{what}_for_subscriber": True for what in ("publish", "presence", "history")}

NAMESPACES: list[dict[str, Any]] = [
    {"name": "open", **_OPEN},
    {"name": "auth", "allow_subscribe_for_client": True},
    {"name": "chat", "presence": True, "join_leave": True, "force_push_join_leave": True, **_OPEN, **_FOR_SUBSCRIBERS},
    {"name": "rec", "force_recovery": True, **_OPEN, **_HISTORY, **_FOR_SUBSCRIBERS},
    {"name": "pos", "force_positioning": True, **_OPEN, **_HISTORY},
    {"name": "bare", "force_positioning": True, **_OPEN},
    {"name": "cache", "force_recovery": True, "force_recovery_mode": "cache", **_OPEN, **_HISTORY},
    {"name": "closed", "presence": True},
]


def token(secret: str = "secret", **claims: Any) -> str:
    """Return a token with these claims."""
    parts = [json.dumps(part).encode() for part in ({"alg": "HS256"}, claims)]
    text = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)
    signature = hmac.new(secret.encode(), text, hashlib.sha256).digest()
    return b".".join((text, base64.urlsafe_b64encode(signature).rstrip(b"="))).decode()


def error(reply: Mapping[str, Any]) -> int:
    """Return the code of the error in a reply."""
    code: int = reply["error"]["code"]
    return code


class FakeTimer:
    def __init__(self) -> None:
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


class World:
    """A server with a clock that the test moves.

    Args:
        namespaces: namespaces added to the usual set; a namespace with a usual name replaces it.
        channel_proxy: the section `channel.proxy`.
        client: additional keys of the configuration's section `client`.
        sections: other sections of the configuration.
    """

    def __init__(
        self,
        namespaces: tuple[dict[str, Any], ...] = (),
        client: Mapping[str, Any] = {},
        *,
        channel_proxy: Mapping[str, Any] = {},
        **sections: Any,
    ) -> None:
        self.time = 1000.0
        self.asked: list[Asked] = []
        self.timers: list[tuple[float, int, FakeTimer, Callable[[], object]]] = []
        self.numbers = itertools.count(1)
        names = {each["name"] for each in namespaces}
        config, strangers = read_config(
            {
                "client": {
                    "token": {"hmac_secret_key": "secret"},
                    "allow_anonymous_connect_without_token": True,
                    **client,
                },
                "channel": {
                    "namespaces": [*(each for each in NAMESPACES if each["name"] not in names), *namespaces],
                    "proxy": channel_proxy,
                },
                **sections,
            }
        )
        assert not strangers
        epochs = itertools.count(1)
        uuids = itertools.chain(["uid"], (f"client-{next(self.numbers)}" for _ in itertools.count()))
        environment = fixed_environment(
            now=lambda: self.time,
            new_uuid=lambda: next(uuids),
            new_epoch=lambda: f"e{next(epochs)}",
            ask=self._ask,
        )
        self.node = Node(config, environment)
        self.permissions = Permissions(config)
        self.events: list[Event] = []

    def listen(self) -> None:
        self.node.events.listen(self.events.append)

    def new(self, *, pings: bool = True, headers: Mapping[str, str] = {}) -> "Client":
        """Return a connection that has not sent a message yet."""
        return Client(self, pings=pings, headers=headers)

    def anonymous(self, **connect: Any) -> "Client":
        """Return a connection of the anonymous user, without pings."""
        client = self.new(pings=False)
        client.result("connect", **connect)
        return client

    def user(self, name: str, **claims: Any) -> "Client":
        """Return a connection with a token of the user *name*, without pings."""
        client = self.new(pings=False)
        client.result("connect", token=token(sub=name, **claims))
        return client

    def wait(self, seconds: float) -> None:
        """Advance the clock by *seconds* and run the timers that are due."""
        end = self.time + seconds
        while self.timers and self.timers[0][0] <= end:
            self.time, _, timer, callback = heapq.heappop(self.timers)
            if not timer.cancelled:
                callback()
        self.time = end

    def _ask(self, question: Question, then: Callable[[Reply], object]) -> "Asked":
        self.asked.append(Asked(question, then))
        return self.asked[-1]

    def api(self, method: str, **params: Any) -> Any:
        """Call an API method and run the callbacks that it scheduled."""
        outcome = API(self.node).outcome(read_request(method, json.dumps(params).encode()), self.time)
        self.wait(0)
        return outcome

    def publish(self, channel: str, data: Any, **params: Any) -> None:
        self.api("publish", channel=channel, data=data, **params)


class Asked:
    """A question to the application: `answer` it, or let it wait."""

    def __init__(self, question: Question, then: Callable[[Reply], object]) -> None:
        self.question = question
        self.cancelled = False
        self._then = then

    @property
    def event(self) -> Any:
        return json.loads(self.question.body)

    @property
    def headers(self) -> dict[str, str]:
        return dict(self.question.headers)

    def cancel(self) -> None:
        self.cancelled = True

    def answer(self, body: Any = None, status: int = 200) -> None:
        """Answer with *body*: JSON of any value, or bytes as they are."""
        self._then(Reply(status, body if isinstance(body, bytes) else json.dumps(body).encode()))

    def fail(self, problem: str = "no answer") -> None:
        self._then(Reply(0, problem=problem))


class Client:
    """A session and the connection that it writes to."""

    def __init__(self, world: World, *, pings: bool, headers: Mapping[str, str] = {}) -> None:
        self.world = world
        self.sent: list[Any] = []
        self.payloads: list[bytes] = []
        self.ended: list[Disconnect | None] = []
        self.held: deque[bytes] = deque()
        self.paused = False
        self.session = Session(world.node, world.permissions, self, tuple(headers.items()), pings=pings)

    @property
    def id(self) -> str:
        return self.session.id

    def send(self, payload: bytes) -> None:
        assert not self.ended
        self.payloads.append(payload)
        self.sent.append(json.loads(payload))

    def end(self, disconnect: Disconnect | None) -> None:
        self.ended.append(disconnect)

    def call_later(self, delay: float, callback: Callable[[], object]) -> FakeTimer:
        timer = FakeTimer()
        heapq.heappush(self.world.timers, (self.world.time + delay, next(self.world.numbers), timer, callback))
        return timer

    def pause_reading(self) -> None:
        self.paused = True

    def resume_reading(self) -> None:
        self.paused = False
        while self.held and not self.paused:
            self.session.receive(self.held.popleft())

    def say(self, *commands: Mapping[str, Any]) -> None:
        """Send commands in one message."""
        message = "\n".join(map(json.dumps, commands)).encode()
        if self.paused:
            self.held.append(message)
        else:
            self.session.receive(message)

    def ask(self, request: str, **params: Any) -> Any:
        """Return the reply; pushes that came with it stay in the queue."""
        self.say({"id": 7, request: params})
        assert not self.ended, self.ended
        index = next(index for index, line in enumerate(self.sent) if line.get("id") == 7)
        return self.sent.pop(index)

    def result(self, request: str, **params: Any) -> Any:
        """Return the result in the reply, which must not be an error."""
        reply = self.ask(request, **params)
        assert "error" not in reply, reply
        return reply[request]

    def pushed(self) -> list[Any]:
        """Return the messages since the last call: the contents of pushes, and other lines unchanged."""
        lines, self.sent = self.sent, []
        return [line.get("push", line) for line in lines]

    def publications(self) -> list[Any]:
        """Return the payloads since the last call, all of which must be publications."""
        return [push["pub"]["data"] for push in self.pushed()]

    def close(self) -> tuple[int, str] | None:
        """Return the code and reason of the close, or None if it had none."""
        (disconnect,) = self.ended
        return None if disconnect is None else (disconnect.code, disconnect.reason)
