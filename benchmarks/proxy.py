"""Cost of answering proxy events inside an ASGI application: `python -m benchmarks.proxy`.

For a connect, a subscribe and an RPC it measures the processor time of an event in four applications: one that always
sends the same answer, our handlers, our handlers mounted in FastAPI, and a FastAPI endpoint with pydantic models.
Servers and sockets take no part. If CENTRIFUGO_V6_BIN names a real server, it also measures the RPCs per second of 24
WebSocket clients through that server, with our handlers and with the FastAPI endpoint, both served by uvicorn.

The applications take turns, and the results are medians of the ratios within the rounds. The exit status is 1 if a
target is missed.
"""

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from statistics import median
from typing import Any, NamedTuple

import msgspec
from fastapi import FastAPI, Header, HTTPException
from pydantic import BaseModel

from benchmarks.proxy_rate import rates
from centripetal.proxy import (
    ConnectEvent,
    ConnectReply,
    Handlers,
    RPCEvent,
    SubscribeEvent,
    SubscribeReply,
)
from tests.needs import find

__all__ = ["APPLICATIONS", "BODIES", "SERVED", "TARGETS", "Application", "answer_of", "handlers", "main"]

SECRET = "the-secret-of-the-benchmark"
_ASKED = {"client": "378b3874-4470-484f-a7e5-7d494b629e44", "transport": "websocket", "protocol": "json"}
_ASKED |= {"encoding": "json"}

BODIES: Mapping[str, bytes] = {
    "rpc": json.dumps({**_ASKED, "user": "42", "method": "add", "data": {"a": 1, "b": 2}}).encode(),
    "connect": json.dumps({**_ASKED, "data": {"hello": "there"}, "name": "js", "version": "5.8.0"}).encode(),
    "subscribe": json.dumps({**_ASKED, "user": "42", "channel": "rooms:7", "meta": {"tenant": 7}}).encode(),
}
TARGETS: Mapping[str, float] = {"rpc": 7, "connect": 14, "subscribe": 9}
"""How many times the cost of the constant answer our handlers may cost."""
FASTAPI_TARGET = 1 / 3
"""How much of the cost of FastAPI with pydantic our handlers may cost."""
SERVED: Mapping[str, str] = {"ours": "benchmarks.proxy:handlers", "fastapi": "benchmarks.proxy:by_hand"}
"""The applications that a real server asks, by the namespace of their methods."""
RATE_TARGET = 1.3
"""How many times the rate of FastAPI's RPCs our handlers must reach through a real server."""
CLIENTS = 24

Application = Callable[[Any, Any, Any], Awaitable[None]]

# ---- our handlers

handlers = Handlers(secret=SECRET)


class Sum(msgspec.Struct):
    a: int
    b: int


@handlers.rpc("add")
@handlers.rpc("ours:add")
async def add(event: RPCEvent[Sum]) -> int:
    return event.data.a + event.data.b


@handlers.connect
async def connect(_: ConnectEvent) -> ConnectReply:
    return ConnectReply("42", meta={"tenant": 7}, channels=["news"])


@handlers.subscribe("rooms:{room}")
async def enter(_: SubscribeEvent, room: int) -> SubscribeReply:
    return SubscribeReply(info={"room": room})


mounted = FastAPI()
mounted.mount("/centrifugo", handlers)

# ---- FastAPI with pydantic, as written by hand


class Asked(BaseModel):
    client: str
    transport: str
    protocol: str
    encoding: str


class ConnectAsked(Asked):
    data: Any = None
    name: str = ""
    version: str = ""
    channels: list[str] = []


class ConnectResult(BaseModel):
    user: str
    channels: list[str] = []
    meta: Any = None


class ConnectAnswer(BaseModel):
    result: ConnectResult


class SubscribeAsked(Asked):
    user: str
    channel: str
    data: Any = None
    meta: Any = None


class SubscribeResult(BaseModel):
    info: Any = None


class SubscribeAnswer(BaseModel):
    result: SubscribeResult


class SumAsked(BaseModel):
    a: int
    b: int


class RPCAsked(Asked):
    user: str
    method: str
    data: SumAsked
    meta: Any = None


class RPCResult(BaseModel):
    data: Any = None


class RPCAnswer(BaseModel):
    result: RPCResult


by_hand = FastAPI()


def check_secret(given: str) -> None:
    if given != SECRET:
        raise HTTPException(403)


@by_hand.post("/centrifugo/rpc")
async def rpc_by_hand(asked: RPCAsked, x_api_key: str = Header()) -> RPCAnswer:
    check_secret(x_api_key)
    return RPCAnswer(result=RPCResult(data=asked.data.a + asked.data.b))


@by_hand.post("/centrifugo/connect", response_model_exclude_unset=True)
async def connect_by_hand(_: ConnectAsked, x_api_key: str = Header()) -> ConnectAnswer:
    check_secret(x_api_key)
    return ConnectAnswer(result=ConnectResult(user="42", meta={"tenant": 7}, channels=["news"]))


