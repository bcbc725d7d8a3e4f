"""What clients can be told, beside the server's address and credentials."""

from collections.abc import Callable, Mapping
from typing import Any

from centripetal.errors import UsageError
from centripetal.protocol.grouping import Limits
from centripetal.protocol.retry import Retry
from centripetal.transport.base import TransportOptions

__all__ = ["ClientOptions", "CurrentOptions", "Limits", "Retry", "check_no_options"]


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


class CurrentOptions(ClientOptions, total=False):
    """Options of clients of the current API; those of `ClientOptions`, and:

    Attributes:
        retry: a `Retry`: what fails is tried again where that can do no harm; None, as if not given: nothing is.
        check_channels: whether names of channels that no client can subscribe to are refused; True unless given.
        max_payload_bytes: the largest data of one command, in bytes, 1 MiB unless given; None: any.
        handler_prefix: the server's `http_api.handler_prefix`, if it is not `/api`.
    """

    retry: Retry | None
    check_channels: bool
    max_payload_bytes: int | None
    handler_prefix: str


def check_no_options(options: Mapping[str, Any]) -> None:
    """A transport of the user's own is given: then nothing may be said about ours.

    Raises:
        TypeError: an option that nobody knows.
        UsageError: an option of our transport.
    """
    for name in options:
        if name not in TransportOptions.__annotations__:
            raise TypeError(f"a client has no option {name!r}")
        raise UsageError(f"{name} is an option of our transport, and another one is given: tell it what it needs")
