"""Watching channels of a Centrifugo 4 to 6 server: the client's side of its protocol (spec v6 §11, §16.2): PURE.

After connect, each channel is subscribed to by a command of its own, with the wish to recover what is missed during a
break. What is published meanwhile comes after the reply to the command, so nothing has to be held back.
"""

import math
from collections.abc import Callable, Sequence

import msgspec

from centripetal.dialects.current import advice as hints
from centripetal.dialects.current.client_protocol.commands import (
    Command,
    Connect,
    Refresh,
    Request,
    Subscribe,
    encode_commands,
)
from centripetal.dialects.current.client_protocol.objects import ClientInfo, Disconnect, Publication
from centripetal.dialects.current.client_protocol.replies import (
    PING,
    ConnectResult,
    Error,
    Push,
    RefreshResult,
    Reply,
    SubscribeResult,
    UnsubscribePush,
    decode_replies,
)
from centripetal.errors import ConnectionLostError, MalformedResponseError, ServerError, TimeoutError, UsageError
from centripetal.protocol.checks import check_names
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

_REFRESH_AT = 0.75  # of the life of a connection
_PAUSE = 1.0  # seconds between two attempts to subscribe to a channel, doubled with each
_LONGEST_PAUSE = 16.0
_COMES_BACK = 2500  # unsubscribe codes from here on want the client to subscribe again (spec v6 §18.2)


class _Channel:
    """What is known of one channel, over all connections."""

    __slots__ = ("again", "asked", "epoch", "offset", "recoverable", "seen", "served", "subscribed", "tries")

    def __init__(self) -> None:
        self.seen = False  # whether there ever was a subscription
        self.subscribed = False
        self.served = False  # whether the server subscribed us by itself
        self.recoverable = False
        self.epoch, self.offset = "", 0
        self.asked = 0.0  # when we asked last
        self.again: float | None = None  # when to ask again
        self.tries = 0


