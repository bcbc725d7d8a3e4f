"""What the methods of the PRO edition share."""

from typing import Annotated, Generic

from centripetal.dialects.current.commands.base import Method
from centripetal.protocol.command import R
from centripetal.protocol.field_kinds import UserIdentifier

__all__ = ["ProMethod", "SomeUser"]


SomeUser = Annotated[str | int, UserIdentifier(may_be_empty=False)]
"""A user's id that is not empty; a number becomes text."""


class ProMethod(Method[R], Generic[R], frozen=True, kw_only=True):
    """A method that the open server does not have."""

    pro = True
    newer = True
