"""The test server asks handlers of proxy events, and a failing test shows their exceptions."""

import asyncio
from collections.abc import Iterator

import pytest

from centripetal import ServerError
from centripetal.proxy import (
    Close,
    ConnectEvent,
    ConnectReply,
    Handlers,
    PublishEvent,
    PublishReply,
    Refuse,
    SubscribeEvent,
    SubscribeReply,
)
from centripetal.testing import Centrifugo


def handlers() -> Handlers:
    proxy = Handlers(secret="never-needed-here")

    @proxy.connect
    async def connect(event: ConnectEvent) -> ConnectReply:
        user = event.cookies.get("user") or (event.data or {}).get("user")
        if user is None:
            raise Close(4501, "log in")
        return ConnectReply(user, meta={"tenant": 7})

    @proxy.subscribe("rooms:{room}")
    def enter(event: SubscribeEvent, room: int) -> SubscribeReply:
        if room == 13:
            raise Refuse(403, "not a member")
        assert event.meta == {"tenant": 7}
        return SubscribeReply(info=[10 // room])

    @proxy.publish("rooms:{room}")
    async def say(event: PublishEvent[str], room: int) -> PublishReply:
        return PublishReply({"by": event.user, "text": event.data.upper(), "room": room})

    return proxy


@pytest.fixture(scope="module")
def server() -> Iterator[Centrifugo]:
    with Centrifugo(proxy=handlers()) as running:
        yield running


def test_a_browser_gets_what_the_handlers_decide(server: Centrifugo) -> None:
    """Connections, subscriptions and publications of browsers are decided by the handlers."""
    with server.connect(headers={"Cookie": "user=42"}) as browser, server.connect(data={"user": "7"}) as other:
        browser.subscribe("rooms:7")
        with pytest.raises(ServerError, match="not a member"):
            browser.subscribe("rooms:13")
        with pytest.raises(ServerError, match="permission denied"):
            browser.subscribe("rooms:x")
        other.publish("rooms:7", "hi")
        assert [each.data for each in browser.received("rooms:7")] == [{"by": "7", "text": "HI", "room": 7}]
    with pytest.raises(ServerError, match="log in"), server.connect():
        pass


def test_the_exception_of_a_handler_is_the_cause(server: Centrifugo, caplog: pytest.LogCaptureFixture) -> None:
    """If a handler fails, the error of the browser has its exception as the cause, and the log has its name."""
    with server.connect(headers={"Cookie": "user=42"}) as browser:
        with pytest.raises(ServerError, match="internal server error") as caught:
            browser.subscribe("rooms:0")
        assert isinstance(caught.value.__cause__, ZeroDivisionError)
        assert "enter failed to answer subscribe 'rooms:0'" in caplog.text


async def test_coroutines_run_in_the_loop_of_the_test() -> None:
    """In an asyncio test, coroutine functions run in the test's own event loop."""
    proxy, loops = Handlers(secret=None), []

    @proxy.connect
    async def connect(_: ConnectEvent) -> ConnectReply:
        loops.append(asyncio.get_running_loop())
        return ConnectReply("42")

    with Centrifugo(proxy=proxy) as server:
        async with server.connect():
            pass
    assert loops == [asyncio.get_running_loop()]
