"""The tables of the shop, and the outbox. `python -m examples.outbox_fastapi.database` creates them."""

import asyncio
import os

from sqlalchemy import CheckConstraint, ForeignKey, make_url, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from centripetal.outbox import Outbox

outbox = Outbox("centrifugo_outbox", partitions=4)


class Base(DeclarativeBase):
    """Base class of the tables."""


class Item(Base):
    """An item for sale; the database refuses a stock below zero."""

    __tablename__ = "items"
    __table_args__ = (CheckConstraint("stock >= 0"),)
    name: Mapped[str] = mapped_column(primary_key=True)
    stock: Mapped[int]


class Order(Base):
    """An order of a customer."""

    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    customer: Mapped[str]
    item: Mapped[str] = mapped_column(ForeignKey(Item.name))
    quantity: Mapped[int]


def engine() -> AsyncEngine:
    """Return an engine for the database that DATABASE_URL names."""
    return create_async_engine(make_url(os.environ["DATABASE_URL"]).set(drivername="postgresql+asyncpg"))


async def create() -> None:
    """Create the tables of the shop and of the outbox. With Alembic, a migration does this."""
    used = engine()
    async with used.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
        for statement in outbox.ddl():
            await connection.execute(text(statement))
        await connection.execute(text("INSERT INTO items VALUES ('tea', 3)"))
    await used.dispose()


if __name__ == "__main__":
    asyncio.run(create())
