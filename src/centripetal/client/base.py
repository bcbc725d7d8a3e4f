"""State shared by the blocking and the asyncio client."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Generic, NoReturn

from centripetal.client.request_log import log_request
from centripetal.errors import CentripetalError, ConnectionLostError, TimeoutError, UsageError
from centripetal.protocol.checks import check_timeout
from centripetal.protocol.command import Command, Prepared, R
from centripetal.protocol.exchange import Dialect, Flow, OutcomeT, exchange, once_more
from centripetal.protocol.grouping import Limits
from centripetal.protocol.http import HTTPReply, HTTPRequest

__all__ = ["BaseClient", "name_limit"]


def name_limit(error: BaseException, seconds: float) -> None:
    """Let *error*, if it is a time-out, name *seconds* as the limit: a transport only knows what was left of it."""
    if isinstance(error, TimeoutError):
        error.limit = seconds


def _directly(url: str) -> str:  # noqa: ARG001
    return ""


class BaseClient(Generic[OutcomeT]):
    """Base class of all clients.

    Args:
        codec: codec of the dialect.
        timeout: time limit of one call in seconds.
        group: whether calls share requests, or `Limits` of a shared request.
        on_request: called with the number of commands of each request.

    Raises:
        UsageError: invalid timeout.
    """

    _publish: ClassVar[type[Command[Any]]]
    """Creates the dialect's command that publishes data to a channel."""

    _sends_directly = True
    """Whether a single request may be sent without a flow: False for clients with `retry`."""

    _via: Callable[[str], str] = staticmethod(_directly)
    """Describes the proxy that requests to a URL go through; empty without one."""

    def __init__(
        self,
        codec: Dialect[OutcomeT],
        timeout: float,
        group: bool | Limits,
        on_request: Callable[[int], None] | None,
    ) -> None:
        self.timeout = check_timeout(timeout)
        from centripetal.client.unread import prepare_reports  # needed as soon as there is a client

        prepare_reports()
        self._codec = codec
        if on_request is not None and not callable(on_request):
            raise UsageError(f"on_request must be a function that takes a number, not {type(on_request).__name__}")
        self._on_request = on_request
        self._group = bool(group)
        self._limits = group if isinstance(group, Limits) else Limits()

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "clients cannot be pickled or copied. Threads and forked processes can share one; "
            "create a new one in a spawned process"
        )

    def _prepared(self, command: Command[R], timeout: float | None) -> tuple[Prepared[R], float]:
        """Check and encode *command*; return it with the time limit of its call in seconds."""
        call = self._codec.prepare(command)
        if timeout is None:
            timeout = command.timeout
        return call, self.timeout if timeout is None else self._seconds(timeout)

    def _seconds(self, timeout: float | None) -> float:
        return self.timeout if timeout is None else check_timeout(timeout)

    def _explain(self, error: CentripetalError, command: Command[Any], timeout: float | None) -> None:
        """Add what only the caller of `call` knows to *error*: the command, and the limit of the whole call."""
        error.command, error.index = command, None
        if isinstance(error, TimeoutError):  # otherwise the caller may have passed something other than a command
            name_limit(error, self._limit_of(command.timeout if timeout is None else timeout))

    def _limit_of(self, timeout: float | None) -> float:
        """Return the time limit of a call or batch that was given *timeout*."""
        return self.timeout if timeout is None else timeout

    def _observe(
        self,
        calls: Sequence[Prepared[Any]],
        request: HTTPRequest,
        seconds: float,
        answer: HTTPReply | CentripetalError,
        outcomes: Sequence[Any] = (),
    ) -> None:
        """Log a request; this is called for each request that fails, and for all requests if they are logged.

        Args:
            calls: the calls that the request is for.
            request: the request.
            seconds: how long the client waited for the reply.
            answer: the reply, or the error instead of it.
            outcomes: the outcomes of the calls, if the reply has been decoded.
        """
        log_request(calls, request, seconds, answer, outcomes)

    def _converse(
        self, calls: list[Prepared[Any]], codec: Dialect[OutcomeT], answer: HTTPReply | ConnectionLostError | None
    ) -> Flow[list[OutcomeT]]:
        """Return the flow that sends *calls*.

        Args:
            calls: the calls.
            codec: codec of the client or of a batch.
            answer: reply to the request of `Dialect.direct_request`, or its error, if it has been sent.
        """
        return exchange(calls, once_more(codec, calls, answer))
