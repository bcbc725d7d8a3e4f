"""Watch channels of a Centrifugo 4 to 6 server: the client's side of its protocol: PURE.

See protocol 6: client-protocol, versions-client-protocol.

After `connect`, the watcher subscribes to each channel with a separate command that requests recovery of publications
missed while disconnected. The server sends newer publications after the reply, so the watcher need not buffer them.
"""

import math
from collections.abc import Callable, Sequence

import msgspec

from centripetal.dialects.current import disconnects, error_codes
from centripetal.dialects.current.advice import ADVICE, NO_CREDENTIALS, NO_RECOVERY, OWN_KEY, TOO_LONG_AGO
from centripetal.dialects.current.client_protocol.commands import (
    Command,
    Connect,
    Refresh,
    Request,
    Subscribe,
    encode_commands,
)
from centripetal.dialects.current.client_protocol.objects import (
    ClientInfo,
    Disconnect,
    Publication,
    UnreadablePublication,
    UnsubscribePush,
)
from centripetal.dialects.current.client_protocol.replies import (
    PING,
    ConnectResult,
    Push,
    RefreshResult,
    Reply,
    SubscribeResult,
    decode_replies,
)
from centripetal.errors import MalformedResponseError, TimeoutError, UsageError
from centripetal.protocol.checks import check_text
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

_PAUSE = 1.0  # seconds between two attempts to subscribe to a channel, doubled with each
_LONGEST_PAUSE = 16.0


class _Channel:
    """State of one channel, kept across connections."""

    __slots__ = ("again", "asked", "epoch", "offset", "recoverable", "seen", "served", "subscribed", "tries")

    def __init__(self) -> None:
        self.seen = False  # whether it was ever subscribed
        self.subscribed = False
        self.served = False  # whether it is a server-side subscription
        self.recoverable = False
        self.epoch, self.offset = "", 0
        self.asked = 0.0  # time of the last subscribe command
        self.again: float | None = None  # when to subscribe again
        self.tries = 0


