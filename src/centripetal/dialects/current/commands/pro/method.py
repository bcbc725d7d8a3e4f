"""Base class of the methods of the PRO edition."""

from typing import Annotated, Generic

from centripetal.dialects.current.commands.base import Method
from centripetal.protocol.command import R
from centripetal.protocol.field_kinds import UserIdentifier

__all__ = ["ProMethod", "SomeUser"]


SomeUser = Annotated[str | int, UserIdentifier(may_be_empty=False)]
"""A user id that must not be empty. An integer becomes text."""


class ProMethod(Method[R], Generic[R], frozen=True, kw_only=True):
    """A method that the open-source server does not have."""

    pro = True
    newer = True
