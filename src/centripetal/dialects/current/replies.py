"""The reply to one method: a result or an error (spec v6 §4.3, §5.2), and what an error means (§6)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Generic, cast

import msgspec

from centripetal.dialects.current.error_codes import INTERNAL
from centripetal.dialects.current.results.standard import ReplyError
from centripetal.errors import Executed, MalformedResponseError, ServerError
from centripetal.protocol.command import Command, PlacedOutcome, R

__all__ = ["Response", "check_count", "response_type", "server_error"]


class Response(PlacedOutcome[R], Generic[R]):
    """The server's reply to one command. Each method has a type of its own, with the member that its results have.

    Attributes:
        value: the result; UNSET if there is none.
        error: why the server refused the command; None if it did not.
    """

    error: ReplyError | None = None

    if TYPE_CHECKING:
        value: R | msgspec.UnsetType = msgspec.UNSET

    def check(self) -> None:
        """Raise a `MalformedResponseError` if the reply has neither a result nor an error."""
        if self.value is msgspec.UNSET and self.error is None:
            raise MalformedResponseError(f"the reply to {self.command.name} is neither its result nor an error")

    def result(self) -> R:
        """Return the result.

        Raises:
            ServerError: the server refused the command.
        """
        if self.error is not None:
            raise server_error(self.error, self.command, self.index)
        assert self.value is not msgspec.UNSET, "the codec lets no reply without result or error pass"
        return self.value


def check_count(calls: Sequence[Any], replies: Sequence[Any]) -> None:
    """Raise a `MalformedResponseError` if *replies* cannot be the replies to *calls*: one each."""
    if len(replies) != len(calls):
        raise MalformedResponseError(f"{len(calls)} commands were sent, {len(replies)} replies came back")


def response_type(result: type[Any], member: str) -> type[Response[Any]]:
    """The type of replies whose *member* holds a value of type *result*."""
    hint: Any = Any if result is Any else result | msgspec.UnsetType
    value = ("value", hint, msgspec.field(default=msgspec.UNSET, name=member))
    return cast(type[Response[Any]], msgspec.defstruct("Response", [value], bases=(Response,)))


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
