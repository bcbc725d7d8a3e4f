"""The API of a 1.x node: executes commands (spec v1 §6, §8, §16.4): PURE.

`Node.run(body, now)` is one request of the HTTP API. Time and randomness come in from outside: `now` is Unix time in
seconds, message ids come from the function given. Call `tick(now, readings)` once a second.
What a command does to clients is done through the hub before its reply is made, as the real server does with its
memory engine: a push comes before the reply to the command that caused it.
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from centripetal.dialects.v1 import results
from centripetal.dialects.v1.client_protocol import JoinPush, LeavePush, MessagePush, encode_push
from centripetal.dialects.v1.commands import (
    Broadcast,
    Channels,
    Disconnect,
    History,
    Presence,
    Publish,
    StatsCommand,
    Unsubscribe,
)
from centripetal.dialects.v1.commands import Node as NodeCommand
from centripetal.dialects.v1.results import Message, NodeInfo, Stats
from centripetal.dialects.v1.server_codec import join, read_command, read_envelopes, reply
from centripetal.errors import ServerError
from centripetal.protocol.command import Command
from centripetal.server.engine.engine import ClientInfo, Engine, HistoryOptions, Publication
from centripetal.server.engine.events import CommandRun, Events, Published
from centripetal.server.engine.hub import Hub
from centripetal.server.v1.channels import ChannelOptions, NamespaceNotFoundError
from centripetal.server.v1.config import Config
from centripetal.server.v1.connection import Connection
from centripetal.server.v1.metrics import Metrics

__all__ = ["VERSION", "Node"]

VERSION = "1.8.0"
"""The server that this one stands in for: what official builds of it report."""

_FIX = "fix"


class Node:
    """One 1.x server process.

    Args:
        config: how it is set up; `config.name` is its name.
        uid: its id, new at each start.
        now: when it starts.
        next_uid: makes ids for messages.
        events: who is told what happens.
    """

    def __init__(
        self, config: Config, *, uid: str, now: float, next_uid: Callable[[], str], events: Events | None = None
    ) -> None:
        self.config = config
        self.events = Events() if events is None else events
        self.engine = Engine()
        self.hub: Hub[Connection] = Hub()
        self.metrics = Metrics()
        self.next_uid = next_uid
        self._info = NodeInfo(uid, config.name, int(now), version=VERSION)
        self._next_rotation = now + config.node_metrics_interval
        self._announce(now)

    # ---- requests

    def run(self, body: bytes, now: float) -> bytes:
        """Run the commands in *body*, one after the other, and return the body of the answer.

        Raises:
            InvalidMessageError: the request is given up; the commands before the fatal one have run (spec v1 §6.1).
            JSONError: a reply cannot be printed; the commands have run.
        """
        replies = []
        for envelope in read_envelopes(body):
            command = read_command(envelope)
            outcome = self.outcome(command, now)
            replies.append((envelope, command, outcome))
            if self.events:
                self._tell(command, outcome, now)
        # Only now, as in the real server: a reply that cannot be printed stops no command.
        return join([reply(*each) for each in replies])

    def outcome(self, command: Command[Any], now: float) -> Any:
        """The command's result, or the `ServerError` that it came to."""
        try:
            return self.execute(command, now)
        except ServerError as error:
            return error

    def execute(self, command: Command[Any], now: float) -> Any:
        """Carry out *command* and return its result: the value that its class promises.

        Raises:
            ServerError: in the words of the real server.
        """
        match command:
            case Publish():
                self._publish(command, now)
            case Broadcast():
                self._broadcast(command, now)
            case Unsubscribe():
                self._unsubscribe(command)
            case Disconnect():
                self._disconnect(command)
            case Presence():
                return self._presence(command)
            case History():
                return self._history(command, now)
            case Channels():
                return self.engine.channels()
            case StatsCommand():
                return Stats([self._announced], self.config.node_metrics_interval)
            case NodeCommand():
                return msgspec.structs.replace(self._info, metrics=self.metrics.current())
            case _:
                raise AssertionError(f"{command!r} is no command of the API")
        return True

    def tick(self, now: float, readings: Mapping[str, int] = {}) -> None:
        """Do what is due: call it about once a second.

        Args:
            now: Unix time.
            readings: gauges of the process, by the names of the metrics.
        """
        self.engine.sweep(now)
        if now >= self._next_rotation:
            self._next_rotation = now + self.config.node_metrics_interval
            self.metrics.gauge(readings)
            self.metrics.rotate()
        if now >= self._next_announcement:
            self._announce(now)

    def _tell(self, command: Command[Any], outcome: Any, now: float) -> None:
        error = outcome.message if isinstance(outcome, ServerError) else ""
        channels, user = tuple(command.touches()), getattr(command, "user", "")
        self.events.tell(CommandRun(at=now, method=command.name, channels=channels, user=user, error=error))

    # ---- commands

    def _publish(self, command: Publish, now: float) -> None:
        options = self._options(command.channel, _FIX)
        uid = command.uid or self.next_uid()
        self.publish(Publication(uid, command.channel, bytes(command.data), command.client or ""), options, now)

    def _broadcast(self, command: Broadcast, now: float) -> None:
        data = bytes(command.data)
        if not command.channels or not data:
            raise ServerError("invalid message", advice=_FIX)
        # Channels before a bad one have been published to, those after it have not (spec v1 §6.3).
        for channel in command.channels:
            if not channel:
                raise ServerError("invalid message", advice=_FIX)
            options = self._options(channel, _FIX)
            self.publish(Publication(self.next_uid(), channel, data, command.client or ""), options, now)

    def publish(self, publication: Publication, options: ChannelOptions, now: float) -> None:
        """Remember a message and push it to whoever is subscribed; clients' own messages come this way, too."""
        self._count_pair("client_msg")
        delivery = self.engine.publish(publication, options.history, now)
        if delivery.subscribers:
            self.hub.send(encode_push(MessagePush(message(publication))), delivery.subscribers)
        if self.events:
            author = publication.info
            self.events.tell(
                Published(
                    at=now,
                    channel=publication.channel,
                    data=msgspec.Raw(publication.data),
                    client=publication.client,
                    user="" if author is None else author.user,
                    by_client=author is not None,
                    receivers=len(delivery.subscribers),
                )
            )

    def announce_join(self, channel: str, info: ClientInfo) -> None:
        """Tell the subscribers of *channel* who came, which must be one of them by now."""
        self._count_pair("join_msg")
        self.hub.send(encode_push(JoinPush(channel, client_info(info))), self.engine.subscribers(channel))

    def announce_leave(self, channel: str, info: ClientInfo) -> None:
        """Tell the subscribers of *channel* who goes, and is still one of them."""
        self._count_pair("leave_msg")
        self.hub.send(encode_push(LeavePush(channel, client_info(info))), self.engine.subscribers(channel))

    def _unsubscribe(self, command: Unsubscribe) -> None:
        self._require(command.user)
        if command.channel:
            self._options(command.channel)
        for connection in self.hub.of_user(command.user):
            connection.unsubscribe(command.channel)
        self._count_pair("control_msg")

    def _disconnect(self, command: Disconnect) -> None:
        self._require(command.user)
        for connection in self.hub.of_user(command.user):
            connection.disconnect()
        self._count_pair("control_msg")

    def _presence(self, command: Presence) -> dict[str, results.ClientInfo]:
        self._require(command.channel)
        if not self._options(command.channel).presence:
            raise ServerError("not available")
        self.metrics.count("node_num_presence")
        return {client: client_info(info) for client, info in self.engine.presence(command.channel).items()}

    def _history(self, command: History, now: float) -> list[Message]:
        self._require(command.channel)
        history = self._options(command.channel).history
        if not history.is_kept:
            raise ServerError("not available")
        self.metrics.count("node_num_history")
        return self.history(command.channel, history, now)

    def history(self, channel: str, options: HistoryOptions, now: float, limit: int = -1) -> list[Message]:
        """What is remembered of *channel*, newest first."""
        return [message(each) for each in self.engine.history(channel, options, now, limit=limit, reverse=True)[0]]

    def _require(self, name: str) -> None:
        if not name:
            raise ServerError("invalid message")

    def _options(self, channel: str, advice: str = "") -> ChannelOptions:
        try:
            return self.config.channels.options_of(channel)
        except NamespaceNotFoundError:
            raise ServerError("namespace not found", advice=advice) from None

    # ---- the node itself

    def _announce(self, now: float) -> None:
        """Do as a node does that tells others of itself; `stats` shows what was told last (spec v1 §6.8)."""
        self._next_announcement = now + self.config.node_ping_interval
        self.metrics.gauge(
            {
                "node_num_channels": self.engine.count_channels(),
                "node_num_clients": self.hub.count_connections(),
                "node_num_unique_clients": self.hub.count_users(),
                "node_uptime_seconds": int(now) - self._info.started,
            }
        )
        self._count_pair("control_msg")
        self._announced = msgspec.structs.replace(self._info, metrics=self.metrics.announced)

    def _count_pair(self, what: str) -> None:
        # A node hears what it tells others, too.
        self.metrics.count(f"node_num_{what}_published")
        self.metrics.count(f"node_num_{what}_received")


def message(publication: Publication) -> Message:
    """A publication as replies show it."""
    info = None if publication.info is None else client_info(publication.info)
    data = msgspec.Raw(publication.data)
    return Message(publication.uid, publication.channel, data, publication.client, info)


def client_info(info: ClientInfo) -> results.ClientInfo:
    """A connection as replies show it."""
    raws = msgspec.Raw(info.conn_info), msgspec.Raw(info.chan_info)
    return results.ClientInfo(info.user, info.client, *raws)
