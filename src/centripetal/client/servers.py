"""The servers of a client: one address, or a list of addresses."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from centripetal.errors import UsageError
from centripetal.protocol.environment import split_urls
from centripetal.protocol.targets import target_of
from centripetal.transport.clock import monotonic

__all__ = ["addresses", "codec_for"]

if TYPE_CHECKING:
    from centripetal.protocol.servers import ServerCodec, Servers

C = TypeVar("C", bound="ServerCodec[Any]")


def codec_for(url: str | Sequence[str], make: Callable[[str], C]) -> "C | Servers[Any]":
    """Return the codec for the server at *url*, or for several servers if *url* is a list or tuple.

    Args:
        url: one or more addresses.
        make: returns the codec for one address, and checks the address.

    Raises:
        UsageError: an invalid URL, an empty list, a server given twice, or servers that differ in scheme or path.
    """
    if not isinstance(url, list | tuple):
        if isinstance(url, str) and len(urls := split_urls(url)) > 1:
            raise UsageError(f"the URL contains {len(urls)} addresses: pass several servers as a list of URLs")
        return make(url)  # type: ignore[arg-type]  # it checks the type
    if not url:
        raise UsageError("the list of servers is empty: pass at least one URL such as 'http://localhost:8000'")
    codecs = [make(each) for each in url]
    if len(codecs) == 1:
        return codecs[0]
    _check_alike([codec.endpoint for codec in codecs])
    # Rarely needed. Not later than here: a call must not import anything.
    from centripetal.protocol.servers import Servers

    return Servers(codecs, monotonic)


def addresses(codec: Any, via: Callable[[str], str]) -> str:
    """Return the address of each server of *codec*, followed by its proxy as *via* names it, separated by commas."""
    return ", ".join(f"{endpoint}{via(endpoint)}" for endpoint in getattr(codec, "endpoints", (codec.endpoint,)))


def _check_alike(endpoints: Sequence[str]) -> None:
    found: dict[Any, str] = {}
    first, *_ = kinds = [_kind(endpoint) for endpoint in endpoints]
    for endpoint, kind in zip(endpoints, kinds, strict=True):
        if kind != first:
            raise UsageError(
                f"the servers {endpoints[0]} and {endpoint} differ in scheme or path: all servers of a client must "
                "have the same configuration"
            )
        origin = target_of(endpoint).origin
        if origin in found:
            raise UsageError(f"the servers {found[origin]} and {endpoint} are the same: pass each server once")
        found[origin] = endpoint


def _kind(endpoint: str) -> tuple[str, str]:
    scheme, _, rest = endpoint.partition("://")
    return scheme.lower(), rest.partition("/")[2].rstrip("/")
