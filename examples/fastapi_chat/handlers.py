"""Answers to Centrifugo: may this browser connect, is it still signed in, and may it enter this room?

Centrifugo passes on the browser's cookies, so the page needs no tokens: its session decides here, as in the routes.
"""

import os
import secrets
from datetime import UTC, datetime, timedelta

from centripetal.proxy import (
    Close,
    ConnectEvent,
    ConnectReply,
    Expired,
    Handlers,
    RefreshEvent,
    RefreshReply,
    Refuse,
    SubscribeEvent,
    SubscribeReply,
)

from .rooms import PREFIX, rooms

# Without a secret in the environment, only an embedded server in this process can ask.
SECRET = os.environ.setdefault("CENTRIFUGO_VAR_PROXY_SECRET", secrets.token_urlsafe())

proxy = Handlers(secret=SECRET)


def in_ten_minutes() -> datetime:
    return datetime.now(UTC) + timedelta(minutes=10)


@proxy.connect
async def connect(event: ConnectEvent) -> ConnectReply:
    """Accept users who are signed in, and subscribe them to their own channel for news about rooms."""
    user = rooms.user(event.cookies.get("session", ""))
    if user is None:
        raise Close(4501, "Say who you are.")  # from 4500 on, the client of the page does not come back
    return ConnectReply(user, channels=[f"user:{user}"], expire_at=in_ten_minutes())


@proxy.refresh
async def refresh(event: RefreshEvent) -> RefreshReply | Expired:
    """Close the connections of users who have signed out. Centrifugo asks when ten minutes are over."""
    is_signed_in = rooms.user(event.cookies.get("session", "")) == event.user
    return RefreshReply(in_ten_minutes()) if is_signed_in else Expired()


@proxy.subscribe(PREFIX + "{id_}")
async def enter(event: SubscribeEvent, id_: str) -> SubscribeReply:
    """Let members enter a private room, and everyone another room."""
    if rooms.get(id_, event.user) is None:
        raise Refuse(403, "This room is private.")
    return SubscribeReply()
