"""Methods that read channels: presence, history and the list of channels (protocol 6: methods)."""

from itertools import pairwise

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
from centripetal.protocol.exact import exact_flag, exact_integer
from centripetal.protocol.field_kinds import Int32

__all__ = ["Channels", "History", "HistoryRemove", "Presence", "PresenceStats"]


class Presence(OfChannel[PresenceResult], frozen=True):
    """List the clients subscribed to *channel*.

    Args:
        channel: the channel's name.
        timeout: time limit of this call in seconds; by default the client's `timeout`.

    Raises:
        ServerError: 108 if presence is disabled for the channel; 102 if the namespace is unknown.
    """

    name = "presence"
    number = 4
    reads = True


class PresenceStats(OfChannel[PresenceStatsResult], frozen=True):
    """Count the clients and users subscribed to *channel*.

    Args:
        channel: the channel's name.
        timeout: time limit of this call in seconds; by default the client's `timeout`.

    Raises:
        ServerError: 108 if presence is disabled for the channel; 102 if the namespace is unknown.
    """

    name = "presence_stats"
    number = 5
    reads = True


class History(OfChannel[HistoryResult], frozen=True, kw_only=True):
    """Return up to *limit* publications from *channel*'s history, and its position; without *limit*, no publications.

    `Client.history_pages` reads a whole history page by page and raises an error if publications are missing.

    Args:
        channel: the channel's name.
        limit: maximum number of publications. 0, the default, returns only the position; -1 returns all publications
            (protocol 6: history).
        since: return only publications after this position (with *reverse*, before it).
        reverse: return the newest publication first.
        timeout: time limit of this call in seconds; by default the client's `timeout`.

    Raises:
        ServerError: 108 if history is disabled for the channel; 102 if the namespace is unknown; 112 if the history was
            reset, so the epoch of *since* no longer exists.
    """

    name = "history"
    number = 6
    reads = True
    verifies = True
    limit: Int32 = 0
    since: Position | None = None
    reverse: bool = False

    def check(self) -> None:
        if exact_flag(self.reverse) and self.since is not None and getattr(self.since, "offset", 1) == 0:
            raise UsageError("since: there is nothing before offset 0; leave it out to start with the newest one")

    def fault(self, result: HistoryResult) -> str:
        """Return how *result* has too many publications or a wrong order, "" if it does not."""
        publications = result.publications
        if 0 < (exact_integer(self.limit) or 0) < len(publications):
            return f"the reply has {len(publications)} publications, but the limit is {self.limit}"
        # The offset of a publication that cannot be read is 0.
        offsets = [publication.offset for publication in publications if publication.offset]
        if offsets and not 0 < min(offsets) <= max(offsets) < 2**64:
            return "the reply has a publication with an offset that is not an unsigned integer of 64 bits"
        for one, next_ in pairwise(offsets):
            if (next_ >= one) if self.reverse else (next_ <= one):
                return f"the publications in the reply are out of order: offset {next_} comes after offset {one}"
        return ""


class HistoryRemove(OfChannel[HistoryRemoveResult], frozen=True):
    """Remove all publications from the history of *channel*. Its position does not change.

    Args:
        channel: the channel's name.
        timeout: time limit of this call in seconds; by default the client's `timeout`.

    Raises:
        ServerError: 108 if history is disabled for the channel; 102 if the namespace is unknown.
    """

    name = "history_remove"
    number = 7
    repeatable = True


class Channels(Method[ChannelsResult], frozen=True, kw_only=True):
    """List the channels that have at least one subscriber on any node.

    Args:
        pattern: only channels whose whole name matches this glob: `*` (any characters), `?`, `[a-z]`, `{a,b}`.
        timeout: time limit of this call in seconds; by default the client's `timeout`.

    Raises:
        ServerError: 100 if the pattern is not a valid glob.
    """

    name = "channels"
    number = 8
    reads = True
    pattern: str = ""
