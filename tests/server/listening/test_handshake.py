"""The HTTP request that opens a WebSocket."""

import pytest

from centripetal.server.listening.handshake import accepts_deflate, handshake_status, switching_response
from centripetal.server.listening.http1 import Request

GOOD = {
    "connection": "keep-alive, Upgrade",
    "upgrade": "WebSocket",
    "sec-websocket-version": "13",
    "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
}


def request(method: str = "GET", **changed: str) -> Request:
    headers = GOOD | {name.replace("_", "-"): value for name, value in changed.items()}
    return Request(method, "/connection/websocket", tuple((name, value) for name, value in headers.items() if value))


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        (request(), 101),
        (request(sec_websocket_key="any text"), 101),
        (request(origin="http://elsewhere", sec_websocket_protocol="a, b"), 101),
        (request("POST"), 405),
        (request("get"), 405),
        (request(connection="close"), 400),
        (request(upgrade="h2c"), 400),
        (request(upgrade=""), 400),
        (request(sec_websocket_version="12"), 400),
        (request(sec_websocket_key=""), 400),
    ],
)
def test_a_handshake_is_validated(asked: Request, status: int) -> None:
    """The method is checked first, then the required headers (protocol 1: client-transport)."""
    assert handshake_status(asked) == status


def test_the_response_has_the_accept_key() -> None:
    """The accept key matches the example of RFC 6455, section 1.3, and no subprotocol is selected by default."""
    answer = switching_response(request(sec_websocket_protocol="a"), deflate=False)
    assert answer == (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
    )


def test_the_chosen_subprotocol_is_announced() -> None:
    """The response names the subprotocol that the dialect chose."""
    answer = switching_response(request(), deflate=False, protocol="centrifuge-json")
    assert b"\r\nSec-WebSocket-Protocol: centrifuge-json\r\n" in answer


def test_compression_is_accepted_without_context_takeover() -> None:
    """Compression is accepted without context takeover, whatever parameters are offered.

    See protocol 1: client-transport.
    """
    asked = request(sec_websocket_extensions="x, permessage-deflate; client_max_window_bits")
    assert accepts_deflate(asked)
    assert not accepts_deflate(request())
    extension = b"permessage-deflate; server_no_context_takeover; client_no_context_takeover"
    assert b"\r\nSec-WebSocket-Extensions: %b\r\n" % extension in switching_response(asked, deflate=True)
