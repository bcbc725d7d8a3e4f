"""The methods that ask about channels: presence, history, the list of channels (spec v6 §5)."""

from centripetal.dialects.current.commands.base import Method, OfChannel
from centripetal.dialects.current.objects import Position
from centripetal.dialects.current.results.standard import (
    ChannelsResult,
    HistoryRemoveResult,
    HistoryResult,
    PresenceResult,
    PresenceStatsResult,
)
from centripetal.errors import UsageError
from centripetal.protocol.field_kinds import Int32

__all__ = ["Channels", "History", "HistoryRemove", "Presence", "PresenceStats"]


class Presence(OfChannel[PresenceResult], frozen=True):
    """Who is subscribed to *channel* now.

    Args:
        channel: the channel's name.
        timeout: seconds, instead of the client's own limit.

    Raises:
        ServerError: 108, presence is off in the namespace; 102, an unknown namespace.
    """

    name = "presence"
    number = 4
    reads = True


class PresenceStats(OfChannel[PresenceStatsResult], frozen=True):
    """How many are subscribed to *channel* now.

    Args:
        channel: the channel's name.
        timeout: seconds, instead of the client's own limit.

    Raises:
        ServerError: 108, presence is off in the namespace; 102, an unknown namespace.
    """

    name = "presence_stats"
    number = 5
    reads = True


class History(OfChannel[HistoryResult], frozen=True, kw_only=True):
    """Publications that the server keeps of *channel*, and the position of its history.

    `history_pages` of a client goes through all of them and notices what is missing.

    Args:
        channel: the channel's name.
        limit: how many at most; 0, as if not given: none, only the position; -1: all.
        since: only publications after (reverse: before) this one.
        reverse: newest first.
        timeout: seconds, instead of the client's own limit.

    Raises:
        ServerError: 108, history is off in the namespace; 102, an unknown namespace; 112, *since* is of another epoch.
    """

    name = "history"
    number = 6
    reads = True
    limit: Int32 = 0
    since: Position | None = None
    reverse: bool = False

    def check(self) -> None:
        if self.reverse is True and self.since is not None and getattr(self.since, "offset", 1) == 0:
            raise UsageError("there is nothing before offset 0: leave out since to begin with the newest publication")


class HistoryRemove(OfChannel[HistoryRemoveResult], frozen=True):
    """Remove the publications of a history; its position stays.

    Args:
        channel: the channel's name.
        timeout: seconds, instead of the client's own limit.

    Raises:
        ServerError: 108, history is off in the namespace; 102, an unknown namespace.
    """

    name = "history_remove"
    number = 7
    repeatable = True


class Channels(Method[ChannelsResult], frozen=True, kw_only=True):
    """The channels with at least one subscriber on any node.

    Args:
        pattern: a glob over the whole name: `*` (any characters), `?`, `[a-z]`, `{a,b}`.
        timeout: seconds, instead of the client's own limit.

    Raises:
        ServerError: 100, the pattern is wrong.
    """

    name = "channels"
    number = 8
    reads = True
    pattern: str = ""
