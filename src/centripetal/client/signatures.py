"""Signatures of client methods for `inspect`: the fields of a command become parameters."""

import functools
import inspect
import operator
import typing
from types import UnionType
from typing import Any, Union

import msgspec

from centripetal.protocol.command import Command

__all__ = ["plain_type", "result_type", "signature_of"]

_KINDS = (inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


def signature_of(command: type[Command[Any]], *, returns_none: bool = False) -> inspect.Signature:
    """Return the signature of the method of *command*.

    Args:
        command: the command; its fields become parameters, `timeout` the last of them.
        returns_none: whether the method returns None, because it adds the command to a buffer or writes it to a queue.
    """
    hints = typing.get_type_hints(command)
    fields = sorted(msgspec.structs.fields(command), key=lambda field: field.name == "timeout")
    parameters = [
        inspect.Parameter(
            field.name,
            _KINDS[field.name in command.__match_args__],
            default=inspect.Parameter.empty if field.required else field.default,
            annotation=plain_type(hints[field.name]),
        )
        for field in fields
    ]
    this = inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return inspect.Signature([this, *parameters], return_annotation=None if returns_none else result_type(command))


def plain_type(hint: Any) -> Any:
    """Return *hint* without `UnsetType`, the type of absent values."""
    if typing.get_origin(hint) in (Union, UnionType):
        # `typing` returns a cached union with the members in any order, so they are sorted: None is the last.
        members = [each for each in typing.get_args(hint) if each is not msgspec.UnsetType]
        arguments = sorted(members, key=lambda each: (each is type(None), getattr(each, "__name__", str(each))))
        return Any if Any in arguments else functools.reduce(operator.or_, arguments)
    return hint


def result_type(command: type[Command[Any]]) -> Any:
    """Return the type of the result of *command*: the `R` of its `Command[R]`.

    Raises:
        TypeError: the command does not declare it.
    """
    for kind in command.__mro__:
        for base in getattr(kind, "__orig_bases__", ()):
            origin = typing.get_origin(base)
            if isinstance(origin, type) and issubclass(origin, Command):
                (argument,) = typing.get_args(base)
                if not isinstance(argument, typing.TypeVar):
                    return argument
    raise TypeError(f"{command.__name__} does not declare the type of its result")
