"""What a server gets of the real world."""

from centripetal.server import EmbeddedServer
from centripetal.server.system import system_environment
from centripetal.server.v1.metrics import GAUGES
from tests.server.test_embedded import OPEN, ask


def test_message_ids_are_22_characters_that_share_a_prefix() -> None:
    """As those of the real server."""
    publish = {"method": "publish", "params": {"channel": "c", "data": 1}}
    with EmbeddedServer(config=OPEN) as server:
        *_, history = ask(server.url, [publish, publish, {"method": "history", "params": {"channel": "c"}}])
    uids = [message["uid"] for message in history["body"]["data"]]  # type: ignore[index]
    assert len(set(uids)) == 2
    assert all(len(uid) == 22 and uid.isalnum() for uid in uids)
    assert uids[0][:12] == uids[1][:12]


def test_each_server_process_has_ids_of_its_own() -> None:
    """Two environments make message ids with different prefixes; epochs are eight letters."""
    first, second = system_environment(), system_environment()
    assert first.new_message_id()[:12] == first.new_message_id()[:12] != second.new_message_id()[:12]
    assert first.new_uuid() != first.new_uuid()
    assert first.new_token() != first.new_token()
    assert all(len(epoch) == 8 and epoch.isalpha() for epoch in (first.new_epoch(), second.new_epoch()))


def test_the_usage_of_the_process_is_given_by_the_names_of_metrics() -> None:
    """Every reading is a gauge of 1.x, and there is at least one thread."""
    usage = system_environment().process_usage()
    assert usage.keys() <= set(GAUGES)
    assert usage["node_num_goroutine"] >= 1
