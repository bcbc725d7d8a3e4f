"""Payloads as a Centrifugo 6 server takes them: bytes, and what a namespace wants of them (spec v6 §5.4): PURE."""

import base64
import binascii
from typing import Any

import msgspec

from centripetal.dialects.current import error_codes
from centripetal.errors import ServerError
from centripetal.protocol.gojson import JSONError, check

__all__ = ["fits", "given"]


def given(raw: Any, encoded: Any) -> bytes:
    """The bytes of a payload that may come as base64, which wins; empty if there is none.

    Args:
        raw: the JSON as it was written, a `msgspec.Raw`; `UNSET`: not given.
        encoded: the base64 text; None or empty: not given.

    Raises:
        ServerError: 107, it is no base64.
    """
    if not encoded:
        return b"" if raw is msgspec.UNSET else bytes(raw)
    try:
        # Go passes over newlines, and over nothing else.
        return base64.b64decode(encoded.replace("\r", "").replace("\n", ""), validate=True)
    except (binascii.Error, ValueError):
        raise ServerError("bad request", code=error_codes.BAD_REQUEST) from None


def fits(data: bytes, data_format: str) -> bool:
    """Whether *data* is what a namespace with that `publication_data_format` takes."""
    if data_format == "binary":
        return True
    if data_format not in ("json", "json_object"):
        return bool(data)
    try:
        check(data)
    except JSONError:
        return False
    return data_format == "json" or data.lstrip(b" \t\r\n").startswith(b"{")
