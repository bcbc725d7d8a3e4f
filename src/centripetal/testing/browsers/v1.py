"""Browsers of Centrifugo 1.x."""

from collections.abc import Iterator

import msgspec

from centripetal.dialects.v1.advice import ADVICE
from centripetal.dialects.v1.client_protocol import (
    ConnectBody,
    JoinPush,
    LeavePush,
    MessagePush,
    Params,
    Presence,
    PresenceBody,
    Publish,
    Reply,
    Subscribe,
    Unsubscribe,
    UnsubscribePush,
    decode_frame,
    encode_commands,
)
from centripetal.dialects.v1.results import ClientInfo
from centripetal.errors import MalformedResponseError, ServerError
from centripetal.protocol.checks import check_name
from centripetal.testing.browsers.browser import AwaitingBrowser, BlockingBrowser
from centripetal.testing.browsers.protocol import (
    Answer,
    BrowserProtocol,
    Identity,
    Joined,
    Left,
    Message,
    Refusal,
    Subscribed,
    Unreadable,
    Unsubscribed,
    credential,
)
from centripetal.testing.matching import decoded
from centripetal.testing.publications import Publication

__all__ = ["AsyncBrowserV1", "BrowserV1", "Protocol"]

_EXPIRED = Refusal(None, "the credentials have expired")


class BrowserV1(BlockingBrowser[Params, ClientInfo]):
    """A browser that is connected to the test server. Its publications are in `received`."""

    def subscribe(self, channel: str, *, sign: str = "", info: str = "") -> None:
        """Subscribe to *channel*.

        Args:
            channel: the channel.
            sign: the signature that the application gives to its page for a private channel, for this browser's
                `client`; "" for other channels.
            info: the JSON text that the signature includes.

        Raises:
            ServerError: the server refused it; the text explains why.
            UsageError: an argument is not text.
        """
        self._ask(_subscribe(channel, self.client, sign, info))


class AsyncBrowserV1(AwaitingBrowser[Params, ClientInfo]):
    """A browser for asyncio tests: the same methods as `BrowserV1`, awaited."""

    async def subscribe(self, channel: str, *, sign: str = "", info: str = "") -> None:
        """Do the same as `BrowserV1.subscribe`."""
        await self._ask(_subscribe(channel, self.client, sign, info))


class Protocol(BrowserProtocol[Params]):
    """The messages of Centrifugo 1.x (protocol 1: client-protocol)."""

    def encode(self, number: int, request: Params) -> bytes:
        return encode_commands([(str(number), request)])

    def decode(self, payload: bytes) -> Iterator[Message]:
        for message in decode_frame(payload):
            match message:
                case Reply():
                    yield _answer(message)
                case MessagePush(message=one):
                    sender = one.info
                    yield Publication(
                        one.channel,
                        decoded(one.data_json),
                        one.client or "",
                        "" if sender is None else sender.user,
                        sender is not None,
                    )
                case MalformedResponseError():
                    yield Unreadable(message)
                case UnsubscribePush(channel=channel):
                    yield Unsubscribed(channel)
                case JoinPush():
                    yield Joined(message.channel, message.info)
                case LeavePush():
                    yield Left(message.channel, message.info)

    def effect(self, request: Params) -> Subscribed | Unsubscribed | None:
        match request:
            case Subscribe(channel=channel):
                return Subscribed(channel)
            case Unsubscribe(channel=channel):
                return Unsubscribed(channel)
        return None

    def explained(self, request: Params, refusal: Refusal, who: Identity) -> ServerError:
        _, message, advice = refusal
        channels = tuple(filter(None, [getattr(request, "channel", "")]))
        found = ADVICE.for_error(message, request.name, channels, who.user) or ADVICE.for_close(0, message, who.user)
        return ServerError(message, advice=advice, hint="" if found is None else found.hint, executed="no")

    def publish(self, channel: str, data: bytes) -> Params:
        return Publish(channel, msgspec.Raw(data))

    def unsubscribe(self, channel: str) -> Params:
        return Unsubscribe(channel)

    def presence(self, channel: str) -> Params:
        return Presence(channel)


def _subscribe(channel: str, client: str, sign: str, info: str) -> Subscribe:
    check_name("channel", channel)
    sign, info = credential("sign", sign), credential("info", info)
    return Subscribe(channel, client=client if sign else "", info=info, sign=sign)


def _answer(reply: Reply) -> Answer:
    number = int(reply.uid)
    if reply.error:
        return Answer(number, refusal=Refusal(None, reply.error, reply.advice))
    match reply.body:
        case ConnectBody(expired=True):
            return Answer(number, refusal=_EXPIRED)
        case PresenceBody(data=people):
            return Answer(number, people or {})
        case body:
            return Answer(number, body)
