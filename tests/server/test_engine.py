"""What the engine remembers, and for how long."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from centripetal.server.engine import NO_HISTORY, ClientInfo, Engine, HistoryOptions, Publication

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
    """In the order in which they came, and to nobody who has left."""
    for client in ("a", "b", "c"):
        engine.subscribe("c", client)
    engine.subscribe("other", "d")
    engine.unsubscribe("c", "b", PLAIN, 0)
    assert publish(engine, 1, PLAIN) == ("a", "c")
    assert engine.subscribers("c") == ("a", "c")


def test_a_channel_exists_while_it_has_a_subscriber(engine: Engine) -> None:
    """History alone does not list it."""
    publish(engine, 1, KEPT)
    assert engine.channels() == []
    engine.subscribe("c", "a")
    engine.subscribe("c", "a")
    assert (engine.channels(), engine.count_channels()) == (["c"], 1)
    engine.unsubscribe("c", "a", PLAIN, 0)
    engine.unsubscribe("c", "a", PLAIN, 0)
    assert engine.channels() == []


def test_history_is_newest_first_and_cut(engine: Engine) -> None:
    """Only the last `history_size` messages are kept."""
    for number in range(4):
        publish(engine, number, KEPT)
    assert uids(engine) == ["3", "2"]
    assert [publication.uid for publication in engine.history("c", KEPT, 0, limit=1, reverse=True)[0]] == ["3"]


@pytest.mark.parametrize(
    "options",
    [PLAIN, HistoryOptions(size=2), HistoryOptions(ttl=2), HistoryOptions(-1, 2)],
)
def test_history_needs_size_and_lifetime(engine: Engine, options: HistoryOptions) -> None:
    """With one of them nothing is kept."""
    publish(engine, 1, options)
    assert not options.is_kept
    assert uids(engine) == []


def test_every_publication_restarts_the_lifetime_of_the_list(engine: Engine) -> None:
    """The list vanishes as a whole, a lifetime after the latest message."""
    publish(engine, 1, KEPT, now=0.9)
    publish(engine, 2, KEPT, now=8.0)
    engine.sweep(17.9)
    assert uids(engine, 17.9) == ["2", "1"]
    engine.sweep(18.0)
    assert uids(engine, 18.0) == []


def test_the_clock_works_in_whole_seconds(engine: Engine) -> None:
    """Without a sweep the list is found through its last second; a sweep ends it at its beginning."""
    publish(engine, 1, KEPT, now=0.9)
    assert uids(engine, 10.9) == ["1"]
    assert uids(engine, 11.0) == []
    publish(engine, 2, KEPT, now=20.9)
    engine.sweep(30.0)
    assert uids(engine, 30.0) == []


def test_a_clock_that_is_set_back_shortens_nothing_for_long(engine: Engine) -> None:
    """A list lives for its lifetime by the new clock."""
    publish(engine, 1, KEPT, now=1000)
    publish(engine, 2, KEPT, now=0)
    engine.sweep(9)
    assert uids(engine, 9) == ["2", "1"]
    engine.sweep(10)
    assert uids(engine, 10) == []


def test_inactive_channels_keep_nothing_if_so_configured(engine: Engine) -> None:
    """With `history_drop_inactive` a message without subscriber and without list is not stored."""
    publish(engine, 1, ACTIVE)
    assert uids(engine) == []
    engine.subscribe("c", "a")
    publish(engine, 2, ACTIVE)
    assert uids(engine) == ["2"]


def test_a_channel_that_was_just_left_is_still_active(engine: Engine) -> None:
    """When the last subscriber leaves, messages are kept for another lifetime."""
    engine.subscribe("c", "a")
    engine.subscribe("c", "b")
    engine.unsubscribe("c", "a", ACTIVE, 0)
    engine.unsubscribe("c", "b", ACTIVE, 0)
    publish(engine, 1, ACTIVE, now=5)
    assert uids(engine, 5) == ["1"]
    engine.sweep(15)
    publish(engine, 2, ACTIVE, now=15)
    assert uids(engine, 15) == []


def test_presence_is_an_entry_per_connection(engine: Engine) -> None:
    """Entries are renewed and removed one by one; what is returned is a copy."""
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
    """Whatever the times of publications and sweeps are."""
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
