"""Numbers and flags of numpy are accepted wherever Python's are, not only in data."""

import sys
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

import centripetal
from centripetal import Limits, Retry, StreamPosition, tokens, v1
from centripetal.server import EmbeddedServer
from centripetal.testing import Recorder, RecorderV1
from centripetal.tokens import Override, SubscribeOptions
from tests.protocol.packages import NumpyBool, NumpyInteger, generic

SECRET = "a-secret-for-tokens-of-32-bytes-or-more"
SOON = int(time.time()) + 100


def number(value: int) -> Any:
    return NumpyInteger(value)


def flag(value: bool) -> Any:
    return NumpyBool(value)


def options(**given: Any) -> Any:
    return centripetal.Client("http://localhost", "key", **given)


CALLS: list[Callable[[Any, Any], object]] = [
    lambda client, kit: client.publish("a", 1, skip_history=flag(True), delta=flag(False), version=number(2)),
    lambda client, kit: client.publish("a", number(1), timeout=number(3)),
    lambda client, kit: client.call(centripetal.Publish("a", 1, timeout=number(3))),
    lambda client, kit: client.history("a", limit=number(5), reverse=flag(True)),
    lambda client, kit: list(client.history_pages("a", limit=number(5))),
    lambda client, kit: client.history("a", limit=number(5), since=StreamPosition(number(0), "")),
    lambda client, kit: client.subscribe("a", number(5), expire_at=number(SOON)),
    lambda client, kit: client.unsubscribe("a", number(5)),
    lambda client, kit: client.disconnect(number(5)),
    lambda client, kit: client.disconnect("", anonymous=flag(True)),
    lambda client, kit: client.refresh(number(5), expired=flag(False)),
    lambda client, kit: client.batch(timeout=number(5), parallel=flag(True), raise_errors=flag(True)),
    lambda client, kit: client.publish_many([("a", 1)], timeout=number(5), progress=flag(False)),
    lambda client, kit: options(max_connections=number(2), max_idle=number(5), max_response_bytes=number(10_000)),
    lambda client, kit: options(timeout=number(2), max_payload_bytes=number(5), check_channels=flag(True)),
    lambda client, kit: options(retry=Retry(attempts=number(2), base=number(1), cap=number(2))),
    lambda client, kit: options(group=Limits(commands=number(5), bytes=number(10_000))),
    lambda client, kit: client.publish("t", 1) and kit.assert_published("t", times=number(1)),
    lambda client, kit: client.publish("w", 1) and kit.wait_until_published("w", times=number(1), timeout=number(1)),
    lambda client, kit: kit.fail_next("error", number(1)) or kit.stop_failing(),
    lambda client, kit: EmbeddedServer(port=number(0), api_key="key"),
    lambda client, kit: tokens.connection_token(
        SECRET, "5", subs={"a": SubscribeOptions(override=Override(presence=flag(True)))}
    ),
    lambda client, kit: v1.generate_client_token(SECRET, "5", number(SOON)),
    lambda client, kit: RecorderV1().client().publish("a", number(1), timeout=number(3)),
]


@pytest.fixture(autouse=True)
def numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the process look as if numpy were loaded."""
    monkeypatch.setitem(sys.modules, "numpy", SimpleNamespace(generic=generic))


@pytest.mark.parametrize("place", range(len(CALLS)))
def test_arguments_can_be_scalars_of_numpy(place: int) -> None:
    """The call does what it does with Python's numbers and flags."""
    kit = Recorder(config={"channel": {"without_namespace": {"history_size": 10, "history_ttl": "300s"}}})
    CALLS[place](kit.client(), kit)


def test_a_user_of_1x_must_be_text() -> None:
    """The advice about a number is the same for numpy's."""
    client: Any = RecorderV1().client()
    for user in (5, number(5)):
        with pytest.raises(centripetal.UsageError, match=r"^disconnect: user must be text, not int.*: write '5'$"):
            client.disconnect(user)
