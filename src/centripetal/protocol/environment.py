"""Names of the environment variables, and the syntax of their values."""

import re

__all__ = ["API_KEY", "API_URL", "SECRET", "TOKEN_KEY", "split_urls"]

API_URL = ("CENTRIFUGO_HTTP_API_URL", "CENTRIFUGO_API_URL")
API_KEY = ("CENTRIFUGO_HTTP_API_KEY", "CENTRIFUGO_API_KEY")
SECRET = ("CENTRIFUGO_SECRET",)
TOKEN_KEY = ("CENTRIFUGO_CLIENT_TOKEN_HMAC_SECRET_KEY",)


def split_urls(value: str) -> list[str]:
    """Return the URLs in *value*, which are separated by commas; a path may contain commas too."""
    return re.split(r"\s*,\s*(?=(?i:https?://))", value.strip().removesuffix(","))
