"""Tests of system errors that a loopback server cannot cause, mapped to the library's errors."""

import errno
import os
import socket
import ssl
import sys
from types import ModuleType

import pytest

from centripetal.transport.mapping import connection_lost, no_connection, out_of_time, unknown_host


@pytest.mark.parametrize(
    ("error", "words", "retryable"),
    [
        (ConnectionResetError(errno.ECONNRESET, "reset"), "closed the connection", True),
        (PermissionError(errno.EACCES, "denied"), "no permission to connect", False),
        (OSError(errno.EMFILE, "files"), "too many open files", True),
        (OSError(errno.EHOSTUNREACH, "unreachable"), os.strerror(errno.EHOSTUNREACH), True),
        (OSError("no number"), "no number", True),
        (ssl.SSLError(1, "strange"), "TLS with a:1 failed: strange", False),
    ],
)
def test_no_connection(error: OSError, words: str, retryable: bool) -> None:
    """A failed connection raises an error with the reason and the address, and some failures are retryable."""
    mapped = no_connection(error, "a:1")
    assert words in str(mapped)
    assert "a:1" in str(mapped)
    assert (mapped.executed, mapped.retryable) == ("no", retryable)


def test_unknown_host() -> None:
    """A DNS failure differs from a host name that does not exist."""
    assert "name server" in str(unknown_host(socket.gaierror(socket.EAI_AGAIN, "later"), "a"))
    assert "check the URL (never heard of it)" in str(
        unknown_host(socket.gaierror(socket.EAI_NONAME, "never heard of it"), "a")
    )


def test_connection_lost() -> None:
    """The error for a lost connection has the system's reason and says whether the request may have run."""
    mapped = connection_lost(BrokenPipeError(errno.EPIPE, "x"), "a:1", "no")
    assert (str(mapped), mapped.executed) == (f"the connection to a:1 broke: {os.strerror(errno.EPIPE)}", "no")


def test_timeout() -> None:
    """The error for a timeout names the step that did not complete."""
    texts = {
        str(out_of_time("a:1", 0.5, connected=False, executed="no")),
        str(out_of_time("a:1", 0.5, connected=True, executed="no")),
        str(out_of_time("a:1", 0.5, connected=True, executed="unknown")),
    }
    assert len(texts) == 3
    assert all("a:1" in text and "0.5 s" in text for text in texts)


def test_an_import_of_ssl_in_another_thread_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    """An error is mapped without `ssl`, also while another thread has only begun to import it."""
    monkeypatch.setitem(sys.modules, "ssl", ModuleType("ssl"))
    assert "connection refused" in str(no_connection(ConnectionRefusedError(errno.ECONNREFUSED, "x"), "a:1"))
    monkeypatch.delitem(sys.modules, "ssl")
    assert "x" in str(unknown_host(socket.gaierror(socket.EAI_NONAME, "x"), "a"))
    assert "ssl" not in sys.modules
