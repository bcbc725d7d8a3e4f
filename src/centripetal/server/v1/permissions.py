"""Permission checks of a 1.x server, for connect and subscribe: PURE.

See protocol 1: signatures, client-connect, client-subscribe.
"""

import hmac
import re
from collections.abc import Collection

from centripetal.dialects.v1.client_protocol import Connect, Subscribe
from centripetal.dialects.v1.credentials import sign
from centripetal.dialects.v1.disconnects import INVALID_MESSAGE, INVALID_TOKEN
from centripetal.errors import ServerError
from centripetal.server.v1.channels import ChannelOptions
from centripetal.server.v1.config import Config
from centripetal.server.v1.refusals import FatalError

__all__ = ["Permissions", "denied"]

_INTEGER = re.compile(r"[-+]?[0-9]{1,99}")


class Permissions:
    """Permission checks for one configuration."""

    def __init__(self, config: Config) -> None:
        self._config = config

    def verified_timestamp(self, params: Connect) -> int:
        """Verify the token of *params* and return its timestamp, without checking whether it has expired.

        Raises:
            FatalError: the token does not match, or the timestamp is not a 64-bit integer.
        """
        if not self._is_sign(params.token, params.user, params.timestamp, params.info):
            raise FatalError(INVALID_TOKEN)
        timestamp = int(params.timestamp) if _INTEGER.fullmatch(params.timestamp) else 1 << 63
        if not -(1 << 63) <= timestamp < 1 << 63:
            raise FatalError(INVALID_MESSAGE)
        return timestamp

    def subscribe(self, params: Subscribe, user: str, client: str, channels: Collection[str]) -> ChannelOptions:
        """Check that *client*, already subscribed to *channels*, may subscribe, and return the channel's options.

        Raises:
            ServerError: the client may not subscribe; the checks run in the order of protocol 1: client-subscribe.
        """
        config, rules, channel = self._config, self._config.channels, params.channel
        if len(channel.encode()) > config.max_channel_length or len(channels) >= config.client_channel_limit:
            raise ServerError("limit exceeded", advice="fix")
        if channel in channels:
            raise ServerError("already subscribed", advice="fix")
        if not rules.admits_user(channel, user) or not rules.admits_client(channel, client):
            raise denied()
        options = self.options_of(channel)
        if not user and not options.anonymous and not config.insecure:
            raise denied()
        if not rules.is_private(channel):
            return options
        if params.client != client or not self._is_sign(params.sign, client, channel, params.info):
            raise denied()
        return options

    def options_of(self, channel: str) -> ChannelOptions:
        """Return the options of *channel*, or raise a `ServerError` with the advice of the client protocol."""
        return self._config.channels.options_of(channel, "fix")

    def _is_sign(self, given: str, *fields: str) -> bool:
        # Without a secret, the real server signs with an empty key (protocol 1: signatures).
        expected = sign(self._config.secret.encode(), *(field.encode() for field in fields))
        return hmac.compare_digest(expected.encode(), given.encode())


def denied() -> ServerError:
    return ServerError("permission denied", advice="fix")
