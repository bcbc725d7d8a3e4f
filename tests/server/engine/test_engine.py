"""State of the engine and its lifetimes."""

import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from centripetal.server.engine.engine import NO_HISTORY, ClientInfo, Engine, HistoryOptions, Position, Publication

PLAIN = NO_HISTORY
KEPT = HistoryOptions(2, 10)
ACTIVE = HistoryOptions(5, 10, drop_inactive=True)


@pytest.fixture
def engine() -> Engine:
    return Engine()


def publish(engine: Engine, number: int, options: HistoryOptions, now: float = 0.0) -> tuple[str, ...]:
    return engine.publish(Publication(str(number), "c", b"%d" % number), options, now).subscribers


def uids(engine: Engine, now: float = 0.0) -> list[str]:
    return [publication.uid for publication in engine.history("c", KEPT, now, reverse=True)[0]]


def test_a_publication_goes_to_the_subscribers_of_its_channel(engine: Engine) -> None:
    """A publication goes to the current subscribers of its channel, in the order of their subscriptions."""
    for client in ("a", "b", "c"):
        engine.subscribe("c", client)
    engine.subscribe("other", "d")
    engine.unsubscribe("c", "b", PLAIN, 0)
    assert publish(engine, 1, PLAIN) == ("a", "c")
    assert engine.subscribers("c") == ("a", "c")


def test_a_channel_exists_while_it_has_a_subscriber(engine: Engine) -> None:
    """A channel exists only while it has a subscriber; a history does not keep it."""
    publish(engine, 1, KEPT)
    assert engine.channels() == []
    engine.subscribe("c", "a")
    engine.subscribe("c", "a")
    assert (engine.channels(), engine.count_channels()) == (["c"], 1)
    engine.unsubscribe("c", "a", PLAIN, 0)
    engine.unsubscribe("c", "a", PLAIN, 0)
    assert engine.channels() == []


def test_history_is_newest_first_and_bounded(engine: Engine) -> None:
    """History is newest first and keeps the last `history_size` messages."""
    for number in range(4):
        publish(engine, number, KEPT)
    assert uids(engine) == ["3", "2"]
    assert [publication.uid for publication in engine.history("c", KEPT, 0, limit=1, reverse=True)[0]] == ["3"]


@pytest.mark.parametrize(
    "options",
    [PLAIN, HistoryOptions(size=2), HistoryOptions(ttl=2), HistoryOptions(-1, 2)],
)
def test_history_needs_size_and_lifetime(engine: Engine, options: HistoryOptions) -> None:
    """History is kept only if both its size and its lifetime are set."""
    publish(engine, 1, options)
    assert not options.is_kept
    assert uids(engine) == []


def test_every_publication_restarts_the_lifetime_of_the_list(engine: Engine) -> None:
    """The whole list expires one lifetime after its latest message."""
    publish(engine, 1, KEPT, now=0.9)
    publish(engine, 2, KEPT, now=8.0)
    engine.sweep(17.9)
    assert uids(engine, 17.9) == ["2", "1"]
    engine.sweep(18.0)
    assert uids(engine, 18.0) == []


def test_lifetimes_have_a_resolution_of_one_second(engine: Engine) -> None:
    """A list is readable during its last second; a sweep at the start of that second removes it."""
    publish(engine, 1, KEPT, now=0.9)
    assert uids(engine, 10.9) == ["1"]
    assert uids(engine, 11.0) == []
    publish(engine, 2, KEPT, now=20.9)
    engine.sweep(30.0)
    assert uids(engine, 30.0) == []


def test_a_clock_that_is_set_back_restarts_the_lifetime(engine: Engine) -> None:
    """After the clock is set back, a list expires one lifetime later by the new clock."""
    publish(engine, 1, KEPT, now=1000)
    publish(engine, 2, KEPT, now=0)
    engine.sweep(9)
    assert uids(engine, 9) == ["2", "1"]
    engine.sweep(10)
    assert uids(engine, 10) == []


