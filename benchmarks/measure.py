"""Races: contenders do the same work in turns, and what counts is the ratio of two of them in the same round.

A machine that others use is fast in one second and slow in the next. Contenders that take turns (A B C A B C …) meet
the same machine, so the median over all rounds of the ratio within a round holds still where times do not.
"""

from collections.abc import Sequence
from statistics import median
from typing import NamedTuple, Protocol

__all__ = ["Contender", "Race", "Result", "Target", "Turn", "run"]


class Turn(NamedTuple):
    """What one contender took for its part of a round.

    Attributes:
        times: how many calls it made.
        wall_ns, cpu_ns: nanoseconds for all of it; `cpu_ns` of the contender's process alone.
        p50_ns, p99_ns: what half, and 99 in a hundred, of its calls did not exceed.
        peak_kb: the most memory that its process has had so far.
    """

    times: int
    wall_ns: int
    cpu_ns: int
    p50_ns: int
    p99_ns: int
    peak_kb: int = 0


class Contender(Protocol):
    """Somebody who can do the work of a race."""

    @property
    def name(self) -> str: ...

    def turn(self, times: int) -> Turn:
        """Do the work about *times* times."""
        ...

    def close(self) -> None: ...


class Target(NamedTuple):
    """What is aimed at: *ours* is at least *least* times as fast as *theirs*."""

    ours: str
    theirs: str
    least: float


class Race(NamedTuple):
    """Work, and who competes in it.

    Attributes:
        name: what the work is, as one names it to select it.
        messages: how many messages one call carries.
        workers: how many calls are under way at the same time.
        contenders: who competes.
        targets: what is aimed at.
        busy: who may take how many microseconds of processor time a message.
    """

    name: str
    messages: int
    workers: int
    contenders: Sequence[Contender]
    targets: Sequence[Target] = ()
    busy: Sequence[tuple[str, float]] = ()


class Result(NamedTuple):
    """A race that was run: turns by contender, one a round."""

    race: Race
    turns: dict[str, list[Turn]]

    def rate(self, name: str) -> float:
        """Messages per second: the median over the rounds."""
        return median(turn.times * self.race.messages / turn.wall_ns for turn in self.turns[name]) * 1e9

    def cpu_microseconds(self, name: str) -> float:
        """Processor time of one message: the median over the rounds."""
        return median(turn.cpu_ns / turn.times for turn in self.turns[name]) / self.race.messages / 1e3

    def p50_milliseconds(self, name: str) -> float:
        return median(turn.p50_ns for turn in self.turns[name]) / 1e6

    def p99_milliseconds(self, name: str) -> float:
        return median(turn.p99_ns for turn in self.turns[name]) / 1e6

    def peak_megabytes(self, name: str) -> float:
        return max(turn.peak_kb for turn in self.turns[name]) / 1024

    def speed(self, name: str, reference: str) -> float:
        """How many times as fast *name* is as *reference*: the median over the rounds."""
        return median(
            (other.wall_ns / other.times) / (mine.wall_ns / mine.times)
            for mine, other in zip(self.turns[name], self.turns[reference], strict=True)
        )


def run(race: Race, rounds: int, seconds: float) -> Result:
    """Let all contenders take a turn of about *seconds* in each of *rounds*, and two before that do not count."""
    turns: dict[str, list[Turn]] = {contender.name: [] for contender in race.contenders}
    times = {contender.name: _times(race, contender, seconds) for contender in race.contenders}
    for number in range(rounds):
        # Each has each place in the order about as often, so nobody always follows the same.
        first = number % len(race.contenders)
        for contender in [*race.contenders[first:], *race.contenders[:first]]:
            turns[contender.name].append(contender.turn(times[contender.name]))
    return Result(race, turns)


def _times(race: Race, contender: Contender, seconds: float) -> int:
    """How many calls *contender* makes in that time, but at least two with each of the workers."""
    contender.turn(2 * race.workers)
    turn = contender.turn(4 * race.workers)
    each = turn.times * seconds * 1e9 / turn.wall_ns / race.workers
    return max(2, round(each)) * race.workers
