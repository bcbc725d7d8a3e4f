"""Readable signatures: short names of types, `…` for arguments that are left out by default."""

import collections.abc
import inspect
import re
import types
import typing
from collections.abc import Callable
from typing import Any

import msgspec

__all__ = ["signature", "type_name"]

_WIDTH = 88


def type_name(hint: Any) -> str:
    """Return *hint* as people write it in an annotation."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Annotated:
        return type_name(arguments[0])
    if origin is typing.Unpack:
        return type_name(arguments[0])
    if origin in (typing.Union, types.UnionType):
        # `typing` returns a cached union with the members in any order, so they are sorted: None is the last.
        names = {type_name(each) for each in arguments if each is not msgspec.UnsetType}
        return " | ".join(sorted(names, key=lambda name: (name == "None", name)))
    if origin is typing.Literal:
        return " | ".join(f'"{each}"' if isinstance(each, str) else repr(each) for each in arguments)
    if origin is collections.abc.Callable:
        *parameters, result = arguments
        inner = "..." if parameters == [...] else f"[{', '.join(map(type_name, parameters[0]))}]"
        return f"Callable[{inner}, {type_name(result)}]"
    if origin is not None:
        name = getattr(origin, "__name__", str(origin))
        return f"{name}[{', '.join(map(type_name, arguments))}]"
    if hint is None or hint is types.NoneType:
        return "None"
    if hint is ...:
        return "..."
    if isinstance(hint, typing.ForwardRef):
        return str(hint.__forward_arg__)
    if isinstance(hint, str):
        return hint
    return re.sub(r"^(?:\w+\.)+", "", getattr(hint, "__name__", None) or str(hint))


def _parameter(parameter: inspect.Parameter) -> str:
    stars = (
        "*" if parameter.kind is parameter.VAR_POSITIONAL else "**" if parameter.kind is parameter.VAR_KEYWORD else ""
    )
    text = stars + parameter.name
    if parameter.annotation is not parameter.empty:
        text += f": {type_name(parameter.annotation)}"
    if parameter.default is parameter.empty:
        return text
    value = parameter.default
    plain = value is None or isinstance(value, bool | int | float | str | tuple)
    return f"{text} = {value!r}" if plain else f"{text} = …"


def signature(name: str, call: Callable[..., Any], *, returns: str | None = None, bound: bool = False) -> str:
    """Return `name(parameters) -> result`, on several lines if it is long; *bound* leaves out `self`."""
    found = inspect.signature(call)
    parts: list[str] = []
    for number, parameter in enumerate(found.parameters.values()):
        if number == 0 and bound and parameter.name in ("self", "cls"):
            continue
        if parameter.kind is parameter.KEYWORD_ONLY and not any(part.startswith("*") for part in parts):
            parts.append("*")
        parts.append(_parameter(parameter))
    if returns is None and found.return_annotation not in (found.empty, None):
        returns = type_name(found.return_annotation)
    end = ")" + (f" -> {returns}" if returns else "")
    line = f"{name}({', '.join(parts)}{end}"
    if len(line) <= _WIDTH:
        return line
    return "\n".join([f"{name}(", *(f"    {part}," for part in parts), end])
