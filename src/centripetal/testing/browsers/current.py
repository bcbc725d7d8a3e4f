"""Browsers of Centrifugo 6."""

from collections.abc import Iterator

import msgspec

from centripetal.dialects.current.advice import ADVICE
from centripetal.dialects.current.client_protocol.commands import (
    Command,
    Connect,
    OfChannel,
    Presence,
    Publish,
    Request,
    Subscribe,
    Unsubscribe,
    encode_commands,
)
from centripetal.dialects.current.client_protocol.objects import ClientInfo as Sender
from centripetal.dialects.current.client_protocol.replies import PING, Push, Reply, decode_replies
from centripetal.dialects.current.disconnects import BAD_REQUEST
from centripetal.dialects.current.results.standard import ClientInfo
from centripetal.errors import CentripetalError, ServerError
from centripetal.protocol.checks import check_name
from centripetal.protocol.result import ABSENT
from centripetal.server.current.permissions import Permissions
from centripetal.testing.browsers.browser import AwaitingBrowser, BlockingBrowser
from centripetal.testing.browsers.protocol import (
    Answer,
    BrowserProtocol,
    Disconnection,
    Identity,
    Joined,
    Left,
    Message,
    Ping,
    Refusal,
    Subscribed,
    Unreadable,
    Unsubscribed,
    credential,
)
from centripetal.testing.matching import decoded
from centripetal.testing.publications import Publication
from centripetal.tokens.clock import explain

__all__ = ["AsyncBrowser", "Browser", "Protocol"]

_WITHOUT = (
    "the server requires a token: pass connect(token=…). It accepts clients without a token only with "
    "`client.allow_anonymous_connect_without_token` or `client.insecure`"
)


class Browser(BlockingBrowser[Request, ClientInfo]):
    """A browser that is connected to the test server. Its publications are in `received`."""

    def subscribe(self, channel: str, *, token: str | None = None) -> None:
        """Subscribe to *channel*.

        Args:
            channel: the channel.
            token: the subscription token that the application gives to its page; None if the page uses none.

        Raises:
            ServerError: the server refused it; the text explains what is wrong with the token or the configuration.
            UsageError: *channel* or *token* is not text.
        """
        self._ask(_subscribe(channel, token))


class AsyncBrowser(AwaitingBrowser[Request, ClientInfo]):
    """A browser for asyncio tests: the same methods as `Browser`, awaited."""

    async def subscribe(self, channel: str, *, token: str | None = None) -> None:
        """Do the same as `Browser.subscribe`."""
        await self._ask(_subscribe(channel, token))


def _subscribe(channel: str, token: str | None) -> Subscribe:
    check_name("channel", channel)
    return Subscribe(channel, token="" if token is None else credential("token", token))


class Protocol(BrowserProtocol[Request]):
    """The messages of Centrifugo 6 (protocol 6: client-protocol).

    Args:
        permissions: the checks of the server, for its token keys.
    """

    def __init__(self, permissions: Permissions) -> None:
        self._permissions = permissions

    def encode(self, number: int, request: Request) -> bytes:
        return encode_commands([msgspec.structs.replace(Command(number), **{request.name: request})])

    def decode(self, payload: bytes) -> Iterator[Message]:
        for reply in decode_replies(payload):
            if isinstance(reply, CentripetalError):
                yield Unreadable(reply)
            elif reply.push is not None:
                yield from _pushed(reply.push)
            elif reply.id:
                yield from _answered(reply)
            else:
                yield Ping(PING)

    def effect(self, request: Request) -> Subscribed | Unsubscribed | None:
        match request:
            case Subscribe(channel=channel):
                return Subscribed(channel)
            case Unsubscribe(channel=channel):
                return Unsubscribed(channel)
        return None

    def explained(self, request: Request, refusal: Refusal, who: Identity) -> ServerError:
        code, message, _ = refusal
        hint = self._about_token(request, who)
        if not hint and code == BAD_REQUEST.code and isinstance(request, Connect) and not request.token:
            hint = _WITHOUT
        if not hint:
            channels = (request.channel,) if isinstance(request, OfChannel) else ()
            advice = ADVICE.for_error(code or 0, request.name, channels, who.user)
            advice = advice or ADVICE.for_close(code or 0, message, who.user)
            hint = "" if advice is None else advice.hint
        return ServerError(message, code=code, hint=hint, executed="no")

    def _about_token(self, request: Request, who: Identity) -> str:
        """Return why the server rejects the token of *request*, and what to do; "" if the token is not the reason."""
        if isinstance(request, Connect) and request.token:
            verdict = explain(request.token, self._permissions.connection_keys, kind="connection")
        elif isinstance(request, Subscribe) and request.token:
            keys = self._permissions.subscription_keys
            verdict = explain(
                request.token, keys, kind="subscription", channel=request.channel, user=who.user, client=who.client
            )
        else:
            return ""
        return "; ".join(f"{reason}: {fix}" for reason, fix in zip(verdict.reasons, verdict.fixes, strict=True))

    def publish(self, channel: str, data: bytes) -> Request:
        return Publish(channel, msgspec.Raw(data))

    def unsubscribe(self, channel: str) -> Request:
        return Unsubscribe(channel)

    def presence(self, channel: str) -> Request:
        return Presence(channel)


def _answered(reply: Reply) -> Iterator[Message]:
    result: object = None
    if reply.error is not None:
        yield Answer(reply.id, refusal=Refusal(reply.error.code, reply.error.message))
        return
    if reply.connect is not None:
        yield from map(Subscribed, reply.connect.subs)
        result = reply.connect
    elif reply.presence is not None:
        people = reply.presence.presence or {}
        result = {client: _person(info) for client, info in people.items()}
    yield Answer(reply.id, result)


def _person(info: Sender) -> ClientInfo:
    return ClientInfo(info.user, info.client, info.conn_info or ABSENT, info.chan_info or ABSENT)


def _pushed(push: Push) -> Iterator[Message]:
    if push.pub is not None:
        info = push.pub.info
        yield Publication(
            push.channel,
            decoded(bytes(push.pub.data)),
            "" if info is None else info.client,
            "" if info is None else info.user,
            info is not None,
            push.pub.tags,
        )
    elif push.join is not None:
        yield Joined(push.channel, _person(push.join.info))
    elif push.leave is not None:
        yield Left(push.channel, _person(push.leave.info))
    elif push.subscribe is not None:
        yield Subscribed(push.channel)
    elif push.unsubscribe is not None:
        yield Unsubscribed(push.channel)
    elif push.disconnect is not None:
        yield Disconnection(push.disconnect.code, push.disconnect.reason)
