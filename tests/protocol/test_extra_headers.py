"""Headers of the caller: what can be sent, and messages that never contain a value."""

from typing import Any

import pytest

from centripetal.errors import UsageError
from centripetal.protocol.extra_headers import checked_headers, header_lines

SECRET = "t0ken of the gateway"


@pytest.mark.parametrize(
    ("headers", "pairs"),
    [
        (None, ()),
        ({}, ()),
        ({"X-Gateway-Token": SECRET, "X-Empty": ""}, (("X-Gateway-Token", SECRET), ("X-Empty", ""))),
        ([("X-A", "1"), ["x-a", "2"]], (("X-A", "1"), ("x-a", "2"))),
        (iter([("X-Latin", "\u00e9\t")]), (("X-Latin", "\u00e9\t"),)),
    ],
)
def test_headers_are_a_mapping_or_pairs(headers: Any, pairs: tuple[tuple[str, str], ...]) -> None:
    """Pairs keep their order and may repeat a name; values may be empty, and contain Latin-1 and tabs."""
    assert checked_headers(headers) == pairs
    assert header_lines(pairs) == "".join(f"{name}: {value}\r\n" for name, value in pairs)


PAIR = "headers[0] must be a pair of name and value: pass a dict, or a list of pairs"
NAME = "headers: the name at position 0 is not a valid header name, which has letters, digits and hyphens"
OWN = "headers must not contain {!r}: {}"
CONNECTION = "the transport manages its connections"


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        (SECRET, "headers must be a dict such as {'X-Gateway-Token': 'token'}, not str"),
        (7, "headers must be a dict such as {'X-Gateway-Token': 'token'}, not int"),
        ([f"X-Token: {SECRET}"], PAIR),
        ([("X-Token", SECRET, SECRET)], PAIR),
        ({f"X-Token: {SECRET}": ""}, NAME),
        ({SECRET: "X-Token"}, NAME),
        ({"": SECRET}, NAME),
        ({b"X-Token": SECRET}, NAME),
        ({"X-T\u00f6ken": SECRET}, NAME),
        ({"X-Token": SECRET.encode()}, "the value of the header 'X-Token' must be text, not bytes"),
        ({"X-Token": None}, "the value of the header 'X-Token' must be text, not NoneType"),
        (
            {"X-Token": f"{SECRET}\r\nX-Evil: 1"},
            "the value of the header 'X-Token' contains a line break that is not allowed, at position 20",
        ),
        (
            {"X-Token": f"{SECRET}\n"},
            "the value of the header 'X-Token' contains a line break that is not allowed, at position 20",
        ),
        (
            {"X-Token": "\0"},
            "the value of the header 'X-Token' contains a character that is not allowed, at position 0",
        ),
        (
            {"X-Token": f"{SECRET}\u20ac"},
            "the value of the header 'X-Token' contains a character that is not allowed, at position 20",
        ),
        ({"host": SECRET}, OWN.format("host", "it follows from the URL")),
        ({"User-Agent": SECRET}, OWN.format("User-Agent", "the transport sends its own")),
        ({"Content-Type": SECRET}, OWN.format("Content-Type", "requests are always JSON")),
        ({"CONTENT-LENGTH": SECRET}, OWN.format("CONTENT-LENGTH", "the transport counts the bytes")),
        ({"Content-Encoding": SECRET}, OWN.format("Content-Encoding", "requests are not compressed")),
        ({"Transfer-Encoding": SECRET}, OWN.format("Transfer-Encoding", "requests are not sent in chunks")),
        ({"Connection": SECRET}, OWN.format("Connection", CONNECTION)),
        ({"Upgrade": SECRET}, OWN.format("Upgrade", CONNECTION)),
        ({"Expect": SECRET}, OWN.format("Expect", "requests are sent at once")),
        (
            {"Authorization": SECRET},
            OWN.format(
                "Authorization",
                "clients send the API key in it, so let the gateway read another header",
            ),
        ),
        ({"x-api-key": SECRET}, OWN.format("x-api-key", "pass the key as api_key")),
        ({"X-API-Sign": SECRET}, OWN.format("X-API-Sign", "it is the signature of each request: pass the secret")),
        (
            {"Proxy-Authorization": SECRET},
            OWN.format("Proxy-Authorization", "write the user name and the password into the URL of http_proxy"),
        ),
        ({"Sec-WebSocket-Key": SECRET}, OWN.format("Sec-WebSocket-Key", "the transport sets it")),
    ],
)
def test_invalid_headers_are_explained(headers: Any, message: str) -> None:
    """The error names the header and the reason, but never contains a value, nor a name that may be a value."""
    with pytest.raises(UsageError) as caught:
        checked_headers(headers)
    assert str(caught.value) == message
