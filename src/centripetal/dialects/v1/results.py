"""What Centrifugo 1.x answers, as Python values (spec v1 §16; members of older servers: §14).

JSON that users put into the server (`data`, `default_info`, `channel_info`) is kept as the bytes that the server sent
(`…_json`) and decoded when asked for (`data`, …), so that no digit is lost and nobody pays for what nobody reads.
"""

from typing import Any

import msgspec

from centripetal.protocol.payload import decode_json
from centripetal.protocol.result import ABSENT, Result, decoded

__all__ = ["ClientInfo", "Message", "NodeInfo", "Stats"]


def _json(raw: msgspec.Raw) -> bytes | None:
    # Servers before 1.3.0 say "" or null for an info that is not there (spec v1 §14).
    text = bytes(raw)
    return None if text in (b"", b'""', b"null") else text


class ClientInfo(Result, frozen=True):
    """One connection of a user: in presence, and in messages that a client published.

    Attributes:
        user: the user's id; empty for the anonymous user.
        client: the connection id.
        default_info: what the user's token carried as `info`, decoded; None if nothing.
        channel_info: what the sign for a private channel carried as `info`, decoded; None if nothing.
        default_info_json, channel_info_json: the same as the bytes that the server sent; None if nothing.
    """

    user: str = ""
    client: str = ""
    raw_default_info: msgspec.Raw = msgspec.field(default=ABSENT, name="default_info")
    raw_channel_info: msgspec.Raw = msgspec.field(default=ABSENT, name="channel_info")

    @property
    def default_info_json(self) -> bytes | None:
        return _json(self.raw_default_info)

    @property
    def channel_info_json(self) -> bytes | None:
        return _json(self.raw_channel_info)

    @property
    def default_info(self) -> Any:
        return decoded(self.default_info_json, "default_info")

    @property
    def channel_info(self) -> Any:
        return decoded(self.channel_info_json, "channel_info")


class Message(Result, frozen=True):
    """A publication as the server keeps it.

    Attributes:
        uid: its id, unique unless publishers set it themselves.
        channel: the channel it was published into.
        data: what was published, decoded anew at each access. Numbers become int and float; where every digit of a
            fraction matters, decode `data_json` yourself.
        data_json: the same as the bytes that the server sent.
        client: the connection id of the originator; None (from servers before 1.3.0 also "") if none was given.
        info: who published it, if a client did.
        timestamp: Unix seconds as text, from servers before 1.7.0; otherwise None.
    """

    uid: str
    channel: str
    raw_data: msgspec.Raw = msgspec.field(name="data")
    client: str | None = None
    raw_info: ClientInfo | str | None = msgspec.field(default=None, name="info")
    timestamp: str | None = None

    @property
    def info(self) -> ClientInfo | None:
        # Servers before 1.3.0 may say "" where there is none (spec v1 §14).
        return self.raw_info if isinstance(self.raw_info, ClientInfo) else None

    @property
    def data_json(self) -> bytes:
        return bytes(self.raw_data)

    @property
    def data(self) -> Any:
        return decode_json(self.data_json, "data")


class NodeInfo(msgspec.Struct, frozen=True, rename={"started": "started_at"}):
    """One server process.

    Attributes:
        uid: its id, new at each start.
        name: its configured name, or host name and port.
        started: when it started, Unix seconds.
        metrics: counters and gauges by name (spec v1 §16.3). Servers before 1.6.0 send them as members of the node
            itself; here they are found in `metrics` all the same.
        version: the server's version, since 1.8.0; otherwise "".
    """

    uid: str
    name: str
    started: int = 0
    metrics: dict[str, int] = {}
    version: str = ""


class Stats(msgspec.Struct, frozen=True):
    """All nodes, as each last announced itself.

    Attributes:
        nodes: one `NodeInfo` a node.
        metrics_interval: the seconds that the counters in `metrics` cover.
    """

    nodes: list[NodeInfo] = []
    metrics_interval: int = 0
