"""Signatures and tokens of 1.x are computed as by the real server, and unusable values are not signed."""

import enum
import hashlib
import hmac
import string
import traceback
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from centripetal.dialects.v1.credentials import generate_api_sign, generate_channel_sign, generate_client_token, sign
from centripetal.errors import UsageError
from tests.wire.golden import load

GENERATE: dict[str, Callable[..., str]] = {
    "api": generate_api_sign,
    "client token": generate_client_token,
    "channel sign": generate_channel_sign,
}
VECTORS = load("v1", "signatures")["vectors"]
HALF = "\ud83d"
SECRET = "hunter2"


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["what"])
def test_every_recorded_signature_is_reproduced(vector: dict[str, Any]) -> None:
    """Every vector that a real server accepted is reproduced, from text and from bytes."""
    generate, secret, parts = GENERATE[vector["what"]], vector["secret"], vector["parts"]
    assert generate(secret, *parts) == vector["hex"]
    assert generate(secret.encode(), *parts) == vector["hex"]
    assert sign(secret.encode(), *(part.encode() for part in parts)) == vector["hex"]


def test_the_vectors_cover_all_three_kinds() -> None:
    """There is a vector for every kind of signature."""
    assert {vector["what"] for vector in VECTORS} == set(GENERATE)


def test_trailing_parts_may_be_left_out() -> None:
    """Leaving out info gives the same token and signature as an empty info."""
    assert generate_client_token("s", "42", "1500000000") == generate_client_token("s", "42", "1500000000", "")
    assert generate_channel_sign("s", "c", "$x") == generate_channel_sign("s", "c", "$x", "")


class Seconds(enum.IntEnum):
    THEN = 1500000000


@pytest.mark.parametrize("timestamp", [1500000000, "1500000000", Seconds.THEN])
def test_a_timestamp_may_be_a_number(timestamp: Any) -> None:
    """Seconds as int sign like their decimal text."""
    assert generate_client_token("s", "42", timestamp) == sign(b"s", b"421500000000")


@pytest.mark.parametrize("timestamp", ["+5", "-5", "007", str(2**63 - 1), -(2**63) + 1])
def test_any_timestamp_that_the_server_parses_is_accepted(timestamp: Any) -> None:
    """A sign and leading zeros are accepted, because the server accepts them."""
    assert generate_client_token("s", "", timestamp) == sign(b"s", str(timestamp).encode())


ARGUMENTS = [
    (generate_api_sign, ("", "x"), "secret must not be empty"),
    (generate_api_sign, (None, "x"), "secret must be text, not NoneType"),
    (generate_api_sign, (HALF, "x"), "secret contains a lone surrogate"),
    (generate_api_sign, (SECRET, None), "data must be text, not NoneType"),
    (generate_api_sign, (SECRET, {"a": 1}), "data must be text, not dict"),
    (generate_api_sign, (SECRET, HALF), "data contains a lone surrogate"),
    (generate_client_token, ("", "42", "1"), "secret must not be empty"),
    (generate_client_token, (SECRET, 42, "1"), "user must be text, not int"),
    (generate_client_token, (SECRET, HALF, "1"), "user contains a lone surrogate"),
    *(
        (generate_client_token, (SECRET, "42", bad), "timestamp must be Unix seconds")
        for bad in ("", "x", "1.5", " 1", "1\n", "1_0", "0x1", "٣", "--1", 1.5, None, True, 2**63, "9" * 19, 10**5000)
    ),
    (generate_client_token, (SECRET, "42", "9" * 5000), "timestamp must be Unix seconds"),
    *(
        (generate_client_token, (SECRET, "42", "1", bad), "info must be empty or JSON text")
        for bad in ("x", "{", "{'a':1}", " ", "NaN")
    ),
    (generate_client_token, (SECRET, "42", "1", {"a": 1}), "info must be text, not dict"),
    (generate_client_token, (SECRET, "42", "1", None), "info must be text, not NoneType"),
    (generate_channel_sign, ("", "c", "$x"), "secret must not be empty"),
    (generate_channel_sign, (SECRET, "", "$x"), "client and channel must not be empty"),
    (generate_channel_sign, (SECRET, "c", ""), "client and channel must not be empty"),
    (generate_channel_sign, (SECRET, 5, "$x"), "client must be text, not int"),
    (generate_channel_sign, (SECRET, "c", None), "channel must be text, not NoneType"),
    (generate_channel_sign, (SECRET, "c", "$x", "role"), "channel_data must be empty or JSON text"),
    (generate_channel_sign, (SECRET, "c", "$x", "[" * 100_000), "channel_data must be empty or JSON text"),
]


@pytest.mark.parametrize(
    ("generate", "arguments", "text"), ARGUMENTS, ids=[f"{index}" for index in range(len(ARGUMENTS))]
)
def test_bad_arguments_are_refused(generate: Callable[..., str], arguments: tuple[Any, ...], text: str) -> None:
    """Values that the server would refuse or fail on later are not signed, and no error shows the secret."""
    with pytest.raises(UsageError, match=f"^{text}") as caught:
        generate(*arguments)
    assert SECRET not in "".join(traceback.format_exception(caught.value))


@given(secret=st.text(min_size=1), parts=st.lists(st.binary(), max_size=3))
@settings(deadline=None)
def test_a_sign_is_an_hmac_in_lower_case_hex(secret: str, parts: list[bytes]) -> None:
    """A signature of any bytes is the HMAC over the joined parts, as 64 hexadecimal digits."""
    key, message = secret.encode(), b"".join(parts)
    made = sign(key, *parts)
    assert made == generate_api_sign(secret, message) == hmac.new(key, message, hashlib.sha256).hexdigest()
    assert len(made) == 64
    assert set(made) <= set(string.digits + "abcdef")