class Watcher:
    """Somebody who watches; see `centripetal.protocol.watching.Watcher`.

    Args:
        channels: their names; one that is given twice counts once.
        sign: signs a token at a Unix time, of the connection (channel None) or of a subscription to a channel, so that
            also channels are seen to which clients may not subscribe. None: *token* is used, or no token.
        token: a connection token made elsewhere; the watcher cannot renew it and ends when it has expired.
        patience: seconds in which the server must answer.

    Raises:
        UsageError: no channel, an invalid name, both *sign* and *token*; or *sign* raises it.
    """

    def __init__(
        self,
        channels: Sequence[str],
        *,
        sign: Callable[[str | None, float], str] | None = None,
        token: str | None = None,
        patience: float = 5.0,
    ) -> None:
        check_names("channels", channels)
        if sign is not None and token is not None:
            raise UsageError("give a token or the key to make one with, not both")
        self._channels = {name: _Channel() for name in channels}
        self._sign = sign
        self._token = token
        self._patience = patience
        self._connection_token(0.0)  # an invalid key or user is reported at once
        self._id = 0
        self._client = ""
        self._asked: dict[int, Request] = {}
        self._asked_at = 0.0
        self._heard = 0.0
        self._ping = 0
        self._pong = False
        self._refresh_at: float | None = None

    def opened(self, now: float) -> Step:
        """Connect, and recover what the server had subscribed us to."""
        self._client, self._refresh_at, self._ping, self._pong = "", None, 0, False
        self._asked.clear()
        for channel in self._channels.values():
            channel.subscribed, channel.again = False, None
        self._heard = now
        subs = {name: _wishes("", channel) for name, channel in self._channels.items() if channel.served}
        connect = Connect(self._connection_token(now), subs=subs, client_name="centripetal")
        return Step((self._ask(connect, now),))

    def received(self, frame: bytes, now: float) -> Step:
        """Take replies and pushes, and answer pings."""
        self._heard = now
        try:
            replies = decode_replies(frame)
        except MalformedResponseError as error:
            error.executed = "no"
            return Step((), (Unreadable(error) if self._client else Ended(error),))
        return Step.joined(self._take(reply, now) for reply in replies)

    def tick(self, now: float) -> Step:
        """Give up on a server that is silent, renew the token, subscribe again."""
        if self._asked and now >= self._answer_by():
            name = next(iter(self._asked.values())).name
            return _lost(
                TimeoutError(f"the server did not answer to {name} within {self._patience:g} s", executed="no")
            )
        if now >= self._silent_at():
            return _lost(TimeoutError(f"no ping from the server within {now - self._heard:.0f} s", executed="no"))
        send: list[bytes] = []
        if self._refresh_at is not None and now >= self._refresh_at:
            self._refresh_at = None
            send.append(self._ask(Refresh(self._connection_token(now)), now))
        due = [name for name, one in self._channels.items() if one.again is not None and now >= one.again]
        send += [self._subscribe(name, now) for name in due]
        return Step(tuple(send))

    def wake_at(self) -> float:
        """The time of the next of these."""
        times = [self._silent_at(), *(c.again for c in self._channels.values() if c.again is not None)]
        if self._asked:
            times.append(self._answer_by())
        if self._refresh_at is not None:
            times.append(self._refresh_at)
        return min(times)

    def closed(self, code: int | None, reason: str) -> Step:
        """The code of a close frame says whether to come back (spec v6 §18.2)."""
        disconnect = Disconnect(code or 0, reason)
        if disconnect.reconnects:
            why = f"with {code}, {reason!r}" if code else "without a word"
            return _lost(ConnectionLostError(f"the server ended the connection {why}", executed="no"))
        hint = hints.OF_CLOSES.get(disconnect.code, "")
        if disconnect.code == 3501 and not self._client and not self._has_token():
            hint = hints.UNKNOWN
        return Step.ended(_refusal(reason, disconnect.code, hint))

    # ---- commands

    def _has_token(self) -> bool:
        return self._sign is not None or self._token is not None

    def _connection_token(self, now: float) -> str:
        return (self._token or "") if self._sign is None else self._sign(None, now)

    def _ask(self, request: Request, now: float) -> bytes:
        self._id += 1
        self._asked[self._id] = request
        self._asked_at = now
        return encode_commands([msgspec.structs.replace(Command(self._id), **{request.name: request})])

    def _answer_by(self) -> float:
        # Whoever sends us so much that the reply waits behind it is not silent.
        return max(self._asked_at, self._heard) + self._patience

    def _silent_at(self) -> float:
        return self._heard + self._ping + self._patience if self._ping else math.inf

    def _subscribe(self, name: str, now: float) -> bytes:
        channel = self._channels[name]
        channel.asked, channel.again = now, None
        token = "" if self._sign is None else self._sign(name, now)
        return self._ask(msgspec.structs.replace(_wishes(name, channel), token=token), now)

    # ---- replies

    def _take(self, reply: Reply, now: float) -> Step:
        if reply.id:
            return self._replied(reply, self._asked.pop(reply.id, None), now)
        if reply.push is not None:
            return self._pushed(reply.push, now)
        return Step((PING,)) if self._pong else Step()

    def _replied(self, reply: Reply, request: Request | None, now: float) -> Step:
        match request:
            case Connect():
                return self._connected(reply, now)
            case Subscribe():
                return Step((), self._answered(request.channel, reply, now))
            case Refresh() if reply.refresh is not None:
                self._lives(reply.refresh, now)
        return Step()

    def _connected(self, reply: Reply, now: float) -> Step:
        if reply.error is not None:
            refusal = _refused(reply.error, hints.OF_ERRORS.get(reply.error.code, ""))
            return _lost(refusal) if reply.error.temporary else Step.ended(refusal)
        result = reply.connect
        if result is None or not result.client:
            text = "the server's reply to connect does not say who we are"
            return Step.ended(MalformedResponseError(text, executed="no"))
        self._client, self._ping, self._pong = result.client, result.ping, result.pong
        self._lives(result, now)
        events: list[Event] = [Connected(result.client, result.version)]
        for name in self._channels.keys() & result.subs.keys():
            self._channels[name].served = True
            events += self._subscribed(name, result.subs[name])
        send = tuple(self._subscribe(name, now) for name, one in self._channels.items() if not one.subscribed)
        return Step(send, tuple(events))

    def _lives(self, life: ConnectResult | RefreshResult, now: float) -> None:
        """A token that is not ours to make cannot be renewed."""
        renews = life.expires and self._sign is not None
        self._refresh_at = now + max(life.ttl, 1) * _REFRESH_AT if renews else None

    def _answered(self, name: str, reply: Reply, now: float) -> tuple[Event, ...]:
        channel = self._channels.get(name)
        if channel is None:
            return ()
        error = reply.error
        if error is None:
            return self._subscribed(name, reply.subscribe or SubscribeResult())
        if error.code == 105:  # already subscribed, by the server itself
            channel.served = True
            # Its push may have said so before this reply.
            return () if channel.subscribed else self._subscribed(name, SubscribeResult())
        if error.temporary:
            channel.tries += 1
            channel.again = now + min(_PAUSE * 2.0 ** (channel.tries - 1), _LONGEST_PAUSE)
            return ()
        return self._without(name, Refused(name, _refused(error, f"channel {name!r}: {self._hint(name, error.code)}")))

    def _subscribed(self, name: str, result: SubscribeResult) -> tuple[Event, ...]:
        channel = self._channels[name]
        recovered = channel.seen and result.recovered
        events: list[Event] = [Subscribed(name, recovered)]
        if channel.seen and not recovered:
            events.append(Gap(name, hints.TOO_LONG_AGO if channel.recoverable else hints.NO_RECOVERY))
        publications = [_published(name, one, recovered=True) for one in result.publications] if recovered else []
        channel.seen, channel.subscribed, channel.again, channel.tries = True, True, None, 0
        channel.recoverable = result.recoverable
        channel.epoch, channel.offset = result.epoch, result.offset
        for publication in result.publications:
            channel.offset = publication.offset
        return (*events, *publications)

    def _hint(self, name: str, code: int) -> str:
        if code != 103:
            return hints.OF_ERRORS.get(code, "not subscribed")
        if self._sign is not None:
            return "the server does not accept our token of the subscription: perhaps it has a key of its own for these"
        if name.startswith("$"):
            return "a private channel needs a token: give the key of tokens"
        if "#" in name:
            return "only the users named after the # may subscribe: watch as one of them"
        return "clients may not subscribe: set `allow_subscribe_for_client` of its namespace, or give the key of tokens"

    # ---- pushes

    def _pushed(self, push: Push, now: float) -> Step:
        if push.refresh is not None:
            self._lives(push.refresh, now)
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
        if push.code >= _COMES_BACK:
            channel.again = max(now, channel.asked + _PAUSE)
            return ()
        return self._without(name, Unsubscribed(name))

    def _without(self, name: str, event: Refused | Unsubscribed) -> tuple[Event, ...]:
        """The channel is no more; without any, this is the end."""
        del self._channels[name]
        if self._channels:
            return (event,)
        if isinstance(event, Refused):
            return (Ended(event.error),)
        hint = "the back end took us out of all channels"
        return (event, Ended(ServerError("server unsubscribe", code=2000, hint=hint, executed="no")))


def _wishes(name: str, channel: _Channel) -> Subscribe:
    """What we would like: all that can be had, and what was missed where that is known to be possible."""
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


def _lost(error: ConnectionLostError | TimeoutError | ServerError) -> Step:
    return Step((), (Lost(error),))


def _refusal(message: str, code: int, hint: str) -> ServerError:
    return ServerError(message, code=code, hint=hint, executed="no")


def _refused(error: Error, hint: str) -> ServerError:
    return _refusal(error.message, error.code, hint)


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
