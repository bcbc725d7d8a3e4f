"""What blocking and awaiting clients are, beside the waiting."""

from collections.abc import Callable
from typing import Any, Generic, NoReturn

from centripetal.protocol.checks import check_timeout
from centripetal.protocol.command import Command, Prepared, R
from centripetal.protocol.exchange import Dialect, Flow, OutcomeT, exchange
from centripetal.protocol.grouping import Limits
from centripetal.protocol.http import HTTPReply

__all__ = ["Caller"]


class Caller(Generic[OutcomeT]):
    """Who makes calls in a dialect.

    Args:
        codec: the dialect.
        timeout: seconds that one call may take.
        group: whether calls may share requests, and how much one carries.
        on_request: told of each request how many commands it carries.

    Raises:
        UsageError: a timeout that is no time.
    """

    _sends_directly = True
    """Whether a request that needs no conversation may do without: false for clients that try again."""

    def __init__(
        self,
        codec: Dialect[OutcomeT],
        timeout: float,
        group: bool | Limits,
        on_request: Callable[[int], None] | None,
    ) -> None:
        self.timeout = check_timeout(timeout)
        self._codec = codec
        self._on_request = on_request
        self._group = bool(group)
        self._limits = group if isinstance(group, Limits) else Limits()

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "a client is not to be pickled or copied: threads and forked processes share one, "
            "and a process that is spawned makes its own"
        )

    def _prepared(self, command: Command[R], timeout: float | None) -> tuple[Prepared[R], float]:
        """Check and encode *command*; return it with the seconds that its call may take."""
        call = self._codec.prepare(command)
        if timeout is None:
            timeout = command.timeout
        return call, self.timeout if timeout is None else self._seconds(timeout)

    def _seconds(self, timeout: float | None) -> float:
        return self.timeout if timeout is None else check_timeout(timeout)

    def _converse(
        self, calls: list[Prepared[Any]], codec: Dialect[OutcomeT], reply: HTTPReply | None
    ) -> Flow[list[OutcomeT]]:
        """Return the conversation about *calls*.

        Args:
            calls: the calls.
            codec: the client's dialect, or the one of a batch.
            reply: the server's answer to the request of `Dialect.direct_request`, if it has been made.
        """
        return exchange(calls, codec.ask(calls, reply))
