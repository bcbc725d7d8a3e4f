"""Answer proxy events of Centrifugo 6: may this client connect, subscribe, publish; what does this RPC answer?

    from centripetal.proxy import ConnectEvent, ConnectReply, Handlers

    proxy = Handlers(secret="…")


    @proxy.connect
    async def connect(event: ConnectEvent) -> ConnectReply:
        return ConnectReply(await user_of_session(event.cookies.get("sessionid")))

`proxy` is an ASGI application, `proxy.wsgi` a WSGI application; `answer` and `answer_async` serve routes of frameworks.
"""

from centripetal.dialects.current.objects import FilterNode, SubscribeOptionOverride, SubscribeOptions
from centripetal.dialects.current.proxy.events import (
    ClientEvent,
    ConnectEvent,
    Event,
    PublishEvent,
    RefreshEvent,
    RPCEvent,
    SharedPollEvent,
    SharedPollItem,
    SubRefreshEvent,
    SubscribeEvent,
)
from centripetal.dialects.current.proxy.refusals import Close, Refuse
from centripetal.dialects.current.proxy.replies import (
    ChannelsCapability,
    ConnectReply,
    Expired,
    PublishReply,
    RefreshReply,
    RPCReply,
    SharedPollReply,
    SharedPollResult,
    SubRefreshReply,
    SubscribeReply,
)
from centripetal.errors import UsageError
from centripetal.handling.flow import Answer
from centripetal.handling.handlers import Handlers

__all__ = [
    "Answer",
    "ChannelsCapability",
    "ClientEvent",
    "Close",
    "ConnectEvent",
    "ConnectReply",
    "Event",
    "Expired",
    "FilterNode",
    "Handlers",
    "PublishEvent",
    "PublishReply",
    "RPCEvent",
    "RPCReply",
    "RefreshEvent",
    "RefreshReply",
    "Refuse",
    "SharedPollEvent",
    "SharedPollItem",
    "SharedPollReply",
    "SharedPollResult",
    "SubRefreshEvent",
    "SubRefreshReply",
    "SubscribeEvent",
    "SubscribeOptionOverride",
    "SubscribeOptions",
    "SubscribeReply",
    "UsageError",
]
