"""Tests of the types that the signatures of client methods show."""

from typing import TypeVar

import pytest

from centripetal.client.signatures import result_type
from centripetal.protocol.command import Command

R = TypeVar("R")


class Generic(Command[R], frozen=True):
    """Command whose result type is left to its subclasses."""


class Typed(Generic[int], frozen=True):
    """Command with the result type int."""


class Untyped(Generic, frozen=True):  # type: ignore[type-arg]
    """Command without a result type."""


def test_result_type_is_found_through_generic_bases() -> None:
    """The result type of a command is the argument of its nearest generic base, and a command must have one."""
    assert result_type(Typed) is int
    with pytest.raises(TypeError, match="Untyped"):
        result_type(Untyped)
