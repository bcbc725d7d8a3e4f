"""The options of a subscription: the namespace's options, with overrides of a token or the back end: PURE."""

import msgspec

from centripetal.server.current.channels import ChannelOptions
from centripetal.server.engine.engine import HistoryOptions
from centripetal.tokens.claims import SubscribeClaims

__all__ = ["SubscribeOptions", "options_for"]


class SubscribeOptions(msgspec.Struct, frozen=True, kw_only=True):
    """The options of a subscription.

    Attributes:
        presence: the client appears in the presence of the channel.
        join_leave: other subscribers are told when the client joins and leaves.
        push_join_leave: the client is told when other subscribers join and leave.
        positioning: the server detects publications that the client missed.
        recovery: the client may recover missed publications; implies positioning.
        cache: recovery returns only the latest publication.
        auto_cache: with `cache`: the client gets the latest publication without asking for it.
        deltas: the client may ask for deltas.
        filters: the client may filter by tags.
        stream: how long the position of the channel is stored.
        chan_info: the client's info for other subscribers, as JSON; empty without info.
        data: data for the client in the reply, as JSON; empty without data.
        expire_at: time at which the subscription expires, in Unix seconds; 0 for never.
        by_token: the connection token contains the subscription.
    """

    presence: bool = False
    join_leave: bool = False
    push_join_leave: bool = False
    positioning: bool = False
    recovery: bool = False
    cache: bool = False
    auto_cache: bool = False
    deltas: bool = False
    filters: bool = False
    stream: HistoryOptions = HistoryOptions()
    chan_info: bytes = b""
    data: bytes = b""
    expire_at: int = 0
    by_token: bool = False

    @property
    def has_position(self) -> bool:
        return self.positioning or self.recovery


NOTHING_CLAIMED = SubscribeClaims()


def options_for(
    options: ChannelOptions, claims: SubscribeClaims = NOTHING_CLAIMED, *, expire_at: int = 0, by_token: bool = False
) -> SubscribeOptions:
    """Return the options that the namespace grants, with the overrides in *claims* of a token."""
    override = claims.override
    return SubscribeOptions(
        presence=_either(override.presence, options.presence),
        join_leave=_either(override.join_leave, options.join_leave),
        push_join_leave=_either(override.force_push_join_leave, options.force_push_join_leave),
        positioning=_either(override.force_positioning, options.force_positioning),
        recovery=_either(override.force_recovery, options.force_recovery),
        cache=options.force_recovery_mode == "cache",
        deltas=bool(options.allowed_delta_types),
        filters=options.allow_tags_filter,
        stream=_stream(options),
        chan_info=claims.info,
        data=claims.data,
        expire_at=expire_at,
        by_token=by_token,
    )


def _stream(options: ChannelOptions) -> HistoryOptions:
    # A channel without history also has a position if a subscriber asks for it.
    return msgspec.structs.replace(options.history, meta_ttl=int(options.history_meta_ttl) or None)


def _either(override: bool | None, option: bool) -> bool:
    return option if override is None else override
