"""The server API of Centrifugo 6: executes commands (protocol 6: methods): PURE.

A command's effects on clients happen before its reply is built, as in the real server with its memory engine.
"""

import datetime
from collections.abc import Callable
from typing import Any

import msgspec

from centripetal.dialects.current import commands, disconnects, error_codes
from centripetal.dialects.current.client_protocol import objects
from centripetal.dialects.current.client_protocol.replies import HistoryResult, PresenceResult, PresenceStatsResult
from centripetal.dialects.current.commands.base import Method, OfMap
from centripetal.dialects.current.objects import StreamPosition, SubscribeOptionOverride
from centripetal.dialects.current.results.standard import (
    BroadcastResult,
    ChannelInfo,
    Nothing,
    PublishResponse,
    PublishResult,
    ReplyError,
)
from centripetal.dialects.current.server_codec import Unknown
from centripetal.dialects.current.server_results import ChannelsAnswer, InfoAnswer
from centripetal.errors import ServerError
from centripetal.server.current.channel_patterns import GlobError, matcher
from centripetal.server.current.channels import ChannelOptions
from centripetal.server.current.connection import Connection
from centripetal.server.current.node import Node
from centripetal.server.current.payloads import fits, given
from centripetal.server.current.refusals import failure
from centripetal.server.current.subscribe_options import options_for
from centripetal.server.current.subscription import client_info
from centripetal.server.engine.engine import ClientInfo, Position, Publication
from centripetal.server.engine.events import CommandRun
from centripetal.server.steps import Steps, finished
from centripetal.tokens.claims import SubscribeClaims

__all__ = ["API"]

_OfUser = commands.Subscribe | commands.Unsubscribe | commands.Disconnect | commands.Refresh


