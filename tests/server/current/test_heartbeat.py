"""The question whether a client is alive, and when it is asked."""

from centripetal.server.current.heartbeat import first_delay
from tests.server.current.world import World
from tests.server.environment import fixed_environment

PINGS = {"ping_interval": "10s", "pong_timeout": "4s"}


def test_clients_are_not_served_all_at_once() -> None:
    """The first time is between half an interval and a whole one."""
    environment = fixed_environment(jitter=iter((0.0, 0.5, 1.0)).__next__)
    assert [first_delay(10, environment) for _ in range(3)] == [5, 7.5, 10]


def test_a_client_that_answers_is_asked_again() -> None:
    """First after three quarters of an interval, by the jitter here, then each interval."""
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


def test_a_client_that_does_not_answer_is_closed() -> None:
    """When it has had the time for it; other messages are no answer."""
    world = World(client=PINGS)
    client = world.new()
    client.result("connect")
    world.wait(7.5)
    client.result("unsubscribe", channel="open:a")
    world.wait(3.9)
    assert not client.ended
    world.wait(0.1)
    assert client.close() == (3012, "no pong")


def test_an_answer_that_nobody_asked_for_ends_the_connection() -> None:
    """Before the first question, and a second one to the same; so does a command without an id."""
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


def test_without_an_interval_nobody_is_asked() -> None:
    """Nor told so; without a time-out no answer is wanted. That is what negative times are for."""
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
