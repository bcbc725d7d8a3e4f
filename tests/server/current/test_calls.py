"""The order of one client's commands while the application is asked, and what happens when the client leaves."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.server.current.proxied import connected, proxied
from tests.server.current.world import Client


def rpc(number: int) -> dict[str, Any]:
    return {"id": number, "rpc": {"method": f"m{number}"}}


def replies(client: Client) -> list[int]:
    found = [line["id"] for line in client.sent]
    client.sent.clear()
    return found


def test_commands_run_one_after_another() -> None:
    """Without `client.concurrency`, the next commands of a client wait for the answer."""
    world = proxied()
    client, other = connected(world), connected(world)
    client.say(rpc(1), {"id": 2, "subscribe": {"channel": "open:a"}}, rpc(3))
    client.say({"id": 4, "unsubscribe": {"channel": "open:a"}})
    other.say(rpc(9))
    assert [asked.event["method"] for asked in world.asked] == ["m1", "m9"]
    world.asked.pop(0).answer({})
    assert (replies(client), client.paused) == ([1, 2], True)
    world.asked.pop().answer({})
    assert replies(client) == [3, 4]
    assert not client.paused
    assert replies(other) == []  # its answer has not come yet
    world.asked.pop().answer({})
    assert replies(other) == [9]


def test_commands_wait_for_connect() -> None:
    """Commands wait for the answer about a connect before them, and are dropped if it refuses."""
    for concurrency in (0, 4):
        world = proxied(client={"concurrency": concurrency})
        client = world.new(pings=False)
        client.say({"id": 1, "connect": {}}, rpc(2), rpc(3))
        assert [asked.question.kind for asked in world.asked] == ["connect"]
        world.asked.pop().answer({"result": {"user": "42"}})
        assert replies(client) == [1]
        assert [asked.event["method"] for asked in world.asked] == (["m2", "m3"] if concurrency else ["m2"])
        refused = world.new(pings=False)
        refused.say({"id": 1, "connect": {}}, rpc(2))
        world.asked.pop().answer({"error": {"code": 401}})
        assert replies(refused) == [1]


def test_with_concurrency_commands_overtake_each_other() -> None:
    """With `client.concurrency`, as many commands ask at once, and their answers come in any order."""
    world = proxied(client={"concurrency": 2})
    client = connected(world)
    client.say(rpc(1), {"id": 2, "subscribe": {"channel": "open:a"}}, rpc(3))
    assert (replies(client), client.paused) == ([2], False)
    client.say({"id": 4, "unsubscribe": {"channel": "open:a"}}, {"id": 5, "subscribe": {"channel": "open:a"}})
    assert (replies(client), client.paused) == ([4], True)  # only commands that may ask wait for a free place
    client.say(rpc(6))
    world.asked.pop(1).answer({})
    assert replies(client) == [3, 5]
    assert [asked.event["method"] for asked in world.asked] == ["m1", "m6"]
    world.asked.pop().answer({})
    world.asked.pop().answer({})
    assert replies(client) == [6, 1]


def test_a_channel_counts_while_it_is_asked_about() -> None:
    """A subscription that is being asked about counts for duplicates and for the limit of channels."""
    world = proxied(client={"concurrency": 4, "channel_limit": 1})
    client = connected(world)
    client.say(
        *(
            {"id": number, "subscribe": {"channel": channel}}
            for number, channel in enumerate(("sub:a", "sub:a", "sub:b"), 1)
        )
    )
    assert [(line["id"], line["error"]["code"]) for line in client.sent] == [(2, 105), (3, 106)]
    client.sent.clear()
    world.asked.pop().answer({"error": {"code": 403}})
    client.say({"id": 4, "subscribe": {"channel": "sub:b"}})
    world.asked.pop().answer({})
    assert client.sent[1:] == [{"id": 4, "subscribe": {}}]


def test_a_client_that_leaves_ends_its_calls_only_with_concurrency() -> None:
    """With concurrency, leaving cancels the calls; without it, the answer still counts: the publication is made."""
    for concurrency, cancelled in ((0, False), (4, True)):
        world = proxied(client={"concurrency": concurrency})
        reader, client = world.user("1"), connected(world)
        reader.result("subscribe", channel="pub:a")
        client.say({"id": 1, "publish": {"channel": "pub:a", "data": 1}})
        client.session.close(None)
        (asked,) = world.asked
        assert asked.cancelled is cancelled
        if not cancelled:
            asked.answer({})
            assert reader.publications() == [1]
        assert client.sent == []


def test_answers_for_a_closed_connection_do_not_revive_it() -> None:
    """An answer about connect or subscribe that comes after the end of the connection has no effect."""
    world = proxied(client={"stale_close_delay": "5s"})
    stale = world.new(pings=False)
    stale.say({"id": 1, "connect": {}})
    world.wait(5)
    world.asked.pop().answer({"result": {"user": "42"}})
    assert (stale.close(), stale.sent, world.node.hub.count_connections()) == ((3502, "stale"), [], 0)
    client = connected(world)
    client.say({"id": 1, "subscribe": {"channel": "sub:a"}}, rpc(2))
    client.session.disconnect(3503, "force disconnect")
    world.wait(0)
    world.asked.pop().answer({})
    assert (client.sent, world.asked, world.node.engine.count_channels()) == ([], [], 0)


def test_refreshes_of_the_server_wait_for_a_free_place() -> None:
    """With concurrency, the server's own questions about a connection count, too, and wait if all places are taken."""
    world = proxied(refresh=True, client={"concurrency": 2})
    client = connected(world, {"expire_at": 1010})
    client.say(rpc(1), rpc(2))
    world.wait(10)
    assert [asked.question.kind for asked in world.asked] == ["rpc", "rpc"]
    world.asked.pop().answer({})
    assert [asked.question.kind for asked in world.asked] == ["rpc", "refresh"]


@given(concurrency=st.integers(0, 4), steps=st.lists(st.tuples(st.booleans(), st.integers(1, 9)), max_size=30))
def test_every_command_is_answered_once(concurrency: int, steps: list[tuple[bool, int]]) -> None:
    """Whatever the order of answers and messages, each command is answered once, and never more ask at once."""
    world = proxied(client={"concurrency": concurrency})
    client = connected(world)
    sent = 0
    for says, number in steps:
        if says:
            client.say(*(rpc(sent + each) for each in range(1, number + 1)))
            sent += number
        elif world.asked:
            world.asked.pop(number % len(world.asked)).answer({"result": {"data": number}})
        assert len(world.asked) <= max(concurrency, 1)
    while world.asked:
        world.asked.pop().answer({})
    assert sorted(replies(client)) == list(range(1, sent + 1))
    assert not client.paused
