"""Reading one setting from several environment variables."""

import pytest

from centripetal.errors import UsageError
from centripetal.protocol.environment import environment_value


@pytest.mark.parametrize(
    ("environment", "value"),
    [({}, None), ({"A": ""}, None), ({"A": "x"}, "x"), ({"B": "x"}, "x"), ({"A": "x", "B": "x"}, "x")],
)
def test_variables_that_agree_have_one_value(environment: dict[str, str], value: str | None) -> None:
    """The value of any variable that is set is used; empty variables count as not set."""
    assert environment_value(environment, "A", "B") == value


def test_variables_that_differ_are_an_error() -> None:
    """The error contains their names but not their values, which may be keys."""
    with pytest.raises(UsageError, match="A and B are both set and differ") as caught:
        environment_value({"A": "secret-1", "B": "secret-2"}, "A", "B")
    assert "secret" not in str(caught.value)
