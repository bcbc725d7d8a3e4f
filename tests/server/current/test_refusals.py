"""Codes and words of the real server."""

import pytest

from centripetal.dialects.current import disconnects
from centripetal.server.current.refusals import FatalError, is_temporary, refused


@pytest.mark.parametrize(("code", "message"), [(100, "internal server error"), (103, "permission denied")])
def test_a_refusal_says_it_in_the_words_of_the_real_server(code: int, message: str) -> None:
    """With its code; only the first kind is worth another try."""
    error = refused(code)
    assert (error.code, error.message) == (code, message)
    assert is_temporary(code) is (code == 100)


def test_a_fatal_error_says_how_the_connection_ends() -> None:
    """In its text, and as a value."""
    error = FatalError(disconnects.STALE)
    assert (str(error), error.disconnect) == ("stale", disconnects.STALE)
