"""Differences between the embedded servers and the real servers on the wire, and the reasons.

No recording of 1.x has a difference.
"""

from collections.abc import Mapping
from typing import NamedTuple

__all__ = [
    "NOT_EMULATED_METHODS",
    "NOT_EMULATED_PATHS",
    "NOT_EMULATED_TRANSCRIPTS",
    "PROTOCOL_VIOLATIONS",
    "Violation",
]


class Violation(NamedTuple):
    """Bytes of a client that violate the WebSocket protocol, and the reasons in the close frames (1002)."""

    sent: bytes
    real: str
    embedded: str


_MASK = b"\0\0\0\0"

# The reasons come from the WebSocket library, here `websockets`; clients do not depend on them.
PROTOCOL_VIOLATIONS: Mapping[str, Violation] = {
    "an opcode that does not exist": Violation(b"\x83\x80" + _MASK, "unknown opcode 3", "invalid opcode"),
    "a frame without a mask": Violation(b"\x81\x02{}", "incorrect mask flag", "incorrect masking"),
    "reserved bits": Violation(b"\xc1\x80" + _MASK, "unexpected reserved bits 0x40", "reserved bits must be 0"),
    "a long control frame": Violation(
        b"\x89\xfe\x00\x7e" + _MASK + b"x" * 126, "control frame length > 125", "control frame too long"
    ),
    "a fragmented control frame": Violation(b"\x09\x80" + _MASK, "control frame not final", "fragmented control frame"),
    "a message inside of another": Violation(
        b"\x01\x80" + _MASK + b"\x81\x80" + _MASK,
        "message start before final message frame",
        "expected a continuation frame",
    ),
    "a continuation of nothing": Violation(
        b"\x80\x80" + _MASK, "continuation after final message frame", "unexpected continuation frame"
    ),
    "a close code that must not be sent": Violation(
        b"\x88\x82" + _MASK + b"\x03\xed", "invalid close code", "invalid status code"
    ),
}

_WEBSOCKET_ONLY = "the embedded server supports only WebSocket, the default of the official SDKs"

NOT_EMULATED_PATHS: Mapping[str, str] = {
    "/connection/sse": _WEBSOCKET_ONLY,
    "/connection/http_stream": _WEBSOCKET_ONLY,
    "/connection/uni_sse": _WEBSOCKET_ONLY,
    "/emulation": _WEBSOCKET_ONLY,
}
"""Endpoints of a current server that are 404 in the embedded server, and the reasons."""

NOT_EMULATED_METHODS: Mapping[str, str] = {
    f"map_{what}": "map channels came with 6.8 and need their own client protocol"
    for what in ("publish", "remove", "read_state", "read_stream", "stats", "clear")
}
"""Methods of a current server that return 108 for a map namespace in the embedded server, and the reasons."""

_MAPS = "map channels need the map half of the client protocol, which is not emulated"
_ONE_WAY = "the embedded server has no unidirectional transports"
_EMULATION = "the embedded server has no SSE or HTTP streaming transport"
_BROKERS = "the embedded server consumes no broker, only a table in PostgreSQL"

NOT_EMULATED_TRANSCRIPTS: Mapping[str, str] = {
    "consumer_nats_jetstream": _BROKERS,
    "consumer_postgresql": "the replay has no database; tests/conformance/test_consumers.py compares the consumers",
    "consumer_redis_stream": _BROKERS,
    "grpc_api": "the embedded server has no gRPC API",
    "proxy_shared_poll": "shared polling is not emulated yet",
    "sse_commands": _EMULATION,
    "sse_emulation": _EMULATION,
    "uni_connect_requests": _ONE_WAY,
    "uni_ping": _ONE_WAY,
    "uni_sse": _ONE_WAY,
    "uni_websocket": _ONE_WAY,
    "ws_map_pages": _MAPS,
    "ws_map_recovery": _MAPS,
    "ws_map_subscription": _MAPS,
    "ws_map_tags_delta": _MAPS,
}
"""Transcripts of a current server that the embedded server cannot reproduce, and the reasons."""
