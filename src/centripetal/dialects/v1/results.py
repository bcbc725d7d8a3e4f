"""The results of Centrifugo 1.x as Python values (protocol 1: tables, versions).

JSON from users (`data`, `default_info`, `channel_info`) is kept as the bytes that the server sent (`…_json`) and
decoded on access (`data`, …). This keeps every digit of numbers, and unread values cost nothing.
"""

from typing import Any, ClassVar

import msgspec

from centripetal.errors import MalformedResponseError
from centripetal.protocol.result import ABSENT, Result, decoded
from centripetal.protocol.tolerant_decoding import decode_json

__all__ = ["ClientInfo", "Message", "NodeInfo", "Stats"]


def _json(raw: msgspec.Raw) -> bytes | None:
    # Servers before 1.3.0 send "" or null for a missing info (protocol 1: versions).
    text = bytes(raw)
    return None if text in (b"", b'""', b"null") else text


class ClientInfo(Result, frozen=True):
    """One connection of a user, in presence and in messages that a client published.

    Attributes:
        user: the user's id; empty for the anonymous user.
        client: the connection id.
        default_info: the `info` with which the client connected, decoded; None if missing.
        channel_info: the `info` with which the client subscribed to a private channel, decoded; None if missing.
        default_info_json, channel_info_json: the same as the bytes that the server sent; None if missing.
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
    """A message in the history of a channel.

    If the server's description of a message cannot be read, `data` raises a `MalformedResponseError`; the other
    messages of the history are not affected.

    Attributes:
        uid: the message id, unique unless publishers set it themselves.
        channel: the channel of the message.
        data: the published value, decoded on each access. Numbers become int and float; if every digit of a fraction
            matters, decode `data_json` yourself. A `msgspec.Raw` if it is nested too deeply to be decoded (about 1,000
            levels).
        data_json: the same as the bytes that the server sent.
        client: the connection id of the originator; None if missing (servers before 1.3.0 may send "" instead).
        info: the connection that published the message; None if the API published it.
        timestamp: Unix seconds as text, from servers before 1.7.0; otherwise None.
    """

    stand_in: ClassVar[type[msgspec.Struct]]

    uid: str
    channel: str
    raw_data: msgspec.Raw = msgspec.field(name="data")
    client: str | None = None
    raw_info: ClientInfo | str | None = msgspec.field(default=None, name="info")
    timestamp: str | None = None

    @property
    def info(self) -> ClientInfo | None:
        # Servers before 1.3.0 may send "" for a missing info (protocol 1: versions).
        return self.raw_info if isinstance(self.raw_info, ClientInfo) else None

    @property
    def data_json(self) -> bytes:
        return bytes(self.raw_data)

    @property
    def data(self) -> Any:
        return decode_json(self.data_json, "data")


class UnreadableMessage(Message, frozen=True):
    """A message that cannot be read completely. `data` raises an error; the other attributes are set if readable.

    Attributes:
        error: why it cannot be read.
    """

    uid: str = ""
    channel: str = ""
    raw_data: msgspec.Raw = msgspec.field(default=ABSENT, name="data")
    error: str = ""

    @property
    def data(self) -> Any:
        raise MalformedResponseError(f"the server's description of a message is invalid: {self.error}", executed="yes")


Message.stand_in = UnreadableMessage


class NodeInfo(msgspec.Struct, frozen=True, rename={"started": "started_at"}):
    """One server process.

    Attributes:
        uid: id of the process, new at each start.
        name: the configured name, or host name and port.
        started: start time in Unix seconds.
        metrics: counters and gauges by name (protocol 1: table-node-info). Servers before 1.6.0 send them as members of
            the node itself; the client moves them to `metrics`.
        version: the server's version; "" for servers before 1.8.0.
    """

    uid: str
    name: str
    started: int = 0
    metrics: dict[str, int] = {}
    version: str = ""


class Stats(msgspec.Struct, frozen=True):
    """The latest announcements of all nodes.

    Attributes:
        nodes: one `NodeInfo` per node.
        metrics_interval: length in seconds of the interval that the counters in `metrics` cover.
    """

    nodes: list[NodeInfo] = []
    metrics_interval: int = 0
