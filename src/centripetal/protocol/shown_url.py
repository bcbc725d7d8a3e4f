"""URLs in messages, without the parts that may contain credentials. PURE."""

import re

__all__ = ["shown_url"]

_SCHEME = r"[A-Za-z][A-Za-z0-9+.-]*:/*"


def shown_url(url: str, limit: int = 100) -> str:
    """Return *url* for a message, valid or not: without user info, query and fragment, at most *limit* characters.

    Each of these parts is replaced by "…". If the URL has both a query and a later "@", either may be part of a
    password, so only the scheme is shown.
    """
    url = str.__str__(url)
    scheme = found[0] if (found := re.match(_SCHEME, url)) else ""
    before, at, rest = url[len(scheme) :].rpartition("@")
    if at and re.search("[?#]", before):
        return f"{scheme}…"
    end = re.search("[?#]", rest)
    if end is not None:
        rest = f"{rest[: end.start()]}{end[0]}…"
    return f"{scheme}{'…@' if at else ''}{rest}"[:limit]