class API:
    """The API methods of one server.

    Args:
        node: the server.
    """

    def __init__(self, node: Node) -> None:
        self._node = node

    def outcome(self, command: Method[Any] | None, now: float) -> msgspec.Struct | ServerError:
        """Execute *command* and return its result or its error. None means a command that could not be decoded."""
        return finished(self.steps(command, now))

    def steps(self, command: Method[Any] | None, now: float) -> Steps[msgspec.Struct | ServerError]:
        """Execute *command* like `outcome`, in steps: one for the command, and one for each channel or publication."""
        result: msgspec.Struct | ServerError
        yield
        try:
            if command is None:
                raise failure(error_codes.BAD_REQUEST)
            if isinstance(command, commands.Broadcast):
                result = yield from self._broadcast(command, now)
            elif isinstance(command, commands.History):
                result = yield from self._history(command, now)
            elif isinstance(command, commands.Channels):
                result = yield from self._channels(command)
            else:
                result = self.execute(command, now)
        except ServerError as error:
            result = error
        if self._node.events and command is not None:
            self._emit_run(command, result, now)
        return result

    def execute(self, command: Method[Any], now: float) -> msgspec.Struct:
        """Execute *command*.

        Raises:
            ServerError: the command failed; the message is the real server's.
        """
        match command:
            case commands.Publish():
                return self._publish(command, now)
            case commands.Broadcast():
                return finished(self._broadcast(command, now))
            case commands.Channels():
                return finished(self._channels(command))
            case commands.History():
                return finished(self._history(command, now))
            case _ if (handler := _HANDLERS.get(type(command))) is not None:
                return handler(self, command)
            case OfMap():
                return self._refuse_map(command)
            case Unknown():
                raise failure(error_codes.METHOD_NOT_FOUND)
            case _:
                raise failure(error_codes.NOT_AVAILABLE)

    def _emit_run(self, command: Any, result: msgspec.Struct | ServerError, now: float) -> None:
        channels = getattr(command, "channels", None) or [getattr(command, "channel", "")]
        self._node.events.emit(
            CommandRun(
                at=now,
                method=command.name,
                channels=tuple(filter(None, channels)),
                user=str(getattr(command, "user", "")),
                error=result.message if isinstance(result, ServerError) else "",
            )
        )

    def _publish(self, command: commands.Publish, now: float) -> PublishResult:
        _require(command.channel)
        data = given(command.data, command.b64data)
        options = self._node.options(command.channel)
        if not options.is_stream:
            raise failure(error_codes.BAD_REQUEST)
        return self._publish_into(command.channel, data, options, command, now)

    def _broadcast(self, command: commands.Broadcast, now: float) -> Steps[BroadcastResult]:
        if not command.channels:
            raise failure(error_codes.BAD_REQUEST)
        data = given(command.data, command.b64data)
        responses = []
        for channel in command.channels:
            try:
                _require(channel)
                # Unlike publish, the real server does not check the channel's subscription type here.
                answer = self._publish_into(channel, data, self._node.options(channel), command, now)
            except ServerError as error:
                responses.append(PublishResponse(error=ReplyError(error.code or 0, error.message)))
            else:
                responses.append(PublishResponse(result=answer))
            yield
        return BroadcastResult(responses)

    def _publish_into(
        self,
        channel: str,
        data: bytes,
        options: ChannelOptions,
        command: commands.Publish | commands.Broadcast,
        now: float,
    ) -> PublishResult:
        if not fits(data, options.publication_data_format):
            raise failure(error_codes.BAD_REQUEST)
        position = self._node.publish(
            Publication("", channel, data, tags=dict(command.tags or ()), version=command.version),
            options,
            now,
            skip_history=command.skip_history,
            delta=command.delta,
            idempotency_key=command.idempotency_key or "",
            version_epoch=command.version_epoch,
        )
        return PublishResult(position.offset, position.epoch)

    def _presence(self, command: commands.Presence) -> PresenceResult:
        present = self._who_is_in(command.channel)
        return PresenceResult({client: client_info(info) for client, info in present.items()})

    def _presence_stats(self, command: commands.PresenceStats) -> PresenceStatsResult:
        present = self._who_is_in(command.channel)
        return PresenceStatsResult(len(present), len({info.user for info in present.values()}))

    def _who_is_in(self, channel: str) -> dict[str, ClientInfo]:
        _require(channel)
        if not self._node.options(channel).presence:
            raise failure(error_codes.NOT_AVAILABLE)
        return self._node.engine.presence(channel)

    def _history(self, command: commands.History, now: float) -> Steps[HistoryResult]:
        options = self._kept(command.channel)
        since = _position(command.since)
        if command.reverse and since is not None and since.offset == 0:
            raise failure(error_codes.INTERNAL)
        found, top = self._node.history(
            command.channel, options, now, since=since, limit=command.limit, reverse=command.reverse
        )
        answers = []
        for each in found:
            answers.append(publication_answer(each))
            yield
        return HistoryResult(answers, top.epoch, top.offset)

    def _history_remove(self, command: commands.HistoryRemove) -> Nothing:
        self._kept(command.channel)
        self._node.engine.remove_history(command.channel)
        return Nothing()

    def _kept(self, channel: str) -> ChannelOptions:
        _require(channel)
        options = self._node.options(channel)
        if not options.history.is_kept:
            raise failure(error_codes.NOT_AVAILABLE)
        return options

    def _channels(self, command: commands.Channels) -> Steps[ChannelsAnswer]:
        names = self._node.engine.channels()
        if command.pattern:
            try:
                matches = matcher(command.pattern).fullmatch
            except GlobError:
                raise failure(error_codes.INTERNAL) from None
            matching = []
            for name in names:
                if matches(name):
                    matching.append(name)
                yield
            names = matching
        counts = {name: self._node.engine.count_subscribers(name) for name in names}
        return ChannelsAnswer({name: ChannelInfo(count) for name, count in counts.items() if count})

    def _info(self, _: commands.Info) -> InfoAnswer:
        return InfoAnswer([self._node.announced_info])

    def _rpc(self, command: commands.RPC) -> msgspec.Struct:
        _require(command.method)
        raise failure(error_codes.METHOD_NOT_FOUND)  # the open-source edition has no RPC methods

    # ---- commands about the connections of a user

    def _subscribe(self, command: commands.Subscribe) -> Nothing:
        _require(command.channel)
        options = self._node.options(command.channel)
        data, info = given(command.data, command.b64data), given(command.info, command.b64info)
        claims = SubscribeClaims(info=info, data=data, override=command.override or SubscribeOptionOverride())
        granted = options_for(options, claims, expire_at=_seconds(command.expire_at))
        # A subscription by the back end has no deltas, no filters and no cache recovery mode.
        granted = msgspec.structs.replace(granted, cache=False, deltas=False, filters=False)
        since = _position(command.recover_since)
        refusals = []
        for connection in self._connections(command):
            try:
                connection.subscribe(command.channel, granted, since)
            except ServerError as error:
                refusals.append(error)
        if refusals:
            raise refusals[0]
        return Nothing()

    def _unsubscribe(self, command: commands.Unsubscribe) -> Nothing:
        if command.channel:
            self._node.options(command.channel)
        for connection in self._connections(command):
            connection.unsubscribe(command.channel, disconnects.UNSUBSCRIBED.code, disconnects.UNSUBSCRIBED.reason)
        return Nothing()

    def _disconnect(self, command: commands.Disconnect) -> Nothing:
        disconnect = command.disconnect or disconnects.FORCE_DISCONNECT
        for connection in self._connections(command):
            if connection.id not in command.whitelist:
                connection.disconnect(disconnect.code, disconnect.reason)
        return Nothing()

    def _refresh(self, command: commands.Refresh) -> Nothing:
        for connection in self._connections(command):
            connection.refresh(
                expired=command.expired, expire_at=_seconds(command.expire_at), conn_info=given(command.info, None)
            )
        return Nothing()

    def _connections(self, command: _OfUser) -> list[Connection]:
        """Return the user's connections, filtered by the client and session ids in *command*."""
        return [
            each
            for each in self._node.hub.of_user(str(command.user))
            if command.client in ("", each.id) and command.session in ("", each.session)
        ]

    def _refuse_map(self, command: OfMap[Any]) -> msgspec.Struct:
        # Map channels and shared polling are not emulated, but invalid requests get the real server's errors.
        _require(command.channel)
        wanted = ("shared_poll",) if isinstance(command, commands.SharedPollPublish) else _MAPS
        if not getattr(command, "key", "x") and not isinstance(command, commands.MapReadState):
            raise failure(error_codes.BAD_REQUEST)
        if self._node.options(command.channel).subscription_type not in wanted:
            raise failure(error_codes.BAD_REQUEST)
        raise failure(error_codes.NOT_AVAILABLE)


_MAPS = ("map", "map_clients", "map_users")

_HANDLERS: dict[type[Method[Any]], Callable[[API, Any], msgspec.Struct]] = {
    commands.Presence: API._presence,
    commands.PresenceStats: API._presence_stats,
    commands.HistoryRemove: API._history_remove,
    commands.Info: API._info,
    commands.RPC: API._rpc,
    commands.Subscribe: API._subscribe,
    commands.Unsubscribe: API._unsubscribe,
    commands.Disconnect: API._disconnect,
    commands.Refresh: API._refresh,
}
"""Handlers of the commands that do not need the time."""


def _require(name: str) -> None:
    if not name:
        raise failure(error_codes.BAD_REQUEST)


def _seconds(moment: int | datetime.datetime) -> int:
    return moment if isinstance(moment, int) else int(moment.timestamp())


def _position(position: StreamPosition | None) -> Position | None:
    return None if position is None else Position(position.offset, position.epoch)


def publication_answer(publication: Publication) -> objects.Publication:
    """Return a publication as it appears in a history result."""
    info = None if publication.info is None else client_info(publication.info)
    return objects.Publication(msgspec.Raw(publication.data), info, publication.offset, publication.tags)
