"""The reply to one method: a result or an error (spec v6 §4.3, §5.2), and what an error means (§6)."""

from typing import TYPE_CHECKING, Any, Generic, cast

import msgspec

from centripetal.dialects.current.results.standard import ReplyError
from centripetal.errors import CentripetalError, MalformedResponseError, ServerError
from centripetal.protocol.command import Command, R

__all__ = ["NEEDS_PRO", "Answer", "answer_type", "no_result", "server_error"]

NEEDS_PRO = "this method needs Centrifugo PRO or a newer server"


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


_HISTORY_OFF = "history is off: set history_size and history_ttl of the channel's namespace"
_PRESENCE_OFF = "presence is off: set `presence` of the channel's namespace"
_WRONG_DATA = "what is sent does not suit the channel's namespace: its publication_data_format or subscription_type"
_WRONG_TYPE = "the channel's namespace has another subscription_type"

_HINTS: dict[int | tuple[int, str], str] = {
    (100, "channels"): "perhaps the pattern is no glob",
    (100, "subscribe"): "perhaps expire_at has passed",
    (100, "map_publish"): "perhaps an ephemeral map, which knows no versions",
    102: "what stands before ':' in a channel must be a namespace of the server's configuration",
    104: NEEDS_PRO,
    (104, "rpc"): "the server has no RPC method of that name; the open edition has none at all",
    (107, "publish"): _WRONG_DATA,
    (107, "map_publish"): _WRONG_TYPE,
    (107, "map_remove"): _WRONG_TYPE,
    (107, "map_read_state"): _WRONG_TYPE,
    (107, "map_read_stream"): _WRONG_TYPE,
    (107, "map_stats"): _WRONG_TYPE,
    (107, "map_clear"): _WRONG_TYPE,
    (107, "shared_poll_publish"): "the namespace needs subscription_type shared_poll and publish_enabled",
    (108, "history"): _HISTORY_OFF,
    (108, "history_remove"): _HISTORY_OFF,
    (108, "presence"): _PRESENCE_OFF,
    (108, "presence_stats"): _PRESENCE_OFF,
    112: "the history has begun anew since then, with another epoch: what was in the old one is gone",
}


def server_error(error: ReplyError, command: Command[Any], index: int | None = None) -> ServerError:
    """The exception for the server's *error* about *command*."""
    code = error.code
    hint = _HINTS.get((code, command.name)) or _HINTS.get(code, "")
    # After trouble inside of the server nobody knows; whatever else it says, it says instead of running the command.
    inside = code == 100
    raised = ServerError(error.message, code=code, hint=hint, executed="unknown" if inside else "no", retryable=inside)
    raised.command, raised.index = command, index
    return raised


def no_result(command: Command[Any]) -> MalformedResponseError:
    """The error for a reply that is neither a result nor an error."""
    return MalformedResponseError(f"the reply to {command.name} is neither its result nor an error")
