"""URLs in messages do not show credentials."""

import pytest

from centripetal import AsyncClient, Client, UsageError, v1
from centripetal.protocol.shown_url import shown_url

SECRET = "s3cret"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://host:8000/api", "http://host:8000/api"),
        ("http://host/api?api_key=s3cret", "http://host/api?…"),
        ("http://host/#s3cret", "http://host/#…"),
        ("http://host?#s3cret", "http://host?…"),
        ("host/api?key=s3cret", "host/api?…"),
        ("ws://host/?s3cret", "ws://host/?…"),
        ("http://user:s3cret@host/", "http://…@host/"),
        ("http://user:s3c/ret@host/", "http://…@host/"),
        ("http://s3cret@a@host/", "http://…@host/"),
        ("http:\\\\user:s3cret@host", "http:…@host"),
        ("user:s3cret@host", "user:…@host"),
        ("http://user:s3?cret@host/", "http://…"),
        ("http://host/?key=s3cret@s3cret", "http://…"),
        ("http://user:s3cret@host/?s3cret", "http://…@host/?…"),
        ("http://user:s3cret@host/\n?x", "http://…@host/\n?…"),
        ("", ""),
        ("http://" + "x" * 200, "http://" + "x" * 93),
    ],
)
def test_credentials_are_replaced(url: str, shown: str) -> None:
    """User info, query and fragment become an ellipsis, wherever the URL is ambiguous also more."""
    assert shown_url(url) == shown


@pytest.mark.parametrize("make", [Client, AsyncClient, v1.Client, v1.AsyncClient])
@pytest.mark.parametrize(
    "url",
    [
        "http://h:9/api?api_key=s3cret",
        "http://h:9/#s3cret",
        "h:9/api?api_key=s3cret",
        "ws://h:9/api?api_key=s3cret",
        "http://user:s3cret@h:9/",
        "http://user:s3cret@h:99999/",
        "http://user:s3cret@[h/",
        "https://user:s3cret@ho st/",
        "http://h/api/api?s3cret",
        "http://h/publish#s3cret",
    ],
)
def test_errors_about_urls_do_not_show_credentials(make: type[Client], url: str) -> None:
    """Each client rejects a URL with credentials, with a message that does not repeat them."""
    with pytest.raises(UsageError) as caught:
        make(url, "key")
    assert SECRET not in f"{caught.value!r} {caught.value}"
    assert caught.value.__traceback__ is not None


@pytest.mark.parametrize("make", [Client, AsyncClient, v1.Client, v1.AsyncClient])
def test_a_key_in_place_of_the_url_is_not_shown(make: type[Client]) -> None:
    """If URL and key are swapped, the message says so and does not show the key as an invalid URL."""
    with pytest.raises(UsageError, match="swapped") as caught:
        make("s3cret", "http://localhost:8000")
    assert SECRET not in f"{caught.value!r}"
