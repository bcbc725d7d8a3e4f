"""Requests and replies as values, and valid URLs of a server."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from centripetal.errors import UsageError
from centripetal.protocol.http import HTTPReply, HTTPRequest, parse_url


def test_a_request_shows_no_secret_in_its_repr() -> None:
    """Headers contain signatures and bodies contain users' data, so a log must not show them."""
    request = HTTPRequest("http://h/api/", (("X-API-Sign", "5ec3e7"),), b'{"private":1}')
    assert repr(request) == "<HTTPRequest POST http://h/api/, 13 bytes>"


def test_a_reply_returns_its_headers() -> None:
    """The first header of a name counts; a missing header is None."""
    reply = HTTPReply(301, b"moved", (("location", "/api/"), ("location", "/other/")))
    assert reply.header("location") == "/api/"
    assert reply.header("x") is None
    assert HTTPReply(200, b"").header("location") is None
    assert repr(reply) == "<HTTPReply 301, 5 bytes>"


@pytest.mark.parametrize(
    ("url", "host", "port", "path"),
    [
        ("http://localhost:8000", "localhost", 8000, ""),
        ("https://push.example.com/x/y/", "push.example.com", None, "/x/y/"),
        ("HTTP://LOCALHOST", "localhost", None, ""),
        ("http://[::1]:65535/", "::1", 65535, "/"),
        ("http://127.0.0.1:/", "127.0.0.1", None, "/"),
    ],
)
def test_a_url_is_parsed(url: str, host: str, port: int | None, path: str) -> None:
    """A URL of a server is parsed into scheme, host, port and path."""
    parts = parse_url(url)
    assert (parts.hostname, parts.port, parts.path) == (host, port, path)


BAD_URLS: list[tuple[Any, str]] = [
    (None, "not NoneType"),
    (b"http://h", "not bytes"),
    (8000, "must be a str such as 'http://localhost:8000'"),
    ("", "did you mean 'http://localhost:8000'?"),
    ("localhost:8000", "did you mean 'http://localhost:8000'?"),
    ("localhost", "did you mean 'http://localhost'?"),
    ("//localhost", "did you mean 'http://localhost'?"),
    ("http:localhost", "did you mean 'http://localhost'?"),
    ("HTTPS:/push.example.com/x", "did you mean 'https://push.example.com/x'?"),
    ("[::1]:8000/api", "did you mean 'http://[::1]:8000/api'?"),
    ("s3cret", "http:// or https://: pass the address of the server, such as 'http://localhost:8000'"),
    ("ws://h", "the URL 'ws://h' is for WebSocket clients: pass the address of the HTTP API, 'http://h'"),
    ("WSS://h:1/x/connection/websocket/", "pass the address of the HTTP API, 'https://h:1/x'"),
    ("ws://h/connection/uni_websocket?cf_connect=a", "pass the address of the HTTP API, 'http://h'"),
    ("wss://u:p?q@h/connection/websocket", "pass the address of the HTTP API, 'https://localhost:8000'"),
    ("ws://", "pass the address of the HTTP API, 'http://localhost:8000'"),
    ("https://h/connection/websocket", "is for WebSocket clients: pass the address of the HTTP API, 'https://h'"),
    ("ftp://h", "only http and https are supported"),
    ("unix:///x.sock", "only http and https are supported"),
    ("http://", "has no valid host and port"),
    ("http:///api/", "has no valid host and port"),
    ("http://:8000", "has no valid host and port"),
    ("http://h:0", "has no valid host and port"),
    ("http://h:99999", "invalid URL"),
    ("http://h:x", "invalid URL"),
    ("http://[::1", "invalid URL"),
    ("http://u:p@h", "pass credentials as arguments of the client"),
    ("http://u@h", "pass credentials as arguments of the client"),
    ("http://h/?a=1", "contains a query, a fragment or whitespace"),
    ("http://h?", "contains a query, a fragment or whitespace"),
    ("http://h/#", "contains a query, a fragment or whitespace"),
    ("http://h/#a", "contains a query, a fragment or whitespace"),
    (" http://h", "contains a query, a fragment or whitespace"),
    ("http://h\n", "contains a query, a fragment or whitespace"),
    ("http://h/a b", "contains a query, a fragment or whitespace"),
    ("http://h/\x7f", "contains a query, a fragment or whitespace"),
]


@pytest.mark.parametrize(("url", "advice"), BAD_URLS)
def test_a_url_that_cannot_be_posted_to_is_refused_with_advice(url: Any, advice: str) -> None:
    """The error explains the mistake in the URL and shows the correct form."""
    with pytest.raises(UsageError) as caught:
        parse_url(url)
    assert advice in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        *("hunter2", "hunter2/abc", "http:hunter2", "hunter2" * 12 + ".x", "hunter2_a:b", "wss://u:hunter2?@h"),
        *("http://u:hunter2@h", "ftp://u:hunter2@h", "http://u:hunter2@h:x", "http://u:hunter2@"),
        *("http://u:hunter2/x@h", "http://u:x/hunter2@h", "ftp://u:x/hunter2@h", "http://u:0/hunter2@h"),
    ],
)
def test_no_error_shows_the_password_of_a_url(url: str) -> None:
    """An error about a URL never repeats its password."""
    with pytest.raises(UsageError) as caught:
        parse_url(url)
    assert "hunter2" not in str(caught.value)


@given(st.text() | st.text("htps:/@[]?#%.0123456789 \\").map(lambda rest: f"http://{rest}"))
@settings(deadline=None)
def test_any_text_is_a_url_or_a_usage_error(url: str) -> None:
    """Any text is parsed or raises UsageError."""
    try:
        parts = parse_url(url)
    except UsageError:
        return
    assert parts.hostname
