"""The fields of form requests; the expected values were observed on a real 1.8.0 server."""

import pytest

from centripetal.server.listening.http1 import Request
from centripetal.server.v1.form_fields import form_fields

FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=BB"


def fields(body: bytes, content_type: str, method: str = "POST", target: str = "/api/") -> dict[str, str]:
    request = Request(method, target, (("content-type", content_type),) if content_type else (), body)
    return {name.decode(): value.decode() for name, value in form_fields(request).items()}


def part(name: str, value: str, more: str = "") -> bytes:
    return f'--BB\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n{value}\r\n'.encode()


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("data=1&sign=2", {"data": "1", "sign": "2"}),
        ("data=1&data=2", {"data": "1"}),
        ("data=a+b%2Bc%26", {"data": "a b+c&"}),
        ("data=%zz&data=2", {"data": "2"}),
        ("a;b=1&data=2", {"data": "2"}),
        ("data&data=2", {"data": ""}),
        ("&&", {}),
    ],
)
def test_query_fields_are_read_for_any_method(query: str, expected: dict[str, str]) -> None:
    """Query fields are read for any method: the first of duplicates counts, and invalid pairs are skipped."""
    assert fields(b"", "", "GET", f"/api/?{query}") == expected


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_fields_of_the_body_win_over_the_query(method: str) -> None:
    """Fields of an urlencoded body take precedence over the query."""
    assert fields(b"data=body", FORM, method, "/?data=query&x=1") == {"data": "body", "x": "1"}
    assert fields(b"data=body", "Application/X-WWW-form-urlencoded ; charset=x", method) == {"data": "body"}


def test_other_bodies_have_no_fields() -> None:
    """A body has no fields if its method or type differs, or if it is too large."""
    for method, content_type, body in (
        ("GET", FORM, b"data=1"),
        ("DELETE", FORM, b"data=1"),
        ("POST", "text/plain", b"data=1"),
        ("POST", "", b"data=1"),
        ("POST", FORM, b"data=1&x=" + b"a" * (10 << 20)),
    ):
        assert fields(body, content_type, method, "/?data=query") == {"data": "query"}


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (part("data", "1") + b"--BB--\r\n", MULTIPART),
        (part("data", "1") + part("data", "2") + b"--BB--", MULTIPART),
        (b"preamble\r\n" + part("data", "1") + b"--BB--\r\nepilogue", MULTIPART),
        (part("data", "1").replace(b"\r\n", b"\n") + b"--BB--\n", MULTIPART),
        (part("data", "1") + b"--BB--", 'Multipart/Form-Data; x=y; boundary="BB"'),
        (part("data", "0", '; filename="f"') + part("data", "1") + b"--BB--", MULTIPART),
    ],
)
def test_multipart_bodies_have_fields(body: bytes, content_type: str) -> None:
    """Multipart bodies have fields for any method; files are left out."""
    assert fields(body, content_type, "GET") == {"data": "1"}


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (part("data", "1"), MULTIPART),
        (b"", MULTIPART),
        (part("data", "1") + b"--BB--", "multipart/form-data"),
        (part("data", "1") + b"--BB--", "multipart/mixed; boundary=BB"),
        (b"--BB\r\nX: y\r\n\r\n1\r\n--BB--", MULTIPART),
    ],
)
def test_broken_multipart_bodies_have_no_fields(body: bytes, content_type: str) -> None:
    """A multipart body without an end, a boundary or a name, or of another kind, has no fields."""
    assert fields(body, content_type) == {}


def test_the_query_wins_over_multipart() -> None:
    """The query takes precedence over a multipart body, unlike over an urlencoded body."""
    assert fields(part("data", "1") + b"--BB--", MULTIPART, target="/?data=query") == {"data": "query"}


def test_data_may_hold_anything() -> None:
    """Multipart data keeps line breaks and text that looks like the closing boundary."""
    value = "a\r\n\r\nb\n--BBx--\r\n--B"
    assert fields(part("data", value) + b"--BB--", MULTIPART) == {"data": value}
