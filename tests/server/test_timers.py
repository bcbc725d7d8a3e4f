"""The timers of one connection."""

from centripetal.server.timers import Timers
from tests.server.current.world import World


def test_a_timer_can_be_replaced_or_cleared() -> None:
    """Setting a timer replaces the timer of the same name, and clearing cancels it."""
    world = World()
    fired: list[str] = []
    timers = Timers(world.new())
    timers.set("a", 1, lambda: fired.append("never"))
    timers.set("a", 2, lambda: fired.append("a"))
    timers.set("b", 1, lambda: fired.append("never"))
    timers.clear("b")
    timers.clear("nobody")
    world.wait(3)
    assert fired == ["a"]
    timers.set("c", 1, lambda: fired.append("never"))
    timers.clear_all()
    world.wait(3)
    assert fired == ["a"]
