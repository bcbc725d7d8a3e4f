"""`ask` answers an event with handlers as a server would get it, and raises where the client is refused."""

from typing import Any

import msgspec
import pytest

from centripetal.errors import UsageError
from centripetal.proxy import (
    Close,
    ConnectEvent,
    ConnectReply,
    Expired,
    Handlers,
    PublishEvent,
    PublishReply,
    RefreshEvent,
    Refuse,
    RPCEvent,
    SharedPollEvent,
    SharedPollItem,
    SubRefreshEvent,
    SubRefreshReply,
    SubscribeEvent,
    SubscribeReply,
)
from centripetal.testing import ask, ask_async
from tests.handling.served import handlers


async def both(made: Any, event: Any) -> Any:
    """Ask plain handlers in both ways, which must agree."""
    found = ask(made, event)
    assert await ask_async(made, event) == found
    assert await ask_async(handlers(awaiting=True), event) == found
    return found


@pytest.mark.parametrize(
    ("event", "reply"),
    [
        (ConnectEvent(headers={"Cookie": "sid=ann"}),
         ConnectReply("ann", info={"name": "ann"}, meta={"tenant": 7}, expire_at=1900000000)),
        (SubscribeEvent(channel="rooms:7", meta={"tenant": 1}), SubscribeReply(info={"room": 7}, data={"tenant": 1})),
        (PublishEvent(channel="rooms:7", user="7", data="hi"), PublishReply({"by": "7", "text": "hi"})),
        (PublishEvent(channel="rooms:7", data=b'"same"'), PublishReply()),
        (RPCEvent(method="add", data={"a": 1, "b": 2}), 3),
        (RefreshEvent(user="8"), Expired()),
        (RefreshEvent(user="refused"), Expired()),
        (SubRefreshEvent(channel="rooms:7"), SubRefreshReply(1900000000)),
    ],
)  # fmt: skip
async def test_replies_are_returned(event: Any, reply: Any) -> None:
    """The reply is the handler's; a refused refresh is `Expired()`, as for the server."""
    assert await both(handlers(), event) == reply


def test_the_type_of_the_reply_is_known() -> None:
    """A type checker knows the reply of each event."""
    reply = ask(handlers(), SharedPollEvent(channel="scores:x", items=[SharedPollItem("k")]))
    assert reply.items[0].key == "k"
    assert ask(handlers(), SubscribeEvent(channel="rooms:7")).info == {"room": 7}


@pytest.mark.parametrize(
    ("event", "error", "match"),
    [
        (SubscribeEvent(channel="rooms:13"), Refuse, "403: not a member"),
        (SubscribeEvent(channel="rooms:x"), Refuse, "103: permission denied"),
        (RPCEvent(method="nope"), Refuse, "104: method not found"),
        (RPCEvent(method="add", data={"a": 1, "b": "2"}), Refuse, r"400: bad data: Expected `int`"),
        (ConnectEvent(data={"user": "banned"}), Close, "4501: banned"),
        (ConnectEvent(data={"user": "bug"}), ValueError, "a bug"),
        (ConnectEvent(data={"user": "none"}), TypeError, r"connect must return ConnectReply\(…\), not None"),
        (PublishEvent(channel="rooms:7", data="set"), UsageError, "data is a set"),
        (SubRefreshEvent(channel="news"), UsageError, "no handler for sub_refresh 'news'"),
        (RPCEvent(method="add", data={"a": {1}}), UsageError, r"data.a is a set"),
        ("connect", UsageError, "ask takes the handlers and an event"),
    ],
)
async def test_refusals_and_errors_are_raised(event: Any, error: type[Exception], match: str) -> None:
    """A refusal, wrong data, a missing handler and a bug are raised in both ways."""
    with pytest.raises(error, match=match):
        ask(handlers(), event)
    with pytest.raises(error, match=match):
        await ask_async(handlers(awaiting=True), event)


def test_coroutine_functions_need_ask_async() -> None:
    """`ask` names the coroutine function that it cannot await."""
    with pytest.raises(UsageError, match=r"connect is a coroutine function: use await ask_async"):
        ask(handlers(awaiting=True), ConnectEvent())


def test_a_kind_without_handlers_is_an_error() -> None:
    """Asking for a kind that has no handler names the kinds that have one."""
    proxy = Handlers(secret=None)
    proxy.rpc("a")(lambda event: 1)
    with pytest.raises(UsageError, match="no handler for 'connect'; there are: rpc"):
        ask(proxy, ConnectEvent())


def test_headers_and_context_reach_the_handler() -> None:
    """The handler gets the event's headers, in lower case, and its context."""
    proxy = Handlers(secret="s")
    proxy.rpc("a")(lambda event: [event.bearer, event.context, event.data])

    class Data(msgspec.Struct):
        a: int = 1

    event = RPCEvent(method="a", headers={"Authorization": "Bearer t"}, context=7, data=Data())
    assert ask(proxy, event) == ["t", 7, {"a": 1}]
