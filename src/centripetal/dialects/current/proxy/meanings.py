"""What an answer to a proxy event means to the client, in words. PURE.

See protocol 6: proxy-requests. The console of the embedded server shows these texts.
"""

from collections.abc import Callable, Mapping
from typing import Any

from centripetal.dialects.current.proxy.events import (
    ConnectEvent,
    Event,
    PublishEvent,
    RefreshEvent,
    RPCEvent,
    SharedPollEvent,
    SubRefreshEvent,
    SubscribeEvent,
)
from centripetal.dialects.current.proxy.reading import Answer, Closed, Ended, Failed, Granted, Refused

__all__ = ["meaning"]


def meaning(event: type[Event[Any, Any]], answer: Answer) -> str:
    """Return in a few words what *answer* means to the client that caused the *event*."""
    if event is SharedPollEvent:
        return "the clients get the new data" if isinstance(answer, Granted) else "the poll failed and is repeated"
    match answer:
        case Refused():
            if answer.temporary:
                return f"error {answer.code}, temporary: client libraries try again"
            return f"error {answer.code}: client libraries give up"
        case Closed():
            back = "client libraries stay away" if _stays_away(answer.code) else "client libraries come back"
            return f"the connection is closed with {answer.code}: {back}"
        case Ended():
            what = "connection has expired (3005)" if event is RefreshEvent else "subscription has expired (2501)"
            return f"the {what}: client libraries come back at once"
        case Failed():
            if event not in (RefreshEvent, SubRefreshEvent):
                return "error 100, temporary: client libraries try again"
            if answer.closes:
                return "the connection is closed with 3004: client libraries come back"
            return "nothing changes, and the server asks again after 60 seconds"
    return _MEANINGS[event](answer)


def _stays_away(code: int) -> bool:
    return 3500 <= code < 4000 or 4500 <= code < 5000


def _of_connect(answer: Granted) -> str:
    if answer.result is None:
        return "no credentials: the connection is closed with 3501, unless anonymous connections are allowed"
    user = getattr(answer.result, "user", "")
    return f"connected as user {user!r:.80}" if user else "connected as the anonymous user"


def _of_refresh(answer: Granted) -> str:
    if getattr(answer.result, "expire_at", 0):
        return "the connection lives on"
    return "no new expire_at: the connection has expired (3005), and client libraries come back at once"


def _of_sub_refresh(answer: Granted) -> str:
    if getattr(answer.result, "expire_at", 0) > 0:
        return "the subscription lives on"
    return "no new expire_at: the subscription never expires"


def _of_publish(answer: Granted) -> str:
    data = getattr(answer.result, "data", None)
    return "published as the client sent it" if data is None else "published with the data of the answer"


_MEANINGS: Mapping[type[Event[Any, Any]], Callable[[Granted], str]] = {
    ConnectEvent: _of_connect,
    RefreshEvent: _of_refresh,
    SubRefreshEvent: _of_sub_refresh,
    PublishEvent: _of_publish,
    SubscribeEvent: lambda _: "subscribed",
    RPCEvent: lambda _: "the client gets the result",
}
