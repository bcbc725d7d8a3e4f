"""Every error this library raises, as one tree.

    CentripetalError
    ├── UsageError (also ValueError)          the call is wrong; nothing was sent
    ├── ClientNotEmptyError                   a direct call met buffered commands; nothing was sent
    ├── TransportError                        the network failed
    │   ├── ConnectError                      no connection: refused, DNS, TLS; nothing was sent
    │   ├── TimeoutError (also TimeoutError)  the call's time ran out
    │   └── ConnectionLostError               the connection ended before the whole reply was here
    ├── HTTPStatusError                       an answer other than 200
    │   └── AuthenticationError               401 or 403: wrong or missing credentials
    ├── MalformedResponseError                an answer that is not what was asked for
    ├── ServerError                           the server refused this one command
    └── HistoryGapError                       publications between two pages of a history are gone

Each error says which command it is about (`command`, and `index` in a batch), whether the server ran it
(`executed`) and whether the same call may work later (`retryable`).

`executed` is "no" only if the server cannot have run the command, "yes" only if its reply shows that it did, and
otherwise "unknown": repeating a command of which that is said may run it twice.
"""

import builtins
import copy
from typing import Any, ClassVar, Literal, Protocol, Self

__all__ = [
    "AuthenticationError",
    "CentripetalError",
    "ClientNotEmptyError",
    "ConnectError",
    "ConnectionLostError",
    "Executed",
    "HTTPStatusError",
    "HistoryGapError",
    "MalformedResponseError",
    "ServerError",
    "TimeoutError",
    "TransportError",
    "UsageError",
]

Executed = Literal["no", "unknown", "yes"]


class NamedCommand(Protocol):
    """What an error knows of a command: enough to say which one it was."""

    name: ClassVar[str]


class CentripetalError(Exception):
    """The base of all errors of this library: catch it to catch them all.

    Attributes:
        command: the command that the error is about, or None where it is about none or a whole request.
        index: the place of that command in its batch or buffer, counted from 0; None outside of one.
        executed: whether the server ran it: "no", "unknown" or "yes".
        retryable: whether the same call may work later without a change to it. It says nothing of the harm of
            running a command twice: look at `executed` for that.
    """

    executed: Executed = "unknown"
    retryable: bool = False
    command: NamedCommand | None = None
    index: int | None = None

    def __init__(self, message: str, *, executed: Executed | None = None, retryable: bool | None = None) -> None:
        super().__init__(message)
        if executed is not None:
            self.executed = executed
        if retryable is not None:
            self.retryable = retryable

    def about(self, command: NamedCommand, index: int | None = None, *, executed: Executed | None = None) -> Self:
        """A copy of this error for one command of the request that failed."""
        error = copy.copy(self)
        error.command, error.index = command, index
        if executed is not None:
            error.executed = executed
        error.__cause__, error.__suppress_context__ = self.__cause__, self.__suppress_context__
        error.__traceback__ = self.__traceback__
        return error

    def __str__(self) -> str:
        text = str(self.args[0]) if self.args else ""
        if self.command is None:
            return text
        place = "" if self.index is None else f" (command {self.index} of the request)"
        # What somebody passed for a command may be none: that is what the error says then.
        name = getattr(self.command, "name", None)
        return text if name is None else f"{name}{place}: {text}"

    def __reduce__(self) -> tuple[Any, ...]:
        # Keyword-only arguments would break the default pickling, and task queues pickle errors.
        return _rebuild, (type(self), self.args), self.__dict__


def _rebuild(kind: Any, args: tuple[Any, ...]) -> CentripetalError:
    error: CentripetalError = kind.__new__(kind, *args)
    error.args = args  # OSError, a base of TimeoutError, leaves that to its __init__
    return error


class UsageError(CentripetalError, ValueError):
    """The call itself is wrong: a bad argument, URL or payload. Nothing was sent."""

    executed = "no"


class ClientNotEmptyError(CentripetalError):
    """A direct call while commands wait in the client's buffer: call `send()` or `reset()` first. Nothing was sent."""

    executed = "no"


class TransportError(CentripetalError):
    """The request or its reply did not get through."""

    retryable = True


class ConnectError(TransportError):
    """No connection to the server: refused, unknown host, TLS failure. Nothing was sent."""

    executed = "no"


class TimeoutError(TransportError, builtins.TimeoutError):
    """The call's time ran out. What was sent by then may still be carried out."""


class ConnectionLostError(TransportError):
    """The connection ended before the whole reply was here."""


class HTTPStatusError(CentripetalError):
    """The server, or something in front of it, answered with a status other than 200.

    Attributes:
        status: the HTTP status.
        body: the beginning of the answer's body, at most 4096 bytes.
    """

    status: int
    body: bytes

    def __init__(
        self,
        message: str,
        *,
        status: int,
        body: bytes = b"",
        executed: Executed | None = None,
        retryable: bool | None = None,
    ) -> None:
        super().__init__(message, executed=executed, retryable=retryable)
        self.status = status
        self.body = body[:4096]


class AuthenticationError(HTTPStatusError):
    """401 or 403: the secret or key is wrong, or something in front of the server keeps us out. Nothing has run."""

    executed = "no"


class MalformedResponseError(CentripetalError):
    """The answer is not one to the commands sent: no JSON, another shape, another count, method or uid."""


class ServerError(CentripetalError):
    """The server refused this one command; the others of its batch are not touched by that.

    Attributes:
        code: the number of the error; None from Centrifugo 1.x, whose errors have only a text.
        message: the server's own words.
        advice: what a 1.x server says to do: "fix" (a mistake in the call or the configuration), "retry" or "".
    """

    code: int | None
    message: str
    advice: str

    def __init__(
        self,
        message: str,
        *,
        code: int | None = None,
        advice: str = "",
        hint: str = "",
        executed: Executed | None = None,
        retryable: bool | None = None,
    ) -> None:
        number = "" if code is None else f"{code}: "
        super().__init__(
            f"the server says: {number}{message}" + (f" ({hint})" if hint else ""),
            executed=executed,
            retryable=retryable,
        )
        self.code = code
        self.message = message
        self.advice = advice


class HistoryGapError(CentripetalError):
    """Publications of a history are gone before they were read: the history is not whole from here on.

    Attributes:
        channel: whose history.
        expected: the offset of the first publication that is missing; None if the history has begun anew.
        found: the offset of the first one after the gap; 1 in a history that has begun anew.
        epoch: the epoch in which *found* counts; "" if it is not known.
    """

    executed = "yes"
    channel: str
    expected: int | None
    found: int
    epoch: str

    def __init__(
        self, message: str, *, channel: str = "", expected: int | None = None, found: int = 1, epoch: str = ""
    ) -> None:
        super().__init__(message)
        self.channel = channel
        self.expected = expected
        self.found = found
        self.epoch = epoch
