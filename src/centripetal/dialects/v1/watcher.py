"""Watching channels of a Centrifugo 1.x server: the client's side of its protocol: PURE.

See protocol 1: client-protocol, advice-client-sdk.

After connect, the watcher sends one subscribe command per channel. It holds back the pushes of a channel until the
reply to that command arrives. So the order of events is: `Subscribed`, the missed messages, the new messages. A message
in both groups is reported once.
"""

from collections.abc import Sequence

import msgspec

from centripetal.dialects.v1.advice import ADVICE, NO_CREDENTIALS, NO_RECOVERY, NO_UID, TOO_LONG_AGO
from centripetal.dialects.v1.client_protocol import (
    Body,
    Connect,
    ConnectBody,
    JoinPush,
    LeavePush,
    MessagePush,
    Params,
    Ping,
    Push,
    Refresh,
    Reply,
    Subscribe,
    SubscribeBody,
    UnsubscribePush,
    decode_frame,
    encode_commands,
)
from centripetal.dialects.v1.credentials import generate_channel_sign, generate_client_token
from centripetal.dialects.v1.disconnects import CLOSE_CODE, INVALID_TOKEN, Disconnect
from centripetal.dialects.v1.results import ClientInfo, Message, UnreadableMessage
from centripetal.errors import MalformedResponseError
from centripetal.protocol.watching import (
    Connected,
    Conversation,
    Event,
    Gap,
    Joined,
    Left,
    Person,
    Published,
    Step,
    Subscribed,
    Unreadable,
)

__all__ = ["Watcher"]

_SILENCE = 25.0  # seconds without a message until the watcher tests the connection with a ping

_NOBODY = "the server's reply to connect does not contain a connection id"


class _Channel:
    """The state of one channel, kept across reconnects."""

    __slots__ = ("held", "last", "subscribed")

    def __init__(self) -> None:
        self.subscribed = False
        self.last: str | None = None  # uid of the newest message; "" before the first message; None: never subscribed
        self.held: list[Event] = []


