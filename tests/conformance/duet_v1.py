"""Two 1.x servers with the same live connections: both get the same input, and their output is compared.

`Duet` does one operation at a time: a frame of a connection, a close, an API request. Then it waits until both servers
have sent everything (they push before they reply, so a ping on each connection is enough), and compares the frames that
each connection received and the counters of the servers. Generated values (ids of connections, messages and nodes) are
paired when they first appear: where one server uses its id, the other must use the id of the same pair.
"""

import re
import socket
import struct
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import msgspec
from hypothesis import note
from websockets.frames import Frame, Opcode

from tests.conformance.deviations import Leeway
from tests.conformance.raw import Peer, RawReply
from tests.conformance.raw_v1 import signed
from tests.conformance.servers import Server
from tests.wire.websocket import Client, EndOfStream

__all__ = ["SIDES", "Duet", "Member", "Text", "on"]

SIDES = (0, 1)
"""The reference server and the embedded server."""

Text = str | Callable[[int], str]
"""A text, or a function that returns the text of each side."""

_PATIENCE = 10.0  # seconds for immediate effects; reached only in a failure
_DRAIN = b'{"uid":"drain","method":"ping"}'
_DRAINED = b'{"uid":"drain",'
_PUSHES = (b'{"method":"message","body":', b'{"method":"join","body":', b'{"method":"leave","body":')
_UNSUBSCRIBED = b'{"method":"unsubscribe","body":'
_LEAVE = _PUSHES[2]
_CHANNEL = re.compile(rb'"channel":"((?:[^"\\]|\\.)*)"')
_UUID = rb"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_GENERATED = re.compile(rb'%b|(?<=")[0-9A-Za-z]{22}(?=")' % _UUID)
_MEASURED = (
    (re.compile(rb'"version":"[^"]*"'), b'"version":"VERSION"'),
    (re.compile(rb'"started_at":[0-9]+'), b'"started_at":TIME'),
    (re.compile(rb'("(?:http|client|node)_[^"]*"):-?[0-9]+'), rb"\1:NUMBER"),
)
_COUNTERS = (
    "client_api_num_requests",
    "client_bytes_in",
    "client_num_connect",
    "client_num_msg_published",
    "client_num_subscribe",
    *(f"node_num_{what}_client_{of}" for what in ("add", "remove") for of in ("conn", "sub")),
    *(f"node_num_{what}" for what in ("add_presence", "history", "last_message_id", "presence", "remove_presence")),
    *(f"node_num_{what}_msg_{way}" for what in ("client", "join", "leave") for way in ("published", "received")),
)


def on(text: Text, side: int) -> str:
    """Return the text of that side."""
    return text if isinstance(text, str) else text(side)


class Event(NamedTuple):
    """An item that a connection received: a frame, or the end of the stream."""

    kind: str
    data: bytes = b""


class Member:
    """One client, connected to both servers.

    Attributes:
        user: user id, or None if the client has not authenticated.
        channels: subscribed channels, by their name on the first side.
    """

    def __init__(self, number: int, servers: Sequence[Server]) -> None:
        self.number = number
        self.user: str | None = None
        self.channels: dict[str, Text] = {}
        self.clients = [Client(f"ws{server.url.removeprefix('http')}/connection/websocket") for server in servers]
        for client in self.clients:
            client.socket.settimeout(_PATIENCE)
        self.ids = ["", ""]
        self.events: list[list[Event]] = [[], []]
        self.ended = [False, False]

    def __repr__(self) -> str:
        return f"member {self.number} (user {self.user!r})"

    def id(self, side: int) -> str:
        """Return the connection id on that side."""
        return self.ids[side]

    def read(self, side: int, until: Callable[[bytes], bool] | None = None) -> bytes:
        """Receive until *until* accepts a text and return that text, or until the stream ends."""
        events = self.events[side]
        while not self.ended[side]:
            received = self.clients[side].receive()
            if isinstance(received, EndOfStream):
                self.end(side)
                events.append(Event("end"))
            elif received.opcode is Opcode.TEXT and until and until(bytes(received.data)):
                return bytes(received.data)
            elif received.opcode is not Opcode.PING:
                events.append(Event(received.opcode.name, bytes(received.data)))
        return b""

    def end(self, side: int) -> None:
        self.clients[side].drop()
        self.ended[side] = True


class Pairing:
    """Pairs of generated ids, one id from each side."""

    def __init__(self) -> None:
        self._there: dict[bytes, bytes] = {}
        self._back: dict[bytes, bytes] = {}
        self.uids: list[tuple[str, str]] = []

    def same(self, real: bytes, embedded: bytes) -> bool:
        """Return whether the data is equal except for ids, and all ids match the known pairs."""
        ours, theirs = ([*_GENERATED.findall(data)] for data in (embedded, real))
        if _masked(real) != _masked(embedded):
            return False
        for mine, yours in zip(theirs, ours, strict=True):
            if mine not in self._there and yours not in self._back:
                self._there[mine], self._back[yours] = yours, mine
                if len(mine) == 22:
                    self.uids.append((mine.decode(), yours.decode()))
            elif self._there.get(mine) != yours:
                return False
        return True

    def common(self, side: int, data: bytes) -> bytes:
        """Return *data* with the ids of the first side, where known."""

        def name(match: re.Match[bytes]) -> bytes:
            return self._back.get(match[0], b"?") if side else match[0] if match[0] in self._there else b"?"

        return _GENERATED.sub(name, data)


def _masked(data: bytes) -> bytes:
    data = _GENERATED.sub(b"ID", data)
    for pattern, replacement in _MEASURED:
        data = pattern.sub(replacement, data)
    return data


class Duet:
    """Two servers and their clients.

    Args:
        real: the reference server.
        embedded: the server under test.
    """

    def __init__(self, real: Server, embedded: Server) -> None:
        self._servers = (real, embedded)
        self._apis = [Peer(server, mask=bytes) for server in self._servers]
        self._numbers = 0
        self.pairing = Pairing()
        self.members: list[Member] = []
        self.leeway: Counter[Leeway] = Counter()
        self.received: Counter[str] = Counter()

    def close(self) -> None:
        """Close all connections."""
        for api in self._apis:
            api.close()
        for member in self.members:
            for client in member.clients:
                client.drop()

    # ---- operations

    def open(self) -> Member:
        """Connect another client, which does not authenticate."""
        member = Member(self._numbers, self._servers)
        self._numbers += 1
        self.members.append(member)
        return member

    def tell(
        self, member: Member, frame: Callable[[int], bytes], binary: bool = False, cuts: Sequence[float] = ()
    ) -> bytes:
        """Send a frame and compare the effects; return the reply of the first side, empty if the connection ended.

        Args:
            member: client that sends the frame.
            frame: function that returns the frame of each side.
            binary: whether to send a binary frame.
            cuts: positions of the cuts into fragments, as fractions of the length.
        """
        replies = []
        for side in SIDES:
            data = frame(side)
            note(f"{member} sends {data!r}")
            fragments = sorted(int(cut * len(data)) for cut in cuts)
            member.clients[side].send(data, binary=binary, fragments=fragments)
            replies.append(member.read(side, lambda text: not text.startswith(_PUSHES)))
            if replies[side]:
                member.events[side].append(Event("TEXT", replies[side]))
        return replies[0]

    def ping(self, member: Member, payload: bytes) -> None:
        """Send a WebSocket ping."""
        for side in SIDES:
            member.clients[side].send_frame(Frame(Opcode.PING, payload))
            received = member.clients[side].receive()
            assert isinstance(received, Frame)
            member.events[side].append(Event(received.opcode.name, bytes(received.data)))
        self.finish()

    def leave(self, member: Member, way: str, code: int | None = None, reason: str = "") -> None:
        """End a connection from the client's side; *way* is close, eof or reset."""
        note(f"{member} leaves: {way} {code} {reason!r}")
        for side in SIDES:
            client = member.clients[side]
            if way == "close":
                client.close(code, reason)
                member.read(side)
            elif way == "eof":
                client.socket.shutdown(socket.SHUT_WR)
                member.read(side)
            else:
                client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                member.end(side)
        self.finish()

    def ask(self, body: Callable[[int], bytes]) -> RawReply:
        """Make an API request and compare the replies; `finish` compares its effects on clients."""
        replies = []
        for side, api in enumerate(self._apis):
            data = body(side)
            note(f"API: {data!r}")
            replies.append(api.ask(signed(data)))
        real, embedded = (self._sorted(side, reply.body) for side, reply in enumerate(replies))
        assert replies[0][:2] == replies[1][:2], replies
        assert self.pairing.same(real, embedded), f"API\nreal:     {real!r}\nembedded: {embedded!r}"
        return replies[0]

    # ---- comparing

    def finish(self, closing: Iterable[Member] = (), groups: Iterable[list[Member]] = (), loose: bool = False) -> None:
        """Wait until all operations have finished, and compare what the connections received.

        Args:
            closing: clients that the servers are going to disconnect.
            groups: clients that the servers handled together, in any order.
            loose: whether a connection may have left its channels in any order.
        """
        for member in closing:
            for side in SIDES:
                member.read(side)
        self._drain()
        ended = [member for member in self.members if any(member.ended)]
        for member in ended:
            assert all(member.ended), f"{member} ended on one side only: {member.events}"
            self.members.remove(member)
        self._settle()
        if ended:
            self._drain()
        groups = [*groups, ended]
        tallies: list[dict[Any, list[int]]] = [defaultdict(list), defaultdict(list)]
        for member in (*self.members, *ended):
            real, embedded = member.events
            if loose or ended:
                # A closed connection may miss the last of its pushes, but their order is kept unless *loose*.
                sort = loose or member not in ended
                real, embedded = (self._arranged(member, side, groups, tallies[side], sort) for side in SIDES)
            if member in ended:
                embedded = self._without_lost(real, embedded, loose)
            self.received.update(_name(event) for event in real)
            member.events = [[], []]
            same = len(real) == len(embedded) and all(
                mine.kind == yours.kind and self.pairing.same(self._sorted(0, mine.data), self._sorted(1, yours.data))
                for mine, yours in zip(real, embedded, strict=True)
            )
            assert same, f"{member}\nreal:     {real}\nembedded: {embedded}"
        sums = [{key: sorted(counts) for key, counts in tally.items()} for tally in tallies]
        assert sums[0] == sums[1], f"leaves seen by those who left\nreal:     {sums[0]}\nembedded: {sums[1]}"

    def _drain(self) -> None:
        listening = [member for member in self.members if member.user is not None]
        for side in SIDES:
            for member in listening:
                if not member.ended[side]:
                    member.clients[side].send(_DRAIN)
            for member in listening:
                member.read(side, lambda text: text.startswith(_DRAINED))
        for member in listening:
            for event in member.events[0]:
                if event.data.startswith(_UNSUBSCRIBED):
                    member.channels.pop(msgspec.json.decode(event.data)["body"]["channel"], None)

    def _settle(self) -> None:
        """Wait until both servers have removed the closed connections, and compare their counters."""
        here = [member for member in self.members if member.user is not None]
        expected = len(here), sum(len(member.channels) for member in here)
        end = time.monotonic() + _PATIENCE
        counts = []
        for api in self._apis:
            while True:
                reply = api.ask(signed(b'{"method":"node"}'))
                metrics = msgspec.json.decode(reply.body)[0]["body"]["data"]["metrics"]
                there = tuple(
                    metrics[f"node_num_add_client_{of}"] - metrics[f"node_num_remove_client_{of}"]
                    for of in ("conn", "sub")
                )
                if there == expected:
                    break
                assert time.monotonic() < end, f"connections and subscriptions should be {expected}, are {there}"
            counts.append({name: metrics[name] for name in _COUNTERS})
        different = [
            (name, counts[0][name], counts[1][name]) for name in _COUNTERS if counts[0][name] != counts[1][name]
        ]
        assert not different, f"counters (name, real, embedded): {different}"

    def _sorted(self, side: int, data: bytes) -> bytes:
        """Return a reply with presence entries and channels in the order of their paired names."""
        if b'"method":"presence"' not in data and b'"method":"channels"' not in data:
            return data
        try:
            many = data.startswith(b"[")
            replies = msgspec.json.decode(data, type=list[_Reply]) if many else [msgspec.json.decode(data, type=_Reply)]
            for reply in replies:
                data = self._sort_one(side, reply, data)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return data
        return data

    def _sort_one(self, side: int, reply: "_Reply", data: bytes) -> bytes:
        if reply.method not in ("presence", "channels") or bytes(reply.body) in (b"", b"null"):
            return data
        raw = bytes(msgspec.json.decode(bytes(reply.body), type=_Data).data)
        if reply.method == "presence" and raw.startswith(b"{"):
            entries = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
            assert [*entries] == sorted(entries), "presence is not sorted by connection"
            texts = [b'"%b":%b' % (client.encode(), bytes(info)) for client, info in entries.items()]
        elif reply.method == "channels" and raw.startswith(b"["):
            texts = [bytes(name) for name in msgspec.json.decode(raw, type=list[msgspec.Raw])]
        else:
            return data
        texts.sort(key=lambda text: self.pairing.common(side, text))
        return data.replace(raw, raw[:1] + b",".join(texts) + raw[-1:])

    def _arranged(
        self, member: Member, side: int, groups: Iterable[list[Member]], tally: dict[Any, list[int]], sort: bool
    ) -> list[Event]:
        """Return the received events without leaves of random order, and neighbouring events sorted by channel."""
        comrades = {
            other.ids[side].encode() for group in groups if member in group for other in group if other is not member
        }
        kept, dropped = [], Counter[bytes]()
        for event in member.events[side]:
            match = _LEAVE_OF.search(event.data) if event.data.startswith(_LEAVE) else None
            if match and match[1] in comrades:
                dropped[_channel(event)] += 1
            else:
                kept.append(event)
        if dropped:
            self.leeway[Leeway.ORDER_OF_CONNECTIONS] += 1
        if not sort:
            return kept
        arranged: list[Event] = []
        run: list[Event] = []
        for event in (*kept, Event("")):
            if event.data.startswith((_LEAVE, _UNSUBSCRIBED)):
                run.append(event)
                continue
            ordered = sorted(run, key=lambda each: self._place(each, member, side))
            if ordered != run:
                self.leeway[Leeway.ORDER_OF_CHANNELS] += 1
            arranged += [*ordered, event]
            run = []
        if not any(member.ended):
            # Each member of a group that left a channel has seen one leave per member that left before it.
            for group in groups:
                if member in group:
                    for channel in {_channel(event) for event in kept if event.data.startswith(_UNSUBSCRIBED)}:
                        tally[member.user, self.pairing.common(side, channel)].append(dropped[channel])
        return arranged[:-1]

    def _place(self, event: Event, member: Member, side: int) -> tuple[bytes, bytes]:
        channel = self.pairing.common(side, _channel(event))
        own = event.data.startswith(_UNSUBSCRIBED) or member.ids[side].encode() in event.data
        return channel, b"~" if own else self.pairing.common(side, event.data)

    def _without_lost(self, real: list[Event], embedded: list[Event], loose: bool) -> list[Event]:
        """Return what the embedded server sent to a closed client, without what the real server lost on the way."""
        came = Counter(self.pairing.common(0, event.data) for event in real if event.kind == "TEXT")
        pushes = [event for event in embedded if event.kind == "TEXT"]
        if came.total() >= len(pushes):
            return embedded
        self.leeway[Leeway.LOST_AT_THE_END] += 1
        if not loose:
            return pushes[: came.total()] + embedded[len(pushes) :]
        kept = []
        for event in pushes:
            common = self.pairing.common(1, event.data)
            if came[common]:
                came[common] -= 1
                kept.append(event)
        return kept + embedded[len(pushes) :]


_LEAVE_OF = re.compile(rb'"client":"(%b)"\}\}\}$' % _UUID)


class _Reply(msgspec.Struct):
    method: str
    body: msgspec.Raw = msgspec.Raw(b"")


class _Data(msgspec.Struct):
    data: msgspec.Raw


def _channel(event: Event) -> bytes:
    match = _CHANNEL.search(event.data)
    assert match, event
    return match[1]


def _name(event: Event) -> str:
    """Return the name under which the event is counted."""
    if event.kind == "CLOSE":
        return f"close {event.data[2:].decode() or event.data.hex()}"
    if event.kind == "TEXT":
        return next(
            (push[11:].decode().partition('"')[0] for push in (*_PUSHES, _UNSUBSCRIBED) if event.data.startswith(push)),
            "reply",
        )
    return event.kind.lower()
