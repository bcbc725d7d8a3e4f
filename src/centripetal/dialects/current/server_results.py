"""Results that a Centrifugo 6 server writes in another form than clients read them (protocol 6: methods): PURE.

The server always writes every field of these results, even zero and empty values. So the fields have no default, as
`gostructs` requires. The other results use the classes that clients read: the classes in `results`, and for presence,
statistics and history the classes of the client protocol, whose fields are always written, too.
"""

import msgspec

from centripetal.dialects.current.results.standard import ChannelInfo

__all__ = ["ChannelsAnswer", "InfoAnswer", "NodeAnswer"]


class ChannelsAnswer(msgspec.Struct, frozen=True):
    channels: dict[str, ChannelInfo]


class NodeAnswer(msgspec.Struct, frozen=True, kw_only=True):
    uid: str
    name: str
    version: str
    num_clients: int
    num_users: int
    num_channels: int
    uptime: int = 0
    num_subs: int


class InfoAnswer(msgspec.Struct, frozen=True):
    nodes: list[NodeAnswer]
