"""Configurations for two Centrifugo 6 servers with live connections, and messages that clients should not send."""

from collections.abc import Mapping
from typing import Any

__all__ = ["API_KEY", "CONFIGS", "MESSAGES", "NAMESPACES", "POPULARITY", "SECRET"]

API_KEY, SECRET = "key", "secret"

_HISTORY = {"history_size": 4, "history_ttl": "600s"}
_READERS = {f"allow_{what}_for_subscriber": True for what in ("publish", "presence", "history")}
_ANONYMOUS = {f"allow_{what}_for_anonymous": True for what in ("publish", "presence", "history")}
_ANYBODY = {"allow_subscribe_for_client": True, "allow_subscribe_for_anonymous": True, **_READERS, **_ANONYMOUS}
_RECOVERED = {"force_recovery": True, **_HISTORY, **_ANYBODY}
_LATEST = {"force_recovery_mode": "cache", **_RECOVERED}
_WATCHED = {"presence": True, "join_leave": True}
NAMESPACES: list[dict[str, Any]] = [
    {"name": "open", **_ANYBODY},
    {"name": "named", "allow_subscribe_for_client": True, "allow_publish_for_client": True, **_HISTORY},
    {"name": "chat", **_WATCHED, "force_push_join_leave": True, **_ANYBODY},
    {"name": "quiet", **_WATCHED, "allow_subscribe_for_client": True, **_READERS},
    {"name": "rec", **_RECOVERED},
    {"name": "all", **_WATCHED, "force_push_join_leave": True, **_RECOVERED},
    {
        "name": "opt",
        "allow_positioning": True,
        "allow_recovery": True,
        "allow_tags_filter": True,
        **_HISTORY,
        "allow_subscribe_for_client": True,
    },
    {"name": "cache", **_LATEST},
    {"name": "auto", "auto_cache_recover": True, **_LATEST},
    {"name": "delta", "allowed_delta_types": ["fossil"], "delta_publish": True, **_RECOVERED},
    {"name": "bare", "force_positioning": True, **_ANYBODY},
    {"name": "limited", "allow_user_limited_channels": True, "presence": True},
    {"name": "short", "channel_regex": "^[a-c]$", **_ANYBODY},
    {"name": "object", "publication_data_format": "json_object", "allow_publish_for_client": True, **_ANYBODY},
    {"name": "closed", "presence": True},
]
POPULARITY = [2, 2, 5, 2, 5, 6, 4, 3, 2, 4, 2, 1, 1, 1, 1]
"""The weight of each namespace in random choices."""

_CLIENT = {
    "token": {"hmac_secret_key": SECRET},
    "allow_anonymous_connect_without_token": True,
    "channel_limit": 9,
    "user_connection_limit": 3,
    "ping_interval": "600s",
    "history_max_publication_limit": 3,
    "recovery_max_publication_limit": 3,
    # Timers are disabled here,
    "presence_update_interval": "600s",
}
# and short here.
_BRIEF = {"presence_update_interval": "200ms", "expired_close_delay": "1ms", "expired_sub_close_delay": "1ms"}
_PERSONAL = {"enabled": True, "personal_channel_namespace": "all", "single_connection": True}
_CONFIG = {
    "http_api": {"key": API_KEY},
    "client": _CLIENT,
    "rpc": {"ping": {"enabled": True}},
    "websocket": {"message_size_limit": 4000},
    "channel": {"namespaces": NAMESPACES, "max_length": 40},
}
CONFIGS: Mapping[str, Mapping[str, Any]] = {
    "usual": _CONFIG,
    "personal": {
        **_CONFIG,
        "client": {**_CLIENT, "user_connection_limit": 0, "subscribe_to_user_personal_channel": _PERSONAL},
    },
    "brief": {**_CONFIG, "client": {**_CLIENT, **_BRIEF}},
}
"""Server configurations: several connections per user or only one; expired connections end at once."""

_PING = b'{"id":7,"rpc":{"method":"ping"}}'
_SUBSCRIBE = b'{"id":7,"subscribe":{"channel":"open:c"}}'
MESSAGES = [
    b"",
    b"\n",
    b"{}",
    b"[]",
    b"null",
    b'"ping"',
    b"{",
    b"\xff",
    b'{"id":7',
    b'{"id":7}',
    b'{"id":7,"ping":{}}',
    b'{"id":7,"ping":{},"rpc":{"method":"ping"}}',
    b'{"id":7,"wave":{}}',
    b'{"id":7,"rpc":null}',
    b'{"id":7,"rpc":{}}',
    b'{"id":7,"rpc":{"method":1}}',
    b'{"id":7,"rpc":{"method":"ping","data":{"x":"\xff"}}}',
    b'{"id":7,"rpc":{"method":"ping"},"subscribe":{"channel":"open:c"}}',
    b'{"ID":7,"RPC":{"Method":"ping"}}',
    b'{"id":7,"id":8,"rpc":{"method":"ping"}}',
    b'{"id":-1,"rpc":{"method":"ping"}}',
    b'{"id":4294967296,"rpc":{"method":"ping"}}',
    b'{"id":"7","rpc":{"method":"ping"}}',
    b'{"id":7.0,"rpc":{"method":"ping"}}',
    b'{"id":0,"rpc":{"method":"ping"}}',
    b'{"rpc":{"method":"ping"}}',
    b'{"id":7,"send":{"data":1}}',
    b'{"send":{"data":1}}',
    b'{"id":7,"connect":{}}',
    b'{"id":7,"connect":{},"rpc":{"method":"ping"}}',
    b'{"id":7,"subscribe":{}}',
    b'{"id":7,"subscribe":{"channel":""}}',
    b'{"id":7,"subscribe":{"channel":1}}',
    b'{"id":7,"subscribe":{"channel":"open:c","recover":1}}',
    b'{"id":7,"subscribe":{"channel":"open:c","offset":-1}}',
    b'{"id":7,"subscribe":{"channel":"open:c","type":9}}',
    b'{"id":7,"unsubscribe":{}}',
    b'{"id":7,"publish":{"data":1}}',
    b'{"id":7,"publish":{"channel":"open:a","data":1,"type":1}}',
    b'{"id":7,"publish":{"channel":"open:a","data":1,"type":1,"removed":true}}',
    b'{"id":7,"presence":{}}',
    b'{"id":7,"presence_stats":{"channel":null}}',
    b'{"id":7,"history":{}}',
    b'{"id":7,"history":{"channel":"rec:a","limit":2147483648}}',
    b'{"id":7,"history":{"channel":"rec:a","since":{}}}',
    b'{"id":7,"sub_refresh":{}}',
    b'{"id":7,"sub_refresh":{"channel":"open:c"}}',
    b'{"id":7,"refresh":{}}',
    _PING + b"\n",
    _PING + b"\r\n" + _SUBSCRIBE,
    _PING + b"\n\n",
    _PING + b"\n\n" + _SUBSCRIBE,
    _PING + b" " + _SUBSCRIBE,
    b" " + _PING + b" \n\t" + _SUBSCRIBE,
    b"\xef\xbb\xbf" + _PING,
    b'{"id":7,"rpc":{"method":"ping","data":"%b"}}' % (b"x" * 3900),
    b'{"id":7,"rpc":{"method":"ping","data":"%b"}}' % (b"x" * 4000),
]
"""Messages that clients should not send, and allowed messages that no client sends."""
