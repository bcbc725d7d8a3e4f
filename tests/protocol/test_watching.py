"""The address that clients connect to."""

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
def test_clients_connect_next_to_the_api(url: str, expected: str) -> None:
    """The address has the WebSocket form of the scheme, and the same prefix as the API."""
    assert websocket_url(url) == expected


def test_an_invalid_url_is_refused() -> None:
    """An invalid URL raises the same error as for the API."""
    with pytest.raises(UsageError, match="http"):
        websocket_url("localhost:8000")
