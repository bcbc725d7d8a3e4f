"""The items of a `publish_many`, and the counts of what became of them: its first errors, and its progress."""

import sys
import time
from collections.abc import AsyncIterable, Callable, Iterable, Iterator, Sequence, Sized
from contextlib import contextmanager
from typing import Any, Literal, NamedTuple

import msgspec

from centripetal.errors import CentripetalError, TransportError, UsageError
from centripetal.protocol.command import Command, Outcome, Prepared
from centripetal.protocol.exact import exact_flag

__all__ = ["AsyncItems", "BulkError", "Item", "Items", "OnError", "Progress", "PublishSummary", "Request", "Tally"]

Item = tuple[str, Any] | Command[Any]
"""A channel and its data, or any command."""

Items = Iterable[Item]
AsyncItems = Iterable[Item] | AsyncIterable[Item]
OnError = Literal["collect", "raise"]

_FIRST_ERRORS = 10
_BETWEEN = 0.1  # seconds between two reports of the progress


class PublishSummary(msgspec.Struct, frozen=True):
    """What became of the items so far.

    Attributes:
        sent: items that the server accepted.
        failed: items that the server refused, that could not be encoded, or whose request failed.
        errors: the first errors, at most 10; `index` of an error is the position of its item, starting with 0.
        seconds: the time since the start.
    """

    sent: int
    failed: int
    errors: tuple[CentripetalError, ...]
    seconds: float


Progress = Callable[[PublishSummary], object] | bool | None


class BulkError(CentripetalError):
    """An item failed, so `publish_many` with `on_error="raise"` has stopped.

    The error of the item is the cause. `executed` is the item's.

    Attributes:
        summary: what became of the items until then. Later items were not sent, except items of requests that were in
            flight at the same time.
    """

    summary: PublishSummary

    def __init__(self, message: str, *, summary: PublishSummary) -> None:
        super().__init__(message)
        self.summary = summary


class Request(NamedTuple):
    """Calls to send together, and the positions of their items."""

    places: list[int]
    calls: list[Prepared[Any]]


class Tally:
    """Counts items, collects the first errors and reports the progress."""

    def __init__(self, items: object, progress: Progress, on_error: OnError) -> None:
        if on_error not in ("collect", "raise"):
            raise UsageError(f"on_error must be 'collect' or 'raise', not {on_error!r}")
        progress = flag if (flag := exact_flag(progress)) is not None else progress
        if not (progress is None or isinstance(progress, bool) or callable(progress)):
            raise UsageError(f"progress must be a function, True or None, not {type(progress).__name__}")
        self._begin = self._told = time.monotonic()
        self._bar = _ProgressLine(len(items) if isinstance(items, Sized) else None) if progress is True else None
        self._tell = self._bar.draw if self._bar is not None else progress if callable(progress) else None
        self._raises = on_error == "raise"
        self.sent = self.failed = 0
        self.errors: list[CentripetalError] = []

    def summary(self) -> PublishSummary:
        """Return what is known so far."""
        return PublishSummary(self.sent, self.failed, tuple(self.errors), time.monotonic() - self._begin)

    def settle(self, request: Request, outcomes: Sequence[Any]) -> None:
        """Record the reply to a request."""
        failed = 0
        for place, call, outcome in zip(request.places, request.calls, outcomes, strict=True):
            if outcome.error:
                failed += 1
                outcome.handled()
                self._note(place, call.command, outcome)
        self.sent += len(request.calls) - failed
        self.failed += failed

    def _note(self, place: int, command: Command[Any], outcome: Outcome[Any]) -> None:
        if len(self.errors) < _FIRST_ERRORS and (error := outcome.failure()) is not None:
            self.errors.append(error.about(command, place))

    @contextmanager
    def sending(self, request: Request) -> Iterator[None]:
        """Record a failure of *request* in the block; only errors that end the whole work are raised."""
        try:
            yield
        except CentripetalError as error:
            self._fail(request, error)
        except BaseException as error:  # Ctrl-C, or a cancelled task
            text = f"{type(error).__name__} while it was sent: the server may have executed it"
            self._fail(request, TransportError(text))
            raise

    def _fail(self, request: Request, error: CentripetalError) -> None:
        self.failed += len(request.calls)
        for place, call in zip(request.places, request.calls, strict=True):
            if len(self.errors) == _FIRST_ERRORS:
                break
            self.errors.append(error.about(call.command, place))

    def reject(self, place: int, error: CentripetalError) -> None:
        """Record an item that cannot be sent."""
        self.failed += 1
        if len(self.errors) < _FIRST_ERRORS:
            error.index = place
            self.errors.append(error)

    @property
    def must_stop(self) -> bool:
        """Whether an item has failed and the caller wants to stop then."""
        return self._raises and self.failed > 0

    def check(self) -> None:
        """Report the progress if it is time to; raise a `BulkError` if the work must stop."""
        self.tell()
        if self.must_stop:
            first = self.errors[0]
            error = BulkError(f"publish_many stopped at item {first.index}: {first.args[0]}", summary=self.summary())
            error.executed, error.retryable = first.executed, first.retryable
            raise error from first

    def tell(self) -> None:
        """Report the progress if it is time to."""
        if self._tell is not None and (now := time.monotonic()) - self._told >= _BETWEEN:
            self._told = now
            self._tell(self.summary())

    def __enter__(self) -> None:
        """Begin the work."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is None and self._tell is not None:
            self._tell(self.summary())
        if self._bar is not None:
            self._bar.close()
        if error is not None and not isinstance(error, BulkError):
            error.add_note(f"publish_many: until then {self.sent:,} items were sent and {self.failed:,} failed")


class _ProgressLine:
    """One line on standard error, if that is a terminal."""

    def __init__(self, total: int | None) -> None:
        self._total = total
        self._stream = sys.stderr if sys.stderr is not None and sys.stderr.isatty() else None
        self._drawn = False

    def draw(self, summary: PublishSummary) -> None:
        if self._stream is None:
            return
        done = summary.sent + summary.failed
        of = f" of {self._total:,}" if self._total is not None else ""
        failed = f", {summary.failed:,} failed" if summary.failed else ""
        rate = done / max(summary.seconds, 0.001)
        self._stream.write(f"\r{done:,}{of} published, {rate:,.0f}/s{failed}\x1b[K")
        self._stream.flush()
        self._drawn = True

    def close(self) -> None:
        if self._drawn and self._stream is not None:
            self._stream.write("\n")
