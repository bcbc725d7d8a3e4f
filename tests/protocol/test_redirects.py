"""Advice about redirects: an absolute address with which a client can be created."""

import re
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from centripetal.client.current import Client
from centripetal.client.v1 import Client as OldClient
from centripetal.dialects.current.codec import endpoint
from centripetal.dialects.v1.codec import endpoint as old_endpoint
from centripetal.protocol.redirects import redirect_advice

OLD = "http://h/api/"
BASE = "http://h:8000/api"
advice = partial(redirect_advice, url=f"{BASE}/publish", endpoint=BASE, base_of=endpoint)

USE = {  # Location -> URL to use
    "/centrifugo/api/publish": "http://h:8000/centrifugo/api",
    "/centrifugo/api/publish/": "http://h:8000/centrifugo/api",
    "//push.example.com/api/publish": "http://push.example.com/api",
    "https://h/api/publish": "https://h/api",
    "HTTPS://H:8443/api/publish": "https://H:8443/api",
    "https://h": "https://h",
    "https://h/": "https://h",
    "other": "http://h:8000/api/other",
    "../x/./api/publish": "http://h:8000/x/api",
    "https://h/a/../b/./api/publish": "https://h/b/api",
    "/../../api2/publish": "http://h:8000/api2",
    "https://user:pass@h/api/publish": "https://h/api",
    "https://us@er:p@h/api/publish?key=s3cret#f": "https://h/api",
    "http://[::1]:9000/api/publish": "http://[::1]:9000/api",
    "/a b/é'\"/api/publish": "http://h:8000/a%20b/%C3%A9%27%22/api",
    " https://h/api/publish ": "https://h/api",
    "/elsewhere": "http://h:8000/elsewhere",
}
LOGINS = (
    *("/login", "https://sso.example.com/start?next=/api", "/oauth2/authorize?client_id=x", "/users/sign_in"),
    *("http://captive.example.com/portal", "https://accounts.example.com/"),
)
SAME = ("", "/api/publish", "/api/publish/", "?retry=1", "/", "http://h:8000", "//u:p@h:8000/api?key=x")
UNUSABLE = (
    *(None, "ftp://h/api/publish", "javascript:alert(1)", "mailto:a@b", "http://", "http:///api", "https://h:99999/"),
    *("https://a..b/api", "https://h\\x/api", "https://u:p@/api", "/api/api/publish", "/" + "x" * 500, "https://h:x/"),
)


@pytest.mark.parametrize("location", USE)
def test_the_address_to_use_is_absolute(location: str) -> None:
    """The advice names an absolute address without credentials, query, and name of the method."""
    assert advice(location) == f"use {USE[location]!r} as the URL"
    Client(USE[location], "key")


@pytest.mark.parametrize("location", LOGINS)
def test_a_login_is_not_advised_as_the_url(location: str) -> None:
    """An address that looks like a login is named as such."""
    assert re.fullmatch(r"'https?://.*' seems to be a login in front of the server: .*", advice(location))


@pytest.mark.parametrize("location", SAME)
def test_a_redirect_to_itself_is_not_advised_as_the_url(location: str) -> None:
    """A redirect that leads back to the same address does not give the advice to use that address."""
    assert re.fullmatch(r"'http://h:8000(/api)?' is the same address: .*", advice(location))


@pytest.mark.parametrize("location", UNUSABLE)
def test_an_address_that_no_client_can_use_is_not_named(location: str | None) -> None:
    """Without a usable address, the advice is to check the URL."""
    assert advice(location) == "check the URL"


def test_the_api_of_1x_has_one_path() -> None:
    """For 1.x, the advice is the address of the API."""
    old = partial(redirect_advice, url="http://h/api/", endpoint="http://h/api/", base_of=old_endpoint)
    assert old("https://h/centrifugo/api/") == "use 'https://h/centrifugo/api' as the URL"
    assert old("https://auth.example.com/api/") == "use 'https://auth.example.com/api' as the URL"
    assert old("/x/../elsewhere/") == "use 'http://h/elsewhere' as the URL"


@given(st.text(), st.booleans())
def test_any_location_gives_advice_that_can_be_followed(text: str, old: bool) -> None:
    """Any Location gives advice; if it names an address to use, a client can be created with it."""
    location = text.encode("utf-8", "replace").decode("latin-1")
    words = redirect_advice(location, OLD, OLD, old_endpoint) if old else advice(location)
    assert len(words) < 350
    if found := re.search("use (['\"])(.*)\\1 as", words):
        OldClient(found[2], "secret") if old else Client(found[2], "key")
