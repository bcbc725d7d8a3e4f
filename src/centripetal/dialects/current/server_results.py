"""What a Centrifugo 6 server answers to its API, before it is JSON (spec v6 §5): PURE; `server_codec` writes it.

Fields that are always written have no default, as in `gostructs`.
"""

import msgspec

from centripetal.dialects.current.client_protocol.objects import ClientInfo, Publication

__all__ = ["Answer", "BroadcastAnswer", "ChannelInfo", "ChannelsAnswer", "HistoryAnswer", "InfoAnswer"]
__all__ += ["NodeAnswer", "PresenceAnswer", "PresenceStatsAnswer", "PublishAnswer"]


class Answer(msgspec.Struct, frozen=True):
    """A result; this one says nothing but that all went well."""


class PublishAnswer(Answer, frozen=True):
    offset: int = 0
    epoch: str = ""


class Error(msgspec.Struct, frozen=True):
    code: int
    message: str


class PublishOutcome(msgspec.Struct, frozen=True):
    """One channel of a broadcast: one of the two."""

    error: Error | None = None
    result: PublishAnswer | None = None


class BroadcastAnswer(Answer, frozen=True):
    responses: list[PublishOutcome]


class HistoryAnswer(Answer, frozen=True):
    publications: list[Publication]
    epoch: str
    offset: int


class PresenceAnswer(Answer, frozen=True):
    presence: dict[str, ClientInfo]


class PresenceStatsAnswer(Answer, frozen=True):
    num_clients: int
    num_users: int


class ChannelInfo(msgspec.Struct, frozen=True):
    num_clients: int


class ChannelsAnswer(Answer, frozen=True):
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


class InfoAnswer(Answer, frozen=True):
    nodes: list[NodeAnswer]
