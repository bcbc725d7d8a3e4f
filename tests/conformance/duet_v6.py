"""Two Centrifugo 6 servers with the same live connections: both get the same input, and their output is compared.

`Duet.do(step)` does one step of a plan. Then a command that any connection may send shows that all earlier lines have
arrived, and the lines of each connection are compared in order. Generated values (connection ids, epochs) are paired
when they first appear. The comparison waits for the background work of a real server; its random behaviour is
`deviations.Leeway`, which is counted.
"""

import http.client
import json
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import msgspec

from tests.conformance.deviations import Leeway
from tests.conformance.live_v6 import API_KEY
from tests.conformance.members_v6 import DRAIN, Line, Member, Pairs, announced, kind_of
from tests.conformance.plans_v6 import LATER
from tests.conformance.servers import Server
from tests.conformance.steps_v6 import Arrive, Ask, Call, Leave, Outlive, Say, Signed, Step, Utter, may_end_later
from tests.server.current.world import token

__all__ = ["Duet"]

SIDES = (0, 1)
"""The reference server and the embedded server."""

_MARK = 4294967294
_PATIENCE = 10.0  # seconds for the background work of a real server
_ENDING = ("subscribe", "disconnect", "refresh")
_DIRECTED = ("unsubscribe", *_ENDING)


