"""Requests of a connected client about channels: PURE.

See protocol 6: client-subscribe, client-commands, client-rpc, client-expiry.

`ChannelRequests.answer(request)` executes a request and returns the result for the reply. It raises a `ServerError` for
an error reply, or a `FatalError` that ends the connection.
"""

from collections.abc import Callable
from typing import Any, Literal

import msgspec

from centripetal.dialects.current import error_codes
from centripetal.dialects.current.client_protocol.commands import (
    History,
    OfChannel,
    Presence,
    PresenceStats,
    Publish,
    Request,
    Rpc,
    Send,
    SubRefresh,
    Subscribe,
    Unsubscribe,
)
from centripetal.dialects.current.client_protocol.replies import (
    Empty,
    HistoryResult,
    PresenceResult,
    PresenceStatsResult,
    RefreshResult,
    RpcResult,
    SubscribeResult,
)
from centripetal.dialects.current.disconnects import (
    BAD_REQUEST,
    INTERNAL_SERVER_ERROR,
    INVALID_TOKEN,
    NOT_AVAILABLE,
)
from centripetal.dialects.current.proxy.events import PublishEvent, RPCEvent, SubscribeEvent
from centripetal.dialects.current.proxy.reading import PublishResult as GrantedPublication
from centripetal.dialects.current.proxy.reading import RPCResult as GrantedResult
from centripetal.dialects.current.proxy.reading import SubscribeResult as GrantedSubscription
from centripetal.server.current.application import Application, subscription_of
from centripetal.server.current.calls import Asking
from centripetal.server.current.channels import ChannelOptions
from centripetal.server.current.node import Node
from centripetal.server.current.payloads import fits
from centripetal.server.current.permissions import Permissions, has_ended
from centripetal.server.current.proxies import Proxy
from centripetal.server.current.refusals import FatalError, refused
from centripetal.server.current.subscription import client_info, publication_frame
from centripetal.server.current.subscriptions import ClientIdentity, Subscriptions
from centripetal.server.engine.engine import ClientInfo, Position, Publication
from centripetal.tokens.verification import TokenRefused

__all__ = ["LONGEST_TTL", "ChannelRequests", "time_left"]

_OF_MAP = 1  # value of a publication's `type` field
_MAP_TYPES = (1, 2, 3)  # for these types, the real server refuses the type before it checks the delta
LONGEST_TTL = 365 * 24 * 3600  # seconds; the real server caps it (protocol 6: token-ttl)


def time_left(expire_at: int, now: float) -> int:
    """Return the whole seconds until *expire_at*, at most a year; 0 if it is 0 (never), negative if it is past."""
    return min(expire_at - int(now), LONGEST_TTL) if expire_at > 0 else 0


