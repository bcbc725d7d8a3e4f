"""Codes and words of the real server."""

import pytest

from centripetal.dialects.current.client_protocol.objects import Disconnect
from centripetal.server.current import disconnects
from centripetal.server.current.disconnects import FatalError, is_temporary, refused


def test_every_disconnect_has_a_code_of_its_own() -> None:
    """Below 3500 for those after which client libraries come back."""
    found = [value for value in vars(disconnects).values() if isinstance(value, Disconnect)]
    assert len({each.code for each in found}) == len(found) == 15
    assert {each.reason for each in found if not each.reconnects} == {
        *("invalid token", "bad request", "stale", "connection limit", "channel limit", "inappropriate protocol"),
        *("permission denied", "not available"),
    }


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