class Duet:
    """Two servers and the operations on them.

    Args:
        servers: the reference server and the embedded server.
        single: whether a user has only one connection.
    """

    def __init__(self, servers: Sequence[Server], *, single: bool) -> None:
        self._servers = servers
        self._single = single
        self._apis = [http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=30) for server in servers]
        self._pairs = Pairs()
        self._members: list[Member] = []
        self._arrived = 0
        self.done: Counter[str] = Counter()
        self.received: Counter[str] = Counter()
        self.leeway: Counter[Leeway] = Counter()

    def close(self) -> None:
        """Close all connections."""
        for api in self._apis:
            api.close()
        for member in self._members:
            member.drop()

    def do(self, step: Step) -> None:
        """Do one step, and compare its effects."""
        self.done[type(step).__name__.lower()] += 1
        match step:
            case Arrive() if len(self._members) < 7:
                # The server may close an older connection in the background, so the new client sends nothing else yet.
                asks = (step.connect, *(() if self._single else step.asks))
                self._arrive(step, self._new(step.user), asks)
            case Utter(None):
                self._arrive(step, self._new(), (), step.message)
            case Call():
                self._call(step)
                self._settle(step)
            case Outlive():
                self._outlive(step)
            case Say() | Utter() | Leave() if self._members:
                member = self._member(step.number or 0)
                self._say(member, step)
                self._settle(step, member)
            case _:
                pass

    # ---- clients

    def _member(self, number: int) -> Member:
        return self._members[number % len(self._members)]

    def _new(self, user: str = "") -> Member:
        self._arrived += 1
        member = Member(self._servers, self._arrived)
        member.user = user
        self._members.append(member)
        return member

    def _arrive(self, step: Step, member: Member, asks: Sequence[Ask], message: bytes = b"") -> Member:
        """Let a new client send its first message and subscribe to its mark, which shows that it is connected."""
        mark = msgspec.json.encode({"id": _MARK, "subscribe": {"channel": member.mark}})
        asks = self._placed(member, asks)
        for side in SIDES:
            member.send(side, self._message(member, side, asks) or message)
            member.send(side, mark)
        self._settle(step, member)
        return member

    def _say(self, member: Member, step: Say | Utter | Leave) -> None:
        asks = self._placed(member, step.asks)
        for side in SIDES:
            lines = self._message(member, side, asks)
            match step:
                case Say():
                    member.send(side, lines, binary=step.binary, cuts=step.cuts)
                case Utter():
                    member.send(side, (lines and lines + b"\n") + step.message, binary=step.binary)
                case Leave():
                    if lines:
                        member.send(side, lines)
                    member.leave(side, step)

    def _outlive(self, step: Outlive) -> None:
        """Let a connection, a subscription and a server-side subscription expire, and refresh another connection."""
        soon = int(time.time()) + 2
        mortal, immortal = (Ask("connect", token=Signed(claims)) for claims in ({"exp": soon}, {}))
        subscribe = Ask("subscribe", {"channel": step.channel})
        brief = self._arrive(step, self._new(), (mortal, subscribe))
        refreshed = self._arrive(step, self._new(), (mortal, subscribe, Ask("refresh", token=Signed({"exp": LATER}))))
        signed = subscribe._replace(token=Signed({"exp": soon}))
        subscriber = self._arrive(step, self._new(), (immortal, signed))
        subscribed = self._arrive(step, self._new(), (immortal,))
        self._run("subscribe", {"channel": step.channel, "expire_at": soon}, subscribed)
        self._settle(step)
        for side in SIDES:
            for member in (brief, subscribed):
                member.read(side)
            subscriber.read(side, until=lambda line: "unsubscribe" in line.get("push", {}))
        self._settle(step, together=(brief, refreshed, subscriber, subscribed))
        assert brief not in self._members
        assert refreshed in self._members

    # ---- commands of clients on one side

    def _placed(self, member: Member, asks: Sequence[Ask]) -> list[Ask]:
        """Return the commands with the channel that each of them is about."""
        member.late = any(map(may_end_later, asks))
        placed = []
        for ask in asks:
            if ask.familiar is not None and member.channels:
                channel = member.channels[ask.familiar % len(member.channels)]
                ask = ask._replace(params={**ask.params, "channel": channel})
            if ask.name == "subscribe":
                member.channels.append(ask.params["channel"])
            placed.append(ask)
        return placed

    def _message(self, member: Member, side: int, asks: Sequence[Ask]) -> bytes:
        return b"\n".join(self._line(index, ask, member, side) for index, ask in enumerate(asks, 1))

    def _line(self, index: int, ask: Ask, member: Member, side: int) -> bytes:
        params = dict(ask.params)
        if ask.epoch is not None and self._pairs.epochs:
            position = {"epoch": self._pairs.epochs[-1 - ask.epoch % len(self._pairs.epochs)][side]}
            params |= {"since": params.get("since", {}) | position} if ask.name == "history" else position
        if ask.token is not None:
            params["token"] = self._token(ask.token, member, side, params.get("channel"))
        return msgspec.json.encode({"id": index, ask.name: params})

    def _token(self, signed: Signed, member: Member, side: int, channel: str | None) -> str:
        claims = {"sub": member.user if signed.of_user is None else signed.of_user}
        if channel is not None:
            claims["channel"] = channel
        if signed.of_client is not None:
            owner = self._member(signed.of_client) if signed.of_client % 2 else member
            claims["client"] = owner.ids[side]
        return token(signed.secret, **{**claims, **signed.claims})

    # ---- the API

    def _call(self, step: Call) -> None:
        member = self._member(step.number) if self._members else None
        calls: list[tuple[str, Any]] = []
        for name, given in step.calls:
            params = dict(given)
            if "channel" in params and member and member.channels and step.familiar is not None:
                params["channel"] = member.channels[-1 - step.familiar % len(member.channels)]
            calls.append((name, params))
            if name in _ENDING:
                # A real server may end the connection because of this call, in the background.
                break
        if len(calls) == 1:
            self._run(*calls[0], member)
        else:
            self._compare(
                "batch",
                [{"commands": [{name: _of(member, side, name, params)} for name, params in calls]} for side in SIDES],
            )

    def _run(self, name: str, params: Any, member: Member | None) -> None:
        self._compare(name, [_of(member, side, name, params) for side in SIDES])

    def _compare(self, name: str, bodies: Sequence[Any]) -> None:
        replies = [self._ask(side, name, bodies[side]) for side in SIDES]
        self._pairs.same(*replies)
        for reply in replies[0].get("replies", replies[:1]):
            self.done[f"API {name}: {reply.get('error', {}).get('code', 'done')}"] += 1

    def _ask(self, side: int, name: str, body: Any) -> Any:
        headers = {"X-API-Key": API_KEY, "Content-Type": "application/json"}
        self._apis[side].request("POST", f"/api/{name}", msgspec.json.encode(body), headers)
        return json.loads(self._apis[side].getresponse().read())

    # ---- comparing

    def _settle(self, step: Step, acting: Member | None = None, together: Sequence[Member] = ()) -> None:
        """Wait until all operations have finished, and compare what the connections received.

        Args:
            step: the step that was done.
            acting: the client that did it.
            together: clients some of which leave at about the same time.
        """
        end = time.monotonic() + _PATIENCE
        while True:
            self._drain(acting)
            gone = [member for member in self._members if member.ended]
            # Clients that join and leave at the same time may or may not see each other.
            crowd = [*gone, *together, *([acting] if gone and acting and isinstance(step, Arrive) else [])]
            # A real server ends connections in the background, and only then tells other clients about the leave.
            if time.monotonic() > end or not self._goes_on(gone, crowd):
                break
            time.sleep(0.005)
        if gone:
            # Receive the leaves that the other clients got.
            self._drain(acting)
        for member in self._members:
            if all(member.ids):
                self._pairs.same({"client": member.ids[0]}, {"client": member.ids[1]})
        for member in self._members:
            self._check(step, member, crowd)
            member.lines = [[], []]
            if member.ended or any(member.refused):
                member.drop()
        self._members = [member for member in self._members if not member.ended and not any(member.refused)]

    def _drain(self, acting: Member | None) -> None:
        # The acting client first: after its reply, the other clients have received the effects.
        for member in sorted(self._members, key=lambda member: member is not acting):
            for side in SIDES:
                if not member.has_ended[side] and not member.refused[side]:
                    member.send(side, msgspec.json.encode(DRAIN))
                    member.read(side)

    def _goes_on(self, gone: Sequence[Member], crowd: Sequence[Member]) -> bool:
        """Return whether a server has not finished its work yet."""
        if any(member.differs(announcements=member not in crowd) for member in self._members):
            return True
        if not gone:
            return False
        real, embedded = (self._ask(side, "channels", {})["result"]["channels"] for side in SIDES)
        return real != embedded or any(member.mark in embedded for member in gone)

    def _check(self, step: Step, member: Member, crowd: Sequence[Member]) -> None:
        try:
            assert member.has_ended[0] == member.has_ended[1], "it has ended on one side only"
            real, embedded = member.lines
            if member.ended and isinstance(step, Leave):
                embedded = self._without_lost(real, embedded)
            elif member.ended and member.late:
                real = self._without_late(real, embedded)
            real, embedded = (
                self._ordered(step, member, side, lines, crowd) for side, lines in enumerate((real, embedded))
            )
            self._pairs.same(real, embedded)
        except AssertionError as error:
            texts = ("".join(f"\n    {line}" for line in lines) for lines in member.lines)
            error.add_note(
                "member {} (user {!r}) received\nreal:{}\nembedded:{}".format(member.number, member.user, *texts)
            )
            raise
        self.received.update(map(kind_of, real))

    def _ordered(self, step: Step, member: Member, side: int, lines: list[Line], crowd: Sequence[Member]) -> list[Line]:
        """Return the lines of a side in a stable order and without random lines."""
        if member in crowd:
            ids = {other.ids[side] for other in crowd if other is not member}
            kept = [line for line in lines if announced(line)[1] not in ids]
            self.leeway[Leeway.ORDER_OF_CONNECTIONS] += len(kept) != len(lines)
            lines = kept
        if isinstance(step, Call) and any(name == "broadcast" for name, _ in step.calls):
            # Go publishes to several channels concurrently,
            lines = sorted(lines, key=lambda line: line["push"].get("channel", "") if isinstance(line, dict) else "~")
        if crowd or isinstance(step, Arrive):
            # and iterates over the channels of a connection in random order.
            lines = sorted(lines, key=lambda line: self._place(line, side))
        return lines

    def _place(self, line: Line, side: int) -> tuple[str, ...]:
        channel, client = announced(line)
        return (channel, self._pairs.common(side, client)) if channel else ()

    def _without_lost(self, real: list[Line], embedded: list[Line]) -> list[Line]:
        """Return what the embedded server sent to a client that left, without what the real server did not send."""
        count = sum(isinstance(line, dict) for line in real)
        sent = [line for line in embedded if isinstance(line, dict)]
        rest = embedded[len(sent) :]
        if rest and isinstance(rest[0], list) and len(rest[0][1]) > len("0bb8"):
            # A server gives a reason for its close; the real server may see the client leave before that.
            rest = real[count:]
        kept = sent[:count] + rest
        self.leeway[Leeway.LOST_AT_THE_END] += kept != embedded
        return kept

    def _without_late(self, real: list[Line], embedded: list[Line]) -> list[Line]:
        """Return what the real server sent to a client it closed, without replies to commands after the cause."""
        answered = max((line.get("id", 0) for line in embedded if isinstance(line, dict)), default=0)
        kept = [line for line in real if not isinstance(line, dict) or line.get("id", 0) <= answered]
        self.leeway[Leeway.ANSWERED_AFTER_THE_END] += len(kept) != len(real)
        return kept


def _of(member: Member | None, side: int, name: str, params: Any) -> Any:
    """Return the parameters of a method for one connection, because a real server handles a user's concurrently."""
    if name not in _DIRECTED or member is None:
        return params
    return {**params, "user": member.user, "client": member.ids[side]}
