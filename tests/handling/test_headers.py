"""Headers of ASGI are decoded at their first use."""

from centripetal.handling.headers import RawHeaders


def test_headers_are_a_mapping() -> None:
    """The headers are a mapping of names to text; of repeated ones the last counts; the repr has no values."""
    headers = RawHeaders([(b"cookie", b"a=\xe9"), (b"x", b"1"), (b"x", b"2")])
    assert dict(headers) == {"cookie": "a=é", "x": "2"}
    assert headers.get("y") is None
    assert headers == {"cookie": "a=é", "x": "2"}
    assert repr(headers) == "<2 headers>"
