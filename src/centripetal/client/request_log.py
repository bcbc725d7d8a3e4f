"""The log of requests: one line for each, with the logger `centripetal.client`, without data, keys and tokens.

A request that succeeds is logged with the level DEBUG, a failed one with WARNING. Clients call `BaseClient._observe`
for each request that is logged or may be. Nothing is logged if `logging` has no handler: an error that
the program handles must not appear on its standard error.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from centripetal.errors import CentripetalError, ConnectionLostError, TransportError
from centripetal.protocol.command import Prepared
from centripetal.protocol.exchange import Pause
from centripetal.protocol.http import HTTPReply, HTTPRequest

__all__ = ["DEBUG", "LEVELS", "Observe", "Requests", "log_request", "unobserved"]

DEBUG = 10
_WARNING = 30
_MOST_TEXT = 200


class _Levels:
    """Which levels are enabled.

    Attributes:
        logger: the logger, as soon as there is a client.
        known: whether each level is enabled, as the logger remembers it; `logging` clears it when a level changes. It
            is faster to read than `Logger.isEnabledFor`, for each request.
    """

    def __init__(self) -> None:
        self.logger: Any = None
        self.known: dict[int, bool] = {}


LEVELS = _Levels()


def prepare_log() -> Any:
    """Return the logger. This must be called once before requests are logged, because it imports `logging`."""
    import logging  # slow to import, and no call may import anything

    if LEVELS.logger is None:
        LEVELS.logger = logger = logging.getLogger("centripetal.client")
        LEVELS.known = getattr(logger, "_cache", LEVELS.known)
    return LEVELS.logger


Observe = Callable[[HTTPRequest | Pause, float, HTTPReply | CentripetalError], object]
"""Called with each step of a flow, its seconds, and its reply or error."""


def unobserved(step: HTTPRequest | Pause, seconds: float, answer: HTTPReply | CentripetalError) -> None:
    """Do nothing."""


class Requests:
    """The requests of a flow. Each is observed when it is known what became of it: after the flow used the reply.

    Args:
        observe: called with each request, its seconds, its reply or error, and the outcomes if it was the last.
    """

    def __init__(self, observe: Callable[..., object]) -> None:
        self._observe = observe
        self._last: tuple[HTTPRequest, float, HTTPReply | CentripetalError] | None = None

    def add(self, step: HTTPRequest | Pause, seconds: float, answer: HTTPReply | CentripetalError) -> None:
        """Add a step of the flow."""
        if isinstance(step, HTTPRequest):
            self.end(None)
            self._last = step, seconds, answer

    def end(self, error: CentripetalError | None, outcomes: Sequence[Any] = ()) -> None:
        """Observe the last request: the flow went on or ended, with an *error* if the reply is useless."""
        if self._last is not None:
            request, seconds, answer = self._last
            if error is not None and isinstance(answer, HTTPReply) and answer.status == 200:
                answer = error
            self._observe(request, seconds, answer, outcomes)
            self._last = None


def log_request(
    calls: Sequence[Prepared[Any]],
    request: HTTPRequest,
    seconds: float,
    answer: HTTPReply | CentripetalError,
    outcomes: Sequence[Any] = (),
) -> None:
    """Log a request.

    Args:
        calls: the calls that the request is for.
        request: the request.
        seconds: how long the client waited for the reply.
        answer: the reply, or the error instead of it.
        outcomes: the outcomes of the calls, if the reply has been decoded.
    """
    logger = LEVELS.logger
    failure = _failure(answer, outcomes)
    # A kept connection may close at any time; the client then uses a new one.
    usual = not failure or (isinstance(answer, ConnectionLostError) and answer.stale)
    level = DEBUG if usual else _WARNING
    if logger.isEnabledFor(level) and logger.hasHandlers():
        logger.log(level, "%s in %.4f s: %s%s", _summary(calls, request), seconds, _status(answer), failure)


def _summary(calls: Sequence[Prepared[Any]], request: HTTPRequest) -> str:
    if request.url.endswith("/info"):  # the client may ask for the version before it sends the calls again
        calls = [call for call in calls if call.command.name == "info"]
    counts = Counter(call.command.name for call in calls) or Counter(("info",))
    methods = ", ".join(name if count == 1 else f"{count} x {name}" for name, count in counts.items())
    channels = len({key for call in calls for key in call.keys})
    server = "/".join(request.url.split("/", 3)[:3])
    return f"{methods} ({channels} channel{'s' * (channels != 1)}, {len(request.body)} bytes) to {server}"


def _status(answer: HTTPReply | CentripetalError) -> str:
    status = getattr(answer, "status", None)
    if status is not None:
        return f"status {status}"
    return "no reply" if isinstance(answer, TransportError) else "invalid reply"


def _failure(answer: HTTPReply | CentripetalError, outcomes: Sequence[Any]) -> str:
    """Return why the request or some of its commands failed, to continue a sentence; "" without a failure."""
    if isinstance(answer, CentripetalError):
        # Other errors may quote what the server sent.
        return f", {type(answer).__name__}" + (
            f": {_one_line(answer.args[0])}" if isinstance(answer, TransportError) else ""
        )
    errors = [outcome.error for outcome in outcomes if outcome.error]
    if errors:
        several = f"{len(errors)} of {len(outcomes)} commands " if len(outcomes) > 1 else ""
        return f", {several}failed: {_reason(errors[0])}"
    return "" if answer.status == 200 else ", failed"


def _reason(error: Any) -> str:
    """Return the reason in the `error` of an outcome: the server's error, or why a reply cannot be used."""
    if isinstance(error, CentripetalError):
        return type(error).__name__
    if callable(error):
        return "not all channels succeeded"
    return _one_line(error if isinstance(error, str) else f"{error.code}: {error.message}")


def _one_line(text: Any) -> str:
    return " ".join(str(text)[:_MOST_TEXT].split())
