"""Secrets are accepted exactly, and shown nowhere."""

from typing import Any

import pytest

from centripetal.errors import UsageError
from centripetal.handling.secret import Secrets


@pytest.mark.parametrize(
    ("secret", "headers", "accepted"),
    [
        ("s3", {"X-API-KEY": "s3"}, True),
        ("s3", {"x-api-key": "s3"}, True),
        ("s3", {"x-api-key": "s3 "}, False),
        ("s3", {"x-api-key": "S3"}, False),
        ("s3", {"x-api-key": ""}, False),
        ("s3", {"x-api-key": "\ud800é"}, False),
        ("s3", {"authorization": "s3"}, False),
        ("s3", {}, False),
        (["new", "old"], {"x-api-key": "old"}, True),
        (["new", "old"], {"x-api-key": "new"}, True),
        (["new", "old"], {"x-api-key": "newold"}, False),
        (None, {"x-api-key": "s3"}, False),
    ],
)
def test_only_an_accepted_secret_counts(secret: Any, headers: dict[str, str], accepted: bool) -> None:
    """The header has one of the secrets, exactly; in every case the other headers are returned without it."""
    secrets = Secrets(secret, "X-API-Key")
    assert secrets.take({**headers, "Cookie": "a=b"}) == (
        accepted,
        {name: value for name, value in {**headers, "cookie": "a=b"}.items() if name.lower() != "x-api-key"},
    )
    pairs = [(name.lower().encode(), value.encode("utf-8", "replace")) for name, value in headers.items()]
    scope = {"headers": [*pairs, (b"cookie", b"a=b")]}
    assert secrets.strip(scope) == accepted
    assert scope["headers"] == [pair for pair in [*pairs, (b"cookie", b"a=b")] if pair[0] != b"x-api-key"]


def test_the_last_of_repeated_headers_counts() -> None:
    """If the header is repeated, the last one counts, and all are removed."""
    secrets = Secrets("s3", "x-api-key")
    pairs = [(b"x-api-key", b"s3"), (b"a", b"b"), (b"x-api-key", b"x")]
    for headers, accepted in ((pairs, False), (tuple(pairs[::-1]), True)):
        scope = {"headers": headers}
        assert secrets.strip(scope) == accepted
        assert scope["headers"] == [(b"a", b"b")]


@pytest.mark.parametrize("secret", ["", [], ["a", ""], " a", "a\n", "é", "a\x00", b"a", 7, [7], [None]])
def test_secrets_that_no_header_can_carry_are_errors(secret: Any) -> None:
    """A secret is printable ASCII without spaces around it; an empty variable of the environment is an error."""
    with pytest.raises(UsageError, match="secret must be") as caught:
        Secrets(secret, "x-api-key")
    assert "é" not in str(caught.value)


def test_nothing_shows_the_secret() -> None:
    """Neither the repr nor `vars` show the secret."""
    secrets = Secrets("s3cret", "X-API-Key")
    assert repr(secrets) == "<Secrets in x-api-key>"
    assert not hasattr(secrets, "__dict__")
