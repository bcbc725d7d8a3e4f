"""The options of a subscription: what the namespace grants, and what a token or the back end overrides: PURE."""

import msgspec

from centripetal.server.current.channels import ChannelOptions
from centripetal.server.engine.engine import HistoryOptions
from centripetal.tokens.claims import SubscribeClaims

__all__ = ["SubscribeOptions", "options_for"]


class SubscribeOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What a subscription is granted.

    Attributes:
        presence: it is in the presence of its channel.
        join_leave: others are told that it comes and goes.
        push_join_leave: it is told that others come and go.
        positioning: the server watches that it misses nothing.
        recovery: it may ask for what it has missed; implies positioning.
        cache: recovery gives only the latest publication.
        auto_cache: with *cache*: that comes unasked.
        deltas: it may ask for deltas.
        filters: it may filter by tags.
        stream: how long the position of its channel is remembered.
        chan_info: its info for others, JSON; empty: none.
        data: what goes to the client with the reply, JSON; empty: none.
        expire_at: when it ends, Unix seconds; 0: never.
        by_token: it comes from the connection token.
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
    """What the namespace grants, where *claims* of a token don't override it."""
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
    # A channel without history has a position, too, if somebody asks for it.
    return msgspec.structs.replace(options.history, meta_ttl=int(options.history_meta_ttl) or None)


def _either(override: bool | None, option: bool) -> bool:
    return option if override is None else override
