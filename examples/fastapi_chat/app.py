"""A chat with private rooms that shows who is present.

Browsers receive messages from Centrifugo and send requests to this application, which checks permissions: it publishes
their messages, and answers Centrifugo who may connect and enter a room. README.md explains how to run it.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from uuid import UUID

from fastapi import Cookie, Depends, FastAPI, HTTPException, Response
from fastapi.responses import FileResponse
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel, StringConstraints

from centripetal import CentripetalError

from . import live
from .handlers import proxy
from .live import Centrifugo
from .rooms import rooms

HERE = Path(__file__).parent

Name = Annotated[str, StringConstraints(to_lower=True, strip_whitespace=True, pattern=r"^[A-Za-z][\w-]{0,19}$")]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with live.connect(proxy) as app.state.live:
        yield


app = FastAPI(title="Chat", lifespan=lifespan)
app.add_exception_handler(CentripetalError, live.answer_failure)
app.mount("/centrifugo", proxy)


def current_user(session: Annotated[str, Cookie()] = "") -> str:
    user = rooms.user(session)
    if user is None:
        raise HTTPException(401, "Say who you are.")
    return user


User = Annotated[str, Depends(current_user)]


class Person(BaseModel):
    name: Name


@app.post("/session")
async def enter(person: Person, response: Response) -> dict[str, str]:
    response.set_cookie("session", rooms.enter(person.name), httponly=True, samesite="strict")
    return {"user": person.name}


@app.delete("/session")
async def leave(response: Response, session: Annotated[str, Cookie()] = "") -> dict[str, str]:
    rooms.leave(session)
    response.delete_cookie("session")
    return {}


@app.get("/me")
async def me(user: User, centrifugo: Centrifugo) -> dict[str, object]:
    """Return the data that the page needs to start."""
    summaries = [room.summary() for room in rooms.of(user)]
    return {"user": user, "websocket": centrifugo.websocket_url, "rooms": summaries}


class Message(BaseModel):
    """A message; the page creates the id, and uses it again when it repeats the message."""

    id: UUID
    text: Text


@app.post("/rooms/{id_}/messages")
async def write(id_: str, message: Message, user: User, centrifugo: Centrifugo) -> dict[str, str]:
    room = rooms.get(id_, user)
    if room is None:
        raise HTTPException(403, "This room is private.")
    data = {"id": message.id, "from": user, "text": message.text, "at": datetime.now(UTC)}
    # The key ensures that a message sent twice is published once.
    await centrifugo.client.publish(room.channel, data, idempotency_key=f"{user}:{message.id}")
    return {"id": str(message.id)}


class NewRoom(BaseModel):
    title: Annotated[Text, StringConstraints(max_length=40)]
    members: list[Name]


@app.post("/rooms")
async def open_room(new: NewRoom, user: User, centrifugo: Centrifugo) -> dict[str, object]:
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
