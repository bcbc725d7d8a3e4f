"""Permissions of clients of a Centrifugo 6 server: PURE.

See protocol 6: channels, tokens, client-connect, client-subscribe, client-pushes, client-commands, client-insecure.

Refusals are exceptions: a `ServerError` becomes an error reply, a `FatalError` ends the connection.
"""

from typing import Literal

import msgspec

from centripetal.dialects.current import error_codes
from centripetal.dialects.current.client_protocol.commands import Connect, Subscribe
from centripetal.dialects.current.disconnects import (
    BAD_REQUEST,
    INTERNAL_SERVER_ERROR,
    INVALID_TOKEN,
    PERMISSION_DENIED,
)
from centripetal.errors import ServerError
from centripetal.server.current.channels import ChannelOptions
from centripetal.server.current.config import Config, Token
from centripetal.server.current.refusals import FatalError, refused
from centripetal.server.current.subscribe_options import SubscribeOptions, options_for
from centripetal.tokens.claims import ConnectionClaims, SubscriptionClaims
from centripetal.tokens.verification import (
    TokenKeys,
    TokenRefused,
    misuses,
    verify_connection,
    verify_subscription,
)

__all__ = ["Admission", "Permissions", "has_ended"]


class Admission(msgspec.Struct, frozen=True):
    """The identity of an admitted client, its initial subscriptions, and JSON of the application.

    The client gets `data`; `meta` is kept for questions to the application. Both are empty if not given.
    """

    user: str
    conn_info: bytes
    expire_at: int
    subs: dict[str, SubscribeOptions]
    data: bytes = b""
    meta: bytes = b""


def has_ended(refusal: TokenRefused) -> bool:
    """Return whether the token was refused only because it has expired."""
    return refusal.error == error_codes.TOKEN_EXPIRED


