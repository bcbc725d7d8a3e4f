"""Methods that publish: `publish` and `broadcast` (protocol 6: publish, broadcast)."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from msgspec import UNSET, UnsetType

from centripetal.dialects.current.commands.base import Version, WithData
from centripetal.dialects.current.results.standard import BroadcastResult, PublishResult
from centripetal.protocol.checks import check_given_once, check_names
from centripetal.protocol.command import R
from centripetal.protocol.field_kinds import Name, Payload, UInt64
from centripetal.protocol.fields import changed_fields
from centripetal.protocol.payload import plain_data
from centripetal.protocol.unread import Failures

__all__ = ["Broadcast", "Publish"]

_NO_VERSION = 0  # compared by identity, because False and 0.0 equal 0 but must reach the type check


class _PublishOptions(WithData[R], frozen=True, kw_only=True):
    keyed = True
    added: ClassVar[Mapping[str, Version]] = {
        "tags": (3, 2, 0),
        "idempotency_key": (5, 2, 0),
        "delta": (5, 4, 0),
        "version": (6, 2, 0),
        "version_epoch": (6, 2, 0),
    }

    skip_history: bool = False
    tags: Mapping[str, str] | None = None
    idempotency_key: str | None = None
    delta: bool = False
    version: UInt64 = 0
    version_epoch: str = ""

    def plain(self) -> bool:
        """Return whether no option is given, as in most publications."""
        return (
            self.b64data is None
            and self.idempotency_key is None
            and self.tags is None
            and self.skip_history is False
            and self.delta is False
            and self.version is _NO_VERSION
            and self.version_epoch == ""
        )


class Publish(_PublishOptions[PublishResult], frozen=True):
    """Publish *data* to *channel*. The result has the offset and epoch if the channel keeps history.

    Args:
        channel: the channel's name. By default, names that no client could subscribe to are rejected.
        data: any JSON value, including None (JSON null); `bytes` must be ready-made JSON and are sent unchanged.
        b64data: binary data instead of *data*: bytes, or text in base64.
        skip_history: deliver the publication without adding it to the history.
        tags: names and values that subscribers can filter by.
        idempotency_key: if the server has seen this key in this channel within the last five minutes, it does not
            publish again and returns the first result. Ignored by servers before 5.2.
        delta: send only the difference to subscribers that negotiated deltas. Ignored by servers before 5.4.
        version: version of the state that *data* describes. The server silently drops a version that is not above the
            channel's last; the result does not show it (6.2).
        version_epoch: versions are compared only within the same epoch (6.2).
        timeout: time limit of this call in seconds; by default the client's `timeout`.

    Raises:
        UsageError: neither or both of *data* and *b64data* are given, or an argument is one that no server accepts.
        ServerError: 102 if the namespace is unknown; 107 if the data do not match the namespace's data format.
    """

    name = "publish"
    number = 0
    channel: Name
    data: Payload | UnsetType = UNSET

    def changes(self) -> dict[str, Any]:
        channel, data = self.channel, self.data
        if type(channel) is str and channel and channel.isascii() and data is not UNSET and self.plain():
            return {} if (json := plain_data(data, "data")) is data else {"data": json}
        check_given_once(data, self.b64data)
        return changed_fields(self)

    def touches(self) -> Sequence[str]:
        return (self.channel,)


class Broadcast(_PublishOptions[BroadcastResult], frozen=True):
    """Publish *data* to each of *channels*. The result has one response per channel, which may be an error.

    Args:
        channels: names of the channels, at least one. The server publishes to many channels at once, in any order. A
            channel that is listed twice receives the data twice.
        data, b64data, skip_history, tags, idempotency_key, delta, version, version_epoch: as in `Publish`.
        timeout: time limit of this call in seconds; by default the client's `timeout`.

    Raises:
        UsageError: as for `Publish`.
        ServerError: the server rejected the whole call. The error of a single channel is in its response.
    """

    name = "broadcast"
    number = 1
    verifies = True
    channels: Sequence[str]
    data: Payload | UnsetType = UNSET

    def changes(self) -> dict[str, Any]:
        channels, data = self.channels, self.data
        names = channels if type(channels) is list and _all_names(channels) else check_names("channels", channels)
        check_given_once(data, self.b64data)
        if not self.plain():
            return changed_fields(self)
        changes: dict[str, Any] = {} if names is channels else {"channels": names}
        return changes if (json := plain_data(data, "data")) is data else {**changes, "data": json}

    def touches(self) -> Sequence[str]:
        return self.channels

    def fault(self, result: BroadcastResult) -> str:
        """Return how *result* fails to give one response for each channel, "" if it gives them."""
        if len(result.responses) != len(self.channels):
            return f"the reply has {len(result.responses)} responses for {len(self.channels)} channels"
        for place, response in enumerate(result.responses):
            if response.result is None and response.error is None:
                return f"response {place} contains neither a result nor an error"
        return ""

    def failures(self, result: BroadcastResult, names: str) -> Failures | None:
        """Return the failures of channels, None if all channels succeeded."""
        return result.watched(self, names)


def _all_names(names: list[Any]) -> bool:
    """Return whether all *names* are valid. This check is fast; `check_names` raises an error about an invalid name."""
    return set(map(type, names)) == {str} and "".join(names).isascii() and all(names)