def test_inactive_channels_can_drop_messages(engine: Engine) -> None:
    """With `history_drop_inactive`, a message for a channel without a subscriber and without a list is dropped."""
    publish(engine, 1, ACTIVE)
    assert uids(engine) == []
    engine.subscribe("c", "a")
    publish(engine, 2, ACTIVE)
    assert uids(engine) == ["2"]


def test_a_channel_that_was_just_left_is_still_active(engine: Engine) -> None:
    """After the last subscriber leaves, messages are kept for another lifetime."""
    engine.subscribe("c", "a")
    engine.subscribe("c", "b")
    engine.unsubscribe("c", "a", ACTIVE, 0)
    engine.unsubscribe("c", "b", ACTIVE, 0)
    publish(engine, 1, ACTIVE, now=5)
    assert uids(engine, 5) == ["1"]
    engine.sweep(15)
    publish(engine, 2, ACTIVE, now=15)
    assert uids(engine, 15) == []


def test_presence_has_an_entry_per_connection(engine: Engine) -> None:
    """Presence entries are renewed and removed separately, and the returned mapping is a copy."""
    old, new, other = ClientInfo("u", "a"), ClientInfo("u", "a", b"1"), ClientInfo("u", "b")
    for info in (old, other, new):
        engine.add_presence("c", info)
    shown = engine.presence("c")
    assert shown == {"a": new, "b": other}
    shown.clear()
    engine.remove_presence("c", "a")
    engine.remove_presence("c", "nobody")
    engine.remove_presence("nowhere", "a")
    assert engine.presence("c") == {"b": other}
    engine.remove_presence("c", "b")
    assert engine.presence("c") == {}


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 30), st.booleans()), max_size=40))
def test_a_list_lives_between_one_second_less_and_one_more_than_its_lifetime(steps: list[tuple[int, bool]]) -> None:
    """A list lives for its lifetime, plus or minus one second, at any times of publications and sweeps."""
    engine, now, latest = Engine(), 0.0, None
    for tenths, is_publication in steps:
        now += tenths / 10
        if is_publication:
            publish(engine, 1, KEPT, now)
            latest = now
        else:
            engine.sweep(now)
        if latest is not None and now - latest <= KEPT.ttl - 1:
            assert uids(engine, now)
        if latest is None or now - latest >= KEPT.ttl + 1:
            assert not uids(engine, now)


# ---- streams of current servers

STREAM = HistoryOptions(3, 10, meta_ttl=20)


@pytest.fixture
def streams() -> Engine:
    numbers = itertools.count(1)
    return Engine(lambda: f"epoch-{next(numbers)}")


def offsets(engine: Engine, now: float = 0.0, **how: Any) -> list[int]:
    return [publication.offset for publication in engine.history("c", STREAM, now, **how)[0]]


def test_publications_are_numbered(streams: Engine) -> None:
    """Offsets start at 1, and the epoch is created by the first access to the stream."""
    assert streams.history("c", STREAM, 0) == ([], Position(0, "epoch-1"))
    first = streams.publish(Publication("", "c", b"1"), STREAM, 0)
    assert (first.position, first.publication.offset, first.previous) == (Position(1, "epoch-1"), 1, None)
    assert streams.publish(Publication("", "c", b"2"), STREAM, 0).previous == first.publication
    assert streams.publish(Publication("", "d", b"1"), STREAM, 0).position == Position(1, "epoch-2")
    assert streams.publish(Publication("", "c", b"3"), NO_HISTORY, 0).position == Position()


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ({}, [3, 4, 5]),
        ({"limit": 0}, []),
        ({"limit": 2}, [3, 4]),
        ({"reverse": True, "limit": 2}, [5, 4]),
        ({"since": 3}, [4, 5]),
        ({"since": 3, "limit": 1}, [4]),
        ({"since": 0}, [3, 4, 5]),
        ({"since": 1}, [3, 4, 5]),
        ({"since": 5}, []),
        ({"since": 99}, []),
        ({"since": 2**64 - 1}, [3, 4, 5]),
        ({"since": 5, "reverse": True}, [4, 3]),
        ({"since": 6, "reverse": True}, [5, 4, 3]),
        ({"since": 7, "reverse": True}, []),
        ({"since": 3, "reverse": True}, []),
        ({"since": 2, "reverse": True}, []),
    ],
)
def test_pages_match_the_real_server(streams: Engine, how: dict[str, Any], expected: list[int]) -> None:
    """Pages match the real server, also from positions that have expired or never existed."""
    for _ in range(5):
        streams.publish(Publication("", "c", b"1"), STREAM, 0)
    assert offsets(streams, **how) == expected


