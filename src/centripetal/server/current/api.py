"""A Centrifugo 6 node: executes the commands of its API, and is what sessions of clients stand on (spec v6 §5): PURE.

Time and randomness come in from outside: `now` is Unix time in seconds, epochs come from the function given. Call
`tick(now)` once a second.

What a session needs of it: `config`, `options`, `publish`, `join` and `leave`, `history`, `engine` (who is subscribed
and present) and `hub` (to be found under its user). What a command does to clients is done before its reply is made, as
the real server does with its memory engine: a push comes before the reply to the command that caused it.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from centripetal.dialects.current import answers, requests
from centripetal.dialects.current.answers import Answer, NodeAnswer, PublishAnswer, PublishOutcome
from centripetal.dialects.current.requests import Request
from centripetal.errors import ServerError
from centripetal.server.current.channels import ChannelOptions
from centripetal.server.current.config import Config
from centripetal.server.current.connection import Announcement, Connection, ServerSubscription, Told
from centripetal.server.current.glob import GlobError, matcher
from centripetal.server.current.payloads import fits, given
from centripetal.server.engine import NO_HISTORY, ClientInfo, Delivery, Engine, Position, Publication
from centripetal.server.events import CommandRun, Events, Published
from centripetal.server.hub import Hub

__all__ = ["VERSION", "Node", "failure"]

VERSION = "6.9.1 OSS"
"""The server that this one stands in for, as it reports it."""

_ANNOUNCED_EVERY = 3.0  # seconds, as in the real server
_MESSAGES = {
    100: "internal server error",
    102: "unknown channel",
    104: "not found",
    107: "bad request",
    108: "not available",
    112: "unrecoverable position",
}


def failure(code: int) -> ServerError:
    """An error of the API, in the real server's words (spec v6 §6)."""
    return ServerError(_MESSAGES[code], code=code)


