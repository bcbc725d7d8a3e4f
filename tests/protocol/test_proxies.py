"""URLs of proxies, and the environment variables that name them."""

import base64
import traceback
from collections.abc import Mapping
from typing import Any

import pytest

from centripetal.errors import UsageError
from centripetal.protocol.proxies import EnvironmentProxies, Proxy, absolute_form, parse_proxy
from centripetal.protocol.targets import Origin, target_of

SECRET = "s3cret"


def login(proxy: Proxy) -> str:
    """Return user name and password in the header line of *proxy*."""
    token = proxy.authorization.removeprefix("Proxy-Authorization: Basic ").removesuffix("\r\n")
    return base64.b64decode(token).decode()


@pytest.mark.parametrize(
    ("url", "origin", "credentials"),
    [
        ("http://proxy:3128", Origin(False, "proxy", 3128), ""),
        (" HTTP://Proxy.Example.com/\n", Origin(False, "proxy.example.com", 80), ""),
        ("http://[::1]:8080", Origin(False, "::1", 8080), ""),
        ("http://@proxy", Origin(False, "proxy", 80), ""),
        ("http://user:s3cret@proxy:1", Origin(False, "proxy", 1), "user:s3cret"),
        ("http://user@proxy:1", Origin(False, "proxy", 1), "user:"),
        ("http://:s3cret@proxy:1", Origin(False, "proxy", 1), ":s3cret"),
        ("http://u%20s:a%3Ab%2F%40%25@proxy:1", Origin(False, "proxy", 1), "u s:a:b/@%"),
        ("http://us:a:b@c@proxy:1", Origin(False, "proxy", 1), "us:a:b@c"),
        ("http://\u00fc:%C3%A9@proxy:1", Origin(False, "proxy", 1), "\u00fc:\u00e9"),
    ],
)
def test_a_url_names_a_proxy(url: str, origin: Origin, credentials: str) -> None:
    """A URL gives host, port and the credentials, percent-decoded; no representation shows the credentials."""
    proxy = parse_proxy(url)
    assert (proxy.origin, login(proxy)) == (origin, credentials)
    assert str(proxy) == origin.place
    assert repr(proxy) == f"<Proxy {origin.place}>"


NOT_HTTP = "{} must be a URL that begins with http://, such as 'http://proxy.example.com:3128'"
NO_HOST = (
    "{} has no valid host and port: write it as 'http://proxy.example.com:3128', with user:password@ before the host "
    "if the proxy needs a login, and without a path"
)
SPECIAL = (
    "the user name or the password in {} contains a special character: percent-encode it, for example %2F for / and "
    "%23 for #"
)
SOCKS = "{} names a SOCKS proxy, which is not supported: use an HTTP proxy, or pass a transport of your own"
TLS = (
    "{} begins with https://, but TLS with the proxy itself is not supported: write http://. Requests to an https "
    "server are still encrypted, from the client to the server"
)
MISTAKES: list[tuple[Any, str]] = [
    (5, "{} must be the URL of a proxy such as 'http://proxy.example.com:3128', not int"),
    (SECRET.encode(), "{} must be the URL of a proxy such as 'http://proxy.example.com:3128', not bytes"),
    ("", NOT_HTTP),
    (f"user:{SECRET}@proxy:3128", NOT_HTTP),
    (f"ftp://user:{SECRET}@proxy", NOT_HTTP),
    (f"socks5://user:{SECRET}@proxy", SOCKS),
    (f"SOCKS5H://user:{SECRET}@proxy", SOCKS),
    (f"https://user:{SECRET}@proxy", TLS),
    (f"http://user:{SECRET}", NO_HOST),
    (f"http://user:{SECRET}@", NO_HOST),
    (f"http://user:{SECRET}@proxy:99999", NO_HOST),
    (f"http://user:{SECRET}@proxy:3128/path", NO_HOST),
    (f"http://user:{SECRET}@proxy?{SECRET}", NO_HOST),
    (f"http://user:{SECRET}@pro xy", NO_HOST),
    (f"http://user:{SECRET}/@proxy", SPECIAL),
    (f"http://user:{SECRET}#@proxy", SPECIAL),
    (f"http://user:{SECRET}\n@proxy", SPECIAL),
    (f"http://user:{SECRET}\ud800@proxy", SPECIAL),
    (f"http://us%3Aer:{SECRET}@proxy", "the user name in {} contains a colon, which the scheme Basic cannot send"),
]


