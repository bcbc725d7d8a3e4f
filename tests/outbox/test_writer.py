"""Tests of writers: their methods, and recording instead of writing."""

import asyncio
import inspect
import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest

from centripetal import AsyncClient, Broadcast, Client, Command, Disconnect, Presence, Publish, UsageError
from centripetal.dialects.current.queue import QUEUED
from centripetal.outbox import AsyncWriter, Outbox, Writer


@pytest.fixture
def sqlite() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:")
    yield connection
    connection.close()


def awaited() -> Any:
    """Return an object like a connection of aiosqlite."""
    kind = type("Connection", (), {"__module__": "aiosqlite.core", "__aenter__": None})
    return kind()


@pytest.mark.parametrize(("writer", "client"), [(Writer, Client), (AsyncWriter, AsyncClient)])
def test_writers_have_the_methods_that_can_be_queued(writer: type, client: type) -> None:
    """A writer has exactly the methods of a client that can be queued, with the same parameters, and returns None."""
    public = {name for name in dir(writer) if not name.startswith("_")}
    assert public == {"call", "write", *(command.name for command in QUEUED)}
    for command in QUEUED:
        mine, its = (inspect.signature(getattr(kind, command.name)) for kind in (writer, client))
        assert mine.parameters == its.parameters
        assert mine.return_annotation is None
        assert inspect.iscoroutinefunction(getattr(writer, command.name)) == (writer is AsyncWriter)
        assert getattr(writer, command.name).__qualname__ == f"{writer.__name__}.{command.name}"


def test_commands_are_recorded(sqlite: sqlite3.Connection) -> None:
    """With `record`, an outbox accepts a connection to SQLite, and passes on each command instead of writing it."""
    commands: list[Command[Any]] = []
    writer: Any = Outbox(partitions=4, record=commands.append).on(sqlite)  # a type checker knows that all return None
    results = [
        writer.publish("news", 1),
        writer.broadcast(["a", "b"], 2),
        writer.disconnect("42"),
        writer.call(Publish("news", 3)),
        writer.write(Publish("news", number) for number in (4, 5)),
        writer.write([]),
    ]
    assert commands == [
        Publish("news", 1),
        Broadcast(["a", "b"], 2),
        Disconnect("42"),
        *(Publish("news", number) for number in (3, 4, 5)),
    ]
    assert results == [None] * 6
    assert isinstance(writer, Writer)
    assert sqlite.execute("SELECT * FROM sqlite_master").fetchall() == []


def test_commands_are_recorded_by_awaited_writers() -> None:
    """With `record`, a connection whose methods are awaited has a writer whose methods are awaited."""
    commands: list[Command[Any]] = []

    async def run() -> None:
        writer = Outbox(record=commands.append).on(awaited())
        assert isinstance(writer, AsyncWriter)
        await writer.publish("news", 1)
        await writer.write([Publish("news", 2)])
        with pytest.raises(UsageError, match="presence cannot be queued"):
            await writer.call(Presence("news"))  # type: ignore[arg-type, unused-ignore]

    asyncio.run(run())
    assert commands == [Publish("news", 1), Publish("news", 2)]


def test_recorded_commands_are_checked(sqlite: sqlite3.Connection) -> None:
    """A command that would be refused is refused while recording too, and of a list nothing is recorded."""
    commands: list[Command[Any]] = []
    writer = Outbox(record=commands.append).on(sqlite)
    with pytest.raises(UsageError, match="channel must not be empty"):
        writer.publish("", 1)
    with pytest.raises(UsageError, match=r"^commands\[1\]: presence cannot be queued"):
        writer.write([Publish("news", 1), Presence("news")])
    assert commands == []


@pytest.mark.parametrize("value", [Publish("news", 1), "publish", None, 5])
def test_write_takes_a_list(sqlite: sqlite3.Connection, value: Any) -> None:
    """A single command, or anything else that is not a list of commands, is refused."""
    with pytest.raises(UsageError, match=r"^write\(\) takes a list of commands: for a single command, use call\(\)"):
        Outbox(record=print).on(sqlite).write(value)


def test_wrong_arguments_are_type_errors(sqlite: sqlite3.Connection) -> None:
    """Wrong arguments raise the error of an ordinary function."""
    writer: Any = Outbox(record=print).on(sqlite)
    with pytest.raises(TypeError, match=r"Writer.publish\(\) got an unexpected keyword argument 'skip_histroy'"):
        writer.publish("news", 1, skip_histroy=True)
    with pytest.raises(UsageError, match="cannot have a timeout"):
        writer.publish("news", 1, timeout=5)
