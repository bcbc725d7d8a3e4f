"""The results of `publish` and `broadcast`, and the failures in them (protocol 6: publish, broadcast, api-errors)."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import msgspec

from centripetal.dialects.current.advice import ADVICE, suggestion
from centripetal.dialects.current.error_codes import INTERNAL
from centripetal.errors import BroadcastError, Executed, ServerError
from centripetal.protocol.exact import exact_text
from centripetal.protocol.unread import Failures, Unread

__all__ = ["BroadcastResult", "PublishResponse", "PublishResult", "ReplyError", "refusal"]


class ReplyError(msgspec.Struct, frozen=True):
    """The error with which the server rejected a command.

    Attributes:
        code: Centrifugo error code (protocol 6: api-errors).
        message: short error text from the server.
    """

    code: int = 0
    message: str = ""


class PublishResult(msgspec.Struct, frozen=True):
    """The position of a publication in its channel's history; 0 and "" if the channel keeps no history.

    Attributes:
        offset: number of the publication in the history, from 1.
        epoch: identifies the history that the offset belongs to. It changes when the history is reset.
    """

    offset: int = 0
    epoch: str = ""


class PublishResponse(msgspec.Struct, frozen=True):
    """The outcome of a broadcast in one channel. `value()` returns the result or raises the error.

    Attributes:
        result: position of the publication; None if there is an error.
        error: why the server did not publish in this channel; None if it did.
    """

    result: PublishResult | None = None
    error: ReplyError | None = None

    def value(self) -> PublishResult:
        """Return the result.

        Raises:
            ServerError: the server did not publish in this channel.
        """
        if self.error is not None:
            raise refusal(self.error)
        return self.result or PublishResult()


class BroadcastResult(msgspec.Struct, frozen=True, dict=True):
    """The result of `broadcast`.

    If channels failed and neither `responses`, `failed` nor `raise_for_failed` is used, the failures are logged when
    the result is dropped.

    Attributes:
        responses: one `PublishResponse` per channel, in the order of the channels.
    """

    responses: list[PublishResponse] = []

    @property
    def failed(self) -> dict[int, ReplyError]:
        """The errors of channels in which publishing failed, by the channel's index in the list of channels."""
        return {place: one.error for place, one in enumerate(self.responses) if one.error is not None}

    def raise_for_failed(self) -> None:
        """Do nothing if all channels succeeded.

        Raises:
            BroadcastError: publishing failed in some channels; `errors` has the error of each.
        """
        responses = self.responses
        if any(each.error is not None for each in responses):
            raise vars(self).get("failure", partial(_broadcast_error, None, [], responses, ""))()

    def watched(self, command: Any, names: str) -> Failures | None:
        """Return the failures, None if all channels succeeded. They will be reported if they are never read.

        Args:
            command: the broadcast.
            names: the server's namespaces, separated by commas, if it has told them.
        """
        responses = self.responses
        if all(each.error is None for each in responses):
            return None
        channels = [exact_text(name) or "" for name in command.channels]

        def failure() -> BroadcastError:
            return _broadcast_error(command, channels, responses, names)

        # Not fields: they are not part of the value, and few results need them.
        unread = Unread("a broadcast", {None: failure})
        vars(self).update(failure=failure, unread=unread)
        return Failures(failure, unread)


def _reading(read: Callable[[Any], Any]) -> Callable[[BroadcastResult], Any]:
    def responses(self: BroadcastResult) -> Any:
        unread: Unread | None = vars(self).pop("unread", None)
        if unread is not None:
            unread.read(None)
        return read(self)

    return responses


# The attribute of the field, with the note that it was read. Type checkers do not know that a field of a struct is a
# descriptor on its class, which can be replaced.
BroadcastResult.responses = property(_reading(BroadcastResult.responses.__get__))  # type: ignore[assignment, attr-defined]


def _broadcast_error(
    command: Any, channels: Sequence[str], responses: Sequence[PublishResponse], names: str
) -> BroadcastError:
    errors: dict[str, ServerError] = {}
    for place, response in enumerate(responses):
        if response.error is not None:
            # A result that was pickled does not know the names.
            channel = channels[place] if place < len(channels) else f"number {place}"
            code = response.error.code
            advice = ADVICE.for_error(code, "publish", (channel,))
            hint = "" if advice is None else advice.hint + suggestion(code, channel, names)
            errors[channel] = refusal(response.error, hint)
    error = BroadcastError(errors, len(responses))
    error.command = command
    return error


def refusal(error: ReplyError, hint: str = "") -> ServerError:
    """Return the exception for *error*, with the *hint* in its text."""
    # An internal error can happen during execution. The server sends all other errors without executing the command.
    retryable = error.code == INTERNAL
    executed: Executed = "unknown" if retryable else "no"
    return ServerError(error.message, code=error.code, hint=hint, executed=executed, retryable=retryable)
