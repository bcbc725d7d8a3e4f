"""Recovery of missed publications when a client resubscribes."""

from typing import Any

import pytest

from centripetal.dialects.current.client_protocol.commands import Subscribe
from centripetal.dialects.current.objects import FilterNode
from centripetal.errors import ServerError
from centripetal.server.current.recovery import Recovery, recover
from centripetal.server.current.subscribe_options import SubscribeOptions
from centripetal.server.engine.engine import Engine, HistoryOptions, Position, Publication

STREAM = HistoryOptions(size=3, ttl=60, meta_ttl=600)
RECOVERY = SubscribeOptions(recovery=True, stream=STREAM)
CACHE = SubscribeOptions(recovery=True, cache=True, stream=STREAM)
TOP = Position(5, "e")


def back(
    options: SubscribeOptions = RECOVERY, count: int = 5, only: str = "", limit: int = 300, **params: Any
) -> tuple[bool, list[str], Position]:
    """Recover in a channel with *count* publications, the last three of which are kept."""
    engine = Engine(lambda: "e")
    for number in range(1, count + 1):
        engine.publish(Publication("", "c", b"%d" % number, tags={"n": str(number)}), STREAM, 1000)
    filter_ = FilterNode(key="n", cmp="in", vals=only.split()) if only else None
    found = recover(engine, Subscribe("c", **params), options, filter_, limit=limit, now=1000)
    return found.recovered, [each.data.decode() for each in found.publications], found.top


@pytest.mark.parametrize(
    ("params", "recovered", "missed"),
    [
        ({"offset": 5, "epoch": "e"}, True, []),
        ({"offset": 3, "epoch": "e"}, True, ["4", "5"]),
        ({"offset": 2, "epoch": "e"}, True, ["3", "4", "5"]),
        # A client without an epoch is trusted.
        ({"offset": 3}, True, ["4", "5"]),
        ({"offset": 1, "epoch": "e"}, False, []),
        ({"offset": 6, "epoch": "e"}, False, []),
        ({"offset": 3, "epoch": "other"}, False, []),
        ({"offset": 5, "epoch": "other"}, False, []),
        ({"offset": 2, "limit": 2}, False, []),
        ({"offset": 3, "limit": 2}, True, ["4", "5"]),
        ({"offset": 2, "limit": 0}, True, ["3", "4", "5"]),
        ({"offset": 1, "epoch": "e", "only": "4"}, False, []),
        ({"offset": 2, "epoch": "e", "only": "4 7"}, True, ["4"]),
    ],
)
def test_a_stream_recovers_all_or_nothing(params: dict[str, Any], recovered: bool, missed: list[str]) -> None:
    """Recovery needs all publications after the position in the same epoch; a filter only removes unwanted ones."""
    assert back(recover=True, **params) == (recovered, missed, TOP)


def test_an_empty_stream_has_nothing_to_recover() -> None:
    """A client at the start of an empty stream has missed nothing, and a new stream has an epoch."""
    assert back(count=0, recover=True) == (True, [], Position(0, "e"))
    assert back(count=0, recover=True, offset=1) == (False, [], Position(0, "e"))


def test_a_client_may_ask_for_an_error() -> None:
    """With the flag, an unrecoverable position is an error; cache mode always recovers."""
    with pytest.raises(ServerError, match="112: unrecoverable position"):
        back(recover=True, offset=1, flag=2)
    with pytest.raises(ServerError, match="112"):
        back(recover=True, offset=3, epoch="other", flag=3)
    assert back(recover=True, offset=1, flag=1) == (False, [], TOP)
    assert back(CACHE, recover=True, offset=9, epoch="other", flag=2) == (True, ["5"], TOP)


@pytest.mark.parametrize(
    ("params", "recovered", "missed"),
    [
        ({}, True, ["5"]),
        ({"offset": 1, "epoch": "other"}, True, ["5"]),
        ({"offset": 5, "epoch": "e"}, True, []),
        ({"offset": 5}, True, ["5"]),
        ({"count": 0}, False, []),
        ({"only": "4 3"}, True, ["4"]),
        ({"only": "2"}, False, []),
        ({"only": "3", "limit": 2}, False, []),
    ],
)
def test_a_cache_returns_the_latest_publication(params: dict[str, Any], recovered: bool, missed: list[str]) -> None:
    """Cache mode returns the latest publication that passes the filter, unless the client already has it."""
    count = params.get("count", 5)
    assert back(CACHE, recover=True, **params) == (recovered, missed, Position(count, "e"))


def test_recovery_needs_a_request() -> None:
    """Publications are recovered only on request or with an automatic cache, and never with positions alone."""
    assert back(offset=3, epoch="e") == (False, [], TOP)
    automatic = SubscribeOptions(recovery=True, cache=True, auto_cache=True, stream=STREAM)
    assert back(automatic) == (True, ["5"], TOP)
    assert back(SubscribeOptions(positioning=True, stream=STREAM), recover=True, offset=3) == (False, [], TOP)
    assert Recovery(TOP) == (TOP, False, ())
