"""Exceptions raised by centripetal.

    CentripetalError
    ├── UsageError (also ValueError)          invalid argument; nothing was sent
    ├── ClientNotEmptyError                   direct call while the buffer holds commands; nothing was sent
    ├── TransportError                        the request or its reply was lost
    │   ├── ConnectError                      no connection: refused, DNS, TLS; nothing was sent
    │   ├── TimeoutError (also TimeoutError)  the call exceeded its time limit
    │   └── ConnectionLostError               the connection closed before the reply was complete
    ├── HTTPStatusError                       a status other than 200
    │   └── AuthenticationError               401 or 403: wrong or missing credentials
    ├── MalformedResponseError                invalid reply, or a reply to something else
    ├── ServerError                           the server rejected this command
    ├── BroadcastError                        a broadcast failed in some channels
    └── HistoryGapError                       publications expired between two pages of a history

Every exception answers three questions:

- `command` (and `index` in a batch): which command failed?
- `executed`: did the server run it? "no" and "yes" are certain; "unknown" means that repeating it may run it twice.
- `retryable`: can the same call succeed later without changes?
"""

import builtins
import copy
from collections.abc import Callable
from typing import Any, ClassVar, Literal, Protocol, Self

__all__ = [
    "AuthenticationError",
    "BroadcastError",
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

_LIMIT = "the call's timeout"
_MOST_TEXT = 300
_MOST_NAMED = 10


def shortened(text: str) -> str:
    """Return *text*, or its first 300 characters and "…": a server may send a message of any length."""
    return text if len(text) <= _MOST_TEXT else f"{text[:_MOST_TEXT]}…"


def shown(value: object, limit: int = 100) -> str:
    """Return the repr of *value* for a message, cut to *limit* characters. Never raises, whatever *value* is."""
    try:
        return str.__str__(repr(value))[:limit]
    except Exception:
        return f"<{type(value).__name__}, whose repr fails>"


def told(error: BaseException) -> str:
    """Return class and text of *error*, which may be an exception of the caller, cut after 100 characters.

    Never raises.
    """
    try:
        return f"{type(error).__name__}: {str(error)[:100]}"
    except Exception:
        return type(error).__name__


class NamedCommand(Protocol):
    """The part of a command that an error needs: its name."""

    name: ClassVar[str]


class CentripetalError(Exception):
    """Base class of all exceptions raised by this library.

    Attributes:
        command: the command that failed, or None if the error concerns a whole request.
        index: zero-based position of the command in its batch or buffer, or None outside of a batch and a buffer.
        executed: whether the server ran the command: "no", "unknown" or "yes".
        retryable: whether the same call can succeed later. Check `executed` before you repeat it.
        attempts: how often the client tried: 1 without `retry`.
        tried_for: how long the client tried, in seconds; 0 without `retry`.
    """

    executed: Executed = "unknown"
    retryable: bool = False
    command: NamedCommand | None = None
    index: int | None = None
    attempts: int = 1
    tried_for: float = 0.0

    def __init__(self, message: str, *, executed: Executed | None = None, retryable: bool | None = None) -> None:
        super().__init__(message)
        if executed is not None:
            self.executed = executed
        if retryable is not None:
            self.retryable = retryable

    def about(self, command: NamedCommand, index: int | None = None, *, executed: Executed | None = None) -> Self:
        """Return a copy of this error for one command of the failed request."""
        error = copy.copy(self)
        error.command, error.index = command, index
        if executed is not None:
            error.executed = executed
        error.__cause__, error.__suppress_context__ = self.__cause__, self.__suppress_context__
        error.__traceback__ = self.__traceback__
        return error

    def _text(self) -> str:
        message = self.args[0] if self.args else ""
        return str.__str__(message) if issubclass(type(message), str) else shown(message)

    def __str__(self) -> str:
        text = self._text()
        if self.attempts > 1:
            text = f"{text} (tried {self.attempts} times in {self.tried_for:.3g} s)"
        name = _name_of(self.command)
        if name is None:
            return text
        place = "" if self.index is None else f" (command {self.index} of the request)"
        return f"{name}{place}: {text}"

    def __repr__(self) -> str:
        try:
            return super().__repr__()
        except Exception:  # raised by an argument of a subclass
            return f"{type(self).__name__}({', '.join(map(shown, self.args))})"

    def __copy__(self) -> Self:
        return self._duplicate(lambda value: value)

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self._duplicate(lambda value: copy.deepcopy(value, memo))

    def _duplicate(self, duplicate: Callable[[Any], Any]) -> Self:
        error: Self = _rebuild(type(self), self.args)
        error.__dict__.update({name: _portable(value, duplicate) for name, value in self.__dict__.items()})
        return error

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        # Task queues pickle errors, and the default pickling cannot handle keyword-only arguments.
        import pickle  # loaded already: only pickle calls this method

        def arrived(value: Any) -> Any:
            return pickle.loads(pickle.dumps(value, protocol))  # noqa: S301 - pickled one line before

        args = tuple(_portable(value, arrived) for value in self.args)
        return _rebuild, (type(self), args), {name: _portable(value, arrived) for name, value in self.__dict__.items()}


def _name_of(command: Any) -> str | None:
    """Return the name of *command*; None if it has none, because the caller passed something else."""
    try:
        name = command.name
    except Exception:
        return None
    return name if type(name) is str else None


class UnknownCommand:
    """Replaces a command that cannot be pickled or copied, in the copy of an error.

    Attributes:
        name: name of the method.
        text: the beginning of the command's repr.
    """

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = text

    def __repr__(self) -> str:
        return f"<{self.text}>"


def _portable(value: Any, duplicate: Callable[[Any], Any]) -> Any:
    """Return the duplicate of *value*. If a part of it cannot be duplicated, that part is replaced by its repr."""
    if type(value) in (str, int, bool, bytes, type(None)):
        return value
    try:
        return duplicate(value)
    except Exception:
        name = _name_of(value)
    if name is None:
        return shown(value, 1000)
    try:  # a command: its fields may be objects of the caller
        fields = {field: getattr(value, field) for field in type(value).__struct_fields__}
        return duplicate(type(value)(**{field: _portable(each, duplicate) for field, each in fields.items()}))
    except Exception:
        return UnknownCommand(name, shown(value, 1000))


def _rebuild(kind: Any, args: tuple[Any, ...]) -> Any:
    error: CentripetalError = kind.__new__(kind, *args)
    error.args = args  # OSError, a base class of TimeoutError, sets args only in __init__
    return error


class UsageError(CentripetalError, ValueError):
    """Invalid argument, URL or payload. Nothing was sent."""

    executed = "no"


class ClientNotEmptyError(CentripetalError):
    """Direct call while the client's buffer holds commands: call `send()` or `reset()` first. Nothing was sent."""

    executed = "no"


class TransportError(CentripetalError):
    """The request could not be sent, or its reply was not received completely."""

    retryable = True


class ConnectError(TransportError):
    """The connection could not be opened: refused, unknown host, failed TLS handshake. Nothing was sent."""

    executed = "no"


class TimeoutError(TransportError, builtins.TimeoutError):
    """The call did not complete within its time limit. If it was sent, the server may still execute it.

    Attributes:
        limit: the caller's time limit in seconds, if known. The text names it where the message says
            "the call's timeout".
    """

    limit: float | None = None

    def _text(self) -> str:
        # A transport knows only how much time was left for its step; the client sets the limit of the whole call.
        text = super()._text()
        return text if self.limit is None else text.replace(_LIMIT, f"{self.limit:g} s ({_LIMIT})", 1)


class ConnectionLostError(TransportError):
    """The connection closed before the reply was complete.

    Attributes:
        stale: whether the connection was kept from an earlier call and closed before any byte of the reply, probably
            because it had been idle. Clients then repeat the request once, if that cannot run a command twice.
    """

    stale: bool = False


class HTTPStatusError(CentripetalError):
    """The server, or a proxy in front of it, replied with a status other than 200.

    Attributes:
        status: HTTP status code.
        body: first 4,096 bytes of the response body.
        in_front: whether a proxy, gateway or login in front of the server sent the reply instead of Centrifugo.
        retry_after: seconds after which the server accepts the next attempt, from `Retry-After`; None if unknown.
        retry_at: the same as Unix time, if the server sent a date without saying what time it is now.
    """

    status: int
    body: bytes
    in_front: bool = False
    retry_after: float | None = None
    retry_at: float | None = None

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
        self.body = bytes(body[:4096])


class AuthenticationError(HTTPStatusError):
    """401 or 403: the key or secret is wrong, or a proxy in front of the server denied access. Nothing was executed."""

    executed = "no"


class MalformedResponseError(CentripetalError):
    """The reply is not valid JSON, has an unexpected shape, or does not match the commands that were sent."""


class ServerError(CentripetalError):
    """The server rejected this command. Other commands of the same batch are not affected.

    Attributes:
        code: Centrifugo error code; None for Centrifugo 1.x, which only returns text.
        message: error text from the server, at most 300 characters.
        advice: 1.x only: "fix" (change the call or the configuration), "retry", or "".
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
        message = shortened(message)
        number = "" if code is None else f"{code}: "
        super().__init__(
            f"the server says: {number}{message}" + (f" ({hint})" if hint else ""),
            executed=executed,
            retryable=retryable,
        )
        self.code = code
        self.message = message
        self.advice = advice


class BroadcastError(CentripetalError):
    """A broadcast failed in some channels. `executed` is "yes" if it reached other channels.

    Args:
        errors: the error of each channel that failed.
        total: number of channels of the broadcast.

    Attributes:
        errors: the error of each channel that failed.
    """

    errors: dict[str, ServerError]

    def __init__(self, errors: dict[str, ServerError], total: int) -> None:
        shown = [f"“{channel:.100}”: {error.code}: {error.message}" for channel, error in errors.items()][:_MOST_NAMED]
        if len(errors) > len(shown):
            shown.append(f"and {len(errors) - len(shown)} more")
        super().__init__(f"failed in {len(errors)} of {total} channels: {'; '.join(shown)}")
        self.errors = errors
        self.retryable = all(error.retryable for error in errors.values())
        unsure = any(error.executed == "unknown" for error in errors.values())
        self.executed = "yes" if len(errors) < total else "unknown" if unsure else "no"


class HistoryGapError(CentripetalError):
    """Publications expired before they could be read, so the history has a gap.

    Attributes:
        channel: channel of the history.
        expected: offset of the first missing publication; None if the history was reset.
        found: offset of the first publication after the gap; 1 if the history was reset.
        epoch: epoch that `found` belongs to, or "" if unknown.
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
