"""Base64 is decoded as Go decodes it."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from centripetal.protocol.gobase64 import decode_base64


@given(st.binary(), st.integers(1, 9))
def test_line_breaks_are_ignored(data: bytes, width: int) -> None:
    """Base64 is decoded with and without line breaks."""
    text = base64.b64encode(data).decode()
    assert decode_base64(text) == data
    assert decode_base64("\r\n".join(text[at : at + width] for at in range(0, len(text), width))) == data


@pytest.mark.parametrize("text", ["%%", "YQ", "YQ===", "Y Q==", "YQ==YQ==", "\ud800", "é", "_w=="])
def test_other_text_is_an_error(text: str) -> None:
    """Missing padding, spaces, other alphabets and text after the padding are errors."""
    with pytest.raises(ValueError):
        decode_base64(text)
