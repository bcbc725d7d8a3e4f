"""The API command that this run of the program executes, so that every report can say whether it ran."""

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from centripetal.errors import Executed

__all__ = ["Running", "new_run", "running"]


@dataclasses.dataclass
class Running:
    """What is known about the command of a run.

    Attributes:
        method: the API method; None for tools.
        channel: the channel of the method; None if there is not exactly one.
        executed: whether the server executed the command.
        progress: what a tool has done so far, as a sentence; may be empty.
    """

    method: str | None = None
    channel: str | None = None
    executed: Executed = "no"
    progress: str = ""

    @property
    def state(self) -> str:
        """A sentence that says what ran, for a message; empty for a tool that does not run commands."""
        return self.progress if self.method is None else _STATES[self.executed]

    @contextmanager
    def executing(self) -> Iterator[None]:
        """Note that the server executed the command when the block ends, and that this is unknown until then."""
        self.executed = "unknown"
        yield
        self.executed = "yes"


_STATES = {
    "no": "Nothing was sent.",
    "unknown": "It is unknown whether the server executed the command.",
    "yes": "The server executed the command.",
}

_current: ContextVar[Running] = ContextVar("running")


@contextmanager
def new_run() -> Iterator[Running]:
    """Begin a run of the program, which ends with the block."""
    token = _current.set(Running())
    try:
        yield _current.get()
    finally:
        _current.reset(token)


def running() -> Running:
    """Return the current run; outside of a run, as in a program that calls a verb, a new one."""
    return _current.get(None) or Running()
