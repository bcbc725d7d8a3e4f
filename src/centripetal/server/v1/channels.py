"""Channel names and channel options of a 1.x server (protocol 1: channel-names): PURE."""

import msgspec

from centripetal.errors import ServerError
from centripetal.server.engine.engine import NO_HISTORY, HistoryOptions

__all__ = ["ChannelOptions", "ChannelRules"]


class ChannelOptions(msgspec.Struct, frozen=True):
    """The options of a channel or namespace (protocol 1: channel-options); by default, all are off."""

    watch: bool = False
    publish: bool = False
    anonymous: bool = False
    presence: bool = False
    join_leave: bool = False
    history_size: int = 0
    history_lifetime: int = 0
    recover: bool = False
    history_drop_inactive: bool = False

    @property
    def history(self) -> HistoryOptions:
        """The options for the engine."""
        if self.history_size <= 0 and not self.history_drop_inactive:
            return NO_HISTORY
        return HistoryOptions(self.history_size, self.history_lifetime, drop_inactive=self.history_drop_inactive)


class ChannelRules(msgspec.Struct, frozen=True):
    """The special characters in channel names, and the options of namespaces.

    As in the real server, an empty string counts as a special character that every channel name contains.
    """

    options: ChannelOptions = ChannelOptions()
    namespaces: dict[str, ChannelOptions] = {}
    private_prefix: str = "$"
    namespace_boundary: str = ":"
    user_boundary: str = "#"
    user_separator: str = ","
    client_boundary: str = "&"

    def options_of(self, channel: str, advice: str = "") -> ChannelOptions:
        """Return the options of *channel*.

        Raises:
            ServerError: its namespace is not configured; the error carries *advice*.
        """
        name = self.namespace_of(channel)
        if not name:
            return self.options
        try:
            return self.namespaces[name]
        except KeyError:
            raise ServerError("namespace not found", advice=advice) from None

    def is_private(self, channel: str) -> bool:
        """Return whether clients need a signature to subscribe to *channel*."""
        return channel.startswith(self.private_prefix)

    def admits_user(self, channel: str, user: str) -> bool:
        """Return whether the name of *channel* admits *user*: it has no user boundary, or lists the user after it."""
        if self.user_boundary not in channel:
            return True
        listed = _after_last(channel, self.user_boundary)
        # If the separator is empty, every character is a user: Go splits a string by "" into characters.
        return user in (listed.split(self.user_separator) if self.user_separator else list(listed))

    def admits_client(self, channel: str, client: str) -> bool:
        """Return whether the name of *channel* admits *client*: it has no client boundary, or ends with that id."""
        return self.client_boundary not in channel or _after_last(channel, self.client_boundary) == client

    def namespace_of(self, channel: str) -> str:
        """Return the namespace in the name of *channel*, or an empty string."""
        name = channel.removeprefix(self.private_prefix)
        if not self.namespace_boundary:
            # If the boundary is empty, the first character is the namespace: Go splits a string by "" into characters.
            return name[:1]
        before, boundary, _ = name.partition(self.namespace_boundary)
        return before if boundary else ""


def _after_last(channel: str, boundary: str) -> str:
    return channel.rpartition(boundary)[2] if boundary else channel[-1:]
