"""Close frames with any code and reason that an application chooses."""

import pytest

from centripetal.server.session import CloseFrame


@pytest.mark.parametrize(
    ("code", "reason", "payload", "valid"),
    [
        (4501, "é", b"\x11\x95\xc3\xa9", True),
        (4501, "r" * 123, b"\x11\x95" + b"r" * 123, True),
        (4501, "r" * 124, None, False),
        (4501, "é" * 62, None, False),
        (3000, "", b"\x0b\xb8", True),
        (4999, "", b"\x13\x87", True),
        (5000, "", b"\x13\x88", False),
        (70000, "", b"\x11\x70", True),
        (0, "r", b"\0\0r", False),
        (999, "", b"\x03\xe7", False),
        (1000, "", b"\x03\xe8", True),
        (1005, "r", b"", False),
        (1006, "", b"\x03\xee", False),
        (2999, "", b"\x0b\xb7", False),
        (65535, "", b"\xff\xff", False),
    ],
)
def test_a_frame_has_the_bytes_of_a_real_server(code: int, reason: str, payload: bytes | None, valid: bool) -> None:
    """A frame has the low 16 bits of the code, as seen on a 6.9.1 server; long reasons have no frame."""
    frame = CloseFrame(code, reason)
    assert (frame.payload, frame.is_valid) == (payload, valid)
