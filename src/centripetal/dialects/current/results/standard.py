"""Results of the methods of the current server API. Results for maps are in `maps.py`.

See protocol 6: methods, table-server-api-numbers.

Fields have the server's names. The server omits fields with a zero value, so a missing field gets its zero value here.
"""

from typing import Any, ClassVar

import msgspec

from centripetal.dialects.current.results.publishing import BroadcastResult, PublishResponse, PublishResult, ReplyError
from centripetal.errors import MalformedResponseError
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


class Nothing(msgspec.Struct, frozen=True):
    """A result without fields: the command succeeded."""


class SubscribeResult(Nothing, frozen=True):
    """The result of `subscribe`, without fields: the user's current connections are subscribed."""


class UnsubscribeResult(Nothing, frozen=True):
    """The result of `unsubscribe`, without fields: the user's connections are unsubscribed."""


class DisconnectResult(Nothing, frozen=True):
    """The result of `disconnect`, without fields: the user's connections are closed."""


class RefreshResult(Nothing, frozen=True):
    """The result of `refresh`, without fields: the user's connections are refreshed."""


class HistoryRemoveResult(Nothing, frozen=True):
    """The result of `history_remove`, without fields: the history is empty."""


class ClientInfo(Result, frozen=True):
    """One connection of a user.

    Attributes:
        user: the user's id; empty for the anonymous user.
        client: the connection's client id.
        conn_info: info of the connection (from its token, a proxy or `refresh`), decoded at each access; None if not
            set.
        chan_info: info of the subscription, decoded at each access; None if not set.
        conn_info_json, chan_info_json: the infos as the JSON bytes that the server sent; None if not set.
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
    """The clients subscribed to a channel.

    Attributes:
        presence: the `ClientInfo` of each connection by client id.
    """

    presence: dict[str, ClientInfo] = {}


class PresenceStatsResult(msgspec.Struct, frozen=True):
    """The numbers of clients and users subscribed to a channel.

    Attributes:
        num_clients: number of connections.
        num_users: number of different users. All anonymous connections count as one user.
    """

    num_clients: int = 0
    num_users: int = 0


class Publication(Result, frozen=True):
    """A publication in the history of a channel.

    If the server's description of a publication cannot be read, `data` raises a `MalformedResponseError`; the other
    publications of the history are not affected.

    Attributes:
        data: the published data, decoded at each access; None also if the publication has no data; a `msgspec.Raw` if
            it is nested too deeply to be decoded (about 1,000 levels).
        data_json: the data as the JSON bytes that the server sent; None if the publication has no data. The server
            compacts JSON and escapes `<`, `>` and `&`.
        info: the client that published it; None if it was published through the server API.
        offset: number of the publication in the history.
        tags: the tags it was published with.
    """

    stand_in: ClassVar[type[msgspec.Struct]]

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


class UnreadablePublication(Publication, frozen=True):
    """A publication that cannot be read completely. `data` raises an error; the other attributes are set if readable.

    Attributes:
        error: why it cannot be read.
    """

    error: str = ""

    @property
    def data(self) -> Any:
        raise MalformedResponseError(
            f"the server's description of a publication is invalid: {self.error}", executed="yes"
        )


Publication.stand_in = UnreadablePublication


class HistoryResult(msgspec.Struct, frozen=True):
    """A page of a history, and the current position of the history.

    Attributes:
        publications: oldest first, unless the call has `reverse=True`.
        epoch: identifies this history. Offsets of another epoch are meaningless here.
        offset: number of the newest publication in the history, even if this page does not contain it.
    """

    publications: list[Publication] = []
    epoch: str = ""
    offset: int = 0


class ChannelInfo(msgspec.Struct, frozen=True):
    """An active channel.

    Attributes:
        num_clients: number of subscribed connections.
    """

    num_clients: int = 0


class ChannelsResult(msgspec.Struct, frozen=True):
    """The channels that have at least one subscriber on any node.

    Attributes:
        channels: the `ChannelInfo` of each channel by name.
    """

    channels: dict[str, ChannelInfo] = {}


class Metrics(msgspec.Struct, frozen=True):
    """Counters of a node.

    Attributes:
        interval: interval that the counters cover, in seconds.
        items: the counters by name.
    """

    interval: float = 0.0
    items: dict[str, float] = {}


class Process(msgspec.Struct, frozen=True):
    """Resource use of the server process. Only PRO servers send it.

    Attributes:
        cpu: CPU use in percent.
        rss: resident memory in bytes.
    """

    cpu: float = 0.0
    rss: int = 0


class NodeResult(msgspec.Struct, frozen=True):
    """A node of the cluster, with the state that it last announced (about every three seconds).

    Attributes:
        uid: id of the node, new at each start.
        name: configured name, or host name and port.
        version: version of the server; since 6.9.0 it ends in "OSS" for the open-source edition.
        num_clients, num_users, num_channels, num_subs: numbers of connections, users, channels and subscriptions.
        uptime: seconds since the node started.
        metrics: the node's counters, if it sends any.
        process: resource use of the process; None unless it is a PRO server.
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
        nodes: one `NodeResult` per node.
    """

    nodes: list[NodeResult] = []


class RPCResult(Result, frozen=True):
    """The result of an RPC method of the server.

    Attributes:
        data: the returned data, decoded at each access; None if the method returned no data.
        data_json: the data as the JSON bytes that the server sent; None if the method returned no data.
    """

    raw_data: msgspec.Raw = msgspec.field(default=ABSENT, name="data")

    @property
    def data_json(self) -> bytes | None:
        return json_of(self.raw_data)

    @property
    def data(self) -> Any:
        return decoded(self.data_json, "data")