@pytest.mark.parametrize(("url", "message"), MISTAKES)
def test_invalid_proxies_are_explained(url: Any, message: str) -> None:
    """The error names the option or the variable and the fix; text and traceback do not contain the URL."""
    for source in ("http_proxy", "HTTPS_PROXY"):
        with pytest.raises(UsageError) as caught:
            parse_proxy(url, source)
        assert str(caught.value) == message.format(source)
        assert caught.value.__context__ is None
        shown = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
        frames = [frame for frame in shown.stack if "/src/centripetal/" in frame.filename]
        assert SECRET not in str([frame.locals for frame in frames])


@pytest.mark.parametrize(
    ("url", "line"),
    [
        ("http://push:8000/api/x", "POST http://push:8000/api/x HTTP/1.1"),
        ("http://push", "POST http://push/ HTTP/1.1"),
        ("http://[fe80::1%eth0]:81/a", "POST http://[fe80::1]:81/a HTTP/1.1"),
    ],
)
def test_requests_to_a_proxy_have_the_whole_url(url: str, line: str) -> None:
    """A request in absolute form begins with the URL, and contains the credentials of the proxy."""
    head = absolute_form(target_of(url), parse_proxy("http://a:b@proxy"))
    assert head.split("\r\n")[0] == line
    assert head.split("\r\n")[1].startswith("Host: ")
    assert head.endswith("\r\nProxy-Authorization: Basic YTpi\r\n")


PLAIN, SECURE = Origin(False, "push.example.com", 80), Origin(True, "push.example.com", 443)


@pytest.mark.parametrize(
    ("environment", "plain", "secure"),
    [
        ({}, None, None),
        ({"HTTP_PROXY": "http://a:1"}, "a:1 of HTTP_PROXY", None),
        ({"HTTPS_PROXY": "http://a:1"}, None, "a:1 of HTTPS_PROXY"),
        ({"http_proxy": "http://b:1", "HTTP_PROXY": "http://a:1"}, "b:1 of http_proxy", None),
        ({"http_proxy": "", "HTTP_PROXY": "http://a:1"}, None, None),
        ({"https_proxy": " a:1 "}, None, "a:1 of https_proxy"),
        ({"HTTP_PROXY": f"u:{SECRET}@a:1"}, "a:1 of HTTP_PROXY", None),
        ({"HTTP_PROXY": "http://a:1", "REQUEST_METHOD": "GET"}, None, None),
        ({"http_proxy": "http://a:1", "REQUEST_METHOD": "GET"}, "a:1 of http_proxy", None),
        ({"HTTPS_PROXY": "http://a:1", "REQUEST_METHOD": "GET"}, None, "a:1 of HTTPS_PROXY"),
        ({"HTTP_PROXY": "a:1", "HTTPS_PROXY": "a:1", "NO_PROXY": ".example.com"}, None, None),
        ({"HTTP_PROXY": "a:1", "HTTPS_PROXY": "b:1", "NO_PROXY": "example.com:80"}, None, "b:1 of HTTPS_PROXY"),
        ({"HTTP_PROXY": "a:1", "NO_PROXY": "*", "no_proxy": "other"}, "a:1 of HTTP_PROXY", None),
        ({"ALL_PROXY": "http://a:1", "PROXY": "http://a:1"}, None, None),
    ],
)
def test_variables_name_proxies(environment: Mapping[str, str], plain: str | None, secure: str | None) -> None:
    """Lower case precedes upper case, also if it is empty; CGI programs ignore HTTP_PROXY, which visitors can set."""
    proxies = EnvironmentProxies(environment)
    found = [proxies.proxy_for(origin) for origin in (PLAIN, SECURE)]
    assert [proxy and f"{proxy} of {proxy.source}" for proxy in found] == [plain, secure]


def test_an_invalid_variable_matters_only_when_it_is_used() -> None:
    """A variable for other programs is an error only for a server whose proxy it would be."""
    proxies = EnvironmentProxies({"HTTPS_PROXY": f"socks5://u:{SECRET}@a", "NO_PROXY": "internal"})
    assert proxies.proxy_for(PLAIN) is None
    assert proxies.proxy_for(Origin(True, "internal", 443)) is None
    with pytest.raises(UsageError) as caught:
        proxies.proxy_for(SECURE)
    assert str(caught.value) == SOCKS.format("HTTPS_PROXY")
    assert SECRET not in repr(proxies)
