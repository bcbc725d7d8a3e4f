"""What the methods of the current server API answer (spec v6 §5; fields: §18.4); those of maps: `map_results.py`.

The names are the server's. A field that a reply does not hold has its zero value here, as it has for the server.
"""

from typing import Any

import msgspec

from centripetal.dialects.current.error_codes import INTERNAL
from centripetal.errors import ServerError
from centripetal.protocol.result import ABSENT, Result, decoded, json_of

__all__ = [
    "BroadcastResult",
    "ChannelInfo",
    "ChannelsResult",
    "ClientInfo",
    "DisconnectResult",
    "HistoryRemoveResult",
    "HistoryResult",
    "InfoResult",
    "Metrics",
    "NodeResult",
    "PresenceResult",
    "PresenceStatsResult",
    "Process",
    "Publication",
    "PublishResponse",
    "PublishResult",
    "RPCResult",
    "RefreshResult",
    "ReplyError",
    "SubscribeResult",
    "UnsubscribeResult",
]


class ReplyError(msgspec.Struct, frozen=True):
    """The server's word on why it refused something.

    Attributes:
        code: a number; spec v6 §6 lists them.
        message: a few words.
    """

    code: int = 0
    message: str = ""


class PublishResult(msgspec.Struct, frozen=True):
    """Where a publication stands in its channel's history; 0 and "" without one.

    Attributes:
        offset: its number there, from 1.
        epoch: the life of the history that the number belongs to.
    """

    offset: int = 0
    epoch: str = ""


class PublishResponse(msgspec.Struct, frozen=True):
    """What a broadcast came to in one channel: `value()` returns the result or raises the error.

    Attributes:
        result: where the publication stands; None if there is an error.
        error: why it was not published in this channel; None if it was.
    """

    result: PublishResult | None = None
    error: ReplyError | None = None

    def value(self) -> PublishResult:
        """The result.

        Raises:
            ServerError: the channel got no publication.
        """
        if self.error is not None:
            retryable = self.error.code == INTERNAL
            raise ServerError(
                self.error.message,
                code=self.error.code,
                executed="unknown" if retryable else "no",
                retryable=retryable,
            )
        return self.result or PublishResult()


class BroadcastResult(msgspec.Struct, frozen=True):
    """What a broadcast came to.

    Attributes:
        responses: one `PublishResponse` a channel, in the order of the channels.
    """

    responses: list[PublishResponse] = []

    @property
    def failed(self) -> dict[int, ReplyError]:
        """The channels that got no publication: their places in the list, each with its error."""
        return {place: one.error for place, one in enumerate(self.responses) if one.error is not None}


class Nothing(msgspec.Struct, frozen=True):
    """A result without fields: the server has done what was asked."""


class SubscribeResult(Nothing, frozen=True):
    """The connections that the user has now are subscribed; it has no fields."""


class UnsubscribeResult(Nothing, frozen=True):
    """The user's connections are unsubscribed; it has no fields."""


class DisconnectResult(Nothing, frozen=True):
    """The user's connections are closed; it has no fields."""


class RefreshResult(Nothing, frozen=True):
    """The user's connections are refreshed; it has no fields."""


class HistoryRemoveResult(Nothing, frozen=True):
    """The history is empty now; it has no fields."""


class ClientInfo(Result, frozen=True):
    """One connection of a user.

    Attributes:
        user: the user's id; empty for the anonymous user.
        client: the connection's id.
        conn_info: the info of the connection (from its token, proxy or a refresh), decoded; None if there is none.
        chan_info: the info of the subscription, decoded; None if there is none.
        conn_info_json, chan_info_json: the same as the bytes that the server sent; None if there are none.
    """

    user: str = ""
    client: str = ""
    raw_conn_info: msgspec.Raw = msgspec.field(default=ABSENT, name="conn_info")
    raw_chan_info: msgspec.Raw = msgspec.field(default=ABSENT, name="chan_info")

    @property
    def conn_info_json(self) -> bytes | None:
        return json_of(self.raw_conn_info)

    @property
    def chan_info_json(self) -> bytes | None:
        return json_of(self.raw_chan_info)

    @property
    def conn_info(self) -> Any:
        return decoded(self.conn_info_json, "conn_info")

    @property
    def chan_info(self) -> Any:
        return decoded(self.chan_info_json, "chan_info")


