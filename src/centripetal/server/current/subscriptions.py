"""The channels that one connection is in (spec v6 §11.4 to §11.7): PURE.

result = subscriptions.subscribe(...)      *result* goes to the client
subscriptions.announce(channel)            after that: tell the others, and the client itself
subscriptions.unsubscribe(channel)         and tell the others
"""

from collections.abc import Callable
from typing import NamedTuple

import msgspec

from centripetal.dialects.current import error_codes
from centripetal.dialects.current.client_protocol.commands import Subscribe
from centripetal.dialects.current.client_protocol.objects import UnsubscribePush
from centripetal.dialects.current.client_protocol.replies import SubscribeResult
from centripetal.dialects.current.client_protocol.tags_filter import InvalidFilterError, validate
from centripetal.dialects.current.disconnects import UNSUBSCRIBED_EXPIRED, UNSUBSCRIBED_INSUFFICIENT
from centripetal.dialects.current.objects import FilterNode
from centripetal.server.current.connection import OutgoingJoinLeave, OutgoingPublication
from centripetal.server.current.node import Node
from centripetal.server.current.recovery import Recovery, recover
from centripetal.server.current.refusals import refused
from centripetal.server.current.subscribe_options import SubscribeOptions
from centripetal.server.current.subscription import Subscription, delta_chain, publication_frame
from centripetal.server.engine.engine import ClientInfo, Position
from centripetal.server.engine.events import Event, Joined, Left

__all__ = ["ClientIdentity", "EndedSubscription", "Subscriptions"]


class ClientIdentity(msgspec.Struct):
    """A connected client. *user* and *conn_info* (JSON; empty: none) are known when it has authenticated."""

    id: str
    user: str = ""
    conn_info: bytes = b""


class EndedSubscription(NamedTuple):
    """A subscription that is to end, and the push that tells the client."""

    subscription: Subscription
    push: UnsubscribePush


