"""The API of a Centrifugo 6 server: executes what it is asked (spec v6 §5): PURE.

What a request does to clients is done before its answer is made, as the real server does with its memory engine.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from centripetal.dialects.current import disconnects, error_codes
from centripetal.dialects.current import server_requests as requests
from centripetal.dialects.current import server_results as answers
from centripetal.dialects.current.server_requests import Request
from centripetal.dialects.current.server_results import Answer, PublishAnswer, PublishOutcome
from centripetal.errors import ServerError
from centripetal.server.current.channel_patterns import GlobError, matcher
from centripetal.server.current.channels import ChannelOptions
from centripetal.server.current.connection import Connection, ServerSubscription
from centripetal.server.current.node import Node
from centripetal.server.current.payloads import fits, given
from centripetal.server.current.refusals import failure
from centripetal.server.engine.engine import ClientInfo, Position, Publication
from centripetal.server.engine.events import CommandRun

__all__ = ["API"]


class API:
    """The methods of one server.

    Args:
        node: what they are about.
    """

    def __init__(self, node: Node) -> None:
        self._node = node

    def outcome(self, request: Request | None, now: float) -> Answer | ServerError:
        """What the request comes to; None is one that is of no use."""
        result: Answer | ServerError
        try:
            if request is None:
                raise failure(error_codes.BAD_REQUEST)
            result = self.execute(request, now)
        except ServerError as error:
            result = error
        if self._node.events and request is not None:
            self._emit_run(request, result, now)
        return result

    def execute(self, request: Request, now: float) -> Answer:
        """Carry out what *request* asks for.

        Raises:
            ServerError: in the words of the real server.
        """
        match request:
            case requests.Publish():
                return self._publish(request, now)
            case requests.Broadcast():
                return self._broadcast(request, now)
            case requests.History():
                return self._history(request, now)
            case requests.MapRequest():
                return self._refuse_map(request)
            case _ if (handler := _HANDLERS.get(type(request))) is not None:
                return handler(self, request)
            case _:
                raise failure(error_codes.METHOD_NOT_FOUND)

    def _emit_run(self, request: Any, result: Answer | ServerError, now: float) -> None:
        channels = getattr(request, "channels", None) or [getattr(request, "channel", "")]
        self._node.events.emit(
            CommandRun(
                at=now,
                method=request.method,
                channels=tuple(filter(None, channels)),
                user=getattr(request, "user", ""),
                error=result.message if isinstance(result, ServerError) else "",
            )
        )

    def _publish(self, request: requests.Publish, now: float) -> PublishAnswer:
        _require(request.channel)
        data = given(request.data, request.b64data)
        options = self._node.options(request.channel)
        if not options.is_stream:
            raise failure(error_codes.BAD_REQUEST)
        return self._publish_into(request.channel, data, options, request, now)

    def _broadcast(self, request: requests.Broadcast, now: float) -> answers.BroadcastAnswer:
        if not request.channels:
            raise failure(error_codes.BAD_REQUEST)
        data = given(request.data, request.b64data)
        responses = []
        for channel in request.channels:
            try:
                _require(channel)
                # Unlike publish, it does not look at the type of the subscriptions there.
                answer = self._publish_into(channel, data, self._node.options(channel), request, now)
            except ServerError as error:
                responses.append(PublishOutcome(error=answers.Error(error.code or 0, error.message)))
            else:
                responses.append(PublishOutcome(result=answer))
        return answers.BroadcastAnswer(responses)

    def _publish_into(
        self,
        channel: str,
        data: bytes,
        options: ChannelOptions,
        request: requests.Publish | requests.Broadcast,
        now: float,
    ) -> PublishAnswer:
        if not fits(data, options.publication_data_format):
            raise failure(error_codes.BAD_REQUEST)
        position = self._node.publish(
            Publication("", channel, data, tags=request.tags, version=request.version),
            options,
            now,
            skip_history=request.skip_history,
            delta=request.delta,
            idempotency_key=request.idempotency_key,
            version_epoch=request.version_epoch,
        )
        return PublishAnswer(position.offset, position.epoch)

    def _presence(self, request: requests.Presence) -> answers.PresenceAnswer:
        present = self._who_is_in(request.channel)
        return answers.PresenceAnswer({client: client_info(info) for client, info in present.items()})

    def _presence_stats(self, request: requests.PresenceStats) -> answers.PresenceStatsAnswer:
        present = self._who_is_in(request.channel)
        return answers.PresenceStatsAnswer(len(present), len({info.user for info in present.values()}))

    def _who_is_in(self, channel: str) -> dict[str, ClientInfo]:
        _require(channel)
        if not self._node.options(channel).presence:
            raise failure(error_codes.NOT_AVAILABLE)
        return self._node.engine.presence(channel)

    def _history(self, request: requests.History, now: float) -> answers.HistoryAnswer:
        options = self._kept(request.channel)
        since = None if request.since is None else Position(request.since.offset, request.since.epoch)
        if request.reverse and since is not None and since.offset == 0:
            raise failure(error_codes.INTERNAL)
        found, top = self._node.history(
            request.channel, options, now, since=since, limit=request.limit, reverse=request.reverse
        )
        return answers.HistoryAnswer([publication_answer(each) for each in found], top.epoch, top.offset)

    def _history_remove(self, request: requests.HistoryRemove) -> Answer:
        self._kept(request.channel)
        self._node.engine.remove_history(request.channel)
        return Answer()

    def _kept(self, channel: str) -> ChannelOptions:
        _require(channel)
        options = self._node.options(channel)
        if not options.history.is_kept:
            raise failure(error_codes.NOT_AVAILABLE)
        return options

    def _channels(self, request: requests.Channels) -> answers.ChannelsAnswer:
        names = self._node.engine.channels()
        if request.pattern:
            try:
                matches = matcher(request.pattern).fullmatch
            except GlobError:
                raise failure(error_codes.INTERNAL) from None
            names = [name for name in names if matches(name)]
        return answers.ChannelsAnswer(
            {name: answers.ChannelInfo(self._node.engine.count_subscribers(name)) for name in names}
        )

    def _info(self, _: requests.Info) -> answers.InfoAnswer:
        return answers.InfoAnswer([self._node.announced_info])

    def _rpc(self, request: requests.Rpc) -> Answer:
        _require(request.name)
        raise failure(error_codes.METHOD_NOT_FOUND)  # there are no methods in the open edition

    # ---- commands about the connections of a user

    def _subscribe(self, request: requests.Subscribe) -> Answer:
        _require(request.channel)
        options = self._node.options(request.channel)
        since = request.recover_since
        data, info = given(request.data, request.b64data), given(request.info, request.b64info)
        subscription = ServerSubscription(
            channel=request.channel,
            chan_info=info,
            data=data,
            expire_at=request.expire_at,
            recover_since=None if since is None else Position(since.offset, since.epoch),
            **_overridden(options, request.override),
        )
        refusals = []
        for connection in self._connections(request):
            try:
                connection.subscribe(subscription)
            except ServerError as error:
                refusals.append(error)
        if refusals:
            raise refusals[0]
        return Answer()

    def _unsubscribe(self, request: requests.Unsubscribe) -> Answer:
        if request.channel:
            self._node.options(request.channel)
        for connection in self._connections(request):
            connection.unsubscribe(request.channel, disconnects.UNSUBSCRIBED.code, disconnects.UNSUBSCRIBED.reason)
        return Answer()

    def _disconnect(self, request: requests.Disconnect) -> Answer:
        disconnect = request.disconnect or disconnects.FORCE_DISCONNECT
        for connection in self._connections(request):
            if connection.id not in request.whitelist:
                connection.disconnect(disconnect.code, disconnect.reason)
        return Answer()

    def _refresh(self, request: requests.Refresh) -> Answer:
        for connection in self._connections(request):
            connection.refresh(expired=request.expired, expire_at=request.expire_at, conn_info=bytes(request.info))
        return Answer()

    def _connections(self, request: requests.OfUser) -> list[Connection]:
        """Those of the user, or the one of them that is named."""
        return [
            each
            for each in self._node.hub.of_user(request.user)
            if request.client in ("", each.id) and request.session in ("", each.session)
        ]

    def _refuse_map(self, request: requests.MapRequest) -> Answer:
        # Map channels and shared polling are not emulated; what is wrong with a request is told all the same.
        _require(request.channel)
        wanted = ("shared_poll",) if isinstance(request, requests.SharedPollPublish) else _MAPS
        if not getattr(request, "key", "x") and not isinstance(request, requests.MapReadState):
            raise failure(error_codes.BAD_REQUEST)
        if self._node.options(request.channel).subscription_type not in wanted:
            raise failure(error_codes.BAD_REQUEST)
        raise failure(error_codes.NOT_AVAILABLE)


_MAPS = ("map", "map_clients", "map_users")

_HANDLERS: dict[type[Request], Callable[[API, Any], Answer]] = {
    requests.Presence: API._presence,
    requests.PresenceStats: API._presence_stats,
    requests.HistoryRemove: API._history_remove,
    requests.Channels: API._channels,
    requests.Info: API._info,
    requests.Rpc: API._rpc,
    requests.Subscribe: API._subscribe,
    requests.Unsubscribe: API._unsubscribe,
    requests.Disconnect: API._disconnect,
    requests.Refresh: API._refresh,
}
"""What carries out each request that needs no clock."""


def _require(name: str) -> None:
    if not name:
        raise failure(error_codes.BAD_REQUEST)


def _overridden(options: ChannelOptions, override: requests.Override | None) -> dict[str, bool]:
    """The options of a subscription that a request may override."""
    flags: dict[str, bool] = {}
    for name in requests.Override.__struct_fields__:
        flag = None if override is None else getattr(override, name)
        flags[name] = getattr(options, name) if flag is None else flag.value
    return flags


def client_info(info: ClientInfo) -> answers.ClientInfo:
    """A connection as replies show it."""
    return answers.ClientInfo(info.user, info.client, msgspec.Raw(info.conn_info), msgspec.Raw(info.chan_info))


def publication_answer(publication: Publication) -> answers.Publication:
    """A publication as the history shows it."""
    info = None if publication.info is None else client_info(publication.info)
    return answers.Publication(msgspec.Raw(publication.data), info, publication.offset, publication.tags)
