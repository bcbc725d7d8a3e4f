"""What a call is: a command that knows the type of its own reply, and the outcome it comes to.

A `Command[R]` is a value. Others interpret it: clients send it, batches collect it, the command line prints it, the
embedded server executes it. Its fields are the parameters of the method, with the server's own names.
"""

from collections.abc import Sequence
from typing import Any, ClassVar, Generic, TypeVar

import msgspec

from centripetal.errors import CentripetalError
from centripetal.protocol.payload import encode_plain, plain_data

__all__ = ["Command", "Failed", "Outcome", "PlacedOutcome", "Prepared"]


R = TypeVar("R")


class Command(msgspec.Struct, Generic[R], frozen=True, omit_defaults=True, repr_omit_defaults=True, kw_only=True):
    """The base of all commands; `R` is what the server's answer to one becomes in Python.

    Args:
        timeout: seconds this call may take in all, instead of the client's own limit. It is never sent.
    """

    name: ClassVar[str]
    """The method's name on the wire."""

    reads: ClassVar[bool] = False
    """Whether it only reads, so that it may be repeated and need not stand in line behind writes to other channels."""

    newer: ClassVar[bool] = False
    """Whether some servers of its generation do not know it: it shares no request before one has answered it."""

    alone: ClassVar[bool] = False
    """Whether it never shares a request: it could spoil its neighbours, or would fail in another way among them."""

    repeatable: ClassVar[bool] = False
    """Whether running it twice comes to the same as running it once; what only `reads` need not say so."""

    timeout: float | None = None

    def touches(self) -> Sequence[str]:
        """The channels that it is about: calls on one channel keep their order."""
        return ()

    def check(self) -> None:
        """Raise a `UsageError` if the server could not accept this command."""

    def changes(self) -> dict[str, Any]:
        """Check the command; the fields that travel in another form than they were given in, in that form."""
        self.check()
        data = getattr(self, "data", None)
        if data is not None and (json := plain_data(data, "data")) is not data:
            return {"data": json}
        return {}

    def body(self) -> bytes:
        """Check the command and return its parameters as a JSON object.

        Raises:
            UsageError: the server could not accept it, or its data has no JSON form.
        """
        changes = self.changes()
        if self.timeout is not None:
            changes["timeout"] = None
        return encode_plain(msgspec.structs.replace(self, **changes) if changes else self, "data")


class Outcome(msgspec.Struct, Generic[R], kw_only=True):
    """The result of one command, or the error instead of it.

    Each dialect decodes a reply straight into a subclass of its own; `Failed` holds an error that is no reply.

    Attributes:
        command: the command.
    """

    # Not from the wire (codecs set it), so its name there is a name that no server uses.
    command: Any = msgspec.field(default=None, name=" command")

    def result(self) -> R:
        """Return the command's result, or raise the error instead of it."""
        raise NotImplementedError


class PlacedOutcome(Outcome[R], Generic[R], kw_only=True):
    """An outcome that knows the command's place in a batch.

    Attributes:
        index: the place; None outside of a batch.
    """

    index: int | None = msgspec.field(default=None, name=" index")


class Failed(PlacedOutcome[Any], eq=False):
    """The outcome of a command without a reply of its own: the *error* that happened instead."""

    error: CentripetalError

    def result(self) -> Any:
        """Raise the error."""
        self.error.index = self.index
        raise self.error


class Prepared(msgspec.Struct, Generic[R], eq=False):
    """A command that was checked and encoded, so that it can travel whatever happens to its arguments later.

    Attributes:
        command: the command.
        text: the command as it travels, but for what its place in a request adds.
        keys: the channels that it `touches()`.
    """

    # A struct, as the other things of which each call makes one: they are made quickly.
    command: Command[R]
    text: bytes
    keys: tuple[str, ...] = ()

    def __repr__(self) -> str:
        # What users publish does not belong in a log.
        return f"<Prepared {self.command.name}, {len(self.text)} bytes>"


AnyCommand = Command[Any]
