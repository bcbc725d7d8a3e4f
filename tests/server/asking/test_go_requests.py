"""Requests as Go's client sends them, and its rules for redirects."""

import pytest

from centripetal.errors import UsageError
from centripetal.protocol.http import HTTPReply
from centripetal.server.asking.go_requests import GoRequest, GoRequestWriter, redirected

HEADERS = (("Content-Type", "application/json"), ("X-Api-Key", "k"), ("Authorization", "a"), ("Cookie", "c"))


def written(
    url: str = "http://app:8000/x", *headers: tuple[str, str], method: str = "POST", body: bytes = b"{}"
) -> str:
    request = GoRequest(url=url, headers=headers, body=body, method=method)
    return bytes(GoRequestWriter().write(request)[1]).decode("latin-1")


def test_a_request_has_the_headers_of_gos_client() -> None:
    """A request has Go's user agent and asks for gzip; its headers are sorted by name."""
    assert written("http://app:8000/x?a=b c", ("X-B", " é "), ("A", "1"), ("X-B", "2")).split("\r\n") == [
        *("POST /x?a=b%20c HTTP/1.1", "Host: app:8000", "User-Agent: Go-http-client/1.1", "Content-Length: 2"),
        *("A: 1", "X-B: é", "X-B: 2", "Accept-Encoding: gzip", "", "{}"),
    ]


@pytest.mark.parametrize(
    ("url", "host", "line"),
    [
        ("http://app", "app", "/"),
        ("http://APP:80/a%20b", "app:80", "/a%20b"),
        ("https://[::1]:8443/x", "[::1]:8443", "/x"),
        ("http://app/?key=1", "app", "/?key=1"),
    ],
)
def test_the_url_gives_host_and_path(url: str, host: str, line: str) -> None:
    """The request line has path and query; the host is as in the URL."""
    first, second = written(url).split("\r\n")[:2]
    assert (first, second) == (f"POST {line} HTTP/1.1", f"Host: {host}")


def test_headers_that_change_the_request() -> None:
    """Some headers replace those of Go's client, credentials in the URL are sent, and a GET has no body."""
    text = written("http://user:p%40w@app/", ("User-Agent", "mine"), ("Accept-Encoding", "br"), ("Host", "evil"))
    assert "User-Agent: mine\r\n" in text
    assert "Authorization: Basic dXNlcjpwQHc=\r\n" in text
    assert "gzip" not in text
    assert "evil" not in text
    assert "User-Agent" not in written("http://app/", ("User-Agent", ""))
    assert "Content-Length" not in written(method="GET", body=b"")


@pytest.mark.parametrize("header", [("X-A", "a\r\nX-Evil: 1"), ("X-A", "a\0"), ("X A", "1"), ("", "1")])
def test_invalid_headers_are_not_sent(header: tuple[str, str]) -> None:
    """A client cannot add a header with a line break in the value of another; the message does not repeat the value."""
    with pytest.raises(UsageError) as caught:
        written("http://app/", header)
    assert "Evil" not in str(caught.value)


@pytest.mark.parametrize("url", ["grpc://app:1", "app", "", "http://", "http://a b/", "http://app:99999/"])
def test_urls_that_cannot_be_asked(url: str) -> None:
    """Another scheme than HTTP, and an invalid host or port, are errors."""
    with pytest.raises(UsageError):
        written(url)


def follow(status: int, location: str | None = "/y", first: str = "http://app/x") -> GoRequest | None:
    request = GoRequest(url=first, headers=HEADERS, body=b"{}")
    headers = () if location is None else (("location", location),)
    return redirected(request, request, HTTPReply(status, b"", headers))


@pytest.mark.parametrize("status", [301, 302, 303])
def test_most_redirects_lose_the_body(status: int) -> None:
    """301, 302 and 303 become a GET without the body and its headers; the other headers are sent again."""
    request = follow(status)
    assert request is not None
    assert (request.method, request.url, request.body) == ("GET", "http://app/y", b"")
    assert dict(request.headers) == {
        "X-Api-Key": "k",
        "Authorization": "a",
        "Cookie": "c",
        "Referer": "http://app/x",
    }


@pytest.mark.parametrize("status", [307, 308])
def test_some_redirects_repeat_the_request(status: int) -> None:
    """307 and 308 repeat the request with its body."""
    request = follow(status)
    assert request is not None
    assert (request.method, request.body, dict(request.headers)["Content-Type"]) == ("POST", b"{}", "application/json")


@pytest.mark.parametrize(
    ("location", "kept"),
    [
        ("http://other/y", False),
        ("http://app:8000/y", True),
        ("http://sub.app/y", True),
        ("http://notapp/y", False),
        ("https://app/y", True),
    ],
)
def test_only_some_headers_go_to_another_host(location: str, kept: bool) -> None:
    """`Authorization` and `Cookie` do not go to another host, unless it is a subdomain; a static key does."""
    request = follow(307, location)
    assert request is not None
    assert ("Authorization" in dict(request.headers)) is kept
    assert dict(request.headers)["X-Api-Key"] == "k"
    first = GoRequest(url="http://app/x", headers=HEADERS, body=b"{}")
    back = redirected(first, request, HTTPReply(307, b"", (("location", "http://app/z"),)))
    assert back is not None
    assert ("Authorization" in dict(back.headers)) is kept  # once left out, they stay left out


def test_what_is_not_a_redirect() -> None:
    """Another status, and a redirect without an address, are the answer."""
    assert follow(200) is None
    assert follow(304) is None
    assert follow(302, None) is None


@pytest.mark.parametrize("location", ["ftp://app/", "http://[", "http://a b/"])
def test_redirects_to_nowhere_are_an_error(location: str) -> None:
    """A redirect to another scheme or to an invalid address is an error."""
    with pytest.raises(UsageError):
        written(getattr(follow(302, location), "url", ""))
