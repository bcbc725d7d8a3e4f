"""Base64 as a Go server reads it. PURE."""

import binascii

__all__ = ["decode_base64"]


def decode_base64(text: str) -> bytes:
    """Decode *text*, padded base64 of the standard alphabet. Line breaks are ignored.

    Raises:
        ValueError: *text* is not padded base64.
    """
    try:
        return binascii.a2b_base64(text.replace("\r", "").replace("\n", "").encode(), strict_mode=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise ValueError(str(error)) from None
