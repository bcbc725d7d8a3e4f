"""The reply to one command, a result or an error, and the exception for an error (protocol 6: api-errors).

See protocol 6: http-response, batch.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Generic, cast

import msgspec

from centripetal.dialects.current.advice import ADVICE
from centripetal.dialects.current.error_codes import INTERNAL
from centripetal.dialects.current.results.standard import ReplyError
from centripetal.errors import Executed, MalformedResponseError, ServerError
from centripetal.protocol.command import Command, PlacedOutcome, R

__all__ = ["Response", "check_count", "response_type", "server_error"]


class Response(PlacedOutcome[R], Generic[R]):
    """The server's reply to one command. `response_type` makes a subclass for each method and type of result.

    Attributes:
        value: the result; UNSET if the reply has no result.
        error: why the server rejected the command; None if it did not.
    """

    error: ReplyError | None = None

    if TYPE_CHECKING:
        value: R | msgspec.UnsetType = msgspec.UNSET

    def check(self) -> None:
        """Check that the reply has a result or an error.

        Raises:
            MalformedResponseError: the reply has neither.
        """
        if self.value is msgspec.UNSET and self.error is None:
            raise MalformedResponseError(f"the reply to {self.command.name} contains neither a result nor an error")

    def result(self) -> R:
        """Return the result.

        Raises:
            ServerError: the server rejected the command.
        """
        if self.error is not None:
            raise server_error(self.error, self.command, self.index)
        assert self.value is not msgspec.UNSET, "the codec rejects replies without result and error"
        return self.value


def check_count(calls: Sequence[Any], replies: Sequence[Any]) -> None:
    """Check that there is one reply for each call.

    Raises:
        MalformedResponseError: the numbers differ.
    """
    if len(replies) != len(calls):
        raise MalformedResponseError(f"{len(calls)} commands were sent, but {len(replies)} replies were received")


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
