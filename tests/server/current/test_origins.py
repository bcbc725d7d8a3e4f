"""Which pages may connect."""

import pytest

from centripetal.errors import UsageError
from centripetal.server.current.origins import Origins


def test_a_bad_pattern_of_origins_is_refused() -> None:
    """The real server would not start with it either."""
    with pytest.raises(UsageError, match="allowed_origins"):
        Origins(["["])