class Watcher(Conversation[_Channel, Params, Reply | Push]):
    """A client that watches channels; see `centripetal.protocol.watching.Watcher`.

    Args:
        channels: names of the channels; duplicates are ignored.
        secret: the server's `secret`, which signs the token; None for a server with `insecure`.
        user: the user id to connect with; "" is the anonymous user.
        patience: seconds to wait for an answer of the server.

    Raises:
        UsageError: *channels* is empty or contains an invalid name, or another argument is invalid.
    """

    advice = ADVICE

    def __init__(self, channels: Sequence[str], *, secret: str | None, user: str = "", patience: float = 5.0) -> None:
        super().__init__(channels, _Channel, user=user, patience=patience)
        self._connects_as = user
        self._secret = secret
        self._credentials(0.0)  # raise errors in the credentials now, not when the connection opens

    def opened(self, now: float) -> Step:
        """Send the connect command."""
        self._begin(now)
        for channel in self._channels.values():
            channel.subscribed = False
            channel.held.clear()
        return Step((self._ask(self._credentials(now), now),))

    def tick(self, now: float) -> Step:
        """Time out if the server does not answer, renew expiring credentials, and ping a silent connection."""
        if self._asked:
            return self._unanswered(now) or Step()
        if self._refresh_at is not None and now >= self._refresh_at:
            return Step((self._ask(self._credentials(now, Refresh), now),))
        if now >= self._heard + _SILENCE:
            return Step((self._ask(Ping(), now),))
        return Step()

    def wake_at(self) -> float:
        """Return when `tick` has something to do next."""
        if self._asked:
            return self._answer_by()
        silence = self._heard + _SILENCE
        return silence if self._refresh_at is None else min(silence, self._refresh_at)

    def closed(self, code: int | None, reason: str) -> Step:
        """Handle the end of the connection; the close frame says whether to reconnect.

        See protocol 1: client-close-reasons.
        """
        disconnect = Disconnect.parse(code or 0, reason)
        reason = disconnect.reason
        if disconnect.reconnect:
            return self._hung_up(repr(reason) if reason else "")
        advice = ADVICE.for_close(CLOSE_CODE, reason, self._user)
        hint = "" if advice is None else advice.hint
        if reason == INVALID_TOKEN.reason and self._secret is None:
            hint = NO_CREDENTIALS
        return Step.ended(self._refusal(reason, hint))

    # ---- commands

    def _encode(self, number: int, request: Params) -> bytes:
        return encode_commands([(str(number), request)])

    def _credentials(self, now: float, shape: type[Connect] = Connect) -> Connect:
        if self._secret is None:
            return shape(self._connects_as)
        timestamp = str(int(now))
        return shape(
            self._connects_as, timestamp, token=generate_client_token(self._secret, self._connects_as, timestamp)
        )

    def _subscribe(self, name: str, now: float) -> bytes:
        channel = self._channels[name]
        last = channel.last
        params = Subscribe(name, recover=last is not None, last=last or "")
        if self._secret is not None:
            # Sign every channel: the prefix of private channels is configurable (`private_channel_prefix`), and the
            # server ignores the signature of other channels.
            sign = generate_channel_sign(self._secret, self._client, name)
            params = msgspec.structs.replace(params, client=self._client, sign=sign)
        return self._ask(params, now)

    # ---- replies

    def _decode(self, frame: bytes) -> list[Reply | Push | MalformedResponseError]:
        return decode_frame(frame)

    def _take(self, each: Reply | Push, now: float) -> Step:
        if not isinstance(each, Reply):
            return Step((), self._pushed(each))
        match self._asked.pop(each.uid, None):
            case Subscribe(channel=channel):
                return Step((), self._subscribed(channel, each))
            case Refresh():
                self._renewed(each.body, now)
            case Connect():
                return self._connected(each, now)
        return Step()

    def _connected(self, reply: Reply, now: float) -> Step:
        body = reply.body
        if reply.error:
            return Step.ended(self._refusal(reply.error))
        if isinstance(body, ConnectBody) and body.expired:
            hint = f"`connection_lifetime` is {body.ttl} s: is this machine's clock that far behind the server's clock?"
            return Step.ended(self._refusal("the credentials have expired", hint))
        if not isinstance(body, ConnectBody) or not body.client:
            return Step.ended(MalformedResponseError(_NOBODY, executed="no"))
        self._client = body.client
        self._renewed(body, now)
        send = tuple(self._subscribe(name, now) for name in self._channels)
        return Step(send, (Connected(body.client, body.version),))

    def _renewed(self, body: Body | None, now: float) -> None:
        # With `insecure`, connections never expire, whatever the reply says, and a refresh would need a token
        # (protocol 1: client-connect, client-refresh).
        expires = isinstance(body, ConnectBody) and body.expires and self._secret is not None
        self._refresh_before(body.ttl if expires and isinstance(body, ConnectBody) else None, now)

    def _subscribed(self, name: str, reply: Reply) -> tuple[Event, ...]:
        channel = self._channels.get(name)
        if channel is None:
            return ()
        if reply.error:
            return self._refused(name, reply.error)
        body = reply.body
        if not isinstance(body, SubscribeBody):
            body = SubscribeBody(name, True)
        events: list[Event] = [Subscribed(name, body.recovered)]
        if channel.last is not None and not body.recovered:
            events.append(Gap(name, _why_not_recovered(channel.last, body)))
        # The server sends them newest first (protocol 1: client-recovery).
        missed = [_missed(name, message) for message in reversed(body.messages or ())]
        uids = {publication.uid for publication in missed if isinstance(publication, Published)}
        events += missed
        events += [each for each in channel.held if not (isinstance(each, Published) and each.uid in uids)]
        channel.subscribed, channel.held = True, []
        channel.last = next(
            (e.uid for e in reversed(events) if isinstance(e, Published)), body.last or channel.last or ""
        )
        return tuple(events)

    # ---- pushes

    def _pushed(self, push: Push) -> tuple[Event, ...]:
        if isinstance(push, UnsubscribePush):
            channel = self._channels.get(push.channel)
            # The server also sends it for channels without a subscription (protocol 1: client-api-effects).
            if channel is None or not channel.subscribed:
                return ()
            return self._removed(push.channel, "unsubscribed")
        event = _event(push)
        channel = self._channels.get(event.channel)
        if channel is None:
            return ()
        if not channel.subscribed:
            channel.held.append(event)
            return ()
        if isinstance(event, Published):
            channel.last = event.uid
        return (event,)


def _why_not_recovered(last: str, body: SubscribeBody) -> str:
    if body.messages is None:
        return NO_RECOVERY
    return TOO_LONG_AGO if last else NO_UID


def _event(push: MessagePush | JoinPush | LeavePush) -> Published | Joined | Left:
    match push:
        case MessagePush():
            return _published(push.message)
        case JoinPush():
            return Joined(push.channel, _person(push.info))
        case LeavePush():
            return Left(push.channel, _person(push.info))


def _missed(channel: str, message: Message) -> Published | Unreadable:
    if isinstance(message, UnreadableMessage):
        text = f"a message of {channel!r:.100} cannot be read: {message.error}"
        return Unreadable(MalformedResponseError(text, executed="no"))
    return _published(message, recovered=True)


def _published(message: Message, *, recovered: bool = False) -> Published:
    sender = Person(message.client) if message.client else None
    if message.info is not None:
        sender = _person(message.info)
    return Published(message.channel, message.data_json, sender, message.uid, recovered)


def _person(info: ClientInfo) -> Person:
    return Person(info.client, info.user, info.default_info_json, info.channel_info_json)
