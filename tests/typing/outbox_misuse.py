"""Misuses of an outbox that a type checker must reject; see `misuse.py`."""

from sqlalchemy import Engine
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session, sessionmaker

from centripetal import Publish
from centripetal.outbox import Outbox


def outboxes() -> None:
    Outbox(5)  # type: ignore[arg-type]
    Outbox("outbox", 4)  # type: ignore[call-arg]
    Outbox(partition=4)  # type: ignore[call-arg]
    Outbox(notify=5)  # type: ignore[arg-type]
    Outbox(record=[])  # type: ignore[arg-type]
    Outbox().table = "other"  # type: ignore[misc]


def connections(outbox: Outbox, engine: Engine, factory: sessionmaker[Session]) -> None:
    outbox.on(engine)  # type: ignore[call-overload]
    outbox.on(factory)  # type: ignore[call-overload]
    outbox.on("postgresql://db/app")  # type: ignore[call-overload]
    outbox.status(engine)  # type: ignore[call-overload]


def blocking(outbox: Outbox, session: Session) -> None:
    writer = outbox.on(session)
    writer.publish()  # type: ignore[call-arg]
    writer.publish("news", 1, skip_histroy=True)  # type: ignore[call-arg]
    writer.presence("news")  # type: ignore[attr-defined]
    writer.batch()  # type: ignore[attr-defined]
    writer.write(Publish("news", 1))  # type: ignore[arg-type]
    writer.call("publish")  # type: ignore[arg-type]


async def awaited(outbox: Outbox, session: AsyncSession) -> None:
    await outbox.on(session).publish(5, 1)  # type: ignore[arg-type]
    outbox.on(session).history("news")  # type: ignore[attr-defined]
    for partition in outbox.status(session):  # type: ignore[attr-defined]
        del partition
