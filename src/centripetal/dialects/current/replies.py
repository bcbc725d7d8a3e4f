"""The reply to one method: a result or an error (spec v6 §4.3, §5.2), and what an error means (§6)."""

from typing import TYPE_CHECKING, Any, Generic, cast

import msgspec

from centripetal.dialects.current.error_codes import INTERNAL
from centripetal.dialects.current.results.standard import ReplyError
from centripetal.errors import CentripetalError, Executed, MalformedResponseError, ServerError
from centripetal.protocol.command import Command, R

__all__ = ["Answer", "answer_type", "no_result", "server_error"]


class Answer(msgspec.Struct, Generic[R]):
    """What one command came to. Each method has a type of its own, with the member that its results have.

    Attributes:
        value: the result; UNSET if there is none.
        error: the server's word on why not; None if all is well.
        command: what this answers.
        index: its place in a batch; None outside of one.
    """

    error: ReplyError | None = None
    # Not from the wire (the codec sets them), so their names there are ones that no server uses.
    command: Any = msgspec.field(default=None, name=" command")
    index: int | None = msgspec.field(default=None, name=" index")

    if TYPE_CHECKING:
        value: R | msgspec.UnsetType = msgspec.UNSET

    def trouble(self) -> CentripetalError | None:
        """The error that this is, if it is one."""
        return None if self.error is None else self._refusal(self.error)

    def result(self) -> R:
        """The result.

        Raises:
            ServerError: the server refused the command.
        """
        if self.error is not None:
            raise self._refusal(self.error)
        assert self.value is not msgspec.UNSET, "the codec lets no reply without result or error pass"
        return self.value

    def _refusal(self, error: ReplyError) -> ServerError:
        return server_error(error, self.command, self.index)


def answer_type(kind: type[Any], member: str) -> type[Answer[Any]]:
    """The type of replies whose *member* holds a result of type *kind*."""
    hint: Any = Any if kind is Any else kind | msgspec.UnsetType
    value = ("value", hint, msgspec.field(default=msgspec.UNSET, name=member))
    return cast(type[Answer[Any]], msgspec.defstruct("Answer", [value], bases=(Answer,)))


def server_error(error: ReplyError, command: Command[Any], index: int | None = None) -> ServerError:
    """The exception for the server's *error* about *command*."""
    from centripetal.dialects.current.advice import ADVICE  # not before something is refused

    hint = ADVICE.hint(error.code, command, command.name)
    # After trouble inside of the server nobody knows; whatever else it says, it says instead of running the command.
    inside = error.code == INTERNAL
    executed: Executed = "unknown" if inside else "no"
    raised = ServerError(error.message, code=error.code, hint=hint, executed=executed, retryable=inside)
    raised.command, raised.index = command, index
    return raised


def no_result(command: Command[Any]) -> MalformedResponseError:
    """The error for a reply that is neither a result nor an error."""
    return MalformedResponseError(f"the reply to {command.name} is neither its result nor an error")
