"""Tests of suggestions for misspelled names."""

import pytest

from centripetal.cli.suggestions import did_you_mean


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("custmer", "Did you mean 'Customer'?"),
        ("CUSTOMER", "Did you mean 'Customer'?"),
        ("ids", "Did you mean 'id'?"),
        ("price", ""),
        ("", ""),
    ],
)
def test_the_closest_name_is_suggested(name: str, expected: str) -> None:
    """The known name with the closest spelling is suggested, in any letter case; a very different name is not."""
    assert did_you_mean(name, ["id", "Customer", "zip"]) == expected
