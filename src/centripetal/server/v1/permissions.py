"""Who may connect to a 1.x server, and who may subscribe to what (spec v1 §4, §9.4, §9.7): PURE."""

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
    """Decides by a server's configuration."""

    def __init__(self, config: Config) -> None:
        self._config = config

    def verified_timestamp(self, params: Connect) -> int:
        """Return the timestamp of credentials that are not forged; they may have expired.

        Raises:
            FatalError: the credentials are forged, or the timestamp is not an integer of 64 bits.
        """
        if not self._is_sign(params.token, params.user, params.timestamp, params.info):
            raise FatalError(INVALID_TOKEN)
        timestamp = int(params.timestamp) if _INTEGER.fullmatch(params.timestamp) else 1 << 63
        if not -(1 << 63) <= timestamp < 1 << 63:
            raise FatalError(INVALID_MESSAGE)
        return timestamp

    def subscribe(self, params: Subscribe, user: str, client: str, channels: Collection[str]) -> ChannelOptions:
        """Return the options of the channel to which *client*, which is in *channels* already, may subscribe.

        Raises:
            ServerError: it may not; the order of the checks is that of spec v1 §9.7.
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
        """Return what is configured for *channel*, or raise an error in the words of the client protocol."""
        return self._config.channels.options_of(channel, "fix")

    def _is_sign(self, given: str, *fields: str) -> bool:
        # Without a secret, signs are made with an empty key (spec v1 §4).
        expected = sign(self._config.secret.encode(), *(field.encode() for field in fields))
        return hmac.compare_digest(expected.encode(), given.encode())


def denied() -> ServerError:
    return ServerError("permission denied", advice="fix")