@by_hand.post("/centrifugo/subscribe")
async def subscribe_by_hand(asked: SubscribeAsked, x_api_key: str = Header()) -> SubscribeAnswer:
    check_secret(x_api_key)
    return SubscribeAnswer(result=SubscribeResult(info={"room": int(asked.channel.partition(":")[2])}))


# ---- the limit


async def constant(_: Any, receive: Any, send: Any) -> None:
    """Read the body of any request and send the same answer."""
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    answer = b'{"result":{}}'
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(answer))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": answer})


APPLICATIONS: Mapping[str, Application] = {
    "constant answer": constant,
    "handlers": handlers,
    "handlers mounted in FastAPI": mounted,
    "FastAPI and pydantic": by_hand,
}


class Row(NamedTuple):
    """Microseconds of an event in each application, by round."""

    kind: str
    times: Mapping[str, list[float]]

    def ratio(self, ours: str, theirs: str) -> float:
        """Return the median of the ratios within the rounds."""
        return median(a / b for a, b in zip(self.times[ours], self.times[theirs], strict=True))

    @property
    def met(self) -> bool:
        return (
            self.ratio("handlers", "constant answer") <= TARGETS[self.kind]
            and self.ratio("handlers", "FastAPI and pydantic") <= FASTAPI_TARGET
        )


def _scope(kind: str) -> Any:
    """Return a scope as uvicorn makes it for a request of Centrifugo."""
    path = f"/centrifugo/{kind}"
    headers = [
        (b"host", b"127.0.0.1:8001"),
        (b"user-agent", b"Go-http-client/1.1"),
        (b"content-length", b"%d" % len(BODIES[kind])),
        (b"content-type", b"application/json"),
        (b"x-api-key", SECRET.encode()),
        (b"accept-encoding", b"gzip"),
    ]
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": headers,
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 8001),
        "state": {},
    }


async def _ask(application: Application, kind: str, times: int) -> tuple[float, list[Any]]:
    """Return the microseconds of processor time of an event, and the messages of the last answer."""
    message = {"type": "http.request", "body": BODIES[kind], "more_body": False}
    sent: list[Any] = []

    async def receive() -> Any:
        return message

    async def send(message: Any) -> None:
        sent.append(message)

    scopes = [_scope(kind) for _ in range(times)]
    start = time.process_time_ns()
    for scope in scopes:
        sent.clear()
        await application(scope, receive, send)
    return (time.process_time_ns() - start) / times / 1000, sent


def answer_of(application: Application, kind: str) -> Any:
    """Return the status and the JSON of the answer of an application."""
    _, sent = asyncio.run(_ask(application, kind, 1))
    return sent[0]["status"], json.loads(b"".join(each.get("body", b"") for each in sent[1:]))


async def _race(kind: str, rounds: int, times: int) -> Row:
    found: dict[str, list[float]] = {name: [] for name in APPLICATIONS}
    for application in APPLICATIONS.values():
        await _ask(application, kind, 100)  # the first requests fill caches
    for _ in range(rounds):
        for name, application in APPLICATIONS.items():
            found[name].append((await _ask(application, kind, times))[0])
    return Row(kind, found)


def _rate_met(rounds: int, times: int) -> bool:
    """Measure and print the rates through a real server."""
    found = rates(SERVED, SECRET, clients=CLIENTS, rounds=rounds, times=times)
    print(f"\n{f'RPCs a second of {CLIENTS} clients, real server':40}")
    for name, served in SERVED.items():
        print(f"{served:40}{median(found[name]):12,.0f}")
    ratio = median(ours / theirs for ours, theirs in zip(found["ours"], found["fastapi"], strict=True))
    print(f"{'handlers / FastAPI':40}{ratio:12.2f}")
    return ratio >= RATE_TARGET


def main() -> int:
    parser = argparse.ArgumentParser("python -m benchmarks.proxy", description=__doc__)
    parser.add_argument("--rounds", type=int, default=25, help="turns of each application (25)")
    parser.add_argument("--events", type=int, default=500, help="events in a turn (500)")
    parser.add_argument("--server-rounds", type=int, default=9, help="turns with a real server (9)")
    parser.add_argument("--calls", type=int, default=100, help="RPCs of each client in such a turn (100)")
    options = parser.parse_args()
    rows = [asyncio.run(_race(kind, options.rounds, options.events)) for kind in BODIES]
    print(f"{'microseconds of processor time an event':40}" + "".join(f"{row.kind:>12}" for row in rows))
    for name in APPLICATIONS:
        print(f"{name:40}" + "".join(f"{median(row.times[name]):12.1f}" for row in rows))
    for name, theirs in (
        ("handlers / constant answer", "constant answer"),
        ("handlers / FastAPI", "FastAPI and pydantic"),
    ):
        print(f"{name:40}" + "".join(f"{row.ratio('handlers', theirs):12.2f}" for row in rows))
    met = all(row.met for row in rows)
    if find("centrifugo-v6"):
        met &= _rate_met(options.server_rounds, options.calls)
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
