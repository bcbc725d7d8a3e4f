"""How a Centrifugo 6 server reads the name of a channel, and what is configured for it (spec v6 §3): PURE."""

import re

import msgspec

from centripetal.dialects.current import error_codes
from centripetal.errors import ServerError
from centripetal.server.engine.engine import NO_HISTORY, HistoryOptions

__all__ = ["ChannelOptions", "ChannelRules"]


class ChannelOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What a channel is allowed and remembers (spec v6 §3.3); all off unless a configuration says so.

    Times are in seconds. `history_meta_ttl` and `publication_data_format` are what counts after the defaults for all
    namespaces were looked at; a meta TTL of 0 is for ever.
    """

    presence: bool = False
    join_leave: bool = False
    force_push_join_leave: bool = False
    history_size: int = 0
    history_ttl: float = 0.0
    history_meta_ttl: float = 0.0
    force_positioning: bool = False
    allow_positioning: bool = False
    force_recovery: bool = False
    allow_recovery: bool = False
    force_recovery_mode: str = ""
    auto_cache_recover: bool = False
    allowed_delta_types: list[str] = []
    delta_publish: bool = False
    allow_tags_filter: bool = False
    allow_subscribe_for_client: bool = False
    allow_subscribe_for_anonymous: bool = False
    allow_publish_for_client: bool = False
    allow_publish_for_subscriber: bool = False
    allow_publish_for_anonymous: bool = False
    allow_presence_for_client: bool = False
    allow_presence_for_subscriber: bool = False
    allow_presence_for_anonymous: bool = False
    allow_history_for_client: bool = False
    allow_history_for_subscriber: bool = False
    allow_history_for_anonymous: bool = False
    allow_user_limited_channels: bool = False
    channel_regex: str = ""
    publication_data_format: str = ""
    subscription_type: str = ""

    @property
    def history(self) -> HistoryOptions:
        """What the engine has to know."""
        if self.history_size <= 0:
            return NO_HISTORY
        meta = int(self.history_meta_ttl)
        return HistoryOptions(self.history_size, int(self.history_ttl), meta_ttl=meta or None)

    @property
    def is_stream(self) -> bool:
        """Whether it is an ordinary channel, and not one of a map or of shared polling (spec v6 §15)."""
        return self.subscription_type in ("", "stream")


class ChannelRules(msgspec.Struct, frozen=True):
    """The marks in channel names, and what is configured for them."""

    options: ChannelOptions = ChannelOptions()
    namespaces: dict[str, ChannelOptions] = {}
    max_length: int = 255
    private_prefix: str = "$"
    namespace_boundary: str = ":"
    user_boundary: str = "#"
    user_separator: str = ","

    def options_of(self, channel: str) -> ChannelOptions:
        """What is configured for *channel*.

        Raises:
            ServerError: 102, it is in a namespace that is not configured.
        """
        name = self.namespace_of(channel)
        if not name:
            return self.options
        try:
            return self.namespaces[name]
        except KeyError:
            raise ServerError("unknown channel", code=error_codes.UNKNOWN_CHANNEL) from None

    def namespace_of(self, channel: str) -> str:
        """What stands before the first boundary; empty: none."""
        return self._parts(channel)[0]

    def is_private(self, channel: str) -> bool:
        """Whether clients need a token to subscribe."""
        return bool(self.private_prefix) and channel.startswith(self.private_prefix)

    def is_user_limited(self, channel: str, options: ChannelOptions) -> bool:
        """Whether the name lists who may subscribe."""
        return options.allow_user_limited_channels and bool(self.user_boundary) and self.user_boundary in channel

    def lists_user(self, channel: str, user: str) -> bool:
        """Whether *user* is among those whom a user-limited channel lists after its last boundary."""
        listed = channel.rpartition(self.user_boundary)[2]
        return user in (listed.split(self.user_separator) if self.user_separator else [listed])

    def is_well_formed(self, channel: str, options: ChannelOptions) -> bool:
        """Whether clients may use such a name (spec v6 §3.2); its length is another question."""
        if not options.channel_regex:
            return channel.isascii()
        return re.search(options.channel_regex, self._parts(channel)[1]) is not None

    def _parts(self, channel: str) -> tuple[str, str]:
        """The namespace, and what the regular expressions of namespaces are about."""
        bare = channel.removeprefix(self.private_prefix)
        if not self.namespace_boundary or self.namespace_boundary not in bare:
            # Here the private prefix is part of it.
            return "", channel
        name, _, rest = bare.partition(self.namespace_boundary)
        return name, rest
