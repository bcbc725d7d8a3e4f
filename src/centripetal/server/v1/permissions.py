"""Who may connect to a 1.x server, and who may subscribe to what (spec v1 §4, §9.4, §9.7): PURE."""

import hmac
import re
from collections.abc import Collection

from centripetal.dialects.v1.client_protocol import Connect, Subscribe
from centripetal.dialects.v1.credentials import sign
from centripetal.dialects.v1.disconnects import INVALID_MESSAGE, INVALID_TOKEN
from centripetal.errors import ServerError
from centripetal.server.v1.channels import ChannelOptions, NamespaceNotFoundError
from centripetal.server.v1.config import Config
from centripetal.server.v1.refusals import FatalError

__all__ = ["admit", "denied", "options_of", "verified_timestamp"]

_INTEGER = re.compile(r"[-+]?[0-9]{1,99}")


def verified_timestamp(config: Config, params: Connect) -> int:
    """The timestamp of credentials that are not forged; whether they have expired is another question.

    Raises:
        FatalError: they are forged, or the timestamp is no integer of 64 bits.
    """
    if not _is_sign(config, params.token, params.user, params.timestamp, params.info):
        raise FatalError(INVALID_TOKEN)
    timestamp = int(params.timestamp) if _INTEGER.fullmatch(params.timestamp) else 1 << 63
    if not -(1 << 63) <= timestamp < 1 << 63:
        raise FatalError(INVALID_MESSAGE)
    return timestamp


def admit(config: Config, user: str, client: str, channels: Collection[str], params: Subscribe) -> ChannelOptions:
    """The options of the channel that *client*, which is in *channels* already, may subscribe to.

    Raises:
        ServerError: it may not; the order of the checks is that of spec v1 §9.7.
    """
    rules, channel = config.channels, params.channel
    if len(channel.encode()) > config.max_channel_length or len(channels) >= config.client_channel_limit:
        raise ServerError("limit exceeded", advice="fix")
    if channel in channels:
        raise ServerError("already subscribed", advice="fix")
    if not rules.admits_user(channel, user) or not rules.admits_client(channel, client):
        raise denied()
    options = options_of(config, channel)
    if not user and not options.anonymous and not config.insecure:
        raise denied()
    if not rules.is_private(channel):
        return options
    if params.client != client or not _is_sign(config, params.sign, client, channel, params.info):
        raise denied()
    return options


def options_of(config: Config, channel: str) -> ChannelOptions:
    """What is configured for *channel*; nothing is an error in the words of the client protocol."""
    try:
        return config.channels.options_of(channel)
    except NamespaceNotFoundError:
        raise ServerError("namespace not found", advice="fix") from None


def denied() -> ServerError:
    return ServerError("permission denied", advice="fix")


def _is_sign(config: Config, given: str, *parts: str) -> bool:
    # Without a secret, signs are made with an empty key (spec v1 §4).
    expected = sign(config.secret.encode(), *(part.encode() for part in parts))
    return hmac.compare_digest(expected.encode(), given.encode())
