"""The methods that act on a user's connections: subscribe, unsubscribe, disconnect, refresh (spec v6 §5)."""

from collections.abc import Sequence
from typing import Annotated, Any

from msgspec import UNSET, UnsetType

from centripetal.dialects.current.commands.base import OfUser, payload_of
from centripetal.dialects.current.objects import Position, Sendable, SubscribeOptionOverride
from centripetal.dialects.current.results.standard import (
    DisconnectResult,
    RefreshResult,
    SubscribeResult,
    UnsubscribeResult,
)
from centripetal.errors import UsageError
from centripetal.protocol.command import R
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
    """Subscribe the connections that *user* has now to *channel*, from the server's side.

    Args:
        channel: the channel's name.
        user: the user's id; an int becomes text. The empty one means the anonymous connections.
        client, session: only this connection of the user.
        info, b64info: what others see of the subscription (`chan_info`): any JSON value, or bytes.
        data, b64data: goes to the client with the subscription: any JSON value, or bytes.
        expire_at: when the subscription ends, Unix seconds or a datetime with time zone.
        recover_since: the position from which the client is to recover.
        override: options for this subscription, instead of the namespace's.
        label_filter, all_users: which connections, of which users (PRO).
        timeout: seconds, instead of the client's own limit.

    Raises:
        ServerError: 102, an unknown namespace; 100, if *expire_at* has passed and somebody is there.
    """

    name = "subscribe"
    number = 11
    repeatable = True
    channel: Name
    user: UserId

    def check(self) -> None:
        payload_of(self.info, self.b64info, what="info", required=False)
        payload_of(self.data, self.b64data, required=False)

    def touches(self) -> Sequence[str]:
        return (self.channel,)


class _Anonymous(OfUser[R], frozen=True, kw_only=True):
    """What can be said of users, where an empty id would hit everybody who is anonymous."""

    anonymous: Annotated[bool, LocalFlag()] = False

    def _refuse_nobody(self, user: Any) -> None:
        if user == "" and self.anonymous is not True and self.all_users is not True:
            raise UsageError(
                "user is empty, which means every anonymous connection: "
                "give the user's id, or anonymous=True if you do mean them"
            )


class Unsubscribe(_Anonymous[UnsubscribeResult], frozen=True):
    """Unsubscribe the connections of *user* from *channel*.

    Args:
        channel: the channel's name.
        user: the user's id; an int becomes text. An empty one needs *anonymous*.
        client, session: only this connection of the user.
        anonymous: with an empty user: the anonymous connections are meant. It is not sent.
        label_filter, all_users: which connections, of which users (PRO).
        timeout: seconds, instead of the client's own limit.

    Raises:
        ServerError: 102, an unknown namespace.
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
    """What a connection is told when it is closed.

    Args:
        code: 4000 to 4499 (client libraries reconnect) or 4500 to 4999 (they do not).
        reason: a few words.
    """

    code: UInt32
    reason: str = ""


class _DisconnectOptions(_Anonymous[DisconnectResult], frozen=True, kw_only=True):
    whitelist: Sequence[str] = ()
    disconnect: DisconnectReason | None = None


class Disconnect(_DisconnectOptions, frozen=True):
    """Close the connections of *user*.

    Args:
        user: the user's id; an int becomes text. An empty one needs *anonymous*.
        client, session: only this connection of the user.
        whitelist: connections (client ids) to spare.
        disconnect: the code and reason, instead of 3503, "force disconnect".
        anonymous: with an empty user: the anonymous connections are meant. It is not sent.
        label_filter, all_users: which connections, of which users (PRO).
        timeout: seconds, instead of the client's own limit.
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
    """Say until when the connections of *user* may live.

    Args:
        user: the user's id; an int becomes text. The empty one means the anonymous connections.
        client, session: only this connection of the user.
        expired: close them now, as expired.
        expire_at: when they expire, Unix seconds or a datetime with time zone; not given: never.
        info: the new `conn_info`, any JSON value; the server drops it unless *expire_at* is in the future.
        label_filter, all_users: which connections, of which users (PRO).
        timeout: seconds, instead of the client's own limit.

    Raises:
        UsageError: *info* without *expire_at*, which the server would drop without a word.
    """

    name = "refresh"
    number = 12
    repeatable = True
    user: UserId

    def check(self) -> None:
        if self.info is not UNSET and not self.expire_at:
            raise UsageError("info without expire_at is dropped by the server: give expire_at, too")
