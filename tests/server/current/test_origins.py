"""Origins of web pages that may connect."""

import pytest

from centripetal.errors import UsageError
from centripetal.server.current.origins import Origins


def test_an_invalid_origin_pattern_is_refused() -> None:
    """An invalid origin pattern raises `UsageError`; the real server does not start with it either."""
    with pytest.raises(UsageError, match="allowed_origins"):
        Origins(["["])
