"""Options of clients."""

from collections.abc import Callable, Mapping
from typing import Any

from centripetal.errors import UsageError
from centripetal.protocol.encoder import Encoder
from centripetal.protocol.grouping import Limits
from centripetal.transport.base import TransportOptions

__all__ = ["ClientOptions", "DriverOptions", "Limits", "check_known", "check_no_options"]


class DriverOptions(TransportOptions, total=False):
    """The options of all clients that do not concern the dialect; `ClientOptions` describes them."""

    group: bool | Limits
    on_request: Callable[[int], None]


class ClientOptions(DriverOptions, total=False):
    """Options of all clients, in addition to `TransportOptions`.

    Attributes:
        group: whether concurrent calls share requests (True by default), or `Limits` for the size of a shared request.
            With False, each call sends its own request.
        on_request: called with the number of commands of each request before it is sent, in the thread or task that
            sends it. It must not raise or block.
        encoder: called with each value in `data` (or in another field that takes JSON) that has no JSON form. Returns
            what to send instead, or `NotImplemented` if it does not know the type. It must be an ordinary function.
    """

    encoder: Encoder | None


def check_known(options: Mapping[str, Any], known: type, owner: object) -> None:
    """Check that the client *owner* has all of these *options*; *known* is their TypedDict.

    Raises:
        TypeError: unknown option.
    """
    for name in options:
        if name not in known.__annotations__:
            raise TypeError(f"{type(owner).__name__}() got an unexpected keyword argument {name!r}")


def check_no_options(options: Mapping[str, Any]) -> None:
    """Check that no options of the built-in transport are given together with a custom transport.

    Raises:
        UsageError: option of the built-in transport.
    """
    for name in options:
        raise UsageError(f"{name} is an option of the built-in transport: configure the custom transport instead")
