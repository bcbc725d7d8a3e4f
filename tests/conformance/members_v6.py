"""Clients that are connected to two Centrifugo 6 servers, and the comparison of their received lines."""

import contextlib
import json
import socket
import struct
from collections.abc import Callable, Sequence
from typing import Any

from websockets.exceptions import InvalidState
from websockets.frames import Frame, Opcode

from tests.conformance.servers import Server
from tests.conformance.steps_v6 import Leave
from tests.wire.websocket import Client, EndOfStream

__all__ = ["DRAIN", "Line", "Member", "Pairs", "announced", "kind_of"]

DRAIN = {"id": 4294967295, "rpc": {"method": "ping"}}
"""A command whose reply shows that all earlier lines have arrived."""

Line = Any
"""An item that a connection received: a decoded line, a close frame as a list, or "end"."""

_MAPS = ("presence", "subs", "channels")  # objects whose members have any order


class Pairs:
    """Pairs of generated values, one from each server."""

    def __init__(self) -> None:
        self._there: dict[str, str] = {}
        self._back: dict[str, str] = {}
        self.epochs: list[tuple[str, str]] = []

    def same(self, real: Any, embedded: Any, name: str = "") -> None:
        """Check that two values are equal except for paired values."""
        assert type(real) is type(embedded), (name, real, embedded)
        if isinstance(real, dict):
            renamed = {str(self._there.get(key, key)): value for key, value in real.items()}
            assert renamed.keys() == embedded.keys(), (name, real, embedded)
            assert name in _MAPS or [*renamed] == [*embedded], f"another order: {name, real, embedded}"
            for key, value in renamed.items():
                self.same(value, embedded[key], key)
        elif isinstance(real, list):
            assert len(real) == len(embedded), (name, real, embedded)
            for one, other in zip(real, embedded, strict=True):
                self.same(one, other, name)
        elif name in ("epoch", "client") and real:
            self._pair(real, embedded, name)
        elif name == "ttl":
            # The two servers may read the clock just before and just after a new second.
            assert abs(real - embedded) <= 1, (real, embedded)
        elif name == "version" and isinstance(real, str):
            assert embedded.endswith(" OSS")
        else:
            assert real == embedded, (name, real, embedded)

    def common(self, side: int, value: str) -> str:
        """Return the embedded server's value of the pair."""
        return value if side else self._there.get(value, value)

    def _pair(self, real: str, embedded: str, name: str) -> None:
        if name == "epoch" and real not in self._there:
            self.epochs.append((real, embedded))
        known = self._there.setdefault(real, embedded), self._back.setdefault(embedded, real)
        assert known == (embedded, real), f"{name} {real} is {known[0]}, not {embedded}"


class Member:
    """One client, connected to both servers.

    Attributes:
        mark: a channel that the client stays in until its end.
        channels: all channels that the client has tried to enter.
        lines: received lines of each side.
        late: whether the last commands may end the connection in the background.
    """

    def __init__(self, servers: Sequence[Server], number: int) -> None:
        self.clients = [Client(f"ws{server.url.removeprefix('http')}/connection/websocket") for server in servers]
        self.number = number
        self.mark = f"open:m{number}"
        self.user = ""
        self.channels: list[str] = []
        self.lines: list[list[Line]] = [[], []]
        self.has_ended = [False, False]
        self.refused = [False, False]
        self.ids = ["", ""]
        self.late = False

    @property
    def ended(self) -> bool:
        return any(self.has_ended)

    def differs(self, *, announcements: bool) -> bool:
        """Return whether one side has received more lines than the other; *announcements* includes joins and leaves."""
        real, embedded = (sum(announcements or not announced(line)[0] for line in lines) for lines in self.lines)
        return not all(self.has_ended) and (real != embedded or self.ended)

    def send(self, side: int, message: bytes, *, binary: bool = False, cuts: Sequence[float] = ()) -> None:
        with contextlib.suppress(OSError, InvalidState):
            fragments = [int(cut * len(message)) for cut in cuts]
            self.clients[side].send(message, binary=binary, fragments=fragments)

    def leave(self, side: int, step: Leave) -> None:
        client = self.clients[side]
        with contextlib.suppress(OSError, InvalidState):
            match step.way:
                case "close":
                    client.close(step.code, step.reason)
                case "eof":
                    client.socket.shutdown(socket.SHUT_WR)
                case _:
                    client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    client.drop()
                    self.has_ended[side] = True

    def drop(self) -> None:
        for client in self.clients:
            client.drop()

    def read(self, side: int, until: Callable[[Any], bool] = lambda line: line.get("id") == DRAIN["id"]) -> None:
        """Receive until *until* accepts a line, or until the connection ends."""
        while not self.has_ended[side]:
            event = self.clients[side].receive()
            if isinstance(event, EndOfStream):
                self.lines[side].append("end")
                self.has_ended[side] = True
                return
            assert isinstance(event, Frame)
            if event.opcode is Opcode.CLOSE:
                self.lines[side].append(["close", bytes(event.data).hex()])
                continue
            lines = [json.loads(line) for line in bytes(event.data).split(b"\n")]
            self._keep(side, lines)
            # A refused client gets no more replies, and is closed seconds later.
            if self.refused[side] or any(map(until, lines)):
                return

    def _keep(self, side: int, lines: list[Any]) -> None:
        self.lines[side] += [line for line in lines if line.get("id") != DRAIN["id"]]
        for line in lines:
            self.ids[side] = line.get("connect", {}).get("client", self.ids[side])
            self.refused[side] |= "error" in line and not self.ids[side]


def announced(line: Line) -> tuple[str, str]:
    """Return the channel and the connection of a join or leave, or empty strings for other lines."""
    push = line.get("push", {}) if isinstance(line, dict) else {}
    about = push.get("join") or push.get("leave")
    return (push["channel"], about["info"]["client"]) if about else ("", "")


def kind_of(line: Line) -> str:
    """Return a short description of a line."""
    if not isinstance(line, dict):
        return "end" if line == "end" else f"close {int(line[1][:4] or '0', 16)}"
    about = line.get("push", line)
    kind = next((name for name in about if name not in ("id", "channel")), "?")
    return f"{kind} {about[kind]['code']}" if kind in ("error", "unsubscribe") and "code" in about[kind] else kind
