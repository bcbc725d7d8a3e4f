"""Tests of the pool's choice between idle connections, with connections that count their checks."""

from typing import Any

import pytest

from centripetal.errors import ConnectionLostError
from centripetal.protocol.targets import Origin
from centripetal.transport.pool import HOT, PROMPT, STEADY, Pool

ORIGIN = Origin(False, "a", 80)


class Idle:
    """A connection whose state a test sets."""

    def __init__(self, *, certain: bool = True, lifetime: float = 1e9, uses: int = STEADY) -> None:
        self.origin, self.certain, self.reusable, self.closed = ORIGIN, certain, True, False
        self.generation: object = None
        self.used, self.uses = 0.0, uses - 1
        self.heard = False
        self.ended = False
        self.checks = 0
        self._lifetime = lifetime

    def stale(self) -> bool:
        self.checks += 1
        return self.ended or self.closed

    def lifetime(self, limit: float) -> float:
        return min(limit, self._lifetime)

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time of the pool's clock."""
    time = [1000.0]
    monkeypatch.setattr("centripetal.transport.pool.monotonic", lambda: time[0])
    return time


def pool_with(*connections: Idle, limit: int = 9, max_idle: float | None = 55) -> Pool[Any]:
    pool: Pool[Any] = Pool(limit, max_idle)
    for connection in connections:
        pool.give(pool.admit(connection))
    return pool


@pytest.mark.parametrize(
    ("idle", "more", "checks", "taken"),
    [
        (0, {}, 0, True),
        (HOT - 0.001, {}, 0, True),
        (HOT + 0.001, {}, 1, True),
        (0, {"certain": False}, 1, True),
        (0, {"uses": STEADY - 1}, 1, True),
        (54, {}, 1, True),
        (56, {}, 0, False),
        (4, {"lifetime": 5}, 1, True),
        (6, {"lifetime": 5}, 0, False),
        (-1, {}, 1, True),  # a clock that jumps
    ],
)
def test_when_a_connection_is_checked(
    now: list[float], idle: float, more: dict[str, Any], checks: int, taken: bool
) -> None:
    """A hot connection is not checked, another is checked once, and one that was idle for too long is closed."""
    connection = Idle(**more)
    pool = pool_with(connection)
    assert (pool.take(ORIGIN, now[0] + idle) is connection) is taken
    assert (connection.checks, connection.closed) == (checks, not taken)


def test_a_closed_connection_is_not_reused(now: list[float]) -> None:
    """A connection that ended while it was idle, or that its loop has closed, is skipped, and the next is used."""
    good, closed, ended = Idle(), Idle(), Idle(certain=False)
    pool = pool_with(good, ended, closed)
    closed.closed = ended.ended = True
    assert pool.take(ORIGIN, now[0]) is good
    assert (ended.closed, good.closed) == (True, False)


def test_unused_connections_are_closed(now: list[float]) -> None:
    """A connection below the busy ones is closed when it has been idle for too long, at the next call."""
    old, busy = Idle(), Idle()
    pool = pool_with(old, busy)
    for _ in range(2):
        now[0] += 30
        taken = pool.take(ORIGIN, now[0])
        assert taken is busy
        pool.give(taken)
    assert (old.closed, busy.closed) == (True, False)


@pytest.mark.parametrize(
    ("executed", "heard", "seconds", "again", "stale"),
    [
        ("no", False, 0, True, True),
        ("unknown", False, 0, False, True),
        ("unknown", True, 0, False, False),
        ("unknown", False, PROMPT + 1, False, False),
    ],
)
def test_a_lost_connection(
    now: list[float], executed: Any, heard: bool, seconds: float, again: bool, stale: bool
) -> None:
    """A request is sent again if the server has not seen it; the other idle connections are checked before reuse."""
    other, connection = Idle(), Idle()
    pool = pool_with(other, connection)
    began = now[0]
    assert pool.take(ORIGIN, began) is connection
    now[0] += seconds
    connection.heard = heard
    error = ConnectionLostError("gone", executed=executed)
    assert pool.lost(connection, error, began) is again
    assert error.stale is stale
    assert pool.take(ORIGIN, began) is other
    assert other.checks == 1