class PresenceResult(msgspec.Struct, frozen=True):
    """Who is subscribed.

    Attributes:
        presence: each connection's `ClientInfo` by its id.
    """

    presence: dict[str, ClientInfo] = {}


class PresenceStatsResult(msgspec.Struct, frozen=True):
    """How many are subscribed.

    Attributes:
        num_clients: connections.
        num_users: different users; the anonymous one counts as one.
    """

    num_clients: int = 0
    num_users: int = 0


class Publication(Result, frozen=True):
    """A publication as the history keeps it.

    Attributes:
        data: what was published, decoded anew at each access; None also if there is no data at all.
        data_json: the same as the bytes that the server sent, which compacts JSON and escapes `<`, `>` and `&`; None
            if there is no data.
        info: who published it, if a client did.
        offset: its number in the history.
        tags: the tags it was published with.
    """

    raw_data: msgspec.Raw = msgspec.field(default=ABSENT, name="data")
    info: ClientInfo | None = None
    offset: int = 0
    tags: dict[str, str] = msgspec.field(default_factory=dict)

    @property
    def data_json(self) -> bytes | None:
        return json_of(self.raw_data)

    @property
    def data(self) -> Any:
        return decoded(self.data_json, "data")


class HistoryResult(msgspec.Struct, frozen=True):
    """A page of a history, and the position of the whole.

    Attributes:
        publications: oldest first, unless asked for in reverse.
        epoch: the life of this history: offsets of another one mean nothing here.
        offset: the number of the newest publication of the history, whether it is in this page or not.
    """

    publications: list[Publication] = []
    epoch: str = ""
    offset: int = 0


class ChannelInfo(msgspec.Struct, frozen=True):
    """What is known of an active channel.

    Attributes:
        num_clients: its subscribers.
    """

    num_clients: int = 0


class ChannelsResult(msgspec.Struct, frozen=True):
    """The channels that have a subscriber on any node.

    Attributes:
        channels: each channel's `ChannelInfo` by its name.
    """

    channels: dict[str, ChannelInfo] = {}


class Metrics(msgspec.Struct, frozen=True):
    """Counters of a node.

    Attributes:
        interval: the seconds that they cover.
        items: each number by its name.
    """

    interval: float = 0.0
    items: dict[str, float] = {}


class Process(msgspec.Struct, frozen=True):
    """The server's process, from a PRO server.

    Attributes:
        cpu: its share of the processor, in percent.
        rss: its memory, in bytes.
    """

    cpu: float = 0.0
    rss: int = 0


class NodeResult(msgspec.Struct, frozen=True):
    """One server process, as it last announced itself (every three seconds or so).

    Attributes:
        uid: its id, new at each start.
        name: its configured name, or host name and port.
        version: the server's version; since 6.9.0 it says "OSS" for the open edition.
        num_clients, num_users, num_channels, num_subs: what it carries.
        uptime: seconds since its start.
        metrics: its counters, if it sends any.
        process: the process, from a PRO server.
    """

    uid: str = ""
    name: str = ""
    version: str = ""
    num_clients: int = 0
    num_users: int = 0
    num_channels: int = 0
    num_subs: int = 0
    uptime: int = 0
    metrics: Metrics | None = None
    process: Process | None = None


class InfoResult(msgspec.Struct, frozen=True):
    """The nodes of the cluster.

    Attributes:
        nodes: one `NodeResult` a node.
    """

    nodes: list[NodeResult] = []


class RPCResult(Result, frozen=True):
    """What an RPC method of the server answered.

    Attributes:
        data: the answer, decoded; None if there is none.
        data_json: the same as the bytes that the server sent; None if there are none.
    """

    raw_data: msgspec.Raw = msgspec.field(default=ABSENT, name="data")

    @property
    def data_json(self) -> bytes | None:
        return json_of(self.raw_data)

    @property
    def data(self) -> Any:
        return decoded(self.data_json, "data")