class Watcher(Conversation[_Channel, Request, Reply]):
    """A client that watches channels; see `centripetal.protocol.watching.Watcher`.

    Args:
        channels: names of the channels. Duplicates are ignored.
        sign: returns a token for the connection (channel None) or for a subscription, given the channel and the Unix
            time. With subscription tokens the watcher can also watch channels that clients may not subscribe to. None
            to use *token*, or no token.
        token: connection token from elsewhere. The watcher cannot renew it and ends when it has expired.
        patience: seconds within which the server must reply.

    Raises:
        UsageError: no channel or an invalid name is given, both *sign* and *token* are given, or *sign* raises it.
    """

    advice = ADVICE

    def __init__(
        self,
        channels: Sequence[str],
        *,
        sign: Callable[[str | None, float], str] | None = None,
        token: str | None = None,
        patience: float = 5.0,
    ) -> None:
        # The user is in the token, and a given token may be one that only the server can read.
        super().__init__(channels, _Channel, user="" if sign is None and token is None else None, patience=patience)
        if sign is not None and token is not None:
            raise UsageError("a token and a token key exclude each other: pass one of them")
        if token is not None:
            check_text("token", token)
        self._sign = sign
        self._token = token
        self._connection_token(0.0)  # reports an invalid key or user at once
        self._ping = 0
        self._pong = False

    def opened(self, now: float) -> Step:
        """Connect, and recover the server-side subscriptions of the previous connection."""
        self._begin(now)
        self._ping, self._pong = 0, False
        for channel in self._channels.values():
            channel.subscribed, channel.again = False, None
        subs = {name: _wishes("", channel) for name, channel in self._channels.items() if channel.served}
        connect = Connect(self._connection_token(now), subs=subs, client_name="centripetal")
        return Step((self._ask(connect, now),))

    def tick(self, now: float) -> Step:
        """End the connection to a silent server, renew the token, or retry failed subscriptions, whatever is due."""
        if (unanswered := self._unanswered(now)) is not None:
            return unanswered
        if now >= self._silent_at():
            return Step.lost(TimeoutError(f"no ping from the server within {now - self._heard:.0f} s", executed="no"))
        send: list[bytes] = []
        if self._refresh_at is not None and now >= self._refresh_at:
            self._refresh_at = None
            send.append(self._ask(Refresh(self._connection_token(now)), now))
        due = [name for name, one in self._channels.items() if one.again is not None and now >= one.again]
        send += [self._subscribe(name, now) for name in due]
        return Step(tuple(send))

    def wake_at(self) -> float:
        """Return the time at which `tick` next has something to do."""
        times = [self._silent_at(), *(c.again for c in self._channels.values() if c.again is not None)]
        if self._asked:
            times.append(self._answer_by())
        if self._refresh_at is not None:
            times.append(self._refresh_at)
        return min(times)

    def closed(self, code: int | None, reason: str) -> Step:
        """Reconnect or end, depending on the code of the close frame (protocol 6: table-close-codes)."""
        disconnect = Disconnect(code or 0, reason)
        if disconnect.reconnects:
            return self._hung_up(f"{code}, {reason!r}" if code else "")
        advice = ADVICE.for_close(disconnect.code, reason, self._user)
        hint = "" if advice is None else advice.hint
        if disconnect.code == disconnects.BAD_REQUEST.code and not self._client and not self._has_token():
            hint = NO_CREDENTIALS
        return Step.ended(self._refusal(reason, hint, disconnect.code))

    # ---- commands

    def _has_token(self) -> bool:
        return self._sign is not None or self._token is not None

    def _connection_token(self, now: float) -> str:
        return (self._token or "") if self._sign is None else self._sign(None, now)

    def _encode(self, number: int, request: Request) -> bytes:
        return encode_commands([msgspec.structs.replace(Command(number), **{request.name: request})])

    def _silent_at(self) -> float:
        return self._heard + self._ping + self._patience if self._ping else math.inf

    def _subscribe(self, name: str, now: float) -> bytes:
        channel = self._channels[name]
        channel.asked, channel.again = now, None
        token = "" if self._sign is None else self._sign(name, now)
        return self._ask(msgspec.structs.replace(_wishes(name, channel), token=token), now)

    # ---- replies

    def _decode(self, frame: bytes) -> list[Reply | MalformedResponseError]:
        return decode_replies(frame)

    def _take(self, each: Reply, now: float) -> Step:
        """Handle a reply, push or ping."""
        if each.push is not None and not each.id:
            return self._pushed(each.push, now)
        if not each.id:
            return Step((PING,)) if self._pong else Step()
        match self._asked.pop(str(each.id), None):
            case Connect():
                return self._connected(each, now)
            case Subscribe(channel=channel):
                return Step((), self._answered(channel, each, now))
            case Refresh() if each.refresh is not None:
                self._renewed(each.refresh, now)
        return Step()

    def _connected(self, reply: Reply, now: float) -> Step:
        if reply.error is not None:
            error = reply.error
            advice = ADVICE.for_error(error.code, "connect", (), self._user)
            refusal = self._refusal(error.message, "" if advice is None else advice.hint, error.code)
            return Step.lost(refusal) if error.temporary else Step.ended(refusal)
        result = reply.connect
        if result is None or not result.client:
            text = "the server's reply to connect contains no client id"
            return Step.ended(MalformedResponseError(text, executed="no"))
        self._client, self._ping, self._pong = result.client, result.ping, result.pong
        self._renewed(result, now)
        events: list[Event] = [Connected(result.client, result.version)]
        for name in self._channels.keys() & result.subs.keys():
            self._channels[name].served = True
            events += self._subscribed(name, result.subs[name])
        send = tuple(self._subscribe(name, now) for name, one in self._channels.items() if not one.subscribed)
        return Step(send, tuple(events))

    def _renewed(self, life: ConnectResult | RefreshResult, now: float) -> None:
        """Schedule the renewal of the token. Only a watcher that signs its tokens can renew them."""
        self._refresh_before(life.ttl if life.expires and self._sign is not None else None, now)

    def _answered(self, name: str, reply: Reply, now: float) -> tuple[Event, ...]:
        channel = self._channels.get(name)
        if channel is None:
            return ()
        error = reply.error
        if error is None:
            return self._subscribed(name, reply.subscribe or SubscribeResult())
        if error.code == error_codes.ALREADY_SUBSCRIBED:  # by a server-side subscription
            channel.served = True
            # The server may have pushed the subscription before this reply.
            return () if channel.subscribed else self._subscribed(name, SubscribeResult())
        if error.temporary:
            channel.tries += 1
            channel.again = now + min(_PAUSE * 2.0 ** (channel.tries - 1), _LONGEST_PAUSE)
            return ()
        denied = error.code == error_codes.PERMISSION_DENIED and self._sign is not None
        return self._refused(name, error.message, error.code, OWN_KEY if denied else "")

    def _subscribed(self, name: str, result: SubscribeResult) -> tuple[Event, ...]:
        channel = self._channels[name]
        recovered = channel.seen and result.recovered
        events: list[Event] = [Subscribed(name, recovered)]
        if channel.seen and not recovered:
            events.append(Gap(name, TOO_LONG_AGO if channel.recoverable else NO_RECOVERY))
        publications = [_missed(name, one) for one in result.publications] if recovered else []
        channel.seen, channel.subscribed, channel.again, channel.tries = True, True, None, 0
        channel.recoverable = result.recoverable
        channel.epoch, channel.offset = result.epoch, result.offset
        for publication in result.publications:
            channel.offset = publication.offset or channel.offset
        return (*events, *publications)

    # ---- pushes

    def _pushed(self, push: Push, now: float) -> Step:
        if push.refresh is not None:
            self._renewed(push.refresh, now)
        if push.disconnect is not None:
            return self.closed(push.disconnect.code, push.disconnect.reason)
        channel = self._channels.get(push.channel)
        if channel is None:
            return Step()
        if push.unsubscribe is not None:
            return Step((), self._unsubscribed(push.channel, channel, push.unsubscribe, now))
        if push.subscribe is not None and not channel.subscribed:
            channel.served = True
            place = push.subscribe
            result = SubscribeResult(recoverable=place.recoverable, epoch=place.epoch, offset=place.offset)
            return Step((), self._subscribed(push.channel, result))
        if push.pub is not None:
            channel.offset = push.pub.offset or channel.offset
            return Step((), (_published(push.channel, push.pub),))
        if push.join is not None:
            return Step((), (Joined(push.channel, _person(push.join.info)),))
        if push.leave is not None:
            return Step((), (Left(push.channel, _person(push.leave.info)),))
        return Step()

    def _unsubscribed(self, name: str, channel: _Channel, push: UnsubscribePush, now: float) -> tuple[Event, ...]:
        if not channel.subscribed:
            return ()
        channel.subscribed = False
        if push.resubscribes:
            channel.again = max(now, channel.asked + _PAUSE)
            return ()
        return self._removed(name, disconnects.UNSUBSCRIBED.reason, disconnects.UNSUBSCRIBED.code)


def _wishes(name: str, channel: _Channel) -> Subscribe:
    """Return a subscribe request with all features, and with recovery if the channel is known to support it."""
    recover = channel.seen and channel.recoverable
    return Subscribe(
        name,
        recoverable=True,
        positioned=True,
        join_leave=True,
        recover=recover,
        epoch=channel.epoch if recover else "",
        offset=channel.offset if recover else 0,
    )


def _missed(channel: str, publication: Publication) -> Published | Unreadable:
    if isinstance(publication, UnreadablePublication):
        text = f"publication {publication.offset} of {channel!r:.100} cannot be read: {publication.error}"
        return Unreadable(MalformedResponseError(text, executed="no"))
    return _published(channel, publication, recovered=True)


def _published(channel: str, publication: Publication, *, recovered: bool = False) -> Published:
    sender = None if publication.info is None else _person(publication.info)
    return Published(
        channel,
        bytes(publication.data) or b"null",
        sender,
        None,
        recovered,
        publication.offset or None,
        publication.tags or None,
    )


def _person(info: ClientInfo) -> Person:
    return Person(info.client, info.user, bytes(info.conn_info) or None, bytes(info.chan_info) or None)
