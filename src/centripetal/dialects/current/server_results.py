"""The results that a Centrifugo 6 server writes in another form than clients read (spec v6 §5): PURE.

A server writes each member of these, also one that is 0 or empty: so the fields have no default, as in `gostructs`. The
other results are the classes that clients read: those in `results`, and for presence, statistics and histories those
of the client protocol, whose members are always written, too.
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
