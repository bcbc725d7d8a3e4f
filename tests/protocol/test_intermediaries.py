"""Replies of proxies, gateways and logins, compared with replies of Centrifugo."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from centripetal.protocol.http import HTTPReply
from centripetal.protocol.intermediaries import excerpt, in_front, page_error

NGINX = b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body><center>nginx</center></body></html>"
LOGIN = b'\n<!DOCTYPE html>\n<html><head>\n<title lang="en">\n Sign in\n to Acme</title>'

# name -> status, headers, body, words that the description must contain
OTHERS: dict[str, tuple[int, dict[str, str], bytes, tuple[str, ...]]] = {
    "basic": (401, {"www-authenticate": 'Basic realm="x"'}, b"", ("asks for Basic authentication",)),
    "basic of nginx": (401, {"www-authenticate": "Basic", "server": "nginx/1.25"}, NGINX, ("(nginx/1.25)", "Basic")),
    "negotiate": (401, {"www-authenticate": "Negotiate"}, b"", ("Negotiate",)),
    "odd scheme": (401, {"www-authenticate": ""}, b"", ("asks for authentication",)),
    "nginx": (502, {"server": "nginx"}, NGINX, ("(nginx)", "titled '502 Bad Gateway'", "Is Centrifugo running?")),
    "cloudflare": (521, {"server": "cloudflare"}, b"error code: 521", ("(cloudflare)", "'error code: 521'")),
    "alb": (503, {"server": "awselb/2.0"}, NGINX, ("(awselb/2.0)", "no server to pass the request to")),
    "envoy": (503, {"server": "envoy"}, b"upstream connect error or disconnect/reset before headers", ("(envoy)",)),
    "envoy, denied": (403, {}, b"RBAC: access denied", ("access denied",)),
    "haproxy": (503, {}, b"<html><body><h1>503 Service Unavailable</h1>", ("an HTML page: '<html><body>",)),
    "api gateway": (403, {"via": "1.1 kong"}, b'{"message":"Forbidden"}', ("(1.1 kong)", '{"message":"Forbidden"}')),
    "kong": (401, {}, b'{"message":"No API key found"}', ("in front of the server",)),
    "login, 200 aside": (401, {}, LOGIN, ("titled 'Sign in to Acme'",)),
    "storage": (403, {}, b'<?xml version="1.0"?><Error><Code>AccessDenied</Code>', ("an XML document",)),
    "compressed": (502, {"content-encoding": "br"}, b"", ("Content-Encoding: br",)),
    "limiter": (429, {}, b"", ("too many requests",)),
    "not found": (404, {}, b"<h1>Not Found</h1>", ("check host, port and path",)),
    "too large": (413, {"server": "nginx"}, NGINX, ("send fewer commands at once",)),
    "gateway timeout": (504, {}, b"", ("an empty body", "no reply from Centrifugo in time")),
    "captive portal": (511, {}, LOGIN, ("the network wants a login",)),
    "odd name": (502, {"server": "x\x85" + "y" * 99}, b"", ("(x?yyy",)),
}
OWN = [
    *((401, b""), (401, b"Unauthorized\n"), (400, b"Bad Request\n"), (404, b"404 page not found\n"), (405, b"")),
    *((500, b"Internal Server Error\n"), (503, b""), (413, b"")),
]


@pytest.mark.parametrize("name", OTHERS)
def test_what_answers_in_front_of_the_server_is_named(name: str) -> None:
    """The description names the sender and what it says; it mentions neither the key nor the secret."""
    status, headers, body, words = OTHERS[name]
    text = in_front(HTTPReply(status, body, tuple(headers.items())))
    assert text.startswith("a proxy, gateway or login in front of the server")
    for each in words:
        assert each in text
    assert "api_key" not in text
    assert "secret" not in text
    assert len(text) < 350


@pytest.mark.parametrize(("status", "body"), OWN)
def test_replies_of_centrifugo_are_not_blamed_on_others(status: int, body: bytes) -> None:
    """Centrifugo's own refusals are not taken for replies of a gateway, even if a proxy passed them on."""
    assert in_front(HTTPReply(status, body)) == ""
    assert in_front(HTTPReply(status, body, (("server", "nginx"), ("via", "1.1 x")))) == ""


@pytest.mark.parametrize("body", [LOGIN, NGINX, b"\xef\xbb\xbf<html>", b"<!-- x --><html>"])
def test_a_page_with_status_200_is_named(body: bytes) -> None:
    """A login page or captive portal with status 200 is named as such."""
    error = page_error(body, "http://h/api")
    assert error is not None
    assert str(error).startswith("http://h/api replied with an HTML page")


def test_json_is_not_a_page() -> None:
    """JSON, even invalid, is not taken for a page."""
    for body in (b"", b"{", b'{"a":"<html>"}', b"404 page not found"):
        assert page_error(body, "http://h/api") is None


def test_the_head_of_a_body_is_short_and_printable() -> None:
    """Any bytes of a body are shown as short printable text."""
    assert excerpt(b"") == "an empty body"
    assert excerpt(b"\xff" * 500) == repr("\ufffd" * 100)


@given(
    st.integers(200, 599),
    st.dictionaries(st.sampled_from(["www-authenticate", "server", "via", "content-encoding"]), st.text()),
    st.one_of(st.binary(), st.binary().map(lambda data: b"<title>" + data)),
)
def test_any_reply_has_a_short_printable_description(status: int, headers: dict[str, str], body: bytes) -> None:
    """Any reply gives a short description without control characters."""
    reply = HTTPReply(status, body, tuple(headers.items()))
    for text in (in_front(reply), str(page_error(body, "http://h/api") or "")):
        assert len(text) < 800
        assert text.isprintable()
