"""The subscriptions of one connection: PURE.

See protocol 6: client-subscribe, client-pushes, client-commands, client-recovery.

result = subscriptions.subscribe(...)      send *result* to the client
subscriptions.announce(channel)            then push the join to all subscribers, including the client
subscriptions.unsubscribe(channel)         end the subscription, and push the leave
"""

from collections.abc import Callable
from typing import NamedTuple

import msgspec

from centripetal.dialects.current import error_codes
from centripetal.dialects.current.client_protocol.commands import Subscribe
from centripetal.dialects.current.client_protocol.objects import UnsubscribePush
from centripetal.dialects.current.client_protocol.replies import (
    Push,
    SubscribePush,
    SubscribeResult,
    encode_push,
)
from centripetal.dialects.current.client_protocol.tags_filter import InvalidFilterError, validate
from centripetal.dialects.current.disconnects import UNSUBSCRIBED_EXPIRED, UNSUBSCRIBED_INSUFFICIENT
from centripetal.dialects.current.objects import FilterNode
from centripetal.errors import ServerError
from centripetal.server.current.connection import OutgoingJoinLeave, OutgoingPublication
from centripetal.server.current.node import Node
from centripetal.server.current.recovery import Recovery, recover
from centripetal.server.current.refusals import FatalError, refused
from centripetal.server.current.subscribe_options import SubscribeOptions
from centripetal.server.current.subscription import Subscription, checked, delta_chain, publication_frame
from centripetal.server.engine.engine import ClientInfo, Position
from centripetal.server.engine.events import Event, Joined, Left

__all__ = ["ClientIdentity", "EndedSubscription", "Subscriptions"]


class ClientIdentity(msgspec.Struct):
    """A connected client. `user` and `conn_info` (JSON, or empty) are set when it authenticates."""

    id: str
    user: str = ""
    conn_info: bytes = b""


class EndedSubscription(NamedTuple):
    """A subscription that must end, and the push that tells the client."""

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
        """Return the channels of subscriptions from the connection token."""
        return [channel for channel, each in self._by_channel.items() if each.options.by_token]

    # ---- subscribing and unsubscribing

    def subscribe(
        self, params: Subscribe, options: SubscribeOptions, *, server_side: bool, filter_: FilterNode | None = None
    ) -> SubscribeResult:
        """Subscribe to *params.channel* and return the result for the client. Permissions are already checked.

        Raises:
            ServerError: 110, the subscription has already expired; 107, the filter is invalid or not allowed; 112, see
                `recover`.
        """
        now, channel = self._node.now(), params.channel
        ttl = options.expire_at - int(now) if options.expire_at > 0 else 0
        if options.expire_at > 0 and ttl <= 0:
            raise refused(error_codes.EXPIRED)
        if filter_ is not None:
            _check(filter_, options)
        if options.presence:
            # As in the real server, a client stays in the presence even if the subscription is refused below.
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
        # A client can refresh only its own subscriptions, and only if the server does not ask the application instead.
        if server_side or ttl <= 0 or self._node.options(channel).sub_refresh_proxy_enabled:
            return result
        return msgspec.structs.replace(result, expires=True, ttl=ttl)

    def subscribe_for_back_end(self, channel: str, options: SubscribeOptions, since: Position | None) -> bytes:
        """Subscribe to *channel* for the back end, from position *since* if given, and return the push for the client.

        Raises:
            ServerError: 100, the subscription has already expired, or its data is not JSON.
        """
        params = Subscribe(channel)
        if since is not None:
            params = Subscribe(channel, recover=True, offset=since.offset, epoch=since.epoch)
        try:
            result = self.subscribe(params, options, server_side=True)
        except ServerError:
            # The new subscription has already expired, and the real server also drops an existing subscription.
            self.forget(channel)
            raise refused(error_codes.INTERNAL) from None
        push = SubscribePush(result.recoverable, result.epoch, result.offset, result.positioned, result.data)
        try:
            return checked(encode_push(Push(channel, subscribe=push)))
        except FatalError:
            # The data is not JSON. The API returns an error, but the subscription exists (seen on a 6.9.1 server).
            raise refused(error_codes.INTERNAL) from None

    def announce(self, channel: str) -> None:
        """Push a join to the subscribers of *channel*. Call it after the client got its result."""
        subscription = self._by_channel.get(channel)
        if subscription is not None and subscription.options.join_leave:
            self._node.announce_join(channel, self.info(channel))

    def unsubscribe(self, channel: str) -> bool:
        """End the subscription to *channel*. Return False if the client was not subscribed."""
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
        """Drop the subscription to *channel*, if any, as the real server does when it cannot renew it.

        Neither the client nor other subscribers are told, and the client stays in the presence.
        """
        subscription = self._by_channel.pop(channel, None)
        if subscription is not None:
            self._node.engine.unsubscribe(channel, self._identity.id, subscription.options.stream, self._node.now())
            self._emit(Left, channel)

    def unsubscribe_all(self) -> None:
        for channel in tuple(self._by_channel):
            self.unsubscribe(channel)

    # ---- pushes

    def publication_push(self, outgoing: OutgoingPublication) -> bytes | None:
        """Return the push for a publication, if any; see `Subscription.publication_push`."""
        subscription = self._by_channel.get(outgoing.publication.channel)
        return None if subscription is None else subscription.publication_push(outgoing, self._node.now())

    def join_leave_push(self, outgoing: OutgoingJoinLeave) -> bytes | None:
        """Return the push for a join or a leave, if any; see `Subscription.join_leave_push`."""
        subscription = self._by_channel.get(outgoing.channel)
        return None if subscription is None else subscription.join_leave_push(outgoing)

    def renew(self) -> list[EndedSubscription]:
        """Renew the presence, and return the subscriptions that must end now. Called periodically."""
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
        """Return whether the client is at the stream's position; True if it has none or the check is not due yet."""
        if not subscription.positioned or delay <= 0 or int(now) - int(subscription.checked_at) <= int(delay):
            return True
        _, top = self._node.engine.history(subscription.channel, subscription.options.stream, now, limit=0)
        subscription.checked_at = now
        return subscription.is_at(top)

    # ---- the client

    def info(self, channel: str) -> ClientInfo:
        """Return the client's info that other subscribers of *channel* see."""
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
    """Return the result of subscribing, without its expiry."""
    publications = list(found.publications)
    frames = delta_chain(publications) if delta else [publication_frame(each, found.top.epoch) for each in publications]
    return SubscribeResult(
        recoverable=options.recovery,
        positioned=options.has_position,
        epoch=found.top.epoch,
        # A recovered client continues from its own position and advances with the publications.
        offset=params.offset if found.recovered else found.top.offset,
        publications=frames,
        recovered=found.recovered,
        was_recovering=params.recover or (options.recovery and options.cache and options.auto_cache),
        delta=delta,
        data=msgspec.Raw(options.data),
    )
