"""The version and edition of a server decide which fields and methods the client refuses."""

import re
from typing import Any

import pytest

from centripetal.dialects.current.capabilities import ServerCapabilities
from centripetal.dialects.current.commands import (
    BlockUser,
    Broadcast,
    Disconnect,
    Info,
    Publish,
    Subscribe,
    Unsubscribe,
    custom,
)
from centripetal.dialects.current.commands.maps import MapPublish, MapStats, SharedPollPublish
from centripetal.dialects.current.objects import FilterNode
from centripetal.dialects.current.results.standard import InfoResult, NodeResult
from centripetal.errors import UsageError
from centripetal.protocol.command import Command

V3, V4, V50, V52, V54, V60, V62, V68, V69 = (
    *("3.0.0", "4.1.2", "5.0.4", "5.2.0", "5.4.9", "6.0.0", "6.2.1", "6.8.4", "6.9.1 OSS"),
)


def at(*versions: str) -> ServerCapabilities:
    server = ServerCapabilities()
    server.learn(InfoResult([NodeResult(version=version) for version in versions]))
    return server


@pytest.mark.parametrize(
    ("versions", "version", "is_open"),
    [
        (["6.9.1 OSS"], (6, 9, 1), True),
        (["6.9.1"], (6, 9, 1), None),
        (["v5.4"], (5, 4, 0), None),
        (["6.10.0", "6.9.3"], (6, 9, 3), None),
        (["0.0.0 OSS"], None, True),
        (["6.9.1", "dev"], None, None),
        ([""], None, None),
        ([], None, None),
    ],
)
def test_the_oldest_node_counts(versions: list[str], version: Any, is_open: bool | None) -> None:
    """Any node of a cluster may answer, so the oldest version counts; an invalid version counts as unknown."""
    server = at(*versions)
    assert (server.version, server.open) == (version, is_open)


KEEPS: list[tuple[Command[Any], list[str], list[str]]] = [
    (Publish("a", 1), [V3, V69], []),
    (Publish("a", 1, tags={"a": "b"}), [V4, V69], [V3]),
    (Publish("a", 1, idempotency_key="k"), [V52, V69], [V3, V4, V50]),
    (Broadcast(["a"], 1, idempotency_key="k"), [V52], [V50]),
    (Publish("a", 1, delta=True), [V54], [V52]),
    (Publish("a", 1, version=1), [V62], [V60, V4]),
    (Publish("a", 1, version_epoch="e"), [V62], [V60]),
    (Publish("a", 1, version=0, delta=False), [V3], []),
    (Subscribe("a", "u", session="s"), [V4], [V3]),
    (Disconnect("u", label_filter=FilterNode(key="a")), [V68], [V62, V69]),
    (Unsubscribe("a", "", all_users=True), [V68], [V62, V69]),
    (MapStats("a"), [V68, V69], [V62, V4]),
    (MapPublish("a", "k", version=1, idempotency_key="x"), [V68], [V62]),
    (SharedPollPublish("a", "k", 1, 1), [V68], [V60]),
    (BlockUser("u"), [V3, V69], []),
    (custom("anything", {"idempotency_key": "k"}), [V3, V69], []),
    (Info(), [V3, V69], []),
]


@pytest.mark.parametrize(("command", "knowing", "ignoring"), KEEPS, ids=range(len(KEEPS)))
def test_a_field_that_the_version_ignores_is_refused(
    command: Command[Any], knowing: list[str], ignoring: list[str]
) -> None:
    """A field or method that the server ignores is refused, and the error names the version that it needs."""
    for version in knowing:
        at(version).check(command)
    for version in ignoring:
        with pytest.raises(UsageError, match=rf"needs Centrifugo .*this server is ({version.split()[0]}|the open)"):
            at(version).check(command)
    ServerCapabilities().check(command)


@pytest.mark.parametrize(("command", "knowing", "ignoring"), KEEPS, ids=range(len(KEEPS)))
def test_a_server_with_a_single_endpoint_is_older_than_5(
    command: Command[Any], knowing: list[str], ignoring: list[str]
) -> None:
    """A server that only has the single endpoint is older than 5.0, even if its version is unknown."""
    server = ServerCapabilities()
    server.single = True
    if set(ignoring) & {V50, V52, V60, V62}:
        with pytest.raises(UsageError, match=re.escape("is older than 5.0")):
            server.check(command)
    else:
        server.check(command)


def test_idempotency_keys_are_honoured_since_5_2() -> None:
    """Before the version is known, it is unknown whether the server honours idempotency keys."""
    assert [at(version).knows_keys() for version in (V4, V50, V52, V69)] == [False, False, True, True]
    server = ServerCapabilities()
    assert server.knows_keys() is None
    server.single = True
    assert server.knows_keys() is False
