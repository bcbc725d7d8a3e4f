"""The node that client sessions use."""

import pytest

from centripetal.errors import ServerError
from centripetal.server.current.connection import OutgoingJoinLeave
from centripetal.server.engine.engine import ClientInfo, Position, Publication
from centripetal.server.engine.events import Event, Published
from tests.server.current.backstage import World


@pytest.fixture
def world() -> World:
    return World()


def test_joins_and_leaves_go_to_all_subscribers(world: World) -> None:
    """Joins and leaves go to the subscribers at that time, including the joining client; connections filter them."""
    connection, other = world.connect("1", "u", "a"), world.connect("2", "v", "b")
    info = ClientInfo("u", "1")
    world.node.announce_join("a", info)
    world.node.announce_leave("a", info)
    assert [(type(each), each.channel, each.info, each.joined) for each in connection.told] == [
        (OutgoingJoinLeave, "a", info, True),
        (OutgoingJoinLeave, "a", info, False),
    ]
    assert other.told == []


def test_a_client_is_the_author_of_what_it_publishes(world: World) -> None:
    """The author of a client's publication is the client, also in the event."""
    heard: list[Event] = []
    world.node.events.listen(heard.append)
    publication = Publication("", "a", b"1", "1", ClientInfo("u", "1"))
    assert world.node.publish(publication, world.node.options("a"), world.time) == Position()
    (event,) = heard
    assert isinstance(event, Published)
    assert (event.client, event.user, event.by_client) == ("1", "u", True)


def test_a_history_is_paged_from_a_position(world: World) -> None:
    """History is paged from a position in both directions; a given epoch must match the stream's epoch."""
    options = world.node.options("hist:a")
    for number in range(1, 4):
        world.node.publish(Publication("", "hist:a", b"%d" % number), options, world.time)

    def offsets(since: Position | None, limit: int = -1, *, reverse: bool = False) -> list[int]:
        found, top = world.node.history("hist:a", options, world.time, since=since, limit=limit, reverse=reverse)
        assert top == Position(3, "epoch-1")
        return [publication.offset for publication in found]

    assert offsets(None, 0) == []
    assert offsets(Position(1)) == [2, 3]
    assert offsets(Position(1, "epoch-1"), 1) == [2]
    assert offsets(Position(3), reverse=True) == [2, 1]
    for since, reverse, code in ((Position(1, "other"), False, 112), (Position(0), True, 107)):
        with pytest.raises(ServerError) as caught:
            offsets(since, reverse=reverse)
        assert caught.value.code == code
