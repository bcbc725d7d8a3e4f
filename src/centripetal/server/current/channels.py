"""Channel names and channel options of a Centrifugo 6 server (protocol 6: channels): PURE."""

import msgspec

from centripetal.dialects.current import error_codes
from centripetal.errors import ServerError
from centripetal.server.engine.engine import NO_HISTORY, HistoryOptions
from centripetal.tokens.patterns import compiled

__all__ = ["ChannelOptions", "ChannelRules"]


class ChannelOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Options of a channel (protocol 6: namespace-options). By default, every feature is off.

    Times are in seconds. `history_meta_ttl` and `publication_data_format` already include the defaults for all
    namespaces. A meta TTL of 0 means forever.
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
    subscribe_proxy_enabled: bool = False
    subscribe_proxy_name: str = "default"
    publish_proxy_enabled: bool = False
    publish_proxy_name: str = "default"
    sub_refresh_proxy_enabled: bool = False
    sub_refresh_proxy_name: str = "default"

    def proxy_of(self, kind: str) -> str | None:
        """Return the name of the proxy for events of *kind* (subscribe, publish, sub_refresh); None if it is off."""
        return getattr(self, f"{kind}_proxy_name") if getattr(self, f"{kind}_proxy_enabled") else None

    @property
    def history(self) -> HistoryOptions:
        """The history options for the engine."""
        if self.history_size <= 0:
            return NO_HISTORY
        meta = int(self.history_meta_ttl)
        return HistoryOptions(self.history_size, int(self.history_ttl), meta_ttl=meta or None)

    @property
    def is_stream(self) -> bool:
        """Whether the channel is a stream, rather than a map or a shared poll (protocol 6: map-channels)."""
        return self.subscription_type in ("", "stream")


class ChannelRules(msgspec.Struct, frozen=True):
    """The special characters in channel names, and the options of all namespaces."""

    options: ChannelOptions = ChannelOptions()
    namespaces: dict[str, ChannelOptions] = {}
    max_length: int = 255
    private_prefix: str = "$"
    namespace_boundary: str = ":"
    user_boundary: str = "#"
    user_separator: str = ","

    def options_of(self, channel: str) -> ChannelOptions:
        """Return the options of *channel*.

        Raises:
            ServerError: 102, the namespace of *channel* is not configured.
        """
        name = self.namespace_of(channel)
        if not name:
            return self.options
        try:
            return self.namespaces[name]
        except KeyError:
            raise ServerError("unknown channel", code=error_codes.UNKNOWN_CHANNEL) from None

    def namespace_of(self, channel: str) -> str:
        """Return the part before the first boundary, or "" without a namespace."""
        return self._parts(channel)[0]

    def is_private(self, channel: str) -> bool:
        """Return whether clients need a token to subscribe to *channel*."""
        return bool(self.private_prefix) and channel.startswith(self.private_prefix)

    def is_user_limited(self, channel: str, options: ChannelOptions) -> bool:
        """Return whether the name of *channel* lists the users who may subscribe."""
        return options.allow_user_limited_channels and bool(self.user_boundary) and self.user_boundary in channel

    def lists_user(self, channel: str, user: str) -> bool:
        """Return whether *user* is in the list after the last boundary of a user-limited channel."""
        listed = channel.rpartition(self.user_boundary)[2]
        return user in (listed.split(self.user_separator) if self.user_separator else [listed])

    def is_well_formed(self, channel: str, options: ChannelOptions) -> bool:
        """Return whether clients may use the name *channel*, apart from its length.

        See protocol 6: channel-name-checks.
        """
        if not options.channel_regex:
            return channel.isascii()
        return compiled(options.channel_regex).search(self._parts(channel)[1])

    def _parts(self, channel: str) -> tuple[str, str]:
        """Return the namespace, and the part of the name that `channel_regex` is matched against."""
        bare = channel.removeprefix(self.private_prefix)
        if not self.namespace_boundary or self.namespace_boundary not in bare:
            # Without a namespace, the part includes the private prefix.
            return "", channel
        name, _, rest = bare.partition(self.namespace_boundary)
        return name, rest
