"""Races: contenders do the same work in turns, and what counts is the ratio of two of them in the same round.

A machine that others use is fast in one second and slow in the next. Contenders that take turns (A B C A B C …) meet
the same machine, so the median over all rounds of the ratio within a round holds still where times do not.
"""

import gc
import time
from collections.abc import Awaitable, Callable, Sequence
from statistics import median
from typing import NamedTuple, Protocol

__all__ = ["Contender", "Race", "Result", "Target", "Turn", "run", "timed", "timed_awaiting"]


class Turn(NamedTuple):
    """What one contender took for its part of a round.

    Attributes:
        times: how often the work was done.
        wall_ns, cpu_ns: nanoseconds for all of it; `cpu_ns` of this process alone, None if others did the work.
    """

    times: int
    wall_ns: int
    cpu_ns: int | None = None


class Contender(Protocol):
    """Somebody who can do the work of a race."""

    @property
    def name(self) -> str: ...

    def turn(self, times: int) -> Turn:
        """Do the work *times* times."""
        ...

    def close(self) -> None: ...


class Target(NamedTuple):
    """What is aimed at: the time of *ours* in that of *theirs* is at most *limit*."""

    ours: str
    theirs: str
    limit: float


class Race(NamedTuple):
    """Work, and who competes in it.

    Attributes:
        name, unit: what the work is, and what one time of it is called.
        times: how often it is done in a turn.
        contenders: the first one is what the others are compared with.
        targets: what is aimed at.
    """

    name: str
    unit: str
    times: int
    contenders: Sequence[Contender]
    targets: Sequence[Target] = ()


class Result(NamedTuple):
    """A race that was run: turns by contender, one a round."""

    race: Race
    turns: dict[str, list[Turn]]

    def microseconds(self, name: str) -> float:
        """The median time that the work took."""
        return median(turn.wall_ns / turn.times for turn in self.turns[name]) / 1000

    def cpu_microseconds(self, name: str) -> float | None:
        """The median time that it kept our processor busy."""
        busy = [turn.cpu_ns / turn.times for turn in self.turns[name] if turn.cpu_ns is not None]
        return median(busy) / 1000 if busy else None

    def ratio(self, name: str, reference: str) -> float:
        """The median over the rounds of *name*'s time in *reference*'s time."""
        return median(
            (mine.wall_ns / mine.times) / (other.wall_ns / other.times)
            for mine, other in zip(self.turns[name], self.turns[reference], strict=True)
        )


def run(race: Race, rounds: int) -> Result:
    """Let all contenders take a turn in each of *rounds*, and in one more before that does not count."""
    turns: dict[str, list[Turn]] = {contender.name: [] for contender in race.contenders}
    for contender in race.contenders:
        contender.turn(max(1, race.times // 4))
    for number in range(rounds):
        # Each has each place in the order about as often, so nobody always follows the same.
        first = number % len(race.contenders)
        for contender in [*race.contenders[first:], *race.contenders[:first]]:
            gc.collect()
            turns[contender.name].append(contender.turn(race.times))
    return Result(race, turns)


def timed(count: int, work: Callable[[], object]) -> Turn:
    """Do *work* *count* times, and measure."""
    busy, start = time.process_time_ns(), time.perf_counter_ns()
    for _ in range(count):
        work()
    return Turn(count, time.perf_counter_ns() - start, time.process_time_ns() - busy)


async def timed_awaiting(count: int, work: Callable[[], Awaitable[object]]) -> Turn:
    """As `timed`, for work that is awaited."""
    busy, start = time.process_time_ns(), time.perf_counter_ns()
    for _ in range(count):
        await work()
    return Turn(count, time.perf_counter_ns() - start, time.process_time_ns() - busy)