class Subscriptions:
    """The subscriptions of one connection.

    Args:
        node: the server.
        identity: the client.
    """

    __slots__ = ("_by_channel", "_identity", "_node")

    def __init__(self, node: Node, identity: ClientIdentity) -> None:
        self._node = node
        self._identity = identity
        self._by_channel: dict[str, Subscription] = {}

    def __contains__(self, channel: str) -> bool:
        return channel in self._by_channel

    def __len__(self) -> int:
        return len(self._by_channel)

    def get(self, channel: str) -> Subscription | None:
        return self._by_channel.get(channel)

    def by_token(self) -> list[str]:
        """The channels that the connection token names."""
        return [channel for channel, each in self._by_channel.items() if each.options.by_token]

    # ---- coming and going

    def subscribe(
        self, params: Subscribe, options: SubscribeOptions, *, server_side: bool, filter_: FilterNode | None = None
    ) -> SubscribeResult:
        """Subscribe to *params.channel*, which the client may; the result is what it is told.

        Raises:
            ServerError: 110, the subscription has ended already; 107, the filter is none, or not allowed; 112, see
                `recover`.
        """
        now, channel = self._node.now(), params.channel
        ttl = options.expire_at - int(now) if options.expire_at > 0 else 0
        if options.expire_at > 0 and ttl <= 0:
            raise refused(error_codes.EXPIRED)
        if filter_ is not None:
            _check(filter_, options)
        if options.presence:
            # Also who is refused below is present from now on, as in the real server.
            self._node.engine.add_presence(channel, self._info(options.chan_info))
        delta = params.delta == "fossil" and options.deltas
        found = Recovery(Position())
        if options.has_position:
            limit = self._node.config.client.recovery_max_publication_limit
            found = recover(self._node.engine, params, options, filter_, limit=limit, now=now)
        is_new = channel not in self._by_channel
        self._by_channel[channel] = Subscription(
            channel,
            options,
            found.top,
            server_side=server_side,
            delta=delta,
            has_base=delta and found.recovered,
            filter_=filter_,
            now=now,
        )
        self._node.engine.subscribe(channel, self._identity.id)
        if is_new:
            self._emit(Joined, channel)
        result = _result(params, options, found, delta=delta)
        # A client can refresh what it has subscribed to by itself, and nothing else.
        return result if server_side else msgspec.structs.replace(result, expires=ttl > 0, ttl=ttl)

    def announce(self, channel: str) -> None:
        """Tell the subscribers of *channel* who has come: after the client knows that it is there itself."""
        subscription = self._by_channel.get(channel)
        if subscription is not None and subscription.options.join_leave:
            self._node.announce_join(channel, self.info(channel))

    def unsubscribe(self, channel: str) -> bool:
        """End the subscription to *channel*; False if there was none."""
        subscription = self._by_channel.get(channel)
        if subscription is None:
            return False
        info, engine = self.info(channel), self._node.engine
        del self._by_channel[channel]
        if subscription.options.presence:
            engine.remove_presence(channel, self._identity.id)
        if subscription.options.join_leave:
            self._node.announce_leave(channel, info)
        engine.unsubscribe(channel, self._identity.id, subscription.options.stream, self._node.now())
        self._emit(Left, channel)
        return True

    def forget(self, channel: str) -> None:
        """End the subscription to *channel*, if there is one, as the real server does when it could not renew it.

        Nobody is told, the client neither, and it stays in the presence.
        """
        subscription = self._by_channel.pop(channel, None)
        if subscription is not None:
            self._node.engine.unsubscribe(channel, self._identity.id, subscription.options.stream, self._node.now())
            self._emit(Left, channel)

    def unsubscribe_all(self) -> None:
        for channel in tuple(self._by_channel):
            self.unsubscribe(channel)

    # ---- what happens in the channels

    def publication_push(self, outgoing: OutgoingPublication) -> bytes | None:
        """Return what goes to the client for a publication; see `Subscription.publication_push`."""
        subscription = self._by_channel.get(outgoing.publication.channel)
        return None if subscription is None else subscription.publication_push(outgoing, self._node.now())

    def join_leave_push(self, outgoing: OutgoingJoinLeave) -> bytes | None:
        """Return what goes to the client for a join or a leave; see `Subscription.join_leave_push`."""
        subscription = self._by_channel.get(outgoing.channel)
        return None if subscription is None else subscription.join_leave_push(outgoing)

    def renew(self) -> list[EndedSubscription]:
        """Do what is due once in a while: renew presence, and find subscriptions that end now."""
        now, client = self._node.now(), self._node.config.client
        ended = []
        for channel, subscription in self._by_channel.items():
            if subscription.options.presence:
                self._node.engine.add_presence(channel, self.info(channel))
            end = subscription.expire_at
            if end > 0 and int(now) > end + int(client.expired_sub_close_delay):
                ended.append(EndedSubscription(subscription, UNSUBSCRIBED_EXPIRED))
            elif not self._is_in_time(subscription, client.channel_position_check_delay, now):
                ended.append(EndedSubscription(subscription, UNSUBSCRIBED_INSUFFICIENT))
        return ended

    def _is_in_time(self, subscription: Subscription, delay: float, now: float) -> bool:
        """Whether the client has what the stream has, as far as it is known and time to look."""
        if not subscription.positioned or delay <= 0 or int(now) - int(subscription.checked_at) <= int(delay):
            return True
        _, top = self._node.engine.history(subscription.channel, subscription.options.stream, now, limit=0)
        subscription.checked_at = now
        return subscription.is_at(top)

    # ---- the client

    def info(self, channel: str) -> ClientInfo:
        """The client as others see it in *channel*."""
        subscription = self._by_channel.get(channel)
        return self._info(b"" if subscription is None else subscription.info)

    def _info(self, chan_info: bytes) -> ClientInfo:
        return ClientInfo(self._identity.user, self._identity.id, self._identity.conn_info, chan_info)

    def _emit(self, event: Callable[..., Event], channel: str) -> None:
        if self._node.events:
            self._node.events.emit(
                event(at=self._node.now(), client=self._identity.id, user=self._identity.user, channel=channel)
            )


def _check(filter_: FilterNode, options: SubscribeOptions) -> None:
    try:
        validate(filter_)
    except InvalidFilterError:
        raise refused(error_codes.BAD_REQUEST) from None
    if not options.filters:
        raise refused(error_codes.BAD_REQUEST)


def _result(params: Subscribe, options: SubscribeOptions, found: Recovery, *, delta: bool) -> SubscribeResult:
    """What a client is told that has just subscribed, but for when that ends."""
    publications = list(found.publications)
    frames = delta_chain(publications) if delta else [publication_frame(each, found.top.epoch) for each in publications]
    return SubscribeResult(
        recoverable=options.recovery,
        positioned=options.has_position,
        epoch=found.top.epoch,
        # Who has recovered goes on from where it was, through the publications.
        offset=params.offset if found.recovered else found.top.offset,
        publications=frames,
        recovered=found.recovered,
        was_recovering=params.recover or (options.recovery and options.cache and options.auto_cache),
        delta=delta,
        data=msgspec.Raw(options.data),
    )
