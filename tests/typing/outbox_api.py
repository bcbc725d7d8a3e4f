"""Correct uses of an outbox that a type checker must accept, with the types that users see. Never executed."""

import sqlite3
from typing import Any, Protocol, assert_type

import psycopg
import psycopg2
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from sqlalchemy.orm import Session, scoped_session

from centripetal import AsyncClient, Client, Disconnect, Publish
from centripetal.outbox import AsyncWriter, Outbox, PartitionStatus, Writer
from centripetal.testing import Centrifugo, Recorder, assert_queued


class Publishes(Protocol):
    def publish(self, channel: str, data: Any) -> object: ...


class AsyncPublishes(Protocol):
    async def publish(self, channel: str, data: Any) -> object: ...


def outboxes() -> Outbox:
    Outbox()
    Outbox("app.outbox", partitions=4, notify=True, keys=False, autocommit=True, jsonb=True, record=print)
    commands: list[Any] = []
    return Outbox("outbox", notify="wake_up", record=commands.append)


def blocking(
    outbox: Outbox,
    connection: "psycopg.Connection[Any]",
    cursor: "psycopg.Cursor[Any]",
    session: Session,
    other: Connection,
    scoped: scoped_session[Session],
) -> None:
    assert_type(outbox.on(connection), Writer)
    assert_type(outbox.on(cursor), Writer)
    assert_type(outbox.on(session), Writer)
    assert_type(outbox.on(other), Writer)
    assert_type(outbox.on(scoped), Writer)
    assert_type(outbox.on(sqlite3.connect("")), Writer)
    assert_type(outbox.on(psycopg2.connect("")), Writer)
    assert_type(outbox.on(psycopg2.connect("").cursor()), Writer)
    assert_type(outbox.status(connection), list[PartitionStatus])
    writer = outbox.on(session)
    writer.publish("news", {"a": 1}, tags={"a": "b"})
    writer.broadcast(["a", "b"], 1)
    writer.call(Publish("news", 1))
    writer.write([Publish("news", 1), Disconnect("42")])
    writer.write(Publish("news", number) for number in range(3))
    statements: list[str] = outbox.ddl() + outbox.ddl_drop()
    del statements


async def awaited(
    outbox: Outbox, connection: "psycopg.AsyncConnection[Any]", session: AsyncSession, other: AsyncConnection
) -> None:
    assert_type(outbox.on(connection), AsyncWriter)
    assert_type(outbox.on(connection.cursor()), AsyncWriter)
    assert_type(outbox.on(session), AsyncWriter)
    assert_type(outbox.on(other), AsyncWriter)
    assert_type(await outbox.status(session), list[PartitionStatus])
    writer = outbox.on(session)
    await writer.publish("news", 1)
    await writer.disconnect(42)
    await writer.write([Publish("news", 1)])


def together(outbox: Outbox, client: Client, session: Session) -> list[Publishes]:
    return [client, outbox.on(session)]


def awaited_together(outbox: Outbox, client: AsyncClient, session: AsyncSession) -> list[AsyncPublishes]:
    return [client, outbox.on(session)]


def tested(
    outbox: Outbox, connection: "psycopg.Connection[Any]", session: Session, centrifugo: Centrifugo, recorder: Recorder
) -> None:
    assert_queued(connection, "news", {"a": 1}, tags={"a": "b"}, times=1, outbox=outbox)
    assert_type(centrifugo.drain(outbox, session), int)
    assert_type(recorder.drain(outbox, psycopg2.connect("")), int)
    assert_type(recorder.recording(outbox), Outbox)


async def tested_async(
    outbox: Outbox, connection: "psycopg.AsyncConnection[Any]", session: AsyncSession, centrifugo: Centrifugo
) -> None:
    await assert_queued(connection, "news", outbox=outbox)
    assert_type(await centrifugo.drain(outbox, session), int)