class ChannelRequests:
    """The requests of one client about channels.

    Args:
        node: the server.
        permissions: what clients may do.
        identity: the client.
        subscriptions: the client's subscriptions.
        application: is asked if a channel or a method has a proxy.
    """

    __slots__ = ("_application", "_identity", "_node", "_permissions", "_subscribing", "_subscriptions")

    def __init__(
        self,
        node: Node,
        permissions: Permissions,
        identity: ClientIdentity,
        subscriptions: Subscriptions,
        application: Application,
    ) -> None:
        self._node = node
        self._permissions = permissions
        self._identity = identity
        self._subscriptions = subscriptions
        self._application = application
        self._subscribing: set[str] = set()

    def answer(self, request: Request) -> Any:
        """Execute *request*, which is neither a connect nor a refresh, and return its result.

        If the application must be asked first, return the work that asks it.
        """
        return _HANDLERS[type(request)](self, request)

    def _subscribe(self, params: Subscribe) -> SubscribeResult | Asking[SubscribeResult]:
        channel, client = _channel(params), self._node.config.client
        self._permissions.check_polling(channel, params.type)
        if params.delta not in ("", "fossil") and params.type not in _MAP_TYPES:
            raise FatalError(BAD_REQUEST)
        if len(channel.encode()) > self._node.config.channels.max_length > 0:
            raise refused(error_codes.BAD_REQUEST)
        if channel in self._subscriptions or channel in self._subscribing:
            raise refused(error_codes.ALREADY_SUBSCRIBED)
        if 0 < client.channel_limit <= len(self._subscriptions) + len(self._subscribing):
            raise refused(error_codes.LIMIT_EXCEEDED)
        try:
            granted = self._permissions.subscribe(params, self._identity.user, self._identity.id, self._node.now())
        except TokenRefused as refusal:
            raise refused(refusal.error or error_codes.PERMISSION_DENIED) from None
        if granted is None:
            return self._ask_to_subscribe(params)
        return self._subscriptions.subscribe(params, granted, server_side=False, filter_=params.tf)

    def _ask_to_subscribe(self, params: Subscribe) -> Asking[SubscribeResult]:
        channel = params.channel
        options, proxy = self._proxied("subscribe", channel)
        self._subscribing.add(channel)
        try:
            result = yield from self._application.decide(proxy, SubscribeEvent, params.data, channel=channel)
        finally:
            self._subscribing.discard(channel)
        if self._application.ended:
            raise FatalError(INTERNAL_SERVER_ERROR)
        self._permissions.check_known_type(params)
        granted = subscription_of(options, result if isinstance(result, GrantedSubscription) else None)
        return self._subscriptions.subscribe(params, granted, server_side=False, filter_=params.tf)

    def _proxied(self, kind: str, channel: str) -> tuple[ChannelOptions, Proxy]:
        options = self._node.options(channel)
        name = options.proxy_of(kind)
        assert name is not None
        return options, self._node.config.proxies.of(kind, name)

    def _sub_refresh(self, params: SubRefresh) -> RefreshResult:
        channel, now = _channel(params), self._node.now()
        subscription = self._subscriptions.get(channel)
        if subscription is None:
            raise refused(error_codes.PERMISSION_DENIED)
        if subscription.server_side or self._node.options(channel).sub_refresh_proxy_enabled:
            raise FatalError(BAD_REQUEST)
        if not params.token:
            raise refused(error_codes.BAD_REQUEST)
        try:
            claims = self._permissions.verified_subscription(
                params.token, channel, self._identity.user, self._identity.id, now
            )
        except TokenRefused as refusal:
            if not has_ended(refusal):
                raise (
                    refused(error_codes.UNKNOWN_CHANNEL)
                    if refusal.error == error_codes.UNKNOWN_CHANNEL
                    else FatalError(INVALID_TOKEN)
                ) from None
            # The subscription then never expires. Probably a bug of 6.9.1, reproduced here (protocol 6: client-expiry).
            subscription.info, subscription.expire_at = b"", 0
            return RefreshResult()
        ttl = time_left(claims.expire_at, now)
        if ttl < 0:
            raise refused(error_codes.EXPIRED)
        subscription.info = claims.info
        subscription.expire_at = int(now) + ttl if claims.expire_at > 0 else 0
        return RefreshResult(claims.expire_at > 0, ttl)

    def _unsubscribe(self, params: Unsubscribe) -> Empty:
        self._subscriptions.unsubscribe(_channel(params))
        return Empty()

    def _publish(self, params: Publish) -> Empty | Asking[Empty]:
        channel, data = _channel(params), bytes(params.data)
        options = self._permissions.named(channel)
        if params.type == _OF_MAP:
            raise refused(
                error_codes.PERMISSION_DENIED if options.is_stream else error_codes.NOT_AVAILABLE
            )  # map channels are not emulated
        if not fits(data, options.publication_data_format):
            raise refused(error_codes.BAD_REQUEST)
        if options.publish_proxy_enabled:
            return self._ask_to_publish(params)
        self._require("publish", options, channel)
        info = self._subscriptions.info(channel)
        self._node.publish(Publication("", channel, data, self._identity.id, info), options, self._node.now())
        return Empty()

    def _ask_to_publish(self, params: Publish) -> Asking[Empty]:
        channel = params.channel
        options, proxy = self._proxied("publish", channel)
        info = self._subscriptions.info(channel)
        result = yield from self._application.decide(proxy, PublishEvent, params.data, channel=channel)
        granted = result if isinstance(result, GrantedPublication) else GrantedPublication()
        publication = Publication(
            "",
            channel,
            bytes(params.data) if granted.data is None else granted.data,
            self._identity.id,
            info,
            tags=dict(granted.tags),
            version=granted.version,
        )
        # The client may have left meanwhile: the application has decided, so the publication counts all the same.
        self._node.publish(
            publication,
            # Here the option of the namespace does not count, as in the real server.
            msgspec.structs.replace(options, delta_publish=False),
            self._node.now(),
            skip_history=granted.skip_history,
            delta=granted.delta,
            idempotency_key=granted.idempotency_key,
            version_epoch=granted.version_epoch,
        )
        return Empty()

    def _presence(self, params: Presence) -> PresenceResult:
        present = self._who_is_in(_channel(params))
        return PresenceResult({client: client_info(info) for client, info in present.items()})

    def _presence_stats(self, params: PresenceStats) -> PresenceStatsResult:
        present = self._who_is_in(_channel(params))
        return PresenceStatsResult(len(present), len({info.user for info in present.values()}))

    def _who_is_in(self, channel: str) -> dict[str, ClientInfo]:
        options = self._permissions.named(channel)
        if not options.presence:
            raise refused(error_codes.NOT_AVAILABLE)
        self._require("presence", options, channel)
        return self._node.engine.presence(channel)

    def _require(self, what: Literal["publish", "presence", "history"], options: ChannelOptions, channel: str) -> None:
        """Raise a `ServerError` unless the client has the permission *what* in *channel*."""
        if not self._permissions.may(what, options, self._identity.user, subscribed=channel in self._subscriptions):
            raise refused(error_codes.PERMISSION_DENIED)

    def _history(self, params: History) -> HistoryResult:
        channel = _channel(params)
        options = self._permissions.named(channel)
        if not options.history.is_kept:
            raise refused(error_codes.NOT_AVAILABLE)
        self._require("history", options, channel)
        most, limit = self._node.config.client.history_max_publication_limit, params.limit
        if most > 0 and not 0 <= limit <= most:
            limit = most
        since = None if params.since is None else Position(params.since.offset, params.since.epoch)
        found, top = self._node.history(
            channel, options, self._node.now(), since=since, limit=limit, reverse=params.reverse
        )
        return HistoryResult([publication_frame(each, top.epoch) for each in found], top.epoch, top.offset)

    def _rpc(self, params: Rpc) -> RpcResult | Asking[RpcResult]:
        rpc, proxies = self._node.config.rpc, self._node.config.proxies
        if rpc.ping.enabled and params.method == rpc.ping.method:
            return RpcResult()
        if not proxies.asks_rpc:
            raise refused(error_codes.METHOD_NOT_FOUND if rpc.ping.enabled else error_codes.NOT_AVAILABLE)
        options = rpc.options_of(params.method)
        if options is None:
            raise refused(error_codes.METHOD_NOT_FOUND)
        if not options.proxy_enabled:
            raise refused(error_codes.NOT_AVAILABLE)
        return self._ask_for_result(proxies.of("rpc", options.proxy_name), params)

    def _ask_for_result(self, proxy: Proxy, params: Rpc) -> Asking[RpcResult]:
        result = yield from self._application.decide(proxy, RPCEvent, params.data, method=params.method)
        return RpcResult(msgspec.Raw(result.data) if isinstance(result, GrantedResult) else msgspec.Raw())


def _channel(params: OfChannel) -> str:
    """Return the channel of a request, or raise a `FatalError` if the request names no channel."""
    if not params.channel:
        raise FatalError(BAD_REQUEST)
    return params.channel


def _send(_: ChannelRequests, __: Send) -> None:
    raise FatalError(NOT_AVAILABLE)


_HANDLERS: dict[type[Request], Callable[[ChannelRequests, Any], Any]] = {
    Subscribe: ChannelRequests._subscribe,
    Unsubscribe: ChannelRequests._unsubscribe,
    Publish: ChannelRequests._publish,
    Presence: ChannelRequests._presence,
    PresenceStats: ChannelRequests._presence_stats,
    History: ChannelRequests._history,
    Rpc: ChannelRequests._rpc,
    Send: _send,
    SubRefresh: ChannelRequests._sub_refresh,
}
