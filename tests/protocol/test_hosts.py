"""Host names and addresses: each form that users write, and the forms that are refused."""

import re
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from centripetal.errors import UsageError
from centripetal.protocol.hosts import checked_host, checked_port, could_be_host, is_address
from centripetal.protocol.http import parse_url
from centripetal.protocol.targets import target_of
from tests.addresses import ACCEPTED, REFUSED, REFUSED_HOSTS, Accepted


@pytest.mark.parametrize("row", ACCEPTED, ids=lambda row: ascii(row.url))
def test_a_url_becomes_an_origin_and_a_host_header(row: Accepted) -> None:
    """Each URL leads to exactly one ASCII host, port, `Host` header and path."""
    parts = parse_url(row.url)
    assert parts.geturl().isascii()
    assert parse_url(parts.geturl()) == parts
    target = target_of(parts.geturl())
    assert (target.origin.host, target.origin.port, target.host_header) == (row.host, row.port, row.header)
    assert parts.path.rstrip("/") == row.path
    assert is_address(row.host) == bool(re.fullmatch(r"[0-9.]+|.*:.*", row.host))


@pytest.mark.parametrize(("url", "words"), REFUSED.items(), ids=map(ascii, REFUSED))
def test_a_url_that_names_no_certain_host_is_refused(url: str, words: str) -> None:
    """The error says what is wrong with the URL, and shows no password, query or fragment of it."""
    for parse in (parse_url, target_of):
        with pytest.raises(UsageError) as caught:
            parse(url)
        assert "hunter2" not in str(caught.value)
        assert len(str(caught.value)) < 500
        str(caught.value).encode()
    with pytest.raises(UsageError, match=words.replace("?", r"\?")):
        parse_url(url)


@pytest.mark.parametrize(("host", "words"), REFUSED_HOSTS.items(), ids=map(ascii, REFUSED_HOSTS))
def test_a_host_that_names_no_certain_host_is_refused(host: str, words: str) -> None:
    """A host in an option is checked like a host in a URL."""
    if "brackets" not in words:
        with pytest.raises(ValueError, match=words):
            checked_host(host)


def test_an_international_name_needs_a_package_or_its_ascii_form(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the package `idna`, the error names it and the ASCII form; other names need no package."""
    monkeypatch.setitem(sys.modules, "idna", None)
    with pytest.raises(UsageError, match="xn--, or install the package idna"):
        parse_url("http://faß.de")
    assert parse_url("http://xn--fa-hia.de").hostname == "xn--fa-hia.de"


def test_a_transport_converts_no_name() -> None:
    """A request must have a host in ASCII, because converting it might import a package during a call."""
    with pytest.raises(UsageError, match="write its ASCII form"):
        target_of("http://faß.de")


@given(st.text(max_size=20) | st.from_regex(r"[0-9a-fx.:%ß①。\u00ad-]{1,20}", fullmatch=True))
def test_a_checked_host_is_stable(host: str) -> None:
    """A host is refused, or becomes an ASCII host that is checked to itself and contains the same ASCII letters."""
    try:
        checked = checked_host(host)
    except ValueError:
        return
    assert checked.isascii()
    assert checked_host(checked) == checked
    if host.isascii() and "%" not in host:
        assert checked == host.lower()


@pytest.mark.parametrize("text", ["", "0", "65536", "+1", "-1", " 1", "1 ", "1_0", "\uff11", "1.0", "0x1", "9" * 5000])
def test_a_port_is_a_number_in_ascii(text: str) -> None:
    """A port consists of ASCII digits and is from 1 to 65535; leading zeros do not change it."""
    with pytest.raises(ValueError, match="from 1 to 65535"):
        checked_port(text)
    assert checked_port("0080") == 80


@pytest.mark.parametrize(
    ("text", "likely"),
    [
        *((host, True) for host in ("localhost", "push.example.com", "h:8000", "127.0.0.1", "[::1]", "[::1]:8000")),
        *((key, False) for key in ("", "centrifugo", "k3y", "a:b", "user:s3cret@h", "k/y", "a_b.c", "abc." * 30)),
    ],
)
def test_a_likely_host_is_told_from_a_key(text: str, likely: bool) -> None:
    """A text in the place of a URL is likely to be a host if it is localhost, an address, or has a dot or a port."""
    assert could_be_host(text) is likely
