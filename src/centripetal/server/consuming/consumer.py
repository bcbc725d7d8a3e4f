"""PostgreSQL consumers of a running server: transactions that read, execute and delete rows (server 6.9.1).

Everything runs in the server's event loop; a driver that blocks waits in threads. Each partition has a task. A task
takes the lock of its partition, executes the oldest rows one by one, deletes them and commits. If a transaction fails,
its connection is closed, and the next attempt opens a new one.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, TypeAlias

from centripetal.errors import UsageError
from centripetal.protocol.dsn import secrets_of
from centripetal.server.consuming.drivers import Connection
from centripetal.server.consuming.options import PostgreSQLConsumer
from centripetal.server.consuming.rows import Row, Verdict, delete, lock, next_pause, peek, row_of, select
from centripetal.server.service import Consume
from centripetal.server.steps import SLICE

__all__ = ["Connect", "Consumers"]

logger = logging.getLogger("centripetal.server")

Connect: TypeAlias = Callable[[str], Awaitable[Connection]]
"""Connects to the database at a DSN."""

_MOST_CONNECTIONS = 4  # of one consumer, as in the real server on a small machine
_LISTEN_AGAIN = 1.0  # seconds after the connection for notifications was lost
_LONGEST_STOP = 2.0  # seconds that rows under way may take when the server stops


class Consumers:
    """The consumers of one server.

    Args:
        consumers: their options.
        connect: connects to a database.
        consume: executes a message.
        jitter: returns a random number from 0 to 1.
    """

    def __init__(
        self,
        consumers: Sequence[PostgreSQLConsumer],
        connect: Connect,
        consume: Consume,
        jitter: Callable[[], float],
    ) -> None:
        self._consumers = [_Consumer(each, connect, consume, jitter) for each in consumers]

    async def open(self) -> None:
        """Connect to the database of each consumer.

        Raises:
            UsageError: a database cannot be reached. The real server exits.
        """
        try:
            for each in self._consumers:
                await each.open()
        except BaseException:
            await self.stop()
            raise

    def start(self) -> None:
        """Begin to execute rows."""
        for each in self._consumers:
            each.start()

    async def stop(self) -> None:
        """Finish the rows under way, and close the connections."""
        await asyncio.gather(*(each.stop() for each in self._consumers))


class _Pool:
    """At most `_MOST_CONNECTIONS` connections, opened when they are needed."""

    def __init__(self, connect: Callable[[], Awaitable[Connection]]) -> None:
        self._connect = connect
        self._slots = asyncio.Semaphore(_MOST_CONNECTIONS)
        self._idle: list[Connection] = []

    @contextlib.asynccontextmanager
    async def borrow(self) -> AsyncIterator[Connection]:
        """Lend a connection. If the block fails, the connection is closed, which rolls back its transaction."""
        async with self._slots:
            connection = self._idle.pop() if self._idle else await self._connect()
            try:
                yield connection
            except BaseException:
                await connection.close()
                raise
            self._idle.append(connection)

    async def close(self) -> None:
        while self._idle:
            await self._idle.pop().close()


class _Reports:
    """Logs errors that repeat with every attempt only once."""

    def __init__(self, consumer: PostgreSQLConsumer) -> None:
        self._name = consumer.name
        self._secrets = [
            secret
            for dsn in (consumer.options.dsn, consumer.options.partition_notification_dsn)
            for secret in secrets_of(dsn)
        ]
        self._latest: dict[Any, str] = {}

    def reason(self, error: BaseException) -> str:
        """Return the first line of *error*, or its type if the line contains a password."""
        # The other lines quote the statement, or may contain data.
        text = str(error).strip().partition("\n")[0]
        if not text or any(secret in text for secret in self._secrets):
            return type(error).__name__
        return text

    def fail(self, place: Any, text: str) -> None:
        """Log an error of *place* unless it is the same as before."""
        if self._latest.get(place) != text:
            self._latest[place] = text
            logger.error("consumer %s: %s: %s; trying again", self._name, place, text)

    def succeed(self, place: Any) -> None:
        """Note that *place* works, so that its next error is logged."""
        if self._latest.pop(place, None) is not None:
            logger.info("consumer %s: %s works again", self._name, place)


class _Consumer:
    """One consumer."""

    def __init__(
        self, consumer: PostgreSQLConsumer, connect: Connect, consume: Consume, jitter: Callable[[], float]
    ) -> None:
        self._name = consumer.name
        self._options = options = consumer.options
        self._connect = connect
        self._consume = consume
        self._jitter = jitter
        self._pool = _Pool(lambda: connect(options.dsn))
        self._reports = _Reports(consumer)
        self._woken = [asyncio.Event() for _ in range(options.num_partitions)]
        self._tasks: list[asyncio.Task[None]] = []
        self._executing: set[asyncio.Task[Any] | None] = set()
        self._stopping = False
        self._slice_end = 0.0

    async def open(self) -> None:
        try:
            async with self._pool.borrow() as connection:
                await connection.run("SELECT 1")
        except Exception as error:
            raise UsageError(
                f"the consumer {self._name!r} cannot reach PostgreSQL: {self._reports.reason(error)}. Start the "
                "database and check the dsn; without it, the real server exits, too"
            ) from None

    def start(self) -> None:
        start = asyncio.get_running_loop().create_task
        self._tasks = [start(self._follow(partition)) for partition in range(self._options.num_partitions)]
        if self._options.partition_notification_channel:
            self._tasks.append(start(self._listen()))

    async def stop(self) -> None:
        self._stopping = True
        # A transaction that has executed rows is completed, so that they are not executed again after a restart.
        for task in self._tasks:
            if task not in self._executing:
                task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=_LONGEST_STOP)
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._pool.close()

    # ---- notifications

    async def _listen(self) -> None:
        options = self._options
        while True:
            try:
                connection = await self._connect(options.partition_notification_dsn or options.dsn)
                try:
                    self._reports.succeed("notifications")
                    await connection.listen(options.partition_notification_channel, self._wake)
                finally:
                    await connection.close()
            except Exception as error:
                self._reports.fail("notifications", self._reports.reason(error))
            await asyncio.sleep(_LISTEN_AGAIN)

    def _wake(self, payload: str) -> None:
        partition = _partition(payload)
        if partition in range(len(self._woken)):
            self._woken[partition].set()
        else:
            logger.error(
                "consumer %s: a notification was ignored: its payload must be a partition, 0 to %d, not %.40r",
                *(self._name, len(self._woken) - 1, payload),
            )

    # ---- rows

    async def _follow(self, partition: int) -> None:
        """Execute the rows of *partition* until the server stops."""
        options, woken = self._options, self._woken[partition]
        place = f"partition {partition}"
        pause, failures = 0.0, 0
        while not self._stopping:
            woken.clear()
            try:
                taken, problem = await self._take(partition)
            except Exception as error:
                taken, problem = 0, self._reports.reason(error)
            if problem:
                failures += 1
                pause = next_pause(pause, failures, self._jitter())
                self._reports.fail(place, problem)
                await asyncio.sleep(pause)
                continue
            pause, failures = 0.0, 0
            self._reports.succeed(place)
            if taken < options.partition_select_limit and not self._stopping:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(options.partition_poll_interval):
                        await woken.wait()

    async def _take(self, partition: int) -> tuple[int, str]:
        """Execute a batch, and return the number of rows and the error that ended it, or an empty text."""
        options = self._options
        async with self._pool.borrow() as connection:
            if not await connection.fetch(peek(options.outbox_table_name, partition)):
                return 0, ""
            await connection.run("BEGIN ISOLATION LEVEL READ COMMITTED")
            locked = await connection.fetch(lock(self._name, partition, is_patient=not options.use_try_lock))
            if options.use_try_lock and not locked[0][0]:
                await connection.run("ROLLBACK")
                return 0, ""
            found = await connection.fetch(select(options.outbox_table_name, partition, options.partition_select_limit))
            rows = [row_of(values) for values in found]
            task = asyncio.current_task()
            self._executing.add(task)
            try:
                done, problem = await self._execute(rows)
                if done:
                    await connection.run(delete(options.outbox_table_name, done))
                await connection.run("COMMIT")
            finally:
                self._executing.discard(task)
        return len(done), problem

    async def _execute(self, rows: Sequence[Row]) -> tuple[list[int], str]:
        """Execute *rows* until one must be tried again; return the ids of those before it, and its problem."""
        done: list[int] = []
        for row in rows:
            if self._stopping:
                break
            verdict = await self._verdict(row)
            if verdict.retry:
                return done, f"row {row.id} ({row.method}): {verdict.problem}"
            if verdict.problem:
                logger.error(
                    "consumer %s: row %d (%s) failed and was deleted: %s",
                    *(self._name, row.id, row.method, verdict.problem),
                )
            done.append(row.id)
        return done, ""

    async def _verdict(self, row: Row) -> Verdict:
        """Execute *row* in slices, so that the server answers clients in between."""
        steps = self._consume(row.method, row.payload)
        while True:
            try:
                next(steps)
            except StopIteration as end:
                verdict: Verdict = end.value
                return verdict
            if time.monotonic() > self._slice_end:
                await asyncio.sleep(0)
                self._slice_end = time.monotonic() + SLICE


def _partition(payload: str) -> int:
    """Return the number in the *payload* of a notification; -1 if it is not a number."""
    try:
        return int(payload)
    except ValueError:
        return -1
