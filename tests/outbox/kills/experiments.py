"""Experiments with real servers: parts are killed while orders are written and published, and the result is counted.

    CENTRIFUGO_V6_BIN=… python -m tests.outbox.kills.experiments

runs all of them in full, with their control runs, and prints the counts.
"""

import itertools
import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from typing import Literal, NamedTuple

import psycopg

from centripetal import Client, Publish
from centripetal.errors import CentripetalError
from centripetal.outbox import Outbox
from centripetal.server import EmbeddedServer
from tests.outbox.kills.judging import Counts, Message, judge
from tests.outbox.kills.servers import KEY, Centrifugo, Redis, embedded
from tests.outbox.kills.subscriber import END, Subscriber
from tests.outbox.kills.writers import INSERT, ORDERS, SESSION, How, Job, Writers
from tests.postgresql import Cluster, cluster

__all__ = [
    "Both",
    "Kind",
    "create",
    "end",
    "kill_engine",
    "kill_engine_without_outbox",
    "kill_postgresql",
    "kill_server",
    "kill_writers",
    "two_nodes",
]

CHANNELS = [f"customer-{number}" for number in range(8)]
PARTITIONS = 4


Kind = Literal["real", "embedded"]


class Both(NamedTuple):
    """The messages that a recovering subscriber received, and those in the history, compared with the committed."""

    subscriber: Counts
    history: Counts


def create(dsn: str, *, keys: bool = True, name: str = "killed") -> Outbox:
    """Create the tables of orders and of an outbox, both empty."""
    outbox = Outbox(name, partitions=PARTITIONS, keys=keys)
    with psycopg.connect(dsn) as connection:
        for statement in [*outbox.ddl_drop(), *outbox.ddl(), "DROP TABLE IF EXISTS killed_orders", ORDERS]:
            connection.execute(statement.encode())
    return outbox


def _waiting(dsn: str, outbox: Outbox) -> int:
    with psycopg.connect(dsn) as connection:
        return sum(partition.rows for partition in outbox.status(connection))


def _committed(dsn: str) -> set[Message]:
    with psycopg.connect(dsn) as connection:
        return {
            (channel, number) for channel, number in connection.execute("SELECT channel, number FROM killed_orders")
        }


