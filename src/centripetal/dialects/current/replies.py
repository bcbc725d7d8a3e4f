"""The reply to one command, a result or an error, and the exception for an error (protocol 6: api-errors).

See protocol 6: http-response, batch.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Generic, cast

import msgspec

from centripetal.dialects.current.advice import ADVICE
from centripetal.dialects.current.error_codes import INTERNAL
from centripetal.dialects.current.results.standard import ReplyError
from centripetal.errors import Executed, MalformedResponseError, ServerError, shortened
from centripetal.protocol.command import Command, Failed, PlacedOutcome, R

__all__ = ["Response", "Unreadable", "check_count", "check_readable", "response_type", "server_error"]


class Response(PlacedOutcome[R], Generic[R]):
    """The server's reply to one command. `response_type` makes a subclass for each method and type of result.

    Attributes:
        value: the result; UNSET if the reply has no result.
        error: why the server rejected the command; None if it did not.
    """

    error: ReplyError | None = None

    if TYPE_CHECKING:
        value: R | msgspec.UnsetType = msgspec.UNSET

    def checked(self) -> "Response[R] | Unreadable":
        """Return this reply if it has an error, or a result that agrees with the command; otherwise the failure."""
        if self.error is not None:
            return self
        if self.value is msgspec.UNSET:
            fault = f"the reply to {self.command.name} contains neither a result nor an error"
        elif not self.command.verifies or not (fault := self.command.fault(self.value)):
            return self
        return Unreadable(MalformedResponseError(fault), command=self.command, index=self.index)

    def refused(self) -> bool:
        """Return whether the server rejected the command."""
        return self.error is not None

    def result(self) -> R:
        """Return the result.

        Raises:
            ServerError: the server rejected the command.
        """
        if self.error is not None:
            # The traceback of the raised error holds this reply, so a message of megabytes must not stay in it.
            self.error = ReplyError(self.error.code, shortened(self.error.message))
            raise server_error(self.error, self.command, self.index)
        assert self.value is not msgspec.UNSET, "the codec rejects replies without result and error"
        return self.value


class Unreadable(Failed, eq=False):
    """The outcome of a command whose reply cannot be read, or contradicts the command. The error says why."""

    value: msgspec.UnsetType = msgspec.UNSET

    def checked(self) -> "Unreadable":
        """Return this outcome, like `Response.checked`."""
        return self


def check_count(calls: Sequence[Any], replies: Sequence[Any]) -> None:
    """Check that there is one reply for each call.

    Raises:
        MalformedResponseError: the numbers differ.
    """
    if len(replies) != len(calls):
        raise MalformedResponseError(f"{len(calls)} commands were sent, but {len(replies)} replies were received")


def check_readable(outcomes: Sequence[Any]) -> None:
    """Raise the error of the first of *outcomes* if no reply can be read: the whole reply is not Centrifugo's."""
    if outcomes and all(isinstance(outcome, Unreadable) for outcome in outcomes):
        raise outcomes[0].error


def response_type(result: type[Any], member: str) -> type[Response[Any]]:
    """Return the type of replies with a value of type *result* in *member*."""
    hint: Any = Any if result is Any else result | msgspec.UnsetType
    value = ("value", hint, msgspec.field(default=msgspec.UNSET, name=member))
    return cast(type[Response[Any]], msgspec.defstruct("Response", [value], bases=(Response,)))


def server_error(error: ReplyError, command: Command[Any], index: int | None = None) -> ServerError:
    """Return the exception for *error*, with which the server rejected *command*."""
    hint = ADVICE.hint(error.code, command, command.name)
    # An internal error can happen during execution. The server sends all other errors without executing the command.
    inside = error.code == INTERNAL
    executed: Executed = "unknown" if inside else "no"
    raised = ServerError(error.message, code=error.code, hint=hint, executed=executed, retryable=inside)
    raised.command, raised.index = command, index
    return raised