class Permissions:
    """Checks permissions against a server's configuration.

    Attributes:
        connection_keys, subscription_keys: the keys of tokens.
    """

    def __init__(self, config: Config) -> None:
        self.config = config
        client = config.client
        skip = client.insecure_skip_token_signature_verify
        self.connection_keys = _keys(client.token, skip=skip)
        separate = client.subscription_token
        self.subscription_keys = _keys(separate, skip=skip) if separate.enabled else self.connection_keys

    # ---- connections

    def identify(self, params: Connect, now: float) -> ConnectionClaims:
        """Return the claims of a client that connects (protocol 6: client-connect).

        Raises:
            ServerError: its token has expired, or names channels that do not exist.
            FatalError: its token is invalid, or anonymous clients are not allowed.
        """
        client = self.config.client
        if params.token:
            claims = self.verified_connection(params.token, now)
            if not claims.user and client.disallow_anonymous_connection_tokens:
                raise FatalError(PERMISSION_DENIED)
            return claims
        if client.allow_anonymous_connect_without_token or client.insecure:
            return ConnectionClaims()
        raise FatalError(BAD_REQUEST)

    def admit(self, claims: ConnectionClaims, params: Connect) -> Admission:
        """Admit a client with *claims*, and determine its initial subscriptions.

        Raises:
            FatalError: the client requests a subscription to a channel that does not exist.
        """
        client, channels = self.config.client, self.config.channels
        subs = {
            channel: options_for(channels.options_of(channel), options, by_token=True)
            for channel, options in claims.subs.items()
            if channel
        }
        if (personal := self.personal_channel(claims.user)) is not None:
            subs[personal] = options_for(channels.options_of(personal))
        for channel in params.subs:
            if channel and channel not in subs and (options := self._wished(channel, claims.user)) is not None:
                subs[channel] = options_for(options)
        for channel, granted in subs.items():
            if channels.options_of(channel).auto_cache_recover and granted.recovery and granted.cache:
                subs[channel] = msgspec.structs.replace(granted, auto_cache=True)
        expire_at = 0 if client.insecure else claims.expire_at
        return Admission(claims.user, claims.info, expire_at, subs, meta=claims.meta)

    def verified_connection(self, token: str, now: float) -> ConnectionClaims:
        """Verify a connection token and return its claims.

        Raises:
            ServerError: the token has expired, or names channels that do not exist.
            FatalError: the token is invalid.
        """
        try:
            return verify_connection(token, self.connection_keys, now, knows_channel=self._knows)
        except TokenRefused as refusal:
            if refusal.error is not None:
                raise refused(refusal.error) from refusal
            raise FatalError(INVALID_TOKEN) from refusal

    def personal_channel(self, user: str) -> str | None:
        """Return the personal channel of *user*, or None for anonymous users or if personal channels are off."""
        personal, channels = self.config.client.subscribe_to_user_personal_channel, self.config.channels
        if not personal.enabled or not user:
            return None
        namespace = personal.personal_channel_namespace
        boundary = channels.namespace_boundary if namespace else ""
        return f"{namespace}{boundary}{channels.user_boundary}{user}"

    def _wished(self, channel: str, user: str) -> ChannelOptions | None:
        """Return the options of a channel in a connect request; None if it is not allowed.

        See protocol 6: client-connect.
        """
        channels = self.config.channels
        try:
            options = channels.options_of(channel)
        except ServerError:
            raise FatalError(BAD_REQUEST) from None
        if channels.is_private(channel) or not channels.is_well_formed(channel, options):
            return None
        if options.subscribe_proxy_enabled:
            return None
        if channels.is_user_limited(channel, options):
            allowed = bool(user) and channels.lists_user(channel, user)
        else:
            allowed = options.allow_subscribe_for_client and self._is_somebody("subscribe", options, user)
        return options if allowed or self.config.client.insecure else None

    def _knows(self, channel: str) -> bool:
        try:
            self.config.channels.options_of(channel)
        except ServerError:
            return False
        return True

    # ---- subscriptions

    def subscribe(self, params: Subscribe, user: str, client: str, now: float) -> SubscribeOptions | None:
        """Return the options for a client that subscribes, or raise a refusal (from step 2 on).

        See protocol 6: client-subscribe. None if the application decides.
        """
        channels, channel = self.config.channels, params.channel
        options = self.named(channel)
        self._check_type(options, params.type)
        if params.token:
            claims = self.verified_subscription(params.token, channel, user, client, now)
            granted = options_for(options, claims, expire_at=claims.expire_at)
        elif channels.is_private(channel):
            raise refused(error_codes.PERMISSION_DENIED)
        elif options.subscribe_proxy_enabled and not channels.is_user_limited(channel, options):
            return None
        elif not self._admits(channel, options, user):
            raise refused(error_codes.PERMISSION_DENIED)
        else:
            granted = options_for(options)
        granted = self._with_wishes(granted, options, params, user)
        self.check_known_type(params)
        return granted

    def check_known_type(self, params: Subscribe) -> None:
        """Raise a `FatalError` for a type that does not exist.

        The real server fails with such a type, but only after all other checks have passed.
        """
        if params.type > max(_TYPES):
            raise FatalError(INTERNAL_SERVER_ERROR)

    def verified_subscription(self, token: str, channel: str, user: str, client: str, now: float) -> SubscriptionClaims:
        """Verify a subscription token for this channel, user and connection, and return its claims.

        Raises:
            TokenRefused: the token is invalid or expired.
            FatalError: the token is for another channel, user or connection.
        """
        claims = verify_subscription(token, self.subscription_keys, now, knows_channel=self._knows)
        if any(misuses(claims, channel, user, client)):
            raise FatalError(INVALID_TOKEN)
        return claims

    def named(self, channel: str) -> ChannelOptions:
        """Return the options of a channel that a client names.

        Raises:
            ServerError: 102, the namespace does not exist; 107, the name is invalid.
        """
        options = self.config.channels.options_of(channel)
        if not self.config.channels.is_well_formed(channel, options):
            raise refused(error_codes.BAD_REQUEST)
        return options

    def may(
        self, what: Literal["publish", "presence", "history"], options: ChannelOptions, user: str, *, subscribed: bool
    ) -> bool:
        """Return whether *user* has the permission *what* in a channel with *options* (protocol 6: client-commands)."""
        permitted = getattr(options, f"allow_{what}_for_client") or (
            subscribed and getattr(options, f"allow_{what}_for_subscriber")
        )
        return (permitted and self._is_somebody(what, options, user)) or self.config.client.insecure

    def check_polling(self, channel: str, wanted: int) -> None:
        """Check that a subscription has the shared poll type if, and only if, the channel has it.

        The real server checks this first.

        Raises:
            ServerError: 107, the channel is a shared poll and *wanted* is not; 108, the reverse.
        """
        shared = self._knows(channel) and self.config.channels.options_of(channel).subscription_type == "shared_poll"
        if shared != (_TYPES.get(wanted) == "shared_poll"):
            raise refused(error_codes.BAD_REQUEST if shared else error_codes.NOT_AVAILABLE)

    def _check_type(self, options: ChannelOptions, wanted: int) -> None:
        # The real server treats any other number as a stream (protocol 6: client-subscribe).
        kind = options.subscription_type or "stream"
        if kind != _TYPES.get(wanted, "stream"):
            raise refused(error_codes.PERMISSION_DENIED)
        if kind != "stream":
            raise refused(error_codes.NOT_AVAILABLE)  # map channels and shared polling are not emulated

    def _admits(self, channel: str, options: ChannelOptions, user: str) -> bool:
        """Return whether steps 4, 6 and 7 admit the client."""
        channels = self.config.channels
        if channels.is_user_limited(channel, options):
            allowed = channels.lists_user(channel, user)
        else:
            allowed = options.allow_subscribe_for_client and self._is_somebody("subscribe", options, user)
        return allowed or self.config.client.insecure

    def _with_wishes(
        self, granted: SubscribeOptions, options: ChannelOptions, params: Subscribe, user: str
    ) -> SubscribeOptions:
        """Return *granted* with the requested features that the client may use; other features are dropped silently."""
        history = self.may("history", options, user, subscribed=True)
        presence = self.may("presence", options, user, subscribed=True)
        recovery = granted.recovery or (params.recoverable and (options.allow_recovery or history))
        return msgspec.structs.replace(
            granted,
            positioning=granted.positioning or (params.positioned and (options.allow_positioning or history)),
            recovery=recovery,
            push_join_leave=granted.push_join_leave or (params.join_leave and options.join_leave and presence),
            auto_cache=options.auto_cache_recover and recovery and granted.cache,
        )

    def _is_somebody(self, what: str, options: ChannelOptions, user: str) -> bool:
        return bool(user or getattr(options, f"allow_{what}_for_anonymous"))


_TYPES = {0: "stream", 1: "map", 2: "map_clients", 3: "map_users", 4: "shared_poll"}


def _keys(token: Token, *, skip: bool) -> TokenKeys:
    names = set(TokenKeys.__struct_fields__) & set(token.__struct_fields__)
    return TokenKeys(**{name: getattr(token, name) for name in names}, insecure_skip_signature=skip)
