"""Watching channels of a Centrifugo 1.x server: the client's side of its protocol (spec v1 §9, §15.3): PURE.

After connect, each channel is subscribed to by a command of its own. What is pushed into a channel before the reply
to its command is held back until then: so `Subscribed` comes first, then what was missed, then what is new, and what
is among both comes once.
"""

from collections.abc import Sequence

import msgspec

from centripetal.dialects.v1.client_protocol import (
    Connect,
    ConnectBody,
    Disconnect,
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
from centripetal.dialects.v1.results import ClientInfo, Message
from centripetal.errors import (
    ConnectionLostError,
    MalformedResponseError,
    ServerError,
    TimeoutError,
)
from centripetal.protocol.checks import check_names, check_text
from centripetal.protocol.watching import (
    Connected,
    Ended,
    Event,
    Gap,
    Joined,
    Left,
    Lost,
    Person,
    Published,
    Refused,
    Step,
    Subscribed,
    Unreadable,
    Unsubscribed,
)

__all__ = ["Watcher"]

_SILENCE = 25.0  # seconds without a message after which the connection is tested
_REFRESH_AT = 0.75  # of the life of credentials: the server may close as soon as they have expired

_NOBODY = "the server's reply to connect does not say who we are"
_NO_RECOVERY = "the channel does not have the option `recover`"
_TOO_LONG_AGO = "its history does not reach back to the last publication seen"
_NONE_SEEN = "none had been seen before"

# What to do about the reasons of close frames (spec v1 §9.3).
_CLOSE_HINTS = {
    "invalid token": "its secret is another one: give the `secret` of its configuration",
    "limit exceeded": "the user has as many connections as `user_connection_limit` allows",
    "disconnect": "the back end has disconnected the user",
    "slow": "it had to queue more than `client_queue_max_size` bytes: what reads here is too slow",
}


class _Channel:
    """What is known of one channel, over all connections."""

    __slots__ = ("held", "last", "subscribed")

    def __init__(self) -> None:
        self.subscribed = False
        self.last: str | None = None  # uid of the newest message; "" if there was none; None: never subscribed
        self.held: list[Event] = []


class Watcher:
    """Somebody who watches; see `centripetal.protocol.watching.Watcher`.

    Args:
        channels: their names; one that is given twice counts once.
        secret: the server's `secret`, which signs the token; None for a server with `insecure`.
        user: as whom to connect; "" is the anonymous user.
        patience: seconds in which the server must answer.

    Raises:
        UsageError: no channel, or a name that cannot be.
    """

    def __init__(self, channels: Sequence[str], *, secret: str | None, user: str = "", patience: float = 5.0) -> None:
        check_names("channels", channels)
        check_text("user", user)
        self._channels = {name: _Channel() for name in channels}
        self._secret = secret
        self._user = user
        self._patience = patience
        self._credentials(0.0)  # what is wrong with them is said at once
        self._uid = 0
        self._client = ""
        self._asked: dict[str, Params] = {}
        self._heard = 0.0
        self._asked_at = 0.0
        self._refresh_at: float | None = None

    def opened(self, now: float) -> Step:
        """Connect as the user."""
        self._client, self._refresh_at = "", None
        self._asked.clear()
        for channel in self._channels.values():
            channel.subscribed = False
            channel.held.clear()
        self._heard = now
        return Step((self._ask(self._credentials(now), now),))

    def received(self, frame: bytes, now: float) -> Step:
        """Take replies and pushes."""
        self._heard = now
        try:
            received = decode_frame(frame)
        except MalformedResponseError as error:
            # Anybody may break a push (spec v1 §9.6); but who begins so is no Centrifugo 1.x.
            error.executed = "no"
            return Step((), (Unreadable(error) if self._client else Ended(error),))
        return Step.joined(
            self._replied(each, now) if isinstance(each, Reply) else Step((), self._pushed(each)) for each in received
        )

    def tick(self, now: float) -> Step:
        """Give up on a server that does not answer, renew the credentials, test a silent connection."""
        if self._asked:
            if now < self._answer_by():
                return Step()
            name = next(iter(self._asked.values())).method
            text = f"the server did not answer to {name} within {self._patience:g} s"
            return Step((), (Lost(TimeoutError(text, executed="no")),))
        if self._refresh_at is not None and now >= self._refresh_at:
            return Step((self._ask(self._credentials(now, Refresh), now),))
        if now >= self._heard + _SILENCE:
            return Step((self._ask(Ping(), now),))
        return Step()

    def wake_at(self) -> float:
        """The time of the next of these."""
        if self._asked:
            return self._answer_by()
        silence = self._heard + _SILENCE
        return silence if self._refresh_at is None else min(silence, self._refresh_at)

    def closed(self, code: int | None, reason: str) -> Step:
        """The server says by a close frame whether to come back (spec v1 §9.3)."""
        disconnect = Disconnect.parse(code or 0, reason)
        if not disconnect.reconnect:
            hint = _CLOSE_HINTS.get(disconnect.reason, "")
            if disconnect.reason == "invalid token" and self._secret is None:
                hint = "it wants a token: give the `secret` of its configuration"
            return Step.ended(_refusal(disconnect.reason, hint))
        why = f"with {disconnect.reason!r}" if disconnect.reason else "without a word"
        return Step((), (Lost(ConnectionLostError(f"the server ended the connection {why}", executed="no")),))

    # ---- commands

    def _ask(self, params: Params, now: float) -> bytes:
        self._uid += 1
        self._asked[str(self._uid)] = params
        self._asked_at = now
        return encode_commands([(str(self._uid), params)])

    def _answer_by(self) -> float:
        # Whoever sends us so much that the reply waits behind it is not silent.
        return max(self._asked_at, self._heard) + self._patience

    def _credentials(self, now: float, shape: type[Connect] = Connect) -> Connect:
        if self._secret is None:
            return shape(self._user)
        timestamp = str(int(now))
        return shape(self._user, timestamp, token=generate_client_token(self._secret, self._user, timestamp))

    def _subscribe(self, name: str, now: float) -> bytes:
        channel = self._channels[name]
        last = channel.last
        params = Subscribe(name, recover=last is not None, last=last or "")
        if self._secret is not None:
            # All of them: which names are private is configured (`private_channel_prefix`), and others need no sign.
            sign = generate_channel_sign(self._secret, self._client, name)
            params = msgspec.structs.replace(params, client=self._client, sign=sign)
        return self._ask(params, now)

    # ---- replies

    def _replied(self, reply: Reply, now: float) -> Step:
        params = self._asked.pop(reply.uid, None)
        match params:
            case Subscribe():
                return Step((), self._subscribed(params.channel, reply))
            case Refresh():
                self._renewed(reply.body, now)
            case Connect():
                return self._connected(reply, now)
        return Step()

    def _connected(self, reply: Reply, now: float) -> Step:
        body = reply.body
        if reply.error:
            return Step.ended(_refusal(reply.error))
        if not isinstance(body, ConnectBody):
            return Step.ended(MalformedResponseError(_NOBODY, executed="no"))
        if body.expired:
            hint = f"`connection_lifetime` is {body.ttl} s: is the clock of this machine that much behind the server's?"
            return Step.ended(_refusal("the credentials have expired", hint))
        if not body.client:
            return Step.ended(MalformedResponseError(_NOBODY, executed="no"))
        self._client = body.client
        self._renewed(body, now)
        send = tuple(self._subscribe(name, now) for name in self._channels)
        return Step(send, (Connected(body.client, body.version),))

    def _renewed(self, body: object, now: float) -> None:
        # Under `insecure` nothing expires, whatever is said, and a refresh would need a token (spec v1 §9.4, §9.5).
        known = isinstance(body, ConnectBody) and body.expires and self._secret is not None
        self._refresh_at = now + body.ttl * _REFRESH_AT if known and isinstance(body, ConnectBody) else None

    def _subscribed(self, name: str, reply: Reply) -> tuple[Event, ...]:
        channel = self._channels.get(name)
        if channel is None:
            return ()
        if reply.error:
            return self._without(name, Refused(name, _refusal(reply.error, self._hint(name, reply.error))))
        body = reply.body
        if not isinstance(body, SubscribeBody):
            body = SubscribeBody(name, True)
        events: list[Event] = [Subscribed(name, body.recovered)]
        if channel.last is not None and not body.recovered:
            events.append(Gap(name, _why_not_recovered(channel.last, body)))
        # Newest first, they come (spec v1 §9.8).
        missed = [_published(message, recovered=True) for message in reversed(body.messages or ())]
        uids = {publication.uid for publication in missed}
        events += missed
        events += [each for each in channel.held if not (isinstance(each, Published) and each.uid in uids)]
        channel.subscribed, channel.held = True, []
        channel.last = next(
            (e.uid for e in reversed(events) if isinstance(e, Published)), body.last or channel.last or ""
        )
        return tuple(events)

    def _hint(self, name: str, error: str) -> str:
        return f"channel {name!r}: {_subscribe_hint(name, error, self._user, self._secret is not None)}"

    # ---- pushes

    def _pushed(self, push: Push) -> tuple[Event, ...]:
        if isinstance(push, UnsubscribePush):
            channel = self._channels.get(push.channel)
            # It also comes for channels that we are not in (spec v1 §9.10).
            if channel is None or not channel.subscribed:
                return ()
            return self._without(push.channel, Unsubscribed(push.channel))
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

    def _without(self, name: str, event: Refused | Unsubscribed) -> tuple[Event, ...]:
        """The channel is no more; without any, this is the end."""
        del self._channels[name]
        if self._channels:
            return (event,)
        if isinstance(event, Refused):
            return (Ended(event.error),)
        return (event, Ended(_refusal("unsubscribed", "the back end took us out of all channels")))


def _refusal(message: str, hint: str = "") -> ServerError:
    return ServerError(message, hint=hint, executed="no")


def _why_not_recovered(last: str, body: SubscribeBody) -> str:
    if body.messages is None:
        return _NO_RECOVERY
    return _TOO_LONG_AGO if last else _NONE_SEEN


def _subscribe_hint(name: str, error: str, user: str, signed: bool) -> str:
    """What to do about a refused subscription (spec v1 §9.7, §3.2)."""
    if error == "namespace not found":
        return "the part before the colon is none of the server's `namespaces`"
    if error == "limit exceeded":
        return "its name is longer than `max_channel_length`, or there are more than `client_channel_limit`"
    if error != "permission denied":
        return "not subscribed"
    if "#" in name:
        return "only the users named after the # may subscribe: watch as one of them"
    if "&" in name:
        return "only the connection named after the & may subscribe"
    if name.startswith("$") and not signed:
        return "a private channel needs a sign: give the server's secret"
    if not user:
        return "the anonymous user may not subscribe: watch as another, or set `anonymous` in the configuration"
    return "the server does not let this user subscribe"


def _event(push: MessagePush | JoinPush | LeavePush) -> Published | Joined | Left:
    match push:
        case MessagePush():
            return _published(push.message)
        case JoinPush():
            return Joined(push.channel, _person(push.info))
        case LeavePush():
            return Left(push.channel, _person(push.info))


def _published(message: Message, *, recovered: bool = False) -> Published:
    sender = Person(message.client) if message.client else None
    if message.info is not None:
        sender = _person(message.info)
    return Published(message.channel, message.data_json, sender, message.uid, recovered)


def _person(info: ClientInfo) -> Person:
    return Person(info.client, info.user, info.default_info_json, info.channel_info_json)
