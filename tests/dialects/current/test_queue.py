"""Tests of commands as messages of a queue."""

import json
from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import centripetal.v1
from centripetal import (
    Broadcast,
    Command,
    Disconnect,
    HistoryRemove,
    Info,
    Presence,
    Publish,
    Refresh,
    Subscribe,
    Unsubscribe,
    UsageError,
    custom,
)
from centripetal.dialects.current.commands import COMMANDS
from centripetal.dialects.current.queue import QUEUED, Message, Messages
from centripetal.protocol.partition import partition_of


def keys() -> Callable[[], str]:
    numbers = count(1)
    return lambda: f"key-{next(numbers)}"


@pytest.mark.parametrize(
    ("command", "payload", "key"),
    [
        (Publish("news", {"a": 1}), {"channel": "news", "data": {"a": 1}, "idempotency_key": "key-1"}, "news"),
        (Publish("news", 1, idempotency_key="own"), {"channel": "news", "data": 1, "idempotency_key": "own"}, "news"),
        (
            Publish("news", b64data=b"\0", idempotency_key=""),
            {"channel": "news", "b64data": "AA==", "idempotency_key": ""},
            "news",
        ),
        (Subscribe("news", 42), {"channel": "news", "user": "42"}, "news"),
        (Unsubscribe("news", "ann"), {"channel": "news", "user": "ann"}, "news"),
        (HistoryRemove("news"), {"channel": "news"}, "news"),
        (Disconnect(42), {"user": "42"}, "42"),
        (Disconnect("", anonymous=True), {"user": ""}, ""),
        (Refresh("ann", expired=True), {"user": "ann", "expired": True}, "ann"),
    ],
    ids=lambda each: each.name if isinstance(each, Command) else "",
)
def test_a_command_is_one_message(command: Command[Any], payload: dict[str, Any], key: str) -> None:
    """A command becomes its parameters, with a key if it publishes, in the partition of its channel or user."""
    (message,) = Messages(4, new_key=keys()).of(command)
    assert json.loads(message.payload) == payload
    assert message == Message(command.name, message.payload, key, partition_of(key, 4))


def test_without_keys() -> None:
    """Without a function for keys, messages have only the keys that the caller gave."""
    without = Messages(4)
    assert json.loads(without.of(Publish("news", 1))[0].payload) == {"channel": "news", "data": 1}
    parts = without.of(Broadcast(["a", "b"], 1))
    assert [json.loads(part.payload) for part in parts] == [{"channels": [name], "data": 1} for name in ("a", "b")]


@given(st.lists(st.text("abcdefgh", min_size=1, max_size=3), min_size=1, max_size=20), st.integers(1, 8))
def test_a_broadcast_has_a_message_for_each_partition(channels: list[str], partitions: int) -> None:
    """The parts of a broadcast have one key, one partition each, and together exactly its channels in their order."""
    messages = Messages(partitions, new_key=keys()).of(Broadcast(tuple(channels), 1, tags={"a": "b"}))
    payloads = [json.loads(message.payload) for message in messages]
    assert len({message.partition for message in messages}) == len(messages)
    assert len({payload["idempotency_key"] for payload in payloads}) == 1
    assert all(payload["tags"] == {"a": "b"} and payload["data"] == 1 for payload in payloads)
    for message, payload in zip(messages, payloads, strict=True):
        mine = [channel for channel in channels if partition_of(channel, partitions) == message.partition]
        assert payload["channels"] == mine
        assert message.key == mine[0]
    assert sum(len(payload["channels"]) for payload in payloads) == len(channels)


def test_a_broadcast_keeps_the_key_of_its_caller() -> None:
    """Every part of a broadcast has the key that the caller gave; an empty key is kept too."""
    for key in ("own", ""):
        parts = Messages(4, new_key=keys()).of(Broadcast(["a", "b"], 1, idempotency_key=key))
        assert {json.loads(part.payload).get("idempotency_key") for part in parts} == {key}


