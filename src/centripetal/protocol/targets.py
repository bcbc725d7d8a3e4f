"""Where a request goes: the origin of its URL, and the first header lines of every request to it. PURE."""

from functools import lru_cache
from typing import NamedTuple

from centripetal.protocol.http import parse_url
from centripetal.version import __version__

__all__ = ["Origin", "Target", "target_of"]


class Origin(NamedTuple):
    """Scheme, host and port to connect to. `host` is an ASCII name or an address without brackets."""

    secure: bool
    host: str
    port: int

    @property
    def place(self) -> str:
        """Host and port as in a URL; an IPv6 address is in brackets."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class Target(NamedTuple):
    """A parsed URL: the origin, the `Host` header, and the first header lines of every request to it.

    The repr omits the header lines, because they may contain the password of a proxy or a token for a gateway.
    """

    origin: Origin
    host_header: str
    head: str

    def __repr__(self) -> str:
        return f"<Target {self.host_header}>"


@lru_cache(maxsize=256)
def target_of(url: str) -> Target:
    """Return the target of *url*. Cached, because a client posts to one or two URLs.

    Raises:
        UsageError: a client cannot post to this URL, or its host is not ASCII (clients convert it at construction).
    """
    parts = parse_url(url, convert=False)
    secure = parts.scheme == "https"
    usual = 443 if secure else 80
    port, host = parts.port or usual, parts.hostname or ""
    # The zone of a link-local address is only meaningful on this machine, so the header does not contain it.
    name = f"[{host.partition('%')[0]}]" if ":" in host else host
    if port != usual:
        name = f"{name}:{port}"
    head = f"POST {parts.path or '/'} HTTP/1.1\r\nHost: {name}\r\nUser-Agent: centripetal/{__version__}\r\n"
    return Target(Origin(secure, host, port), name, head)
