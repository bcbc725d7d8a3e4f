"""Where clients connect to."""

import pytest

from centripetal.errors import UsageError
from centripetal.protocol.watching import websocket_url


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://localhost:8000", "ws://localhost:8000/connection/websocket"),
        ("http://localhost:8000/", "ws://localhost:8000/connection/websocket"),
        ("http://localhost:8000/api", "ws://localhost:8000/connection/websocket"),
        ("https://example.org/prefix/api/", "wss://example.org/prefix/connection/websocket"),
        ("https://api", "wss://api/connection/websocket"),
        ("http://[::1]:80/napi", "ws://[::1]:80/napi/connection/websocket"),
    ],
)
def test_clients_connect_beside_the_api(url: str, expected: str) -> None:
    """By the WebSocket form of the scheme, below the same prefix."""
    assert websocket_url(url) == expected


def test_what_is_no_url_of_a_server_is_refused() -> None:
    """With the same words as for the API."""
    with pytest.raises(UsageError, match="http"):
        websocket_url("localhost:8000")
