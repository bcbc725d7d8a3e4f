"""Pings of the server and the pongs of its clients."""

from centripetal.server.current.heartbeat import first_delay
from tests.server.current.world import World
from tests.server.environment import fixed_environment

PINGS = {"ping_interval": "10s", "pong_timeout": "4s"}


def test_first_pings_are_spread() -> None:
    """The first ping comes after a random time between half an interval and a whole interval."""
    environment = fixed_environment(jitter=iter((0.0, 0.5, 1.0)).__next__)
    assert [first_delay(10, environment) for _ in range(3)] == [5, 7.5, 10]


def test_a_client_that_answers_gets_more_pings() -> None:
    """A client that answers pings gets another after each interval; the first comes after three quarters of one."""
    world = World(client=PINGS)
    client = world.new()
    client.result("connect")
    for seconds in (7.5, 10, 10):
        world.wait(seconds - 0.1)
        assert client.pushed() == []
        world.wait(0.1)
        assert client.pushed() == [{}]
        client.say({})
    assert not client.ended


def test_a_client_without_a_pong_is_closed() -> None:
    """A client without a pong is closed after the timeout, even if it sends other messages."""
    world = World(client=PINGS)
    client = world.new()
    client.result("connect")
    world.wait(7.5)
    client.result("unsubscribe", channel="open:a")
    world.wait(3.9)
    assert not client.ended
    world.wait(0.1)
    assert client.close() == (3012, "no pong")


def test_an_unexpected_pong_closes_the_connection() -> None:
    """A command without an id counts as a pong, and a pong without a ping closes the connection."""
    world = World(client=PINGS)
    for early in (True, False):
        client = world.new()
        client.result("connect")
        if not early:
            world.wait(7.5)
            client.say({})
            assert not client.ended
        client.say({"subscribe": {"channel": "open:a"}})
        assert client.close() == (3501, "bad request")


def test_negative_times_turn_pings_or_pongs_off() -> None:
    """Negative times turn off pings or the wait for pongs, and the connect reply says so."""
    world = World(client={"ping_interval": "-1s", "pong_timeout": "-2s"})
    client = world.new()
    assert client.result("connect").keys() == {"client", "version"}
    world.wait(1000)
    assert (client.pushed(), client.ended) == ([], [])
    world = World(client={"ping_interval": "10s", "pong_timeout": "-1s"})
    client = world.new()
    assert client.result("connect").keys() == {"client", "version", "ping"}
    world.wait(20)
    assert (client.pushed(), client.ended) == ([{}, {}], [])
