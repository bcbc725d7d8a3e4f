"""What the methods of the PRO edition share."""

from typing import Annotated, Any, Generic

from centripetal.dialects.current.commands.base import Method
from centripetal.errors import UsageError
from centripetal.protocol.command import R
from centripetal.protocol.fields import user_id

__all__ = ["ProMethod", "SomeUser"]


def _some_user(what: str, value: Any) -> Any:
    if value == "":
        raise UsageError(f"{what} must not be empty")
    return user_id(what, value)


SomeUser = Annotated[str | int, _some_user]
"""A user's id that is not empty; a number becomes text."""


class ProMethod(Method[R], Generic[R], frozen=True, kw_only=True):
    """A method that the open server does not have."""

    pro = True
    newer = True
