"""The syntax of NO_PROXY."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from centripetal.protocol.no_proxy import DirectHosts
from centripetal.protocol.targets import Origin


@pytest.mark.parametrize(
    ("text", "host", "port", "direct"),
    [
        ("", "example.com", 80, False),
        (" , ,", "example.com", 80, False),
        ("*", "example.com", 80, True),
        ("*", "::1", 80, True),
        ("other,example.com", "example.com", 80, True),
        ("other example.com", "example.com", 80, True),
        ("EXAMPLE.com", "example.com", 80, True),
        ("example.com", "push.example.com", 80, True),
        ("example.com", "example.com.", 80, True),
        ("example.com.", "example.com", 80, True),
        ("example.com", "badexample.com", 80, False),
        ("example.com", "example.com.evil", 80, False),
        (".example.com", "push.example.com", 80, True),
        (".example.com", "example.com", 80, True),
        ("*.example.com", "push.example.com", 80, True),
        ("*.example.com", "badexample.com", 80, False),
        ("ex*mple.com", "example.com", 80, False),
        ("example.com:8000", "example.com", 8000, True),
        ("example.com:8000", "example.com", 80, False),
        (".", "example.com", 80, False),
        ("*.", "example.com", 80, False),
        (":80", "example.com", 80, False),
        ("10.1.2.3", "10.1.2.3", 80, True),
        ("10.1.2.3", "10.1.2.4", 80, False),
        ("10.1.2.3:81", "10.1.2.3", 80, False),
        ("2.3", "10.1.2.3", 80, False),
        ("10.0.0.0/8", "10.1.2.3", 80, True),
        ("10.1.2.3/8", "10.9.9.9", 80, True),
        ("10.0.0.0/8", "11.1.2.3", 80, False),
        ("10.0.0.0/8", "example.com", 80, False),
        ("10.0.0.0/99", "10.1.2.3", 80, False),
        ("fd00::/8", "fd12::1", 80, True),
        ("fd00::/8", "10.1.2.3", 80, False),
        ("::1", "::1", 80, True),
        ("[::1]", "::1", 80, True),
        ("[::1]:81", "::1", 81, True),
        ("[::1]:81", "::1", 80, False),
        ("0:0::1", "::1", 80, True),
        ("fe80::1", "fe80::1%eth0", 80, True),
        ("10.0.0.0/8", "::ffff:10.1.2.3", 80, True),
        ("localhost", "localhost", 80, True),
        ("localhost", "127.0.0.1", 80, True),
        ("localhost", "127.8.8.8", 80, True),
        ("localhost", "::1", 80, True),
        ("localhost:81", "127.0.0.1", 80, False),
        ("localhost", "10.1.2.3", 80, False),
        ("127.0.0.1", "localhost", 80, False),
        ("", "127.0.0.1", 80, False),
    ],
)
def test_entries_match_hosts(text: str, host: str, port: int, direct: bool) -> None:
    """An entry is a host with all hosts below it, an address, or a network, with or without a port."""
    assert (Origin(False, host, port) in DirectHosts(text)) is direct
    assert (Origin(True, host, port) in DirectHosts(text)) is direct


@given(st.text("a1.:*/[]-%, \0é", max_size=30), st.sampled_from(["a.a", "1.1.1.1", "::1", "fe80::1%1"]))
def test_every_text_is_a_list(text: str, host: str) -> None:
    """A list with entries that mean nothing is no error."""
    assert (Origin(False, host, 1) in DirectHosts(text)) in (True, False)
