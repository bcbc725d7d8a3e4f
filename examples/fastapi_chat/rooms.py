"""Users and rooms, which a real application keeps in its database and login system."""

import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

PREFIX = "room:"


@dataclass(frozen=True)
class Room:
    """A room; without members, it is open to everyone."""

    id: str
    title: str
    members: frozenset[str] = frozenset()

    @property
    def channel(self) -> str:
        return PREFIX + self.id

    def admits(self, user: str) -> bool:
        return not self.members or user in self.members

    def summary(self) -> dict[str, object]:
        """Return the part that the page sees."""
        return {"id": self.id, "channel": self.channel, "title": self.title, "private": bool(self.members)}


def _first_rooms() -> dict[str, Room]:
    rooms = [Room("lobby", "Lobby"), Room("staff", "Staff", frozenset(("ann", "bob")))]
    return {room.id: room for room in rooms}


@dataclass
class Rooms:
    """Rooms and sessions, in memory only."""

    _rooms: dict[str, Room] = field(default_factory=_first_rooms)
    _sessions: dict[str, str] = field(default_factory=dict)

    def enter(self, user: str) -> str:
        """Start a session, without a password."""
        session = secrets.token_urlsafe()
        self._sessions[session] = user
        return session

    def leave(self, session: str) -> None:
        self._sessions.pop(session, None)

    def user(self, session: str) -> str | None:
        return self._sessions.get(session)

    def of(self, user: str) -> Iterator[Room]:
        """Return the rooms that *user* may enter."""
        return (room for room in self._rooms.values() if room.admits(user))

    def get(self, id_: str, user: str) -> Room | None:
        """Return the room if *user* may enter it; the result does not reveal whether the room exists."""
        room = self._rooms.get(id_)
        return room if room and room.admits(user) else None

    def create(self, title: str, members: Iterable[str]) -> Room:
        """Create a private room."""
        room = Room(secrets.token_urlsafe(6), title, frozenset(members))
        self._rooms[room.id] = room
        return room

    def clear(self) -> None:
        """Forget the sessions and all rooms but the first ones, for the next test."""
        self._rooms, self._sessions = _first_rooms(), {}


rooms = Rooms()
"""The rooms and sessions of this application."""
