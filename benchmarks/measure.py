"""Races: contenders do the same work in turns, and the result is the ratio of two contenders in the same round.

A shared machine is fast in one second and slow in the next. Contenders that take turns (A B C A B C …) get the same
machine, so the median of the ratios within rounds is reliable even where times are not.
"""

from collections.abc import Sequence
from statistics import median
from typing import NamedTuple, Protocol

__all__ = ["Contender", "Race", "Result", "Target", "Turn", "run"]


class Turn(NamedTuple):
    """Result of one contender in one round.

    Attributes:
        times: number of calls.
        wall_ns, cpu_ns: duration of all calls, and processor time of the contender's process, in nanoseconds.
        p50_ns, p99_ns: median and 99th percentile of the durations of its calls.
        peak_kb: peak memory of its process so far.
    """

    times: int
    wall_ns: int
    cpu_ns: int
    p50_ns: int
    p99_ns: int
    peak_kb: int = 0


class Contender(Protocol):
    """An object that can do the work of a race."""

    @property
    def name(self) -> str: ...

    def turn(self, times: int) -> Turn:
        """Do the work about *times* times."""
        ...

    def close(self) -> None: ...


class Target(NamedTuple):
    """A target: *ours* must be at least *least* times as fast as *theirs*."""

    ours: str
    theirs: str
    least: float


class Race(NamedTuple):
    """Work and its contenders.

    Attributes:
        name: name of the work, for selecting it.
        messages: number of messages per call.
        workers: number of concurrent calls.
        contenders: participants.
        targets: required ratios.
        busy: maximum processor time per message, in microseconds, by contender.
    """

    name: str
    messages: int
    workers: int
    contenders: Sequence[Contender]
    targets: Sequence[Target] = ()
    busy: Sequence[tuple[str, float]] = ()


class Result(NamedTuple):
    """A finished race: one turn per round of each contender."""

    race: Race
    turns: dict[str, list[Turn]]

    def rate(self, name: str) -> float:
        """Return the median over the rounds of messages per second."""
        return median(turn.times * self.race.messages / turn.wall_ns for turn in self.turns[name]) * 1e9

    def cpu_microseconds(self, name: str) -> float:
        """Return the median over the rounds of the processor time per message."""
        return median(turn.cpu_ns / turn.times for turn in self.turns[name]) / self.race.messages / 1e3

    def p50_milliseconds(self, name: str) -> float:
        return median(turn.p50_ns for turn in self.turns[name]) / 1e6

    def p99_milliseconds(self, name: str) -> float:
        return median(turn.p99_ns for turn in self.turns[name]) / 1e6

    def peak_megabytes(self, name: str) -> float:
        return max(turn.peak_kb for turn in self.turns[name]) / 1024

    def speed(self, name: str, reference: str) -> float:
        """Return the median over the rounds of the speed of *name* relative to *reference*."""
        return median(
            (other.wall_ns / other.times) / (mine.wall_ns / mine.times)
            for mine, other in zip(self.turns[name], self.turns[reference], strict=True)
        )


def run(race: Race, rounds: int, seconds: float) -> Result:
    """Run *rounds* rounds with a turn of about *seconds* per contender, after two turns that do not count."""
    turns: dict[str, list[Turn]] = {contender.name: [] for contender in race.contenders}
    times = {contender.name: _times(race, contender, seconds) for contender in race.contenders}
    for number in range(rounds):
        # The order rotates, so that no contender always follows the same other contender.
        first = number % len(race.contenders)
        for contender in [*race.contenders[first:], *race.contenders[:first]]:
            turns[contender.name].append(contender.turn(times[contender.name]))
    return Result(race, turns)


def _times(race: Race, contender: Contender, seconds: float) -> int:
    """Return how many calls *contender* makes in that time, but at least two per worker."""
    contender.turn(2 * race.workers)
    turn = contender.turn(4 * race.workers)
    each = turn.times * seconds * 1e9 / turn.wall_ns / race.workers
    return max(2, round(each)) * race.workers
