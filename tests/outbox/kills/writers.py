"""Writers that save orders and publish them, in processes that can be killed.

One program, this module, forks each writer: starting Python for each would take longer than a writer lives. The writers
end with it.
"""

import itertools
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Literal, NamedTuple, Self

import psycopg

from centripetal import Client
from centripetal.outbox import Outbox
from tests.outbox.kills.servers import KEY

__all__ = ["INSERT", "ORDERS", "SESSION", "How", "Job", "Writers"]

How = Literal["outbox", "outbox without keys", "after", "thread", "before", "on_commit"]
"""How orders are published: with the outbox, or by a client after the commit, after it in a thread that works through a
queue, before the commit, or in Django's `on_commit`."""

ORDERS = "CREATE TABLE killed_orders (channel TEXT, number BIGINT, PRIMARY KEY (channel, number))"
SESSION = "writer"
"""Name of the writers' sessions in PostgreSQL (`application_name`)."""

INSERT = "INSERT INTO killed_orders VALUES (%s, %s)"
_ROLLED_BACK = 0.1
"""Fraction of the transactions that are rolled back."""


class Job(NamedTuple):
    """Work of the writers: how they publish, and the addresses of both servers."""

    how: How
    outbox: str
    partitions: int
    dsn: str
    url: str


class Writers:
    """Writers of *job*, one per channel at a time."""

    def __init__(self, job: Job) -> None:
        command = [sys.executable, "-m", __name__, json.dumps(job)]
        environment = {**os.environ, "PGAPPNAME": SESSION}
        self._program = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment, start_new_session=True
        )
        self._pids: dict[str, int] = {}
        self._starts = itertools.count(1, 1_000_000)

    def start(self, channel: str) -> int:
        """Start a writer. Return its first number, which is larger than those of all writers before."""
        assert self._program.stdin
        assert self._program.stdout
        start = next(self._starts)
        print(channel, start, file=self._program.stdin, flush=True)
        self._pids[channel] = int(self._program.stdout.readline())
        return start

    def kill(self, channel: str) -> None:
        """Kill the writer of *channel* with SIGKILL, wherever it is, and wait until it has ended."""
        pid = self._pids.pop(channel)
        os.kill(pid, signal.SIGKILL)
        while True:
            try:
                os.kill(pid, 0)
            except ProcessLookupError:
                return
            time.sleep(0.001)

    def kill_all(self) -> None:
        for channel in [*self._pids]:
            self.kill(channel)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._program.stdin
        assert self._program.stdout
        self._program.stdin.close()  # ends the program with its writers
        self._program.wait(10)
        self._program.stdout.close()


Place = Callable[[str, int, bool], None]
"""Saves an order of a channel with a number, and publishes it. The flag rolls the transaction back."""


@contextmanager
def _writing_sql(job: Job) -> Iterator[Place]:
    outbox = Outbox(job.outbox, partitions=job.partitions, keys=job.how != "outbox without keys")
    with (
        psycopg.connect(job.dsn) as connection,
        Client(job.url, KEY, timeout=5) as client,
        ThreadPoolExecutor(1) as thread,
    ):

        def place(channel: str, number: int, rolled_back: bool) -> None:
            connection.execute(INSERT, (channel, number))
            if job.how.startswith("outbox"):
                outbox.on(connection).publish(channel, number)
            elif job.how == "before":
                client.publish(channel, number)
            if rolled_back:
                connection.rollback()
                return
            connection.commit()
            if job.how == "after":
                client.publish(channel, number)
            elif job.how == "thread":
                thread.submit(client.publish, channel, number)

        yield place


@contextmanager
def _writing_django(job: Job) -> Iterator[Place]:
    from django.db import connection, transaction

    with Client(job.url, KEY, timeout=5) as client:

        def place(channel: str, number: int, rolled_back: bool) -> None:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(INSERT, (channel, number))
                transaction.on_commit(lambda: client.publish(channel, number), robust=True)
                transaction.set_rollback(rolled_back)

        yield place


def _set_django_up(dsn: str) -> None:
    import django
    from django.conf import settings

    address = psycopg.conninfo.conninfo_to_dict(dsn)
    database = {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": address["host"],
        "PORT": address["port"],
        "USER": address["user"],
        "NAME": address["dbname"],
    }
    settings.configure(DATABASES={"default": database})
    django.setup()


def _write(job: Job, channel: str, start: int) -> None:
    """Place orders until this process is killed. If the database is killed, connect to it again."""
    numbers, chance = itertools.count(start), random.Random(start)
    writing = _writing_django if job.how == "on_commit" else _writing_sql
    while True:
        with suppress(psycopg.Error), writing(job) as place:
            for number in numbers:
                place(channel, number, chance.random() < _ROLLED_BACK)
        time.sleep(0.02)


def main() -> None:
    job = Job(*json.loads(sys.argv[1]))
    # Once for all writers: imports and preparations that would take most of the short life of each.
    Client(job.url, KEY).close()
    if job.how == "on_commit":
        _set_django_up(job.dsn)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the system removes writers that have ended
    for line in sys.stdin:
        channel, start = line.split()
        if (pid := os.fork()) == 0:
            _write(job, channel, int(start))
        print(pid, flush=True)
    os.killpg(0, signal.SIGKILL)  # its session has only this program and its writers


if __name__ == "__main__":
    main()