def test_positions_outlive_publications(streams: Engine) -> None:
    """A position outlives the publications and is reset after its own lifetime without use; reading counts as use."""
    streams.publish(Publication("", "c", b"1"), STREAM, 0)
    streams.sweep(10)
    assert streams.history("c", STREAM, 10) == ([], Position(1, "epoch-1"))
    streams.sweep(29)
    assert streams.history("c", STREAM, 29)[1] == Position(1, "epoch-1")
    streams.sweep(49)
    assert streams.history("c", STREAM, 49)[1] == Position(0, "epoch-2")


def test_positions_may_last_forever(streams: Engine) -> None:
    """A position without a lifetime never expires."""
    options = HistoryOptions(3, 10, meta_ttl=None)
    streams.publish(Publication("", "c", b"1"), options, 0)
    streams.sweep(10**9)
    assert streams.history("c", options, 10**9) == ([], Position(1, "epoch-1"))


def test_removing_a_history_keeps_the_position(streams: Engine) -> None:
    """Removing a history keeps its position, and removing a missing history has no effect."""
    streams.remove_history("c")
    streams.publish(Publication("", "c", b"1"), STREAM, 0)
    streams.remove_history("c")
    assert streams.history("c", STREAM, 0) == ([], Position(1, "epoch-1"))


def test_results_are_kept_by_idempotency_key(streams: Engine) -> None:
    """Each idempotency key keeps its result for its own lifetime."""
    options = HistoryOptions(3, 10, meta_ttl=None)
    for now, key in ((0, "a"), (100, "b"), (350, "a"), (399, "b"), (401, "b")):
        streams.sweep(now)
        streams.publish(Publication("", "c", b"1"), options, now, idempotency_key=key)
    assert streams.history("c", options, 401)[1].offset == 4


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 60), st.sampled_from(["publish", "read", "sweep", "remove"])), max_size=40))
def test_a_stream_is_consistent_at_any_time(steps: list[tuple[int, str]]) -> None:
    """Offsets have no gaps up to the top, the size limit holds, and the epoch lasts while the stream is in use."""
    engine, now, published = Engine(lambda: "epoch"), 0.0, 0
    for tenths, step in steps:
        now += tenths / 10
        if step == "publish":
            position = engine.publish(Publication("", "c", b"1"), STREAM, now).position
            published = position.offset
        elif step == "remove":
            engine.remove_history("c")
        elif step == "sweep":
            engine.sweep(now)
        else:
            found, top = engine.history("c", STREAM, now)
            numbers = [publication.offset for publication in found]
            assert numbers == list(range(top.offset - len(numbers) + 1, top.offset + 1))
            assert len(numbers) <= STREAM.size
            assert top.offset in (published, 0)


def test_stored_publications_are_counted_with_their_times() -> None:
    """Channels with stored publications are listed, with or without subscribers, until their history expires."""
    engine = Engine()
    engine.subscribe("quiet", "1")
    for channel, options in (("kept", STREAM), ("kept", STREAM), ("none", NO_HISTORY)):
        engine.publish(Publication("", channel, b"1"), options, 1000.5)
    assert engine.stored(1001) == {"kept": 2}
    assert [engine.count_stored(channel, 1001) for channel in ("kept", "none", "quiet")] == [2, 0, 0]
    assert [each.time for each in engine.history("kept", STREAM, 1001)[0]] == [1000.5, 1000.5]
    assert engine.stored(1012) == {}
