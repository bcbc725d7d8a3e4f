"""Numbers typed as options. Typer passes them as text, so that messages can name the option and an example."""

import re
import types
from collections.abc import Mapping, Sequence
from inspect import Parameter
from typing import Annotated, Any, get_args

from centripetal.cli.mistakes import usage_problem
from centripetal.errors import UsageError

__all__ = ["Numbers"]

_EXAMPLES = {
    "--port": "8000",
    "--rate": "100",
    "--server": "6",
    "--start-line": "1000",
    "--timeout": "2.5",
    "--timestamp": "1767225600",
}
_LONGEST = 20  # characters; a longer text is not a mistyped number, and it may be a key


class Numbers:
    """The options of a verb that are numbers.

    Attributes:
        parameters: the parameters of the verb for Typer, with text in place of numbers.
    """

    def __init__(self, parameters: Sequence[Parameter]) -> None:
        self._kinds: Mapping[str, tuple[str, type]] = {
            parameter.name: (_typed_as(parameter), kind)
            for parameter in parameters
            if (kind := _number_of(parameter)) is not None
        }
        self.parameters = [_as_text(each) if each.name in self._kinds else each for each in parameters]

    def convert(self, values: Mapping[str, Any], context: Any) -> dict[str, Any]:
        """Return *values* by parameter name, with numbers in place of their text.

        Args:
            values: what Typer read.
            context: the context of the verb.

        Raises:
            ClickException: an error of Typer, if a text is not a number, or out of bounds.
        """
        try:
            return {
                name: _number(*self._kinds[name], value) if name in self._kinds and isinstance(value, str) else value
                for name, value in values.items()
            }
        except UsageError as error:
            raise usage_problem(str(error), context) from None


def _number_of(parameter: Parameter) -> type | None:
    """Return int or float if the annotation of *parameter* is a number, possibly optional; otherwise None."""
    kinds = {*(get_args(parameter.annotation)[:1] or (parameter.annotation,))}
    kinds = {inner for kind in kinds for inner in (get_args(kind) if isinstance(kind, types.UnionType) else (kind,))}
    return next((kind for kind in (int, float) if kind in kinds), None)


def _typed_as(parameter: Parameter) -> str:
    info = get_args(parameter.annotation)[1]
    # In an annotation, Typer keeps the first name of an option as the default.
    names = [name for name in (info.default, *(info.param_decls or ())) if isinstance(name, str)]
    return next((name for name in names if name.startswith("--")), info.metavar or parameter.name.upper())


def _as_text(parameter: Parameter) -> Parameter:
    info, default = get_args(parameter.annotation)[1], parameter.default
    if default is None:
        return parameter.replace(annotation=Annotated[str | None, info])
    return parameter.replace(
        annotation=Annotated[str, info], default=default if default is Parameter.empty else str(default)
    )


def _number(what: str, kind: type, text: str) -> int | float:
    example = f"type {what} {_EXAMPLES.get(what, '10' if kind is int else '2.5')}"
    pattern = r"[+-]?[0-9]+" if kind is int else r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?|inf"
    if len(text) > _LONGEST or not re.fullmatch(pattern, text):
        given = repr(text) if len(text) <= _LONGEST else f"a text of {len(text)} characters"
        raise UsageError(f"{what}: {given} is not a {'whole ' if kind is int else ''}number: {example}")
    number: int | float = kind(text)
    if what == "--timeout" and not number > 0:
        raise UsageError(f"{what}: {text} is not above 0: {example}")
    if what == "--port" and not 0 <= number <= 65535:
        raise UsageError(f"{what}: {text} is not from 0 to 65535: {example}")
    return number
