"""PRO: a user's connections, status, blocks and tokens (spec v6 §5.17, §18.5)."""

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
    """The connections that fit, with their state.

    Args:
        user: only this user's; an int becomes text.
        expression: only those for which this CEL expression is true.
        label_filter: only those whose labels fit (6.8.4).
        timeout: seconds, instead of the client's own limit.
    """

    name = "connections"
    number = 14
    reads = True
    user: UserId = ""
    expression: str = ""
    label_filter: FilterNode | None = None


class UpdateUserStatus(ProMethod[UpdateUserStatusResult], frozen=True):
    """Set the state of users.

    Args:
        users: their ids; ints become text.
        state: any text.
        timeout: seconds, instead of the client's own limit.
    """

    name = "update_user_status"
    number = 15
    repeatable = True
    users: Sequence[UserId]
    state: str


class GetUserStatus(ProMethod[GetUserStatusResult], frozen=True):
    """When users were last active and online, and their state.

    Args:
        users: their ids; ints become text.
        timeout: seconds, instead of the client's own limit.
    """

    name = "get_user_status"
    number = 16
    reads = True
    users: Sequence[UserId]


class DeleteUserStatus(ProMethod[DeleteUserStatusResult], frozen=True):
    """Forget the status of users.

    Args:
        users: their ids; ints become text.
        timeout: seconds, instead of the client's own limit.
    """

    name = "delete_user_status"
    number = 17
    repeatable = True
    users: Sequence[UserId]


class _BlockUserOptions(ProMethod[BlockUserResult], frozen=True, kw_only=True):
    expire_at: Moment = 0


class BlockUser(_BlockUserOptions, frozen=True):
    """Close the connections of *user* and accept none any more.

    Args:
        user: the user's id; an int becomes text.
        expire_at: until then, Unix seconds or a datetime with time zone; not given: for good.
        timeout: seconds, instead of the client's own limit.
    """

    name = "block_user"
    number = 18
    repeatable = True
    user: SomeUser


class UnblockUser(ProMethod[UnblockUserResult], frozen=True):
    """Accept connections of *user* again.

    Args:
        user: the user's id; an int becomes text.
        timeout: seconds, instead of the client's own limit.
    """

    name = "unblock_user"
    number = 19
    repeatable = True
    user: SomeUser


class _RevokeTokenOptions(ProMethod[RevokeTokenResult], frozen=True, kw_only=True):
    expire_at: Moment = 0


class RevokeToken(_RevokeTokenOptions, frozen=True):
    """Accept one token no more.

    Args:
        uid: the token's `jti`.
        expire_at: how long to remember that, Unix seconds or a datetime with time zone.
        timeout: seconds, instead of the client's own limit.
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
    """Accept tokens of *user* no more.

    Args:
        user: the user's id; an int becomes text.
        issued_before: only tokens older than this (by `iat`), Unix seconds or a datetime with time zone.
        expire_at: how long to remember that.
        channel: only subscription tokens for this channel.
        timeout: seconds, instead of the client's own limit.
    """

    name = "invalidate_user_tokens"
    number = 21
    repeatable = True
    user: SomeUser
