"""Correct handlers of proxy events that mypy and basedpyright must accept, with the types that users see. Never run."""

from dataclasses import dataclass
from typing import Any, assert_type

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
    SharedPollEvent,
    SharedPollReply,
    SubRefreshEvent,
    SubRefreshReply,
    SubscribeEvent,
    SubscribeReply,
)
from centripetal.testing import ask, ask_async


@dataclass
class Sum:
    a: int


proxy = Handlers(secret=["new", "old"])


@proxy.connect
async def connect(event: ConnectEvent) -> ConnectReply:
    assert_type(event.data, Any)
    if event.bearer is None:
        raise Close(4501, "log in")
    return ConnectReply(42, meta={"a": 1}, subs=None)


@proxy.refresh
def refresh(event: RefreshEvent) -> RefreshReply | Expired:
    return Expired() if event.meta else RefreshReply(1900000000)


@proxy.subscribe("rooms:{room}")
async def enter(event: SubscribeEvent[Sum], room: int) -> SubscribeReply | Refuse:
    assert_type(event.data, Sum)
    return Refuse(403) if room else SubscribeReply()


@proxy.publish("rooms:{room}")
def say(event: PublishEvent[Sum | None], room: str) -> PublishReply:
    assert_type(event.data, Sum | None)
    return PublishReply(room)


@proxy.sub_refresh("rooms:*")
def still(event: SubRefreshEvent) -> SubRefreshReply | Expired:
    return SubRefreshReply(1900000000)


@proxy.rpc("add")
async def add(event: RPCEvent[Sum]) -> int:
    return event.data.a


@proxy.shared_poll("scores")
async def poll(event: SharedPollEvent) -> SharedPollReply:
    return SharedPollReply()


async def asked() -> None:
    assert_type(ask(proxy, ConnectEvent()), ConnectReply)
    assert_type(ask(proxy, RefreshEvent(user="7")), RefreshReply | Expired)
    assert_type(await ask_async(proxy, SubscribeEvent(channel="a")), SubscribeReply)
    assert_type(ask(proxy, RPCEvent(method="add", data={"a": 1})), Any)
    assert_type(ask(proxy, PublishEvent(channel="a", data=1)), PublishReply)