def _wait(reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not reached():
        assert time.monotonic() < deadline, "the condition was not met within 30 seconds"
        time.sleep(0.01)


def _wait_for_rows(dsn: str, outbox: Outbox, most: float) -> None:
    _wait(lambda: _waiting(dsn, outbox) <= most)


def _wait_for_sessions(dsn: str, most: int) -> None:
    """Wait until PostgreSQL has ended the sessions of killed writers: it may still execute a commit it has received."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        query = "SELECT count(*) FROM pg_stat_activity WHERE application_name = %s"
        _wait(lambda: connection.execute(query, [SESSION]).fetchone()[0] <= most)  # type: ignore[index]


def _wait_for_number(subscriber: Subscriber, channel: str, number: int) -> None:
    _wait(lambda: subscriber.latest[channel] > number)


def _wait_for_more(subscriber: Subscriber) -> None:
    before = len(subscriber.arrived)
    _wait(lambda: len(subscriber.arrived) > before + 100)


def end(dsn: str, outbox: Outbox, channels: Sequence[str] = CHANNELS) -> None:
    """Write the last message of each channel through the outbox, and wait until the server has executed all rows."""
    with psycopg.connect(dsn) as connection:
        outbox.on(connection).write([Publish(channel, END) for channel in channels])
    _wait_for_rows(dsn, outbox, 0)


def _both(committed: set[Message], server: Centrifugo, subscriber: Subscriber) -> Both:
    subscriber.wait_for_the_end()
    history = [message for message in server.history(CHANNELS) if message[1] != END]
    return Both(judge(committed, subscriber.arrived), judge(committed, history))


def kill_writers(dsn: str, folder: Path, how: How, kills: int, kind: Kind = "real") -> Counts:
    """Kill writers with SIGKILL, *kills* times, and compare the committed orders with what a subscriber received.

    Args:
        dsn: address of PostgreSQL.
        folder: folder for files.
        how: how the writers publish.
        kills: number of kills.
        kind: the server.
    """
    outbox = create(dsn)
    config = outbox.server_config(dsn)
    with ExitStack() as stack:
        server: EmbeddedServer | Centrifugo = embedded(config) if kind == "embedded" else Centrifugo(folder, config)
        stack.enter_context(server)
        subscriber = stack.enter_context(Subscriber(server.url, CHANNELS))
        writers = stack.enter_context(Writers(Job(how, outbox.table, PARTITIONS, dsn, server.url)))
        active = CHANNELS[:4]
        starts = {channel: writers.start(channel) for channel in active}
        for channel in itertools.islice(itertools.cycle(active), kills):
            _wait_for_number(subscriber, channel, starts[channel] + 5)
            time.sleep(random.uniform(0, 0.05))
            writers.kill(channel)
            _wait_for_sessions(dsn, len(active) - 1)
            starts[channel] = writers.start(channel)
        writers.kill_all()
        _wait_for_sessions(dsn, 0)
        end(dsn, outbox)
        subscriber.wait_for_the_end()
        return judge(_committed(dsn), subscriber.arrived)


def _fill(dsn: str, outbox: Outbox, rows: int) -> set[Message]:
    """Write *rows* messages in one transaction, and return them. Subscribers that count them must be subscribed."""
    messages = [(CHANNELS[row % len(CHANNELS)], row // len(CHANNELS)) for row in range(rows)]
    with psycopg.connect(dsn) as connection:
        outbox.on(connection).write([Publish(channel, number) for channel, number in messages])
    return set(messages)


def _place_many(dsn: str, outbox: Outbox, start: int, orders: int) -> None:
    """Save and publish *orders* orders in one transaction, on the channels that have no writer."""
    messages = [(CHANNELS[4 + number % 4], number) for number in range(start, start + orders)]
    with psycopg.connect(dsn) as connection:
        connection.cursor().executemany(INSERT, messages)
        outbox.on(connection).write([Publish(channel, number) for channel, number in messages])


def kill_server(dsn: str, folder: Path, number: signal.Signals, *, rows: int, kills: int, keys: bool = True) -> Both:
    """Kill the server with a signal, *kills* times, while it works through a backlog. The engine is Redis.

    Args:
        dsn: address of PostgreSQL.
        folder: folder for files.
        number: the signal.
        rows: number of rows of the backlog.
        kills: number of kills.
        keys: whether the rows have idempotency keys.
    """
    outbox = create(dsn, keys=keys)
    with ExitStack() as stack:
        redis = stack.enter_context(Redis(folder))
        server = stack.enter_context(Centrifugo(folder, outbox.server_config(dsn), redis))
        subscriber = stack.enter_context(Subscriber(server.url, CHANNELS))
        committed = _fill(dsn, outbox, rows)
        for kill in range(kills):
            # The backlog shrinks by equal parts between the kills. The pause hits different moments of a transaction.
            _wait_for_rows(dsn, outbox, rows * (kills - kill) / (kills + 1))
            time.sleep(random.uniform(0, 0.03))
            server.kill(number)
            assert _waiting(dsn, outbox), "the server was killed too late: increase rows"
            server.start()
        end(dsn, outbox)
        return _both(committed, server, subscriber)


def kill_engine(dsn: str, folder: Path, *, rows: int, seconds: float) -> Both:
    """Kill Redis for some *seconds* while the server works through a backlog of *rows* rows."""
    outbox = create(dsn)
    with ExitStack() as stack:
        redis = stack.enter_context(Redis(folder))
        server = stack.enter_context(Centrifugo(folder, outbox.server_config(dsn), redis))
        subscriber = stack.enter_context(Subscriber(server.url, CHANNELS))
        committed = _fill(dsn, outbox, rows)
        _wait_for_rows(dsn, outbox, rows * 2 / 3)
        redis.kill()
        time.sleep(seconds)
        assert _waiting(dsn, outbox), "Redis was killed too late: increase rows"
        redis.start()
        end(dsn, outbox)
        return _both(committed, server, subscriber)


def kill_engine_without_outbox(folder: Path, *, publications: int, seconds: float) -> Counts:
    """Kill Redis for some *seconds* while a client publishes as many messages, and ignores errors as loggers do."""
    with ExitStack() as stack:
        redis = stack.enter_context(Redis(folder))
        server = stack.enter_context(Centrifugo(folder, {}, redis))
        subscriber = stack.enter_context(Subscriber(server.url, CHANNELS))
        client = stack.enter_context(Client(server.url, KEY, timeout=1))
        messages = [(CHANNELS[row % len(CHANNELS)], row // len(CHANNELS)) for row in range(publications)]
        for place, (channel, number) in enumerate(messages):
            if place == publications // 3:
                redis.kill()
                killed = time.monotonic()
            if place == publications * 2 // 3:
                time.sleep(max(0, killed + seconds - time.monotonic()))
                redis.start()
            with suppress(CentripetalError):
                client.publish(channel, number)

        def end_again() -> bool:
            # The server delivers nothing until it has subscribed in Redis again.
            for channel in CHANNELS:
                client.publish(channel, END)
            return subscriber.has_ended

        _wait(end_again)
        return judge(set(messages), subscriber.arrived)


def kill_postgresql(postgresql: Cluster, folder: Path, how: How, *, kills: int, seconds: float) -> Both:
    """Kill all processes of PostgreSQL, *kills* times, while orders are written and published. The engine is Redis.

    Args:
        postgresql: a running server that no other test uses.
        folder: folder for files.
        how: how the writers publish.
        kills: number of kills.
        seconds: time of work before each kill.
    """
    dsn = postgresql.server.dsn
    outbox = create(dsn, keys=how == "outbox")
    with ExitStack() as stack:
        redis = stack.enter_context(Redis(folder))
        server = stack.enter_context(Centrifugo(folder, outbox.server_config(dsn), redis))
        subscriber = stack.enter_context(Subscriber(server.url, CHANNELS))
        writers = stack.enter_context(Writers(Job(how, outbox.table, PARTITIONS, dsn, server.url)))
        for channel in CHANNELS[:4]:
            writers.start(channel)
        for kill in range(kills):
            _wait_for_more(subscriber)
            time.sleep(seconds)
            # Small transactions are executed within a millisecond of each poll: only a larger one is hit for certain.
            start = 1 + kill * 4_000
            _place_many(dsn, outbox, start, 4_000)
            _wait_for_number(subscriber, CHANNELS[-1], start)
            time.sleep(random.uniform(0, 0.05))
            postgresql.kill()
            postgresql.start()
        _wait_for_more(subscriber)
        writers.kill_all()
        _wait_for_sessions(dsn, 0)
        end(dsn, outbox)
        return _both(_committed(dsn), server, subscriber)


def two_nodes(dsn: str, folder: Path, *, rows: int, same_name: bool = True) -> Both:
    """Let two servers with the same engine, Redis, work through a backlog of *rows* rows without keys.

    With the same name, their consumers exclude each other. With different names, which is a mistake, they do not.
    """
    outbox = create(dsn, keys=False)
    committed = _fill(dsn, outbox, rows)
    config = outbox.server_config(dsn)
    other = config if same_name else {"consumers": [{**config["consumers"][0], "name": "other"}]}
    with ExitStack() as stack:
        redis = stack.enter_context(Redis(folder))
        first = Centrifugo(folder, {}, redis)
        stack.enter_context(first)
        subscriber = stack.enter_context(Subscriber(first.url, CHANNELS))
        for each in (config, other):
            stack.enter_context(Centrifugo(folder, each, redis))
        end(dsn, outbox)
        return _both(committed, first, subscriber)


def _runs(postgresql: Cluster, folder: Path) -> Iterator[tuple[str, Callable[[], Counts | Both]]]:
    """Yield the name and the function of each experiment in full."""
    dsn = postgresql.server.dsn
    hows: tuple[How, ...] = ("outbox", "after", "thread", "before", "on_commit")
    for how in hows:
        yield f"writers killed, {how}", partial(kill_writers, dsn, folder, how, 40)
    for number in (signal.SIGKILL, signal.SIGTERM):
        for keys in (True, False):
            run = partial(kill_server, dsn, folder, number, rows=40_000, kills=6, keys=keys)
            yield f"server killed, {number.name}, keys={keys}", run
    yield "Redis killed", partial(kill_engine, dsn, folder, rows=40_000, seconds=4)
    yield "Redis killed, without outbox", partial(kill_engine_without_outbox, folder, publications=60, seconds=4)
    for same in (True, False):
        yield f"two nodes, same_name={same}", partial(two_nodes, dsn, folder, rows=40_000, same_name=same)
    hows = ("outbox", "outbox without keys")
    for how in hows:
        yield f"PostgreSQL killed, {how}", partial(kill_postgresql, postgresql, folder, how, kills=4, seconds=2)


def main() -> int:
    with cluster() as postgresql, tempfile.TemporaryDirectory() as folder:
        postgresql.start()
        for name, run in _runs(postgresql, Path(folder)):
            if all(part in name for part in sys.argv[1:]):
                began = time.monotonic()
                print(f"{name}: {run()} in {time.monotonic() - began:.1f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
