"""Values of environment variables."""

import pytest

from centripetal.protocol.environment import split_urls


@pytest.mark.parametrize(
    ("value", "urls"),
    [
        ("http://a", ["http://a"]),
        (" http://a , https://b,", ["http://a", "https://b"]),
        ("http://a/x,y,HTTP://b", ["http://a/x,y", "HTTP://b"]),
    ],
)
def test_addresses_are_separated_by_commas(value: str, urls: list[str]) -> None:
    """A comma separates two addresses only if a scheme follows it, because a path may contain commas."""
    assert split_urls(value) == urls
