"""Commands as methods: `call` and `add` turn a command type into what looks like a method of each facade."""

import inspect
import pydoc
from typing import Any

import pytest

from centripetal.client.call import Awaiting, Blocking, Buffering, Collecting, Slot, add, call
from centripetal.protocol.command import Command, R


class Double(Command[int], frozen=True):
    """Twice *number*."""

    name = "double"
    number: int
    bias: int = 0


class Commands:
    double = call(Double)


class Now(Commands, Blocking):
    def call(self, command: Command[R], *, timeout: float | None = None) -> Any:
        return "done", command


class Later(Commands, Awaiting):
    async def call(self, command: Command[R], *, timeout: float | None = None) -> Any:
        return "awaited", command


class Collected:
    def __init__(self, command: Command[Any]) -> None:
        self.command = command

    def result(self) -> Any:
        return "collected", self.command


class Together(Commands, Collecting):
    def call(self, command: Command[R]) -> Slot[R]:
        return Collected(command)


class Line(Buffering):
    add_double = add(Double)

    def __init__(self) -> None:
        self.commands: list[Command[Any]] = []

    def add(self, command: Command[Any]) -> None:
        self.commands.append(command)


async def test_the_facade_decides_what_a_call_returns() -> None:
    """The same line makes a blocking method, an awaited one, and one that returns a slot."""
    command = Double(2, bias=1, timeout=3)
    arguments: dict[str, Any] = {"bias": 1, "timeout": 3}
    now: Any = Now().double(2, **arguments)
    awaited: Any = await Later().double(2, **arguments)
    collected: Any = Together().double(2, **arguments).result()
    assert (now, awaited, collected) == (("done", command), ("awaited", command), ("collected", command))
    line = Line()
    line.add_double(2, **arguments)
    assert line.commands == [command]


def test_on_the_class_a_method_is_the_command() -> None:
    """Documentation and type checkers see the command type itself."""
    assert Now.double is Later.double is Together.double is Line.add_double is Double


@pytest.mark.parametrize("method", [Now().double, Later().double, Together().double, Line().add_double])
def test_a_method_explains_itself(method: Any) -> None:
    """`help`, `inspect` and `repr` show the command's parameters and documentation."""
    assert callable(method)
    assert inspect.signature(method) == inspect.signature(Double)
    assert set(inspect.signature(method).parameters) == {"number", "bias", "timeout"}
    assert inspect.getdoc(method) == "Twice *number*."
    assert repr(method).startswith("<method Double(number: int, ")
    assert "Twice *number*." in pydoc.render_doc(method, renderer=pydoc.plaintext)  # type: ignore[attr-defined]


@pytest.mark.parametrize("method", [Now().double, Later().double, Together().double, Line().add_double])
@pytest.mark.parametrize(
    ("arguments", "options", "complaint"),
    [
        ((), {}, "missing a required argument: 'number'"),
        ((1, 2, 3, 4), {}, "too many positional arguments"),
        ((1,), {"colour": "red"}, "got an unexpected keyword argument 'colour'"),
    ],
)
def test_wrong_arguments_are_a_type_error(
    method: Any, arguments: tuple[Any, ...], options: dict[str, Any], complaint: str
) -> None:
    """A missing, superfluous or unknown argument fails at once and names the method; nothing is left unawaited."""
    with pytest.raises(TypeError, match=rf"^double\(\) {complaint}$"):
        method(*arguments, **options)


def test_facades_of_one_class_share_nothing() -> None:
    """Each access makes a method of the facade that it was asked of."""
    first, second = Line(), Line()
    first.add_double(1)
    assert (len(first.commands), len(second.commands)) == (1, 0)
