"""The body of a reply that arrives in pieces or is compressed, within a limit (RFC 9110, section 8.4.1). No I/O.

Requests never ask for compression, but some gateways compress all JSON. The body is decoded while it arrives, so that
a small body that expands to gigabytes is refused at the limit.
"""

import zlib
from collections.abc import Iterator, Sequence
from io import BytesIO

from centripetal.errors import MalformedResponseError

__all__ = ["Body", "body_of", "check_size"]

_GZIP = 31  # window bits for zlib: 16 selects the gzip format
_GZIP_START = b"\x1f\x8b"
_ZLIB = 15
_RAW = -15
_STEP = 4096  # bytes decoded at once: deflate expands them to at most 4 MiB
# Each part of a gzip body costs a copy of the bytes after it, so many tiny parts would take quadratic time.
_MOST_PARTS = 64


def check_size(size: int, limit: int) -> None:
    """Check that a body of *size* bytes is not longer than *limit*.

    Raises:
        MalformedResponseError: it is longer.
    """
    if size > limit:
        raise MalformedResponseError(
            f"the reply is longer than {limit} bytes: request less, or raise max_response_bytes"
        )


def body_of(headers: Sequence[tuple[str, str]], status: int, limit: int) -> "Body | None":
    """Return the body of a reply with *headers* if it is compressed, otherwise None.

    Raises:
        MalformedResponseError: the reply has status 200 and a coding that cannot be decoded.
    """
    coding = ", ".join([value for name, value in headers if name == "content-encoding"]).strip()
    return None if coding.lower() in ("", "identity") else Body(limit, coding, strict=status == 200)


class Body:
    """A body that is joined from its pieces as they come: kept one by one, small pieces would need 20 times the memory.

    Args:
        limit: maximum size of the decoded body in bytes.
        coding: value of `Content-Encoding`; "" if the body is not compressed.
        strict: whether to refuse a body that cannot be decoded. If not, its text is lost, because the status of an
            error matters more.

    Attributes:
        decodes: whether the body is compressed and can be decoded.
    """

    __slots__ = ("_begun", "_coding", "_held", "_inflate", "_joined", "_limit", "_parts", "_strict", "decodes")

    def __init__(self, limit: int, coding: str = "", *, strict: bool = True) -> None:
        self._limit = limit
        self._coding = coding.lower()
        self._strict = strict
        self._joined = BytesIO()
        self._held = b""
        self._begun = not coding
        self._parts = 0
        self._inflate = zlib.decompressobj(_GZIP)
        self.decodes = self._coding in ("gzip", "x-gzip", "deflate")
        if coding and strict and not self.decodes:
            raise self._refused(
                "which cannot be decoded: a proxy or gateway in front of the server compresses replies; disable its "
                "compression for the API"
            )

    def _refused(self, problem: str) -> MalformedResponseError:
        return MalformedResponseError(f"the reply has Content-Encoding: {self._coding:.40}, {problem}")

    def add(self, piece: bytes) -> None:
        """Add a received piece.

        Raises:
            MalformedResponseError: the decoded body is longer than the limit or invalid.
        """
        if not self._begun:
            piece = self._begin(self._held + piece)
        if not self._coding:
            self._joined.write(piece)
        elif self.decodes:
            try:
                for decoded in self._decoded(piece):
                    self._joined.write(decoded)
                    check_size(self._joined.tell(), self._limit)
            except zlib.error:
                self.decodes = False
                if self._strict:
                    raise self._refused("but is not valid") from None

    def _begin(self, data: bytes) -> bytes:
        """Detect the form of the body from *data*, its start; return it, or b"" to wait for more."""
        if len(data) < 2:
            self._held = data
            return b""
        self._held, self._begun = b"", True
        if self._coding == "deflate":
            # "deflate" means the zlib format, but some servers leave out its header (RFC 9110, section 8.4.1.2).
            has_header = data[0] & 15 == 8 and (data[0] << 8 | data[1]) % 31 == 0
            self._inflate = zlib.decompressobj(_ZLIB if has_header else _RAW)
        elif self.decodes and not data.startswith(_GZIP_START):
            self._coding, self.decodes = "", False  # a gateway decoded the body and left the header
        return data

    def _decoded(self, data: bytes) -> Iterator[bytes]:
        for start in range(0, len(data), _STEP):
            rest = data[start : start + _STEP]
            while rest:
                if self._inflate.eof:
                    self._parts += 1
                    if self._coding == "deflate" or self._parts > _MOST_PARTS:
                        raise zlib.error("data after the end")
                    self._inflate = zlib.decompressobj(_GZIP)
                yield self._inflate.decompress(rest)
                rest = self._inflate.unused_data

    def whole(self) -> bytes:
        """Return the complete body.

        Raises:
            MalformedResponseError: the compressed body ends early.
        """
        if self._strict and self.decodes and self._begun and not self._inflate.eof:
            raise self._refused("but ends early")
        if self._strict:
            self._joined.write(self._held)  # a single byte, which is not compressed
        return self._joined.getvalue()  # does not copy
