"""Payloads of a Centrifugo 6 server: decoding, and the formats of namespaces (protocol 6: publish): PURE."""

from typing import Any

import msgspec

from centripetal.dialects.current import error_codes
from centripetal.errors import ServerError
from centripetal.protocol.gobase64 import decode_base64
from centripetal.protocol.gojson import JSONError, check

__all__ = ["fits", "given"]


def given(raw: Any, encoded: Any) -> bytes:
    """Return the bytes of a payload; base64 takes precedence. Empty if neither is given.

    Args:
        raw: the JSON as it was written, a `msgspec.Raw`, or `UNSET` if not given.
        encoded: the base64 text; None or empty if not given.

    Raises:
        ServerError: 107, *encoded* is not valid base64.
    """
    if not encoded:
        return b"" if raw is msgspec.UNSET else bytes(raw)
    try:
        return decode_base64(encoded)
    except ValueError:
        raise ServerError("bad request", code=error_codes.BAD_REQUEST) from None


def fits(data: bytes, data_format: str) -> bool:
    """Return whether a namespace with the `publication_data_format` *data_format* accepts *data*."""
    if data_format == "binary":
        return True
    if data_format not in ("json", "json_object"):
        return bool(data)
    try:
        check(data)
    except JSONError:
        return False
    return data_format == "json" or data.lstrip(b" \t\r\n").startswith(b"{")
