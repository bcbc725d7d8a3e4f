"""A 1.x node: the state that the API and the client sessions share: PURE.

See protocol 1: stats-node, storage, table-errors.

A method pushes to clients before it returns, as the real server does with its memory engine: a push arrives before the
reply to the command that caused it.
"""

import msgspec

from centripetal.dialects.v1 import results
from centripetal.dialects.v1.client_protocol import JoinPush, LeavePush, MessagePush, encode_push
from centripetal.dialects.v1.results import Message, NodeInfo
from centripetal.server.engine.engine import ClientInfo, HistoryOptions, Publication
from centripetal.server.engine.events import Events
from centripetal.server.environment import Environment
from centripetal.server.node import BaseNode
from centripetal.server.v1.channels import ChannelOptions
from centripetal.server.v1.config import Config
from centripetal.server.v1.connection import Connection
from centripetal.server.v1.metrics import Metrics

__all__ = ["VERSION", "Node", "client_info"]

VERSION = "1.8.0"
"""The emulated version, as official builds of the real server report it."""


class Node(BaseNode[Config, Connection]):
    """One 1.x server process; `config.name` is its name. For the arguments see `BaseNode`."""

    def __init__(self, config: Config, environment: Environment, events: Events | None = None) -> None:
        super().__init__(config, environment, events)
        self.metrics = Metrics()
        self.new_message_id = environment.new_message_id
        now = self.now()
        self._info = NodeInfo(environment.new_uuid(), config.name, int(now), version=VERSION)
        self._next_rotation = now + config.node_metrics_interval
        self._announce(now)

    # ---- what sessions and commands share

    def publish(self, publication: Publication, options: ChannelOptions, now: float) -> None:
        """Store a message and push it to all subscribers. Messages that clients publish use this method, too."""
        self._count_pair("client_msg")
        delivery = self.engine.publish(publication, options.history, now)
        if delivery.subscribers:
            self.hub.send(encode_push(MessagePush(_message(publication))), delivery.subscribers)
        self._emit_published(publication, len(delivery.subscribers), now)

    def announce_join(self, channel: str, info: ClientInfo) -> None:
        """Tell the subscribers of *channel* which client joined; that client is already one of them."""
        self._count_pair("join_msg")
        self.hub.send(encode_push(JoinPush(channel, client_info(info))), self.engine.subscribers(channel))

    def announce_leave(self, channel: str, info: ClientInfo) -> None:
        """Tell the subscribers of *channel* which client leaves; that client is still one of them."""
        self._count_pair("leave_msg")
        self.hub.send(encode_push(LeavePush(channel, client_info(info))), self.engine.subscribers(channel))

    def history(self, channel: str, options: HistoryOptions, now: float, limit: int = -1) -> list[Message]:
        """Return the stored messages of *channel*, newest first."""
        return [_message(each) for each in self.engine.history(channel, options, now, limit=limit, reverse=True)[0]]

    # ---- the node itself

    @property
    def announced_info(self) -> NodeInfo:
        """The node's last announcement to other nodes."""
        return self._announced

    @property
    def current_info(self) -> NodeInfo:
        """The node with its current metrics."""
        return msgspec.structs.replace(self._info, metrics=self.metrics.current())

    def count_control(self) -> None:
        """Count a control message that a node of a cluster would send to the other nodes."""
        self._count_pair("control_msg")

    def tick(self) -> None:
        now = self.now()
        self.engine.sweep(now)
        if now >= self._next_rotation:
            self._next_rotation = now + self.config.node_metrics_interval
            self.metrics.gauge(self.environment.process_usage())
            self.metrics.rotate()
        if now >= self._next_announcement:
            self._announce(now)

    def _announce(self, now: float) -> None:
        """Update the announcement of this node, which `stats` returns (protocol 1: stats-node)."""
        self._next_announcement = now + self.config.node_ping_interval
        self.metrics.gauge(
            {
                "node_num_channels": self.engine.count_channels(),
                "node_num_clients": self.hub.count_connections(),
                "node_num_unique_clients": self.hub.count_users(),
                "node_uptime_seconds": int(now) - self._info.started,
            }
        )
        self.count_control()
        self._announced = msgspec.structs.replace(self._info, metrics=self.metrics.announced)

    def _count_pair(self, what: str) -> None:
        # A node also receives the messages that it sends to all nodes.
        self.metrics.count(f"node_num_{what}_published")
        self.metrics.count(f"node_num_{what}_received")


def _message(publication: Publication) -> Message:
    info = None if publication.info is None else client_info(publication.info)
    data = msgspec.Raw(publication.data)
    return Message(publication.uid, publication.channel, data, publication.client, info)


def client_info(info: ClientInfo) -> results.ClientInfo:
    """Return *info* in the form that replies use."""
    raws = msgspec.Raw(info.conn_info), msgspec.Raw(info.chan_info)
    return results.ClientInfo(info.user, info.client, *raws)
