"""Methods that act on a user's connections: subscribe, unsubscribe, disconnect, refresh (protocol 6: methods)."""

from collections.abc import Sequence
from typing import Annotated, Any

from msgspec import UNSET, UnsetType

from centripetal.dialects.current.commands.base import OfUser
from centripetal.dialects.current.objects import Position, Sendable, SubscribeOptionOverride
from centripetal.dialects.current.results.standard import (
    DisconnectResult,
    RefreshResult,
    SubscribeResult,
    UnsubscribeResult,
)
from centripetal.errors import UsageError
from centripetal.protocol.checks import check_given_once
from centripetal.protocol.command import R
from centripetal.protocol.exact import exact_flag, exact_text
from centripetal.protocol.field_kinds import Base64, LocalFlag, Moment, Name, Payload, UInt32, UserId

__all__ = ["Disconnect", "DisconnectReason", "Refresh", "Subscribe", "Unsubscribe"]


class _SubscribeOptions(OfUser[SubscribeResult], frozen=True, kw_only=True):
    info: Payload | UnsetType = UNSET
    b64info: Base64 | None = None
    data: Payload | UnsetType = UNSET
    b64data: Base64 | None = None
    expire_at: Moment = 0
    recover_since: Position | None = None
    override: SubscribeOptionOverride | None = None


class Subscribe(_SubscribeOptions, frozen=True):
    """Subscribe the current connections of *user* to *channel* from the server side.

    Args:
        channel: the channel's name.
        user: the user's id; an int becomes text. An empty id addresses all anonymous connections.
        client, session: only the connection with this client id or session id.
        info, b64info: the subscription's `chan_info`, which other clients see: any JSON value, or bytes.
        data, b64data: sent to the client with the subscription: any JSON value, or bytes.
        expire_at: when the subscription expires: Unix seconds or a timezone-aware datetime. 0, the default: never.
        recover_since: send the client the publications after this position.
        override: options for this subscription that replace the namespace's options.
        label_filter: only connections whose labels match this filter (PRO, 6.8.4).
        all_users: the connections of all users, not only of *user* (PRO, 6.8.4).
        timeout: time limit of this call in seconds; by default the client's `timeout`.

    Raises:
        ServerError: 102 if the namespace is unknown; 100 if *expire_at* has passed and the user has a connection.
    """

    name = "subscribe"
    number = 11
    repeatable = True
    channel: Name
    user: UserId

    def check(self) -> None:
        check_given_once(self.info, self.b64info, what="info", required=False)
        check_given_once(self.data, self.b64data, required=False)

    def touches(self) -> Sequence[str]:
        return (self.channel,)


class _Anonymous(OfUser[R], frozen=True, kw_only=True):
    """A method that requires `anonymous=True` for an empty user id, which addresses all anonymous connections."""

    anonymous: Annotated[bool, LocalFlag()] = False

    def _refuse_nobody(self, user: Any) -> None:
        if exact_text(user) == "" and not exact_flag(self.anonymous) and not exact_flag(self.all_users):
            raise UsageError(
                "user is empty, which addresses every anonymous connection: "
                "pass the user's id, or anonymous=True to confirm"
            )


class Unsubscribe(_Anonymous[UnsubscribeResult], frozen=True):
    """Unsubscribe the connections of *user* from *channel*.

    Args:
        channel: the channel's name.
        user: the user's id; an int becomes text. An empty id requires *anonymous*.
        client, session: only the connection with this client id or session id.
        anonymous: confirms that an empty *user* addresses all anonymous connections. Not sent to the server.
        label_filter: only connections whose labels match this filter (PRO, 6.8.4).
        all_users: the connections of all users, not only of *user* (PRO, 6.8.4).
        timeout: time limit of this call in seconds; by default the client's `timeout`.

    Raises:
        ServerError: 102 if the namespace is unknown.
    """

    name = "unsubscribe"
    number = 2
    repeatable = True
    channel: Name
    user: UserId

    def check(self) -> None:
        self._refuse_nobody(self.user)

    def touches(self) -> Sequence[str]:
        return (self.channel,)


class DisconnectReason(Sendable, frozen=True):
    """Code and reason that a connection receives when it is closed.

    Args:
        code: 4000 to 4499, after which client libraries reconnect, or 4500 to 4999, after which they do not.
        reason: short text for the client.
    """

    code: UInt32
    reason: str = ""


class _DisconnectOptions(_Anonymous[DisconnectResult], frozen=True, kw_only=True):
    whitelist: Sequence[str] = ()
    disconnect: DisconnectReason | None = None


class Disconnect(_DisconnectOptions, frozen=True):
    """Close the connections of *user*.

    Args:
        user: the user's id; an int becomes text. An empty id requires *anonymous*.
        client, session: only the connection with this client id or session id.
        whitelist: client ids of connections that stay open.
        disconnect: the code and reason of the close, instead of 3503, "force disconnect".
        anonymous: confirms that an empty *user* addresses all anonymous connections. Not sent to the server.
        label_filter: only connections whose labels match this filter (PRO, 6.8.4).
        all_users: the connections of all users, not only of *user* (PRO, 6.8.4).
        timeout: time limit of this call in seconds; by default the client's `timeout`.
    """

    name = "disconnect"
    number = 3
    repeatable = True
    user: UserId

    def check(self) -> None:
        self._refuse_nobody(self.user)


class _RefreshOptions(OfUser[RefreshResult], frozen=True, kw_only=True):
    expired: bool = False
    expire_at: Moment = 0
    info: Payload | UnsetType = UNSET


class Refresh(_RefreshOptions, frozen=True):
    """Set when the connections of *user* expire.

    Args:
        user: the user's id; an int becomes text. An empty id addresses all anonymous connections.
        client, session: only the connection with this client id or session id.
        expired: close the connections now, as expired.
        expire_at: when the connections expire: Unix seconds or a timezone-aware datetime. 0, the default: never.
        info: the new `conn_info`: any JSON value. The server ignores it unless *expire_at* is in the future.
        label_filter: only connections whose labels match this filter (PRO, 6.8.4).
        all_users: the connections of all users, not only of *user* (PRO, 6.8.4).
        timeout: time limit of this call in seconds; by default the client's `timeout`.

    Raises:
        UsageError: *info* is given without *expire_at*, so the server would ignore it silently.
    """

    name = "refresh"
    number = 12
    repeatable = True
    user: UserId

    def check(self) -> None:
        if self.info is not UNSET and not self.expire_at:
            raise UsageError("info without expire_at is ignored by the server: pass expire_at, too")
