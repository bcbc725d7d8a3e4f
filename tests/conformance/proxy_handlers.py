"""Handlers whose outcomes with the official JavaScript client and a real server are in `proxy_outcomes.txt`."""

import asyncio
import functools
import inspect
import time
from collections.abc import Callable
from typing import Any

import msgspec

from centripetal.proxy import (
    Close,
    ConnectEvent,
    ConnectReply,
    Expired,
    Handlers,
    PublishEvent,
    PublishReply,
    RefreshEvent,
    RefreshReply,
    Refuse,
    RPCEvent,
    SubRefreshEvent,
    SubRefreshReply,
    SubscribeEvent,
    SubscribeReply,
)
from tests.conformance.proxy_serving import TIMEOUT

__all__ = ["SECRET", "handlers"]

SECRET = "new-secret"

F = Callable[..., Any]


class Add(msgspec.Struct):
    a: int
    b: int


def handlers(*, awaits: bool) -> Handlers:
    """Return the handlers, as coroutine functions or as plain functions."""
    proxy = Handlers(secret=[SECRET, "old-secret"], header="X-Centrifugo-Secret")

    def both(function: F) -> F:
        if not awaits:
            return function

        @functools.wraps(function)
        async def awaited(*arguments: Any, **parts: Any) -> Any:
            result = function(*arguments, **parts)
            return await result if inspect.isawaitable(result) else result

        return awaited

    def pause(seconds: float, reply: Any) -> Any:
        """Return *reply* after *seconds*, without blocking an event loop."""
        if awaits:
            return asyncio.sleep(seconds, reply)
        time.sleep(seconds)
        return reply

    @proxy.connect
    @both
    def connect(event: ConnectEvent[Any]) -> Any:
        user = event.cookies.get("sid") or (event.data or {}).get("user")
        refusals = {
            "busy": Refuse(503, "try later", temporary=True),
            "nobody": Refuse(401, "who are you"),
            "banned": Close(4501, "banned"),
            "bounce": Close(4001, "come back"),
            "bug": ValueError("a bug in a handler"),
        }
        if user in refusals:
            raise refusals[user]
        if user == "none":
            return None
        if user == "slow":
            return pause(TIMEOUT + 0.5, ConnectReply("slow"))
        if user == "expiring":
            return ConnectReply(user, expire_at=int(time.time()) + 1, meta={"n": 1})
        return ConnectReply(
            user or "", info={"name": str(user)}, data={"hello": user}, channels=["srv:all"], meta={"tenant": 7}
        )

    @proxy.refresh
    @both
    def refresh(event: RefreshEvent) -> RefreshReply | Expired:
        number = event.meta["n"]
        return Expired() if number >= 3 else RefreshReply(expire_at=int(time.time()) + 1, meta={"n": number + 1})

    @proxy.subscribe("sub:{room}")
    @both
    def enter(event: SubscribeEvent[Any], room: int) -> Any:
        refusals = {13: Refuse(403, "not you"), 14: Refuse(1500, "later", temporary=True), 15: Close(4502, "enough")}
        if room in refusals:
            raise refusals[room]
        if room == 16:
            raise ZeroDivisionError
        if room == 17:
            return None
        tenant = event.meta and event.meta["tenant"]
        return SubscribeReply(info={"role": "host"}, data={"room": room, "tenant": tenant, "asked": event.data})

    @proxy.subscribe("ref:{x}")
    @both
    def enter_for_a_second(event: SubscribeEvent[Any], x: str) -> SubscribeReply:
        return SubscribeReply(expire_at=int(time.time()) + 1)

    @proxy.sub_refresh("ref:{x}")
    @both
    def still(event: SubRefreshEvent, x: str) -> SubRefreshReply | Expired:
        return Expired()

    @proxy.publish("pub:{room}")
    @both
    def say(event: PublishEvent[Any], room: str) -> PublishReply:
        if "bad" in str(event.data):
            raise Refuse(1001, "no swearing")
        return PublishReply({"by": event.user, "text": event.data}, tags={"room": room})

    @proxy.rpc("add")
    @both
    def add(event: RPCEvent[Add]) -> int:
        return event.data.a + event.data.b

    @proxy.rpc("whoami")
    @both
    def whoami(event: RPCEvent[Any]) -> dict[str, Any]:
        authorization = event.headers.get("authorization")
        return {"user": event.user, "meta": event.meta, "cookie": event.cookies.get("sid"), "auth": authorization}

    @proxy.rpc("bug")
    @both
    def bug(event: RPCEvent[Any]) -> Any:
        return {1, 2}

    @proxy.rpc("nothing")
    @both
    def nothing(event: RPCEvent[Any]) -> None:
        return None

    return proxy
