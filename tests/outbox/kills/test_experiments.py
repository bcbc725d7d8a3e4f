"""Each promise of the outbox, with a real Centrifugo, PostgreSQL and Redis; and a control run that must break it.

Without a real Centrifugo, only writers are killed, with the embedded server. These are short runs.
`python -m tests.outbox.kills.experiments` runs them in full.
"""

import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from centripetal import Client
from centripetal.outbox import Outbox
from tests.needs import needs
from tests.outbox.kills import experiments
from tests.outbox.kills.experiments import (
    Kind,
    kill_engine,
    kill_engine_without_outbox,
    kill_postgresql,
    kill_server,
    kill_writers,
    two_nodes,
)
from tests.outbox.kills.servers import KEY, Centrifugo
from tests.outbox.kills.subscriber import Subscriber
from tests.outbox.kills.writers import How
from tests.outbox.ways import WAYS, done, entered
from tests.postgresql import Cluster, PostgreSQL, cluster

pytestmark = needs("postgresql")
REAL = needs("centrifugo-v6")
KINDS = ["embedded", pytest.param("real", marks=REAL)]


def engine(function: Any) -> Any:
    """Mark a test that needs a real server with Redis."""
    return REAL(needs("redis-server")(function))


KILLS = 12
"""Writers that are killed. Each loses a message after its commit with a probability of more than a sixth."""


@pytest.mark.parametrize("kind", KINDS)
def test_killed_writers(postgresql: PostgreSQL, tmp_path: Path, kind: Kind) -> None:
    """If writers are killed, their messages arrive once and in order if and only if their orders are committed."""
    counts = kill_writers(postgresql.dsn, tmp_path, "outbox", KILLS, kind)
    assert counts.is_exact, counts


@pytest.mark.parametrize(
    ("how", "kind"),
    [("after", "embedded"), *(pytest.param(how, "real", marks=REAL) for how in ("after", "thread", "on_commit"))],
)
def test_publishing_after_the_commit_loses_messages(
    postgresql: PostgreSQL, tmp_path: Path, how: How, kind: Kind
) -> None:
    """Control: publications after the commit, also in a thread or `on_commit`, are lost if writers are killed."""
    for _ in range(4):
        counts = kill_writers(postgresql.dsn, tmp_path, how, 2 * KILLS, kind)
        assert counts.ghosts == 0
        if counts.lost:
            return
    pytest.fail("nothing was lost: this harness does not kill writers between commit and publication")


@REAL
def test_publishing_before_the_commit_publishes_ghosts(postgresql: PostgreSQL, tmp_path: Path) -> None:
    """Control: publications before the commit announce orders that are rolled back."""
    assert kill_writers(postgresql.dsn, tmp_path, "before", KILLS).ghosts > 0


@engine
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_server(postgresql: PostgreSQL, tmp_path: Path, number: signal.Signals) -> None:
    """If the server ends in a backlog, all rows are in the history and at a subscriber once and in order."""
    both = kill_server(postgresql.dsn, tmp_path, number, rows=24_000, kills=3)
    assert all(counts.is_exact for counts in both), both


@engine
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_server_without_keys(postgresql: PostgreSQL, tmp_path: Path, number: signal.Signals) -> None:
    """Control: without idempotency keys, the server publishes rows of its last batch again."""
    for counts in kill_server(postgresql.dsn, tmp_path, number, rows=24_000, kills=3, keys=False):
        assert counts.doubled > 0
        assert (counts.lost, counts.ghosts) == (0, 0)


@engine
def test_a_killed_engine(postgresql: PostgreSQL, tmp_path: Path) -> None:
    """While Redis is down, rows wait; afterwards they are published once and in order."""
    both = kill_engine(postgresql.dsn, tmp_path, rows=24_000, seconds=1)
    assert all(counts.is_exact for counts in both), both


@engine
def test_a_killed_engine_without_outbox(tmp_path: Path) -> None:
    """Control: publications of a client are lost while Redis is down, and the others arrive once and in order."""
    counts = kill_engine_without_outbox(tmp_path, publications=60, seconds=1)
    assert counts.lost > 0
    assert (counts.ghosts, counts.doubled, counts.disordered) == (0, 0, 0)