@pytest.mark.parametrize("kind", [kind for kind in COMMANDS if kind not in QUEUED], ids=lambda kind: kind.name)
def test_other_commands_cannot_be_queued(kind: Any) -> None:
    """A command that no consumer executes is refused, with the commands that can be queued."""
    command = kind(*["x" for _ in range(len(kind.__match_args__))])
    with pytest.raises(UsageError, match=f"^{kind.name} cannot be queued, .* publish, broadcast, subscribe"):
        Messages().of(command)


@pytest.mark.parametrize(
    ("command", "problem"),
    [
        (Publish("news", 1, timeout=3), "cannot have a timeout"),
        (custom("rpc", {}), "rpc cannot be queued"),
        (centripetal.v1.Publish("news", 1), "is not a command of the current API"),
        ("publish", "is not a command"),
        (Publish, "is not a command"),
        (None, "is not a command"),
        (Publish("", 1), "channel must not be empty"),
        (Publish("канал", 1), "check_channels=False"),
        (Publish("news"), "data is missing"),
        (Publish("news", b"{"), "is not valid"),
        (Publish("news", {1, 2}), "data"),
        (Publish("news", "\ud800"), "lone surrogate"),
        (Publish("news", "x" * (1 << 20)), "max_payload_bytes"),
        (Broadcast([], 1), "at least one name"),
        (Broadcast("news", 1), "list of names"),
        (Broadcast(["a", "b", ""], 1), r"channels\[2\]"),
        (Disconnect(""), "anonymous=True"),
        (Disconnect(None), "user's id"),  # type: ignore[arg-type]
        (Refresh("ann", info=1), "expire_at"),
    ],
)
def test_invalid_commands(command: Any, problem: str) -> None:
    """A command that a server would reject is refused with the reason, alone and with its position in a list."""
    messages = Messages(4, new_key=keys())
    with pytest.raises(UsageError, match=problem):
        messages.of(command)
    with pytest.raises(UsageError, match=rf"^commands\[1\]: .*{problem}"):
        messages.of_all([Publish("news", 1), command])


def test_options_of_the_checks() -> None:
    """The checks of channel names and sizes can be changed, and an encoder converts other values."""
    lenient = Messages(check_channels=False, max_payload_bytes=None, encoder=lambda value: sorted(value))
    (message,) = lenient.of(Publish("канал", {"set": {2, 1}, "long": "x" * (1 << 20)}))
    assert json.loads(message.payload)["data"]["set"] == [1, 2]


def test_a_user_may_be_any_text_or_number() -> None:
    """Subclasses of str and int have the partition of the text that is sent."""

    class Name(str):
        def __str__(self) -> str:
            return "other"

    class Number(int):
        def __str__(self) -> str:
            return "other"

    for user in (Name("ann"), Number(42)):
        (message,) = Messages(1000).of(Disconnect(user))
        assert message.key == json.loads(message.payload)["user"]


def test_subclasses_of_commands() -> None:
    """A command of the user's own subclass can be queued; a broadcast is split."""

    class Everywhere(Broadcast, frozen=True):
        pass

    assert len(Messages(4).of(Everywhere(["a", "b"], 1))) == 2


def test_values_that_jsonb_cannot_store() -> None:
    """With `jsonb`, values that PostgreSQL refuses as JSONB are refused here, also in channels and tags."""
    messages = Messages(2, jsonb=True)
    assert messages.of(Publish("news", "é\\u0000"))
    for command in (Publish("news", "\0"), Publish("a\0", 1), Publish("news", 1, tags={"a": "\0"})):
        assert Messages().of(command)
        with pytest.raises(UsageError, match=r"cannot store this publish as JSONB, because it contains .*: use a JSON"):
            messages.of(command)
    with pytest.raises(UsageError, match="this broadcast as JSONB"):
        messages.of(Broadcast(["a", "b"], "\0"))


def test_reading_commands_are_not_queued() -> None:
    """No command whose result matters can be queued."""
    assert not any(kind.reads for kind in QUEUED)
    for command in (Presence("news"), Info()):
        with pytest.raises(UsageError, match="its result would be lost"):
            Messages().of(command)
