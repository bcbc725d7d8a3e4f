"""The application's part in tests of official clients: calls of the server API of Centrifugo 6, and tokens."""

import asyncio
import base64
import hashlib
import hmac
import json
import urllib.request
from typing import Any

from centripetal.server import EmbeddedServer

__all__ = ["CONFIG", "call", "token"]

_KEY, _SECRET = "key", "secret"

_EVERYTHING = {
    "presence": True,
    "join_leave": True,
    "history_size": 10,
    "history_ttl": "60s",
    "force_recovery": True,
    "allowed_delta_types": ["fossil"],
    "delta_publish": True,
    "allow_tags_filter": True,
    "allow_subscribe_for_client": True,
    "allow_publish_for_subscriber": True,
    "allow_presence_for_subscriber": True,
    "allow_history_for_subscriber": True,
}

CONFIG = {
    "client": {"token": {"hmac_secret_key": _SECRET}},
    "http_api": {"key": _KEY},
    "rpc": {"ping": {"enabled": True}},
    "channel": {"namespaces": [{"name": "news", **_EVERYTHING}, {"name": "closed"}]},
}


async def call(server: EmbeddedServer, method: str, **params: Any) -> Any:
    """Return the result of a method of the server API."""
    request = urllib.request.Request(
        f"{server.url}/api/{method}",
        json.dumps(params).encode(),
        {"X-API-Key": _KEY, "Content-Type": "application/json"},
    )

    def ask() -> Any:
        with urllib.request.urlopen(request, timeout=10) as response:
            return json.loads(response.read())["result"]

    return await asyncio.to_thread(ask)


def token(**claims: Any) -> str:
    """Return a token with these claims."""
    parts = [json.dumps(part).encode() for part in ({"alg": "HS256", "typ": "JWT"}, claims)]
    text = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)
    signature = hmac.new(_SECRET.encode(), text, hashlib.sha256).digest()
    return b".".join((text, base64.urlsafe_b64encode(signature).rstrip(b"="))).decode()
