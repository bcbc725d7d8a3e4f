"""Error codes and messages of the real server."""

import pytest

from centripetal.dialects.current import disconnects
from centripetal.server.current.refusals import FatalError, is_temporary, refused


@pytest.mark.parametrize(("code", "message"), [(100, "internal server error"), (103, "permission denied")])
def test_an_error_has_the_code_and_message_of_the_real_server(code: int, message: str) -> None:
    """An error has the real server's code and message, and only temporary errors are worth a retry."""
    error = refused(code)
    assert (error.code, error.message) == (code, message)
    assert is_temporary(error) is (code == 100)


def test_a_fatal_error_describes_the_close() -> None:
    """A fatal error has the close of the connection in its text and as a value."""
    error = FatalError(disconnects.STALE)
    assert (str(error), error.disconnect) == ("stale", disconnects.STALE)
