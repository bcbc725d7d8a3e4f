"""PRO methods for a user's connections, status, blocks and tokens (protocol 6: pro-methods, table-pro-requests)."""

from collections.abc import Sequence

from centripetal.dialects.current.commands.pro.method import ProMethod, SomeUser
from centripetal.dialects.current.objects import FilterNode
from centripetal.dialects.current.results.pro import (
    BlockUserResult,
    ConnectionsResult,
    DeleteUserStatusResult,
    GetUserStatusResult,
    InvalidateUserTokensResult,
    RevokeTokenResult,
    UnblockUserResult,
    UpdateUserStatusResult,
)
from centripetal.protocol.field_kinds import Moment, Name, UserId

__all__ = [
    "BlockUser",
    "Connections",
    "DeleteUserStatus",
    "GetUserStatus",
    "InvalidateUserTokens",
    "RevokeToken",
    "UnblockUser",
    "UpdateUserStatus",
]


class Connections(ProMethod[ConnectionsResult], frozen=True, kw_only=True):
    """List connections with their state.

    Args:
        user: only connections of this user; an int becomes text.
        expression: only connections for which this CEL expression is true.
        label_filter: only connections whose labels match this filter (6.8.4).
        timeout: time limit of this call in seconds; by default the client's `timeout`.
    """

    name = "connections"
    number = 14
    reads = True
    user: UserId = ""
    expression: str = ""
    label_filter: FilterNode | None = None


class UpdateUserStatus(ProMethod[UpdateUserStatusResult], frozen=True):
    """Set the status of users.

    Args:
        users: ids of the users; ints become text.
        state: the new state, any text.
        timeout: time limit of this call in seconds; by default the client's `timeout`.
    """

    name = "update_user_status"
    number = 15
    repeatable = True
    users: Sequence[UserId]
    state: str


class GetUserStatus(ProMethod[GetUserStatusResult], frozen=True):
    """Return when users were last active and online, and their state.

    Args:
        users: ids of the users; ints become text.
        timeout: time limit of this call in seconds; by default the client's `timeout`.
    """

    name = "get_user_status"
    number = 16
    reads = True
    users: Sequence[UserId]


class DeleteUserStatus(ProMethod[DeleteUserStatusResult], frozen=True):
    """Delete the status of users.

    Args:
        users: ids of the users; ints become text.
        timeout: time limit of this call in seconds; by default the client's `timeout`.
    """

    name = "delete_user_status"
    number = 17
    repeatable = True
    users: Sequence[UserId]


class _BlockUserOptions(ProMethod[BlockUserResult], frozen=True, kw_only=True):
    expire_at: Moment = 0


class BlockUser(_BlockUserOptions, frozen=True):
    """Block *user*: close all connections of the user and reject new ones.

    Args:
        user: the user's id; an int becomes text.
        expire_at: when the block ends: Unix seconds or a timezone-aware datetime. 0, the default: never.
        timeout: time limit of this call in seconds; by default the client's `timeout`.
    """

    name = "block_user"
    number = 18
    repeatable = True
    user: SomeUser


class UnblockUser(ProMethod[UnblockUserResult], frozen=True):
    """Unblock *user*: accept connections of the user again.

    Args:
        user: the user's id; an int becomes text.
        timeout: time limit of this call in seconds; by default the client's `timeout`.
    """

    name = "unblock_user"
    number = 19
    repeatable = True
    user: SomeUser


class _RevokeTokenOptions(ProMethod[RevokeTokenResult], frozen=True, kw_only=True):
    expire_at: Moment = 0


class RevokeToken(_RevokeTokenOptions, frozen=True):
    """Revoke a token.

    Args:
        uid: the token's `jti`.
        expire_at: when the server may forget the revocation: Unix seconds or a timezone-aware datetime.
        timeout: time limit of this call in seconds; by default the client's `timeout`.
    """

    name = "revoke_token"
    number = 20
    repeatable = True
    uid: Name


class _InvalidateUserTokensOptions(ProMethod[InvalidateUserTokensResult], frozen=True, kw_only=True):
    issued_before: Moment = 0
    expire_at: Moment = 0
    channel: str = ""


class InvalidateUserTokens(_InvalidateUserTokensOptions, frozen=True):
    """Revoke all tokens of *user*.

    Args:
        user: the user's id; an int becomes text.
        issued_before: only tokens issued before this time (`iat`): Unix seconds or a timezone-aware datetime.
        expire_at: when the server may forget the revocation: Unix seconds or a timezone-aware datetime.
        channel: only subscription tokens for this channel.
        timeout: time limit of this call in seconds; by default the client's `timeout`.
    """

    name = "invalidate_user_tokens"
    number = 21
    repeatable = True
    user: SomeUser
