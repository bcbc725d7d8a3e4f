"""The system clock, ids and process metrics of a server."""

from centripetal.server import EmbeddedServer
from centripetal.server.system import system_environment
from centripetal.server.v1.metrics import GAUGES
from tests.server.test_embedded import OPEN, ask


def test_message_ids_are_22_characters_that_share_a_prefix() -> None:
    """Message ids have 22 characters and share a prefix, as in the real server."""
    publish = {"method": "publish", "params": {"channel": "c", "data": 1}}
    with EmbeddedServer(config=OPEN) as server:
        *_, history = ask(server.url, [publish, publish, {"method": "history", "params": {"channel": "c"}}])
    uids = [message["uid"] for message in history["body"]["data"]]  # type: ignore[index]
    assert len(set(uids)) == 2
    assert all(len(uid) == 22 and uid.isalnum() for uid in uids)
    assert uids[0][:12] == uids[1][:12]


def test_each_server_process_has_distinct_ids() -> None:
    """Two environments create message ids with different prefixes; an epoch has eight letters."""
    first, second = system_environment(), system_environment()
    assert first.new_message_id()[:12] == first.new_message_id()[:12] != second.new_message_id()[:12]
    assert first.new_uuid() != first.new_uuid()
    assert first.new_token() != first.new_token()
    assert all(len(epoch) == 8 and epoch.isalpha() for epoch in (first.new_epoch(), second.new_epoch()))


def test_process_usage_has_metric_names() -> None:
    """Every reading is a 1.x gauge, and there is at least one thread."""
    usage = system_environment().process_usage()
    assert usage.keys() <= set(GAUGES)
    assert usage["node_num_goroutine"] >= 1
