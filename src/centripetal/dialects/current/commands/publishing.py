"""The methods that publish: `publish` and `broadcast` (spec v6 §5.1, §5.2)."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from msgspec import UNSET, UnsetType

from centripetal.dialects.current.commands.base import Version, WithData, payload_of
from centripetal.dialects.current.results.standard import BroadcastResult, PublishResult
from centripetal.protocol.checks import check_names
from centripetal.protocol.command import R
from centripetal.protocol.field_kinds import Name, Payload, UInt64
from centripetal.protocol.fields import changed_fields
from centripetal.protocol.payload import plain_data

__all__ = ["Broadcast", "Publish"]

_NO_VERSION = 0  # the default itself is known by its identity: False and 0.0 are to be looked at


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
        """Whether no option is given, as in most publications."""
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
    """Publish *data* into *channel*; the result says where in the history it stands, if the channel has one.

    Args:
        channel: the channel's name. By default, names that no client can subscribe to are refused.
        data: any JSON value, also None (JSON null); `bytes` are ready-made JSON and travel as they are.
        b64data: instead of *data*: bytes of any kind, or base64 text.
        skip_history: deliver it, but keep it out of the history.
        tags: text by name, for subscribers' filters.
        idempotency_key: a publication whose key the server has seen in the last five minutes, in this channel, is not
            published again; the result is the first one's. Ignored by servers before 5.2.
        delta: let subscribers that asked for it get only what changed. Ignored by servers before 5.4.
        version: of what *data* describes: one that is not above the channel's last is not published, and the result
            does not say so (6.2).
        version_epoch: a version counts only among those of the same epoch (6.2).
        timeout: seconds, instead of the client's own limit.

    Raises:
        UsageError: neither or both of *data* and *b64data*, and whatever else no server accepts.
        ServerError: 102, an unknown namespace; 107, data against the namespace's format.
    """

    name = "publish"
    number = 0
    channel: Name
    data: Payload | UnsetType = UNSET

    def changes(self) -> dict[str, Any]:
        channel, data = self.channel, self.data
        if type(channel) is str and channel and channel.isascii() and data is not UNSET and self.plain():
            return {} if (json := plain_data(data, "data")) is data else {"data": json}
        payload_of(data, self.b64data)
        return changed_fields(self)

    def touches(self) -> Sequence[str]:
        return (self.channel,)


class Broadcast(_PublishOptions[BroadcastResult], frozen=True):
    """Publish *data* into each of *channels*; the result has a response for each, which may be an error.

    Args:
        channels: names, at least one. The server works on many at once: one given twice gets it twice, in any order.
        data, b64data, skip_history, tags, idempotency_key, delta, version, version_epoch: as in `Publish`.
        timeout: seconds, instead of the client's own limit.

    Raises:
        UsageError: as for `Publish`.
        ServerError: the whole call was refused; a channel's own error is in its response.
    """

    name = "broadcast"
    number = 1
    channels: Sequence[str]
    data: Payload | UnsetType = UNSET

    def changes(self) -> dict[str, Any]:
        channels, data = self.channels, self.data
        if type(channels) is not list or not _all_names(channels):
            check_names("channels", channels)
        payload_of(data, self.b64data)
        if self.plain():
            return {} if (json := plain_data(data, "data")) is data else {"data": json}
        return changed_fields(self)

    def touches(self) -> Sequence[str]:
        return self.channels


def _all_names(names: list[Any]) -> bool:
    """Whether all is well with *names*, found out quickly; if not, `check_names` says what is wrong."""
    try:
        return bool(names) and "".join(names).isascii() and all(names)
    except TypeError:
        return False
