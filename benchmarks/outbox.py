"""Cost of an outbox in a real PostgreSQL: `python -m benchmarks.outbox`. It needs CENTRIFUGO_V6_BIN.

It measures the processor time of converting a command to a row, the commits per second of concurrent writers that save
an order alone, with an outbox row (without and with notifications), or publish it after the commit, and the time from a
commit to a subscriber. The ways take turns, and the results are medians of the ratios within the rounds. The exit
status is 1 if a target is missed.
"""

import argparse
import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import psycopg

from centripetal import Client, Publish
from centripetal.client.watching import Watching
from centripetal.dialects.current.queue import Messages
from centripetal.dialects.current.watcher import Watcher
from centripetal.outbox import Outbox
from centripetal.protocol.watching import Published, Subscribed
from tests.outbox.kills.servers import KEY, Centrifugo
from tests.postgresql import cluster

__all__ = ["OUTBOXES", "TABLES", "WAYS", "Place", "main"]

WRITERS = 8
CHANNEL = "news"

POLLED = Outbox("polled", partitions=4)
NOTIFYING = Outbox("notifying", partitions=4, notify=True)
OUTBOXES = (POLLED, NOTIFYING)
TABLES = ["CREATE TABLE measured_orders (id SERIAL PRIMARY KEY, n INTEGER)", *POLLED.ddl(), *NOTIFYING.ddl()]


class Place(NamedTuple):
    """What a writer has: its connection, and a client of the server."""

    connection: "psycopg.Connection[Any]"
    client: Client

    def save(self, number: int) -> None:
        self.connection.execute("INSERT INTO measured_orders (n) VALUES (%s)", (number,))


def _alone(place: Place, number: int) -> None:
    place.save(number)
    place.connection.commit()


def _with_row(place: Place, number: int) -> None:
    place.save(number)
    POLLED.on(place.connection).publish(f"{CHANNEL}{number % 7}", {"n": number, "text": "hello"})
    place.connection.commit()


def _with_notification(place: Place, number: int) -> None:
    place.save(number)
    NOTIFYING.on(place.connection).publish(f"{CHANNEL}{number % 7}", {"n": number, "text": "hello"})
    place.connection.commit()


def _published_after(place: Place, number: int) -> None:
    _alone(place, number)
    place.client.publish(f"{CHANNEL}{number % 7}", {"n": number, "text": "hello"})


ALONE, ROW, NOTIFICATION, AFTER = "order alone", "with a row", "with a notification", "published after the commit"
WAYS: Mapping[str, Callable[[Place, int], None]] = {
    ALONE: _alone,
    ROW: _with_row,
    NOTIFICATION: _with_notification,
    AFTER: _published_after,
}
"""Each way saves an order in a transaction of its own."""


class Figure(NamedTuple):
    """A result, and its target: at most or at least a number, or None."""

    name: str
    value: float
    at_most: float | None = None
    at_least: float | None = None

    @property
    def is_met(self) -> bool:
        return (self.at_most is None or self.value <= self.at_most) and (
            self.at_least is None or self.value >= self.at_least
        )

    def __str__(self) -> str:
        bounds = {"at most": self.at_most, "at least": self.at_least}
        told = [f"{kind} {bound:g}" for kind, bound in bounds.items() if bound is not None]
        return "  ".join([f"{self.name:48}{self.value:8.2f}", *told, *([] if self.is_met else ["MISSED"])])


# ---- command to row


def row_microseconds(rounds: int, times: int = 20_000) -> list[float]:
    """Return the processor time of converting a command to a row, with a new idempotency key, by round."""
    messages = Messages(4, new_key=lambda: os.urandom(16).hex())
    command = Publish(CHANNEL, {"n": 1, "text": "hello"})
    found = []
    for _ in range(rounds):
        start = time.process_time_ns()
        for _ in range(times):
            messages.of(command)
        found.append((time.process_time_ns() - start) / times / 1000)
    return found


# ---- commits per second


def _write(pipe: "Connection[Any, Any]", dsn: str, url: str) -> None:
    """Save orders in the way and for the seconds that *pipe* asks for, until it asks for nothing."""
    with psycopg.connect(dsn) as connection, Client(url, KEY) as client:
        place = Place(connection, client)
        while (asked := pipe.recv()) is not None:
            (way, seconds), count = asked, 0
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                WAYS[way](place, count)
                count += 1
            pipe.send(count)


@contextmanager
def _writers(dsn: str, url: str) -> Iterator[Sequence["Connection[Any, Any]"]]:
    context = multiprocessing.get_context("spawn")
    with ExitStack() as stack:
        pipes = []
        for _ in range(WRITERS):
            ours, theirs = context.Pipe()
            process = context.Process(target=_write, args=(theirs, dsn, url), daemon=True)
            process.start()
            stack.callback(process.join, 10)
            pipes.append(ours)
        yield pipes
        for pipe in pipes:
            pipe.send(None)


