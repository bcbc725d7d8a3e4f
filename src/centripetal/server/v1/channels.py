"""How a 1.x server reads the name of a channel (spec v1 §3.2): PURE."""

import msgspec

from centripetal.errors import ServerError
from centripetal.server.engine.engine import NO_HISTORY, HistoryOptions

__all__ = ["ChannelOptions", "ChannelRules"]


class ChannelOptions(msgspec.Struct, frozen=True):
    """What a channel is allowed and remembers (spec v1 §3.3); all off unless a configuration says so."""

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
        """What the engine has to know."""
        if self.history_size <= 0 and not self.history_drop_inactive:
            return NO_HISTORY
        return HistoryOptions(self.history_size, self.history_lifetime, drop_inactive=self.history_drop_inactive)


class ChannelRules(msgspec.Struct, frozen=True):
    """The marks in channel names, and what is configured for them.

    Every test for a mark is true if the mark is the empty string, as in the real server.
    """

    options: ChannelOptions = ChannelOptions()
    namespaces: dict[str, ChannelOptions] = {}
    private_prefix: str = "$"
    namespace_boundary: str = ":"
    user_boundary: str = "#"
    user_separator: str = ","
    client_boundary: str = "&"

    def options_of(self, channel: str, advice: str = "") -> ChannelOptions:
        """Return what is configured for *channel*.

        Raises:
            ServerError: its namespace is not configured; the error has this *advice*.
        """
        name = self.namespace_of(channel)
        if not name:
            return self.options
        try:
            return self.namespaces[name]
        except KeyError:
            raise ServerError("namespace not found", advice=advice) from None

    def is_private(self, channel: str) -> bool:
        """Whether clients need a sign to subscribe."""
        return channel.startswith(self.private_prefix)

    def admits_user(self, channel: str, user: str) -> bool:
        """Whether the name lets *user* in: it lists the users after its last boundary, or it has none."""
        if self.user_boundary not in channel:
            return True
        listed = _after_last(channel, self.user_boundary)
        # With no separator every character is a user, as Go splits by nothing.
        return user in (listed.split(self.user_separator) if self.user_separator else list(listed))

    def admits_client(self, channel: str, client: str) -> bool:
        """Whether the name lets connection *client* in: it is the one after the last boundary, or there is none."""
        return self.client_boundary not in channel or _after_last(channel, self.client_boundary) == client

    def namespace_of(self, channel: str) -> str:
        """Return the namespace in the name of *channel*; empty if there is none."""
        name = channel.removeprefix(self.private_prefix)
        if not self.namespace_boundary:
            # An empty boundary is found after the first character, as Go splits by nothing.
            return name[:1]
        before, boundary, _ = name.partition(self.namespace_boundary)
        return before if boundary else ""


def _after_last(channel: str, boundary: str) -> str:
    return channel.rpartition(boundary)[2] if boundary else channel[-1:]
