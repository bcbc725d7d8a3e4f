"""Commands, typed by their results, and the outcomes of calls.

A `Command[R]` is a value: clients send it, batches collect it, the command line prints it, the embedded server executes
it. Its fields are the parameters of the method, with the server's names.
"""

from collections.abc import Sequence
from types import CoroutineType
from typing import Any, ClassVar, Generic, Self, TypeVar

import msgspec

from centripetal.errors import CentripetalError, UsageError, shown
from centripetal.protocol.encoder import Encoder
from centripetal.protocol.payload import encode_plain, plain_data

__all__ = ["Command", "Failed", "Outcome", "PlacedOutcome", "Prepared", "not_a_command"]


R = TypeVar("R")


class Command(msgspec.Struct, Generic[R], frozen=True, omit_defaults=True, repr_omit_defaults=True, kw_only=True):
    """Base class of all commands; `R` is the Python type of the result.

    Args:
        timeout: time limit of this call in seconds, instead of the client's limit. It is never sent.
    """

    name: ClassVar[str]
    """The method's name on the wire."""

    reads: ClassVar[bool] = False
    """Whether the command only reads: it may be repeated, and need not wait for writes to other channels."""

    newer: ClassVar[bool] = False
    """Whether some servers of its generation do not support it: it is sent alone until one call of it has succeeded."""

    alone: ClassVar[bool] = False
    """Whether it is always sent alone: it could make other commands fail, or would fail differently in a batch."""

    repeatable: ClassVar[bool] = False
    """Whether running it twice has the same effect as running it once. Commands with `reads` need not set this."""

    timeout: float | None = None

    def touches(self) -> Sequence[str]:
        """Return the channels that the command concerns: calls on one channel keep their order."""
        return ()

    def check(self) -> None:
        """Raise a `UsageError` if the server would reject this command."""

    def changes(self) -> dict[str, Any]:
        """Check the command, and return the fields whose wire form differs from the given value, in their wire form."""
        self.check()
        data = getattr(self, "data", None)
        if data is not None and (json := plain_data(data, "data")) is not data:
            return {"data": json}
        return {}

    def with_plain_data(self, encoder: Encoder) -> Self:
        """Return the command with its JSON values converted by *encoder* where their types are unknown.

        Raises:
            UsageError: a value has no JSON form, or the encoder failed.
        """
        data = getattr(self, "data", None)
        if data is None or (json := plain_data(data, "data", encoder)) is data:
            return self
        return msgspec.structs.replace(self, data=json)

    def body(self) -> bytes:
        """Check the command and return its parameters as a JSON object.

        Raises:
            UsageError: the server would reject the command, or its data cannot be encoded as JSON.
        """
        changes = self.changes()
        if self.timeout is not None:
            changes["timeout"] = None
        return encode_plain(msgspec.structs.replace(self, **changes) if changes else self, "data")


class Outcome(msgspec.Struct, Generic[R], kw_only=True):
    """Result of one command, or the error raised instead.

    Each dialect decodes replies directly into a subclass; `Failed` holds an error that did not come from a reply.

    Attributes:
        command: the command.

    Each subclass also has an attribute `error`, which is not None or "" if the command or a part of it failed.
    """

    # Codecs set this attribute. Its wire name starts with a space, because no server uses such a name.
    command: Any = msgspec.field(default=None, name=" command")

    def result(self) -> R:
        """Return the command's result, or raise its error."""
        # Each subclass defines this. It cannot be abstract, because a struct cannot have the metaclass for it.
        raise NotImplementedError

    def failure(self) -> CentripetalError | None:
        """Return the error of the command, or of the part that failed; None if it succeeded."""
        try:
            self.result()
        except CentripetalError as error:
            return error
        return None

    def handled(self) -> None:
        """Note that the program learns of the failure, which is then not reported as unread."""


class PlacedOutcome(Outcome[R], Generic[R], kw_only=True):
    """Outcome with the command's position in its batch.

    Attributes:
        index: the zero-based position; None outside of a batch.
    """

    index: int | None = msgspec.field(default=None, name=" index")


class Failed(PlacedOutcome[Any], eq=False):
    """Outcome of a command that got no reply: the *error* that happened instead."""

    error: CentripetalError

    def result(self) -> Any:
        """Raise the error."""
        self.error.index = self.index
        raise self.error


class Prepared(msgspec.Struct, Generic[R], eq=False):
    """A checked and encoded command; later changes to its arguments have no effect.

    Attributes:
        command: the command.
        text: the encoded command, without the bytes that its position in a request adds.
        keys: the channels that it `touches()`.
    """

    # A struct, because every call creates an instance, and structs are created faster than plain classes.
    command: Command[R]
    text: bytes
    keys: tuple[str, ...] = ()

    def __repr__(self) -> str:
        # Published data does not belong in logs.
        return f"<Prepared {self.command.name}, {len(self.text)} bytes>"


AnyCommand = Command[Any]


def not_a_command(value: Any, api: str, module: str) -> UsageError:
    """Return the error for *value*, passed as a command of *api*, whose command classes are in *module*."""
    if type(value) is CoroutineType:
        value.close()  # otherwise Python warns that the coroutine was never awaited
        return UsageError(
            f"the coroutine {value.__qualname__[:100]!r} is not a command: await it, or pass a command from {module}"
        )
    return UsageError(f"{shown(value)} is not a command of {api}: use a command class from {module}")