def commits(dsn: str, url: str, rounds: int, seconds: float) -> dict[str, list[float]]:
    """Return the commits per second of each way, by round."""
    found: dict[str, list[float]] = {way: [] for way in WAYS}
    with _writers(dsn, url) as pipes, psycopg.connect(dsn, autocommit=True) as connection:
        for number in range(-1, rounds):
            # The order rotates, so that no way always follows the same other way. The first round does not count.
            first = number % len(WAYS)
            for way in [*list(WAYS)[first:], *list(WAYS)[:first]]:
                connection.execute(f"TRUNCATE measured_orders, {POLLED.table}, {NOTIFYING.table}")
                for pipe in pipes:
                    pipe.send((way, seconds if number >= 0 else 0.3))
                total = sum(pipe.recv() for pipe in pipes)
                if number >= 0:
                    found[way].append(total / seconds)
    return found


# ---- latency


def latencies(dsn: str, url: str, rounds: int, times: int) -> dict[str, list[float]]:
    """Return the median milliseconds from the end of a commit to a subscriber, for two ways, by round."""
    found: dict[str, list[float]] = {NOTIFICATION: [], AFTER: []}
    events = iter(Watching(Watcher([f"{CHANNEL}{n}" for n in range(7)]), url))
    subscribed = 0
    while subscribed < 7:
        subscribed += isinstance(next(events), Subscribed)
    with psycopg.connect(dsn) as connection, Client(url, KEY) as client:
        for _ in range(rounds):
            times_of: dict[str, list[float]] = {way: [] for way in found}
            for number in range(times):
                for way, spent in times_of.items():
                    spent.append(_latency(Place(connection, client), way, number, events))
                    time.sleep(0.005 + number % 10 / 1000)
            for way, spent in times_of.items():
                found[way].append(median(spent) * 1000)
    events.close()
    return found


def _latency(place: Place, way: str, number: int, events: Iterator[Any]) -> float:
    channel, data = f"{CHANNEL}{number % 7}", {"n": number, "text": "hello"}
    place.save(number)
    if way == NOTIFICATION:
        NOTIFYING.on(place.connection).publish(channel, data)
    place.connection.commit()
    start = time.perf_counter()
    if way == AFTER:
        place.client.publish(channel, data)
    while not isinstance(next(events), Published):
        pass
    return time.perf_counter() - start


# ---- the program


def _ratio(found: Mapping[str, Sequence[float]], ours: str, theirs: str) -> float:
    return median(a / b for a, b in zip(found[ours], found[theirs], strict=True))


def measure(rounds: int, seconds: float) -> list[Figure]:
    """Run all measurements, print the absolute numbers, and return the figures with targets."""
    # As a database on a server: it waits for the disk at each commit.
    real = {"fsync": "on", "full_page_writes": "on", "autovacuum": "on", "shared_buffers": "128MB"}
    with cluster(**real) as postgresql, tempfile.TemporaryDirectory() as name:
        dsn, folder = postgresql.start().dsn, Path(name)
        with psycopg.connect(dsn) as connection:
            for statement in TABLES:
                connection.execute(statement.encode())
        # Not in a row: the speed of a shared machine changes within seconds.
        spent = row_microseconds(rounds)
        with Centrifugo(folder, {}) as server:
            rates = commits(dsn, server.url, rounds, seconds)
        spent += row_microseconds(rounds)
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute(f"TRUNCATE {NOTIFYING.table}")
        with Centrifugo(folder, NOTIFYING.server_config(dsn)) as server:
            delays = latencies(dsn, server.url, rounds, 50)
        spent += row_microseconds(rounds)
    for way, found in rates.items():
        print(f"{way:48}{median(found):8.0f}  commits/s, {WRITERS} writers")
    for way, found in delays.items():
        print(f"{way:48}{median(found):8.2f}  ms from the commit to a subscriber, p50")
    return [
        Figure("microseconds from a command to a row", median(spent), at_most=5),
        Figure("commits with a row / order alone", _ratio(rates, ROW, ALONE), at_least=0.5),
        Figure("commits with a row / published after the commit", _ratio(rates, ROW, AFTER), at_least=0.7),
        Figure("commits with a notification / with a row", _ratio(rates, NOTIFICATION, ROW)),
        Figure("latency with a notification / published after", _ratio(delays, NOTIFICATION, AFTER), at_most=4),
    ]


def main() -> int:
    parser = argparse.ArgumentParser("python -m benchmarks.outbox", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="turns of each way (5)")
    parser.add_argument("--seconds", type=float, default=2.0, help="length of a turn (2)")
    options = parser.parse_args()
    figures = measure(options.rounds, options.seconds)
    for figure in figures:
        print(figure)
    return 0 if all(figure.is_met for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
