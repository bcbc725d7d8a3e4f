"""The reply to one command, a result or an error, and the exception for an error (protocol 6: api-errors).

See protocol 6: http-response, batch.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Generic, cast

import msgspec

from centripetal.dialects.current.advice import ADVICE, names_in, suggestion
from centripetal.dialects.current.results.publishing import ReplyError, refusal
from centripetal.errors import CentripetalError, MalformedResponseError, ServerError, shortened
from centripetal.protocol.command import Command, Failed, PlacedOutcome, R
from centripetal.protocol.http import HTTPReply
from centripetal.protocol.unread import Unread

__all__ = ["PartlyFailed", "Response", "Unreadable", "check_count", "check_readable", "response_type", "server_error"]


class Response(PlacedOutcome[R], Generic[R]):
    """The server's reply to one command. `response_type` makes a subclass for each method and type of result.

    Attributes:
        value: the result; UNSET if the reply has no result.
        error: why the server rejected the command; None if it did not.
        names: the server's namespaces, separated by commas, if it has told them because of an error.
    """

    error: ReplyError | None = None
    names: str = msgspec.field(default="", name=" names")

    if TYPE_CHECKING:
        value: R | msgspec.UnsetType = msgspec.UNSET

    def checked(self, reply: HTTPReply) -> "Response[R] | PartlyFailed[R] | Unreadable":
        """Return this reply if it has an error, or a result that agrees with the command; otherwise the failure.

        A result with failures in it is a `PartlyFailed`. *reply* is the reply to the whole request.
        """
        if self.error is not None:
            self.names = names_in(reply)
            return self
        if self.value is msgspec.UNSET:
            fault = f"the reply to {self.command.name} contains neither a result nor an error"
        elif not self.command.verifies:
            return self
        elif not (fault := self.command.fault(self.value)):
            failures = self.command.failures(self.value, names_in(reply))
            if failures is None:
                return self
            return PartlyFailed(self.value, *failures, command=self.command, index=self.index)
        return Unreadable(MalformedResponseError(fault), command=self.command, index=self.index)

    def result(self) -> R:
        """Return the result.

        Raises:
            ServerError: the server rejected the command.
        """
        if self.error is not None:
            # The traceback of the raised error holds this reply, so a message of megabytes must not stay in it.
            self.error = ReplyError(self.error.code, shortened(self.error.message))
            raise server_error(self.error, self.command, self.index, self.names)
        assert self.value is not msgspec.UNSET, "the codec rejects replies without result and error"
        return self.value


class PartlyFailed(PlacedOutcome[R], Generic[R], eq=False):
    """The outcome of a command that the server ran, and whose result contains failures.

    Attributes:
        value: the result.
        error: creates the error about the failures.
        unread: reports the failures if the program never reads them.
    """

    value: R
    error: Callable[[], CentripetalError]
    unread: Unread

    def result(self) -> R:
        """Return the result."""
        return self.value

    def failure(self) -> CentripetalError:
        """Return the error about the failures."""
        return self.error().about(self.command, self.index)

    def handled(self) -> None:
        self.unread.read(None)


class Unreadable(Failed, eq=False):
    """The outcome of a command whose reply cannot be read, or contradicts the command. The error says why."""

    value: msgspec.UnsetType = msgspec.UNSET

    def checked(self, reply: HTTPReply) -> "Unreadable":  # noqa: ARG002 - as in `Response`
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


def server_error(error: ReplyError, command: Command[Any], index: int | None = None, names: str = "") -> ServerError:
    """Return the exception for *error*, with which a server with the namespaces *names* rejected *command*."""
    hint = ADVICE.hint(error.code, command, command.name) + suggestion(
        error.code, getattr(command, "channel", ""), names
    )
    raised = refusal(error, hint)
    raised.command, raised.index = command, index
    return raised
