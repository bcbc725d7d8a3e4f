"""Tests of the targets of requests: the origin of a URL, and its first header lines."""

import pytest

from centripetal.errors import UsageError
from centripetal.protocol.targets import Origin, target_of


@pytest.mark.parametrize(
    ("url", "origin", "host", "path"),
    [
        ("http://localhost", Origin(False, "localhost", 80), "localhost", "/"),
        ("http://localhost:80/a", Origin(False, "localhost", 80), "localhost", "/a"),
        ("https://LocalHost/a", Origin(True, "localhost", 443), "localhost", "/a"),
        ("https://localhost:80", Origin(True, "localhost", 80), "localhost:80", "/"),
        ("http://[::1]:8000/x", Origin(False, "::1", 8000), "[::1]:8000", "/x"),
        ("http://[fe80::1%eth0]/", Origin(False, "fe80::1%eth0", 80), "[fe80::1]", "/"),
        ("http://xn--bcher-kva.example/ä_b", Origin(False, "xn--bcher-kva.example", 80), "xn--bcher-kva.example",
         "/%C3%A4_b"),
        ("http://a_b.internal.:1/%41/it's", Origin(False, "a_b.internal.", 1), "a_b.internal.:1", "/%41/it's"),
    ],
)  # fmt: skip
def test_a_url_gives_a_target(url: str, origin: Origin, host: str, path: str) -> None:
    """A URL gives the origin to connect to, the Host header, and a path in ASCII."""
    target = target_of(url)
    assert target.origin == origin
    assert target.head.startswith(f"POST {path} HTTP/1.1\r\nHost: {host}\r\n")


@pytest.mark.parametrize(
    "url",
    [
        "localhost:8000", "ftp://a", "http://", "http://a:0", "http://a:99999", "http://u:p@a", "http://a/?q",
        "http://a..b/", "http://.a/", f"http://{'a' * 64}/", f"http://{'a.' * 127}a/", "http://a\r\nX:1/",
        "http://a\\b/", "http://[::1/", "http://[v1.x]/", "http://[::g]/", "http://a\u2028b/", 'http://a"b/',
        "http://bücher.example/",
    ],
)  # fmt: skip
def test_a_bad_url_raises_usage_error(url: str) -> None:
    """A URL that cannot be requested raises UsageError and no other exception."""
    with pytest.raises(UsageError):
        target_of(url)