@pytest.fixture(scope="module")
def mortal() -> Iterator[Cluster]:
    """Yield a PostgreSQL server that can be killed, because no other test uses it."""
    with cluster() as made:
        made.start()
        yield made


@engine
def test_a_killed_postgresql(mortal: Cluster, tmp_path: Path) -> None:
    """If PostgreSQL is killed, messages arrive once and in order if and only if it recovers their orders."""
    both = kill_postgresql(mortal, tmp_path, "outbox", kills=2, seconds=0.5)
    assert all(counts.is_exact for counts in both), both


@engine
def test_a_killed_postgresql_without_keys(mortal: Cluster, tmp_path: Path) -> None:
    """Control: without idempotency keys, rows are published again whose deletion was lost with PostgreSQL."""
    for counts in kill_postgresql(mortal, tmp_path, "outbox without keys", kills=2, seconds=0.5):
        assert counts.doubled > 0
        assert (counts.lost, counts.ghosts) == (0, 0)


@engine
def test_two_nodes(postgresql: PostgreSQL, tmp_path: Path) -> None:
    """Two nodes with one table publish each row once and in order, even without idempotency keys."""
    both = two_nodes(postgresql.dsn, tmp_path, rows=8_000)
    assert all(counts.is_exact for counts in both), both


@engine
def test_two_nodes_with_different_names(postgresql: PostgreSQL, tmp_path: Path) -> None:
    """Control: consumers with different names do not exclude each other, and publish rows twice."""
    assert two_nodes(postgresql.dsn, tmp_path, rows=8_000, same_name=False).history.doubled > 0


@REAL
async def test_savepoints(postgresql: PostgreSQL, tmp_path: Path) -> None:
    """With each driver, subscribers receive what commits, without rolled back savepoints and transactions.

    Control: publications of a client from the same blocks arrive at once, whatever becomes of their transaction.
    """
    outbox = experiments.create(postgresql.dsn)
    expected: list[tuple[str, int]] = []
    names = [f"driver-{place}" for place in range(len(WAYS))]
    with (
        Centrifugo(tmp_path, outbox.server_config(postgresql.dsn)) as server,
        Subscriber(server.url, [*names, "control"]) as subscriber,
        Client(server.url, KEY) as client,
    ):
        for channel, way in zip(names, WAYS.values(), strict=True):
            await _use_savepoints(way, postgresql, outbox, client, channel)
            expected += [(channel, 1), (channel, 3), (channel, 5)]
        experiments.end(postgresql.dsn, outbox, [*names, "control"])
        subscriber.wait_for_the_end()
    arrived = subscriber.arrived
    assert sorted(message for message in arrived if message[0] != "control") == sorted(expected)
    assert [number for channel, number in arrived if channel == "control"] == [2, 4, 6] * len(WAYS)


class Abandoned(Exception):
    """Ends a transaction, which is then rolled back."""


async def _use_savepoints(way: Any, postgresql: PostgreSQL, outbox: Outbox, client: Client, channel: str) -> None:
    """Write 1, 3 and 5 so that they commit, and 2, 4 and 6 so that they are rolled back."""
    async with way(postgresql) as transaction:
        writer = outbox.on(transaction.given)
        await done(writer.publish(channel, 1))
        with suppress(Abandoned):
            async with entered(transaction.nested()):
                await done(writer.publish(channel, 2))
                client.publish("control", 2)
                raise Abandoned
        async with entered(transaction.nested()):
            await done(writer.publish(channel, 3))
            with suppress(Abandoned):
                async with entered(transaction.nested()):
                    await done(writer.publish(channel, 4))
                    client.publish("control", 4)
                    raise Abandoned
        await done(writer.publish(channel, 5))
    with suppress(Abandoned):
        async with way(postgresql) as transaction:
            await done(outbox.on(transaction.given).publish(channel, 6))
            client.publish("control", 6)
            raise Abandoned