class Node:
    """One server process.

    Args:
        config: how it is set up.
        name: what it is called in `info`.
        uid: its id, new at each start.
        now: when it starts.
        new_epoch: makes the epochs of streams.
        events: who is told what happens.
    """

    def __init__(
        self,
        config: Config,
        *,
        name: str,
        uid: str,
        now: float,
        new_epoch: Callable[[], str],
        events: Events | None = None,
    ) -> None:
        self.config = config
        self.uid = uid
        self.name = name
        self.events = Events() if events is None else events
        self.engine = Engine(new_epoch)
        self.hub: Hub[Connection] = Hub()
        self._started = now
        self._announce(now)

    # ---- what sessions and commands share

    def options(self, channel: str) -> ChannelOptions:
        """What is configured for *channel*.

        Raises:
            ServerError: 102, nothing is.
        """
        return self.config.channels.options_of(channel)

    def publish(
        self,
        publication: Publication,
        options: ChannelOptions,
        now: float,
        *,
        skip_history: bool = False,
        delta: bool = False,
        idempotency_key: str = "",
        version_epoch: str = "",
    ) -> Position:
        """Remember a publication and push it to whoever is subscribed; the position is the result of publishing.

        Args:
            publication: *info* says who published it, if a client did.
            options: of its channel.
            now: Unix time.
            skip_history: push it, but do not remember it.
            delta: make a delta for those who asked for deltas.
            idempotency_key: a repeated one publishes nothing.
            version_epoch: of the version in *publication*.
        """
        delivery = self.engine.publish(
            publication,
            NO_HISTORY if skip_history else options.history,
            now,
            idempotency_key=idempotency_key,
            version_epoch=version_epoch,
        )
        if not delivery.suppressed:
            self._deliver(delivery, now, delta=delta or options.delta_publish)
        return delivery.position

    def join(self, channel: str, info: ClientInfo) -> None:
        """Tell the subscribers of *channel* who came."""
        self._announce_in(channel, Announcement(channel, info, joined=True))

    def leave(self, channel: str, info: ClientInfo) -> None:
        """Tell the subscribers of *channel* who is gone."""
        self._announce_in(channel, Announcement(channel, info, joined=False))

    def history(
        self,
        channel: str,
        options: ChannelOptions,
        now: float,
        *,
        since: Position | None = None,
        limit: int = 0,
        reverse: bool = False,
    ) -> tuple[list[Publication], Position]:
        """What is remembered of *channel*, and where its stream is (spec v6 §5.7).

        Args:
            channel: its name.
            options: of it; whether it has history was looked at.
            now: Unix time.
            since: only what comes after it, or before it in reverse. An empty epoch is not checked.
            limit: how many publications; negative: all.
            reverse: newest first; without it oldest first.

        Raises:
            ServerError: 107, in reverse since offset 0; 112, *since* is in another epoch.
        """
        if reverse and since is not None and since.offset == 0:
            raise failure(107)
        offset = None if since is None else since.offset
        found, top = self.engine.history(
            channel, options.history, now, since=offset, limit=limit, reverse=reverse
        )
        if since is not None and since.epoch not in ("", top.epoch):
            raise failure(112)
        return found, top

    def tick(self, now: float) -> None:
        """Do what is due: call it about once a second."""
        self.engine.sweep(now)
        if now >= self._next_announcement:
            self._announce(now)

    def _deliver(self, delivery: Delivery, now: float, *, delta: bool) -> None:
        publication = delivery.publication
        if delivery.subscribers:
            told = Told(publication, delivery.position, delivery.previous, delta=delta)
            for connection in self.hub.those(delivery.subscribers):
                connection.deliver(told)
        if self.events:
            author = publication.info
            self.events.tell(
                Published(
                    at=now,
                    channel=publication.channel,
                    data=msgspec.Raw(publication.data),
                    client="" if author is None else author.client,
                    user="" if author is None else author.user,
                    by_client=author is not None,
                    tags=publication.tags,
                    receivers=len(delivery.subscribers),
                )
            )

    def _announce_in(self, channel: str, announcement: Announcement) -> None:
        for connection in self.hub.those(self.engine.subscribers(channel)):
            connection.announce(announcement)

    def _announce(self, now: float) -> None:
        """Do as a node does that tells others of itself; `info` shows what was told last (spec v6 §5.10)."""
        self._next_announcement = now + _ANNOUNCED_EVERY
        self._announced = NodeAnswer(
            uid=self.uid,
            name=self.name,
            version=VERSION,
            num_clients=self.hub.count_connections(),
            num_users=self.hub.count_users(),
            num_channels=self.engine.count_channels(),
            uptime=max(int(now - self._started), 0),
            num_subs=self.engine.count_subscriptions(),
        )

    # ---- commands of the API

    def outcome(self, request: Request, now: float) -> Answer | ServerError:
        """What the request comes to."""
        result: Answer | ServerError
        try:
            result = self.execute(request, now)
        except ServerError as error:
            result = error
        if self.events:
            self._tell(request, result, now)
        return result

    def execute(self, request: Request, now: float) -> Answer:
        """Carry out what *request* asks for.

        Raises:
            ServerError: in the words of the real server.
        """
        return _HANDLERS[type(request)](self, request, now)

    def _tell(self, request: Any, result: Answer | ServerError, now: float) -> None:
        channels = getattr(request, "channels", None) or [getattr(request, "channel", "")]
        self.events.tell(
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
        options = self.options(request.channel)
        if not options.is_stream:
            raise failure(107)
        return self._publish_into(request.channel, data, options, request, now)

    def _broadcast(self, request: requests.Broadcast, now: float) -> answers.BroadcastAnswer:
        if not request.channels:
            raise failure(107)
        data = given(request.data, request.b64data)
        responses = []
        for channel in request.channels:
            try:
                _require(channel)
                # Unlike publish, it does not look at the type of the subscriptions there.
                answer = self._publish_into(channel, data, self.options(channel), request, now)
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
            raise failure(107)
        position = self.publish(
            Publication("", channel, data, tags=request.tags, version=request.version),
            options,
            now,
            skip_history=request.skip_history,
            delta=request.delta,
            idempotency_key=request.idempotency_key,
            version_epoch=request.version_epoch,
        )
        return PublishAnswer(position.offset, position.epoch)

    def _presence(self, request: requests.Presence, now: float) -> answers.PresenceAnswer:
        present = self._who_is_in(request.channel)
        return answers.PresenceAnswer({client: client_info(info) for client, info in present.items()})

    def _presence_stats(self, request: requests.PresenceStats, now: float) -> answers.PresenceStatsAnswer:
        present = self._who_is_in(request.channel)
        return answers.PresenceStatsAnswer(len(present), len({info.user for info in present.values()}))

    def _who_is_in(self, channel: str) -> dict[str, ClientInfo]:
        _require(channel)
        if not self.options(channel).presence:
            raise failure(108)
        return self.engine.presence(channel)

    def _history(self, request: requests.History, now: float) -> answers.HistoryAnswer:
        options = self._kept(request.channel)
        since = None if request.since is None else Position(request.since.offset, request.since.epoch)
        if request.reverse and since is not None and since.offset == 0:
            raise failure(100)
        found, top = self.history(
            request.channel, options, now, since=since, limit=request.limit, reverse=request.reverse
        )
        return answers.HistoryAnswer([publication_answer(each) for each in found], top.epoch, top.offset)

    def _history_remove(self, request: requests.HistoryRemove, now: float) -> Answer:
        self._kept(request.channel)
        self.engine.remove_history(request.channel)
        return Answer()

    def _kept(self, channel: str) -> ChannelOptions:
        _require(channel)
        options = self.options(channel)
        if not options.history.is_kept:
            raise failure(108)
        return options

    def _channels(self, request: requests.Channels, now: float) -> answers.ChannelsAnswer:
        names = self.engine.channels()
        if request.pattern:
            try:
                matches = matcher(request.pattern).fullmatch
            except GlobError:
                raise failure(100) from None
            names = [name for name in names if matches(name)]
        return answers.ChannelsAnswer(
            {name: answers.ChannelInfo(self.engine.count_subscribers(name)) for name in names}
        )

    def _info(self, request: requests.Info, now: float) -> answers.InfoAnswer:
        return answers.InfoAnswer([self._announced])

    def _rpc(self, request: requests.Rpc, now: float) -> Answer:
        _require(request.name)
        raise failure(104)  # there are no methods in the open edition

    # ---- commands about the connections of a user

    def _subscribe(self, request: requests.Subscribe, now: float) -> Answer:
        _require(request.channel)
        options = self.options(request.channel)
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
        for connection in self._connections(request):
            if 0 < request.expire_at <= int(now):
                raise failure(100)
            connection.subscribe(subscription)
        return Answer()

    def _unsubscribe(self, request: requests.Unsubscribe, now: float) -> Answer:
        if request.channel:
            self.options(request.channel)
        for connection in self._connections(request):
            connection.unsubscribe(request.channel, 2000, "server unsubscribe")
        return Answer()

    def _disconnect(self, request: requests.Disconnect, now: float) -> Answer:
        told = request.disconnect
        code, reason = (3503, "force disconnect") if told is None else (told.code, told.reason)
        for connection in self._connections(request):
            if connection.id not in request.whitelist:
                connection.disconnect(code, reason)
        return Answer()

    def _refresh(self, request: requests.Refresh, now: float) -> Answer:
        for connection in self._connections(request):
            connection.refresh(expired=request.expired, expire_at=request.expire_at, conn_info=bytes(request.info))
        return Answer()

    def _connections(self, request: requests.OfUser) -> list[Connection]:
        """Those of the user, or the one of them that is named."""
        return [
            each
            for each in self.hub.of_user(request.user)
            if request.client in ("", each.id) and request.session in ("", each.session)
        ]

    def _map(self, request: requests.MapRequest, now: float) -> Answer:
        # Map channels and shared polling are not emulated; what is wrong with a request is told all the same.
        _require(request.channel)
        wanted = ("shared_poll",) if isinstance(request, requests.SharedPollPublish) else ("map",)
        if not getattr(request, "key", "x") and not isinstance(request, requests.MapReadState):
            raise failure(107)
        if self.options(request.channel).subscription_type not in wanted:
            raise failure(107)
        raise failure(108)


_HANDLERS: dict[type[Request], Callable[[Node, Any, float], Answer]] = {
    requests.Publish: Node._publish,
    requests.Broadcast: Node._broadcast,
    requests.Presence: Node._presence,
    requests.PresenceStats: Node._presence_stats,
    requests.History: Node._history,
    requests.HistoryRemove: Node._history_remove,
    requests.Channels: Node._channels,
    requests.Info: Node._info,
    requests.Rpc: Node._rpc,
    requests.Subscribe: Node._subscribe,
    requests.Unsubscribe: Node._unsubscribe,
    requests.Disconnect: Node._disconnect,
    requests.Refresh: Node._refresh,
    **{shape: Node._map for shape in requests.METHODS.values() if issubclass(shape, requests.MapRequest)},
}


def _require(name: str) -> None:
    if not name:
        raise failure(107)


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
