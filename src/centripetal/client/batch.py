"""Several calls in one request: `with client.batch() as batch: slot = batch.publish(…)`, then `slot.result()`.

The request is sent when the block ends. If the block raises, nothing is sent. An empty batch sends nothing. A batch
that contains calls but was never used in a `with` block causes a `RuntimeWarning`, like a coroutine that was never
awaited.
"""

import warnings
from collections.abc import Sequence
from functools import partial
from typing import Any, Generic, Self, cast

from centripetal.client.base import name_limit
from centripetal.client.call import Collecting
from centripetal.errors import CentripetalError, TransportError, UsageError
from centripetal.protocol.command import Command, Failed, Outcome, Prepared, R
from centripetal.protocol.exchange import Dialect
from centripetal.protocol.unread import Unread

__all__ = ["BatchSlot", "Collector"]


class BatchSlot(Generic[R]):
    """Placeholder for the result of one command of a batch.

    Attributes:
        command: the command.
        index: zero-based position in the batch.
    """

    __slots__ = ("_outcome", "command", "index")

    def __init__(self, command: Command[R], index: int) -> None:
        self.command = command
        self.index = index
        self._outcome: Outcome[Any] | _Unread | None = None

    def result(self) -> R:
        """Return the command's result.

        Raises:
            UsageError: the batch has not been sent.
            CentripetalError: this command or the whole batch failed.
        """
        if self._outcome is None:
            raise UsageError(f"{self.command.name}: this batch was not sent; read results after its `with` block")
        try:
            return cast(R, self._outcome.result())
        except CentripetalError as error:
            error.command, error.index = self.command, self.index
            raise

    def settle(self, outcome: "Outcome[Any] | _Unread") -> None:
        self._outcome = outcome

    def fail(self, error: CentripetalError) -> None:
        self._outcome = Failed(error=error.about(self.command, self.index))

    def __repr__(self) -> str:
        return f"<slot {self.index}: {self.command.name}, {'waiting' if self._outcome is None else 'settled'}>"


class _Unread:
    """The outcome of a command that failed, in a slot whose result was not read yet."""

    __slots__ = ("_index", "_outcome", "_unread")

    def __init__(self, outcome: Outcome[Any], unread: Unread, index: int) -> None:
        self._outcome = outcome
        self._unread = unread
        self._index = index

    def result(self) -> Any:
        self._unread.read(self._index)
        return self._outcome.result()


class Collector(Collecting):
    """The part of a batch that does no I/O.

    Args:
        codec: codec of the dialect.
        raise_errors: whether the block raises the errors of commands.
    """

    def __init__(self, codec: Dialect[Any], raise_errors: bool) -> None:
        self._codec = codec
        self._raise_errors = raise_errors
        self._calls: list[Prepared[Any]] = []
        self._slots: list[BatchSlot[Any]] = []
        self._errors: list[CentripetalError] = []
        self._begun = False
        self._closed = False

    def call(self, command: Command[R]) -> BatchSlot[R]:
        """Add any command; the returned slot holds its result after the batch was sent."""
        index = len(self._open()._calls)
        try:
            prepared = self._codec.prepare(command)
            if command.timeout is not None:
                raise UsageError(
                    "a command in a batch cannot have its own timeout: pass batch(timeout=…) for the whole batch"
                )
            self._calls.append(prepared)
        except CentripetalError as error:
            error.command, error.index = command, index
            raise
        slot = BatchSlot(command, index)
        self._slots.append(slot)
        return slot

    def __len__(self) -> int:
        return len(self._calls)

    def _open(self) -> Self:
        if self._closed:
            raise UsageError("this batch was already sent; create a new one with client.batch()")
        return self

    def _begin(self) -> Self:
        self._begun = True
        return self._open()

    def __del__(self) -> None:
        if getattr(self, "_calls", None) and not self._begun:
            warnings.warn(
                f"a batch of {len(self._calls)} was never sent: use it in a `with` block",
                RuntimeWarning,
                stacklevel=2,
            )

    def _close(self) -> list[Prepared[Any]]:
        """Close the batch and return its calls, or an empty list if it was closed before."""
        calls = [] if self._closed else self._calls
        self._closed = True
        return calls

    def _settle(self, outcomes: Sequence[Any], seconds: float) -> None:
        failed = []
        for slot, outcome in zip(self._slots, outcomes, strict=True):
            if outcome.error:
                failed.append(slot)
                if isinstance(outcome, Failed):
                    name_limit(outcome.error, seconds)
            slot.settle(outcome)
        if failed:
            self._settle_failures(failed, outcomes)

    def _settle_failures(self, failed: Sequence[BatchSlot[Any]], outcomes: Sequence[Any]) -> None:
        errors = {slot.index: partial(_error_of, slot.command, slot.index, outcomes[slot.index]) for slot in failed}
        if self._raise_errors:
            self._errors = [make() for make in errors.values()]
            for slot in failed:
                outcomes[slot.index].handled()
            return
        # The result of a broadcast reports its failed channels itself.
        whole = [slot for slot in failed if not callable(outcomes[slot.index].error)]
        unread = Unread("a batch", {slot.index: errors[slot.index] for slot in whole})
        for slot in whole:
            slot.settle(_Unread(outcomes[slot.index], unread, slot.index))

    def _raise_failures(self) -> None:
        """Raise the errors of the commands that failed, if the batch has `raise_errors`."""
        errors, self._errors = self._errors, []
        if len(errors) == 1:
            raise errors[0]
        if errors:
            raise ExceptionGroup(f"{len(errors)} of {len(self._calls)} commands of the batch failed", errors)

    def _fail(self, error: BaseException) -> None:
        if not isinstance(error, CentripetalError):  # Ctrl-C, or a cancelled task
            error = TransportError(f"{type(error).__name__} while the batch was sent: the server may have executed it")
        for slot in self._slots:
            slot.fail(error)


def _error_of(command: Command[Any], index: int, outcome: Outcome[Any]) -> CentripetalError:
    error = outcome.failure()
    assert error is not None, "only called for failures"
    return error.about(command, index)
