"""What clients can be told, beside the server's address and credentials."""

from collections.abc import Callable

from centripetal.protocol.grouping import Limits
from centripetal.transport.base import TransportOptions

__all__ = ["ClientOptions", "Limits"]


class ClientOptions(TransportOptions, total=False):
    """Options of every client; those of `TransportOptions`, and:

    Attributes:
        group: whether calls made at the same time share requests; True unless given, or `Limits` of how much one
            request carries. With False, each call makes a request of its own.
        on_request: called with the number of commands of each request before it is made, in the thread or task that
            makes it; it must not raise or wait.
    """

    group: bool | Limits
    on_request: Callable[[int], None]
