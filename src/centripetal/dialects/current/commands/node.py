"""The methods for the server as a whole: `info` and `rpc` (spec v6 §5)."""

from msgspec import UNSET, UnsetType

from centripetal.dialects.current.commands.base import Method
from centripetal.dialects.current.results.standard import InfoResult, RPCResult
from centripetal.protocol.field_kinds import Name, Payload

__all__ = ["RPC", "Info"]


class Info(Method[InfoResult], frozen=True):
    """The nodes of the cluster. A client also learns from it which version its server has.

    Args:
        timeout: seconds, instead of the client's own limit.
    """

    name = "info"
    number = 9
    reads = True


class _RPCOptions(Method[RPCResult], frozen=True, kw_only=True):
    params: Payload | UnsetType = UNSET


class RPC(_RPCOptions, frozen=True):
    """Call a method that the server itself offers; the open edition has none.

    Args:
        method: its name.
        params: any JSON value.
        timeout: seconds, instead of the client's own limit.

    Raises:
        ServerError: 104, there is no such method.
    """

    name = "rpc"
    number = 10
    method: Name
