"""Methods about the whole server: `info` and `rpc` (protocol 6: methods)."""

from msgspec import UNSET, UnsetType

from centripetal.dialects.current.commands.base import Method
from centripetal.dialects.current.results.standard import InfoResult, RPCResult
from centripetal.protocol.field_kinds import Name, Payload

__all__ = ["RPC", "Info"]


class Info(Method[InfoResult], frozen=True):
    """Return the nodes of the cluster. The client also learns the server's version from the reply.

    Args:
        timeout: time limit of this call in seconds; by default the client's `timeout`.
    """

    name = "info"
    number = 9
    reads = True


class _RPCOptions(Method[RPCResult], frozen=True, kw_only=True):
    params: Payload | UnsetType = UNSET


class RPC(_RPCOptions, frozen=True):
    """Call an RPC method of the server. The open-source edition has no such methods.

    Args:
        method: name of the RPC method.
        params: parameters of the RPC method: any JSON value.
        timeout: time limit of this call in seconds; by default the client's `timeout`.

    Raises:
        ServerError: 104 if the server does not have the RPC method.
    """

    name = "rpc"
    number = 10
    method: Name
