"""A shop with FastAPI and SQLAlchemy: an order and the message about it commit together."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, HTTPException, Request
from pydantic import BaseModel
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import async_sessionmaker

from .database import Item, Order, engine, outbox


class NewOrder(BaseModel):
    """The body of a request."""

    customer: str
    item: str
    quantity: int


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    used = engine()
    app.state.sessions = async_sessionmaker(used, expire_on_commit=False)
    yield
    await used.dispose()


app = FastAPI(lifespan=lifespan)


@app.post("/orders", status_code=201)
async def place(new: NewOrder, request: Request) -> dict[str, int]:
    """Save an order, and publish it to its customer if and only if it is saved."""
    try:
        async with request.app.state.sessions.begin() as session:
            order = Order(**new.model_dump())
            session.add(order)
            await session.flush()  # assigns order.id
            await outbox.on(session).publish(f"orders:{new.customer}", {"id": order.id, **new.model_dump()})
            # May roll everything back, with the message.
            await session.execute(update(Item).where(Item.name == new.item).values(stock=Item.stock - new.quantity))
    except IntegrityError:
        raise HTTPException(409, "unknown or sold out") from None
    return {"order": order.id}
