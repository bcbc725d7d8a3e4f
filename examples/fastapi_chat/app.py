"""A chat with private rooms that shows who is present.

Browsers receive messages from Centrifugo and send requests to this application, which checks permissions: it signs
their tokens and publishes their messages. README.md explains how to run it.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from uuid import UUID

from fastapi import Cookie, Depends, FastAPI, HTTPException, Request, Response
from fastapi.responses import FileResponse
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel, StringConstraints

from centripetal import CentripetalError
from centripetal.tokens import connection_token, subscription_token

from . import live
from .live import Centrifugo
from .rooms import PREFIX, Room, Rooms

HERE = Path(__file__).parent
MINUTES = 60

Name = Annotated[str, StringConstraints(to_lower=True, strip_whitespace=True, pattern=r"^[A-Za-z][\w-]{0,19}$")]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    app.state.rooms = Rooms()
    async with live.lifespan(app):
        yield


app = FastAPI(title="Chat", lifespan=lifespan)
app.add_exception_handler(CentripetalError, live.answer_failure)


def all_rooms(request: Request) -> Rooms:
    rooms: Rooms = request.app.state.rooms
    return rooms


def current_user(rooms: Annotated[Rooms, Depends(all_rooms)], session: Annotated[str, Cookie()] = "") -> str:
    user = rooms.user(session)
    if user is None:
        raise HTTPException(401, "Say who you are.")
    return user


Chat = Annotated[Rooms, Depends(all_rooms)]
User = Annotated[str, Depends(current_user)]


def room_for(user: str, rooms: Rooms, id_: str) -> Room:
    """Return the room if *user* may enter it; the error does not reveal whether the room exists."""
    room = rooms.get(id_)
    if room is None or not room.admits(user):
        raise HTTPException(403, "This room is private.")
    return room


class Person(BaseModel):
    name: Name


@app.post("/session")
async def enter(person: Person, rooms: Chat, response: Response) -> dict[str, str]:
    response.set_cookie("session", rooms.enter(person.name), httponly=True, samesite="strict")
    return {"user": person.name}


@app.delete("/session")
async def leave(rooms: Chat, response: Response, session: Annotated[str, Cookie()] = "") -> dict[str, str]:
    rooms.leave(session)
    response.delete_cookie("session")
    return {}


@app.get("/me")
async def me(user: User, rooms: Chat, centrifugo: Centrifugo) -> dict[str, object]:
    """Return the data that the page needs to start."""
    summaries = [room.summary() for room in rooms.of(user)]
    return {"user": user, "websocket": centrifugo.websocket_url, "rooms": summaries}


@app.post("/tokens/connection")
async def token_for_connection(user: User, centrifugo: Centrifugo) -> dict[str, str]:
    """Return a token that authenticates *user* and subscribes them to their own channel for news about rooms."""
    token = connection_token(
        centrifugo.token_secret,
        user,
        expires_in=10 * MINUTES,
        info={"name": user.title()},
        channels=[f"user:{user}"],
    )
    return {"token": token}


class Wish(BaseModel):
    channel: str


@app.post("/tokens/subscription")
async def token_for_subscription(wish: Wish, user: User, rooms: Chat, centrifugo: Centrifugo) -> dict[str, str]:
    """Return a token for a room. Rooms require such a token, so this function decides who may subscribe."""
    room = room_for(user, rooms, wish.channel.removeprefix(PREFIX))
    token = subscription_token(
        centrifugo.token_secret, room.channel, user, expires_in=10 * MINUTES, info={"name": user.title()}
    )
    return {"token": token}


class Message(BaseModel):
    """A message; the page creates the id, and uses it again when it repeats the message."""

    id: UUID
    text: Text


@app.post("/rooms/{id_}/messages")
async def write(id_: str, message: Message, user: User, rooms: Chat, centrifugo: Centrifugo) -> dict[str, str]:
    room = room_for(user, rooms, id_)
    data = {"id": message.id, "from": user, "text": message.text, "at": datetime.now(UTC)}
    # The key ensures that a message sent twice is published once.
    await centrifugo.client.publish(room.channel, data, idempotency_key=f"{user}:{message.id}")
    return {"id": str(message.id)}


class NewRoom(BaseModel):
    title: Annotated[Text, StringConstraints(max_length=40)]
    members: list[Name]


@app.post("/rooms")
async def open_room(new: NewRoom, user: User, rooms: Chat, centrifugo: Centrifugo) -> dict[str, object]:
    room = rooms.create(new.title, {user, *new.members})
    await centrifugo.client.broadcast([f"user:{member}" for member in sorted(room.members)], room.summary())
    return room.summary()


@app.get("/")
def page() -> FileResponse:
    return FileResponse(HERE / "static" / "index.html")


@app.get("/centrifuge.js")
def sdk() -> FileResponse:
    """Return the official client, installed by `npm install` or named by `CENTRIFUGE_JS`."""
    path = Path(os.environ.get("CENTRIFUGE_JS") or HERE / "node_modules" / "centrifuge" / "dist" / "centrifuge.js")
    if not path.is_file():
        raise HTTPException(404, f"{path} is missing: npm install --no-save --prefix {HERE} centrifuge@5")
    return FileResponse(path, media_type="text/javascript")


app.mount("/static", StaticFiles(directory=HERE / "static"))
