"""A real Centrifugo 6 and the embedded one have the same live connections, and the same happens to them at random.

After each step a call that any connection may make shows that everything before it has come; then what each connection
received is compared, line by line. What a server makes up (connection ids, epochs) is paired at first sight.
`CENTRIPETAL_STEPS` says how many steps are made.
"""

import contextlib
import http.client
import json
import os
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from websockets.exceptions import InvalidState
from websockets.frames import Frame, Opcode

from tests.conformance import servers_v6
from tests.conformance.servers import Server
from tests.needs import needs
from tests.server.current.world import token
from tests.wire.websocket import Client, EndOfStream

pytestmark = needs("centrifugo-v6")

STEPS = int(os.environ.get("CENTRIPETAL_STEPS", "300"))
KEY, SECRET = "key", "secret"
HISTORY = {"history_size": 4, "history_ttl": "300s"}
READERS = {f"allow_{what}_for_subscriber": True for what in ("publish", "presence", "history")}
ANONYMOUS = {f"allow_{what}_for_anonymous": True for what in ("publish", "presence", "history")}
ANYBODY = {"allow_subscribe_for_client": True, "allow_subscribe_for_anonymous": True, **READERS, **ANONYMOUS}
NAMESPACES = [
    {"name": "open", **ANYBODY},
    {"name": "named", "allow_subscribe_for_client": True, "allow_publish_for_client": True, **HISTORY},
    {
        "name": "chat",
        "presence": True,
        "join_leave": True,
        "force_push_join_leave": True,
        **ANYBODY,
    },
    {"name": "quiet", "presence": True, "join_leave": True, "allow_subscribe_for_client": True, **READERS},
    {"name": "rec", "force_recovery": True, **HISTORY, **ANYBODY},
    {
        "name": "opt",
        "allow_positioning": True,
        "allow_recovery": True,
        "allow_tags_filter": True,
        **HISTORY,
        "allow_subscribe_for_client": True,
    },
    {"name": "cache", "force_recovery": True, "force_recovery_mode": "cache", **HISTORY, **ANYBODY},
    {
        "name": "auto",
        "auto_cache_recover": True,
        "force_recovery": True,
        "force_recovery_mode": "cache",
        **HISTORY,
        **ANYBODY,
    },
    {
        "name": "delta",
        "force_recovery": True,
        "allowed_delta_types": ["fossil"],
        "delta_publish": True,
        **HISTORY,
        **ANYBODY,
    },
    {"name": "bare", "force_positioning": True, **ANYBODY},
    {"name": "limited", "allow_user_limited_channels": True, "presence": True},
    {"name": "short", "channel_regex": "^[a-c]$", **ANYBODY},
    {"name": "object", "publication_data_format": "json_object", "allow_publish_for_client": True, **ANYBODY},
    {"name": "closed", "presence": True},
]
PRESENT = {each["name"] for each in NAMESPACES if each.get("presence")}
CONFIG = {
    "http_api": {"key": KEY},
    "client": {
        "token": {"hmac_secret_key": SECRET},
        "allow_anonymous_connect_without_token": True,
        "channel_limit": 8,
        "user_connection_limit": 3,
        "ping_interval": "600s",
        "history_max_publication_limit": 3,
        "recovery_max_publication_limit": 3,
    },
    "rpc": {"ping": {"enabled": True}},
    "channel": {"namespaces": NAMESPACES},
}
DRAIN = {"id": 4294967295, "rpc": {"method": "ping"}}
LATER = 4102444800
PATIENCE = 5.0  # seconds for what a real server does in the background


class Pairs:
    """Which value of the one server is which of the other."""

    def __init__(self) -> None:
        self._of: dict[str, str] = {}
        self._back: dict[str, str] = {}

    def pair(self, ours: str, theirs: str) -> None:
        known = self._of.setdefault(ours, theirs), self._back.setdefault(theirs, ours)
        assert known == (theirs, ours), f"{ours} is {known[0]}, not {theirs}"

    def same(self, ours: Any, theirs: Any, name: str = "") -> None:
        """Make sure that two values are the same but for what is paired."""
        assert type(ours) is type(theirs), (name, ours, theirs)
        if isinstance(ours, dict):
            renamed = {str(self._of.get(key, key)): value for key, value in ours.items()}
            assert renamed.keys() == theirs.keys(), (name, ours, theirs)
            for key, value in renamed.items():
                self.same(value, theirs[key], key)
        elif isinstance(ours, list):
            assert len(ours) == len(theirs), (name, ours, theirs)
            for one, other in zip(ours, theirs, strict=True):
                self.same(one, other, name)
        elif name in ("epoch", "client") and ours:
            self.pair(ours, theirs)
        elif name == "ttl":
            # One may look at the clock just before a new second, and the other just after that.
            assert abs(ours - theirs) <= 1
        elif name == "version" and isinstance(ours, str):
            assert theirs.endswith(" OSS")
        else:
            assert ours == theirs, (name, ours, theirs)


class Member:
    """One client, connected to both servers."""

    def __init__(self, servers: list[Server]) -> None:
        self.clients = [Client(f"ws{server.url.removeprefix('http')}/connection/websocket") for server in servers]
        self.lines: list[list[Any]] = [[], []]
        self.has_ended = [False, False]
        self.ids = ["", ""]
        self.user = ""
        self.channels: list[str] = []

    @property
    def ended(self) -> bool:
        return any(self.has_ended)

    @property
    def differs(self) -> bool:
        """Whether one side has received more than the other."""
        return len(self.lines[0]) != len(self.lines[1]) or self.has_ended[0] != self.has_ended[1]

    def send(self, text: str) -> None:
        for side in (0, 1):
            self.send_to(side, text)

    def send_to(self, side: int, text: str) -> None:
        with contextlib.suppress(OSError, InvalidState):
            self.clients[side].send(text.encode())

    def drop(self) -> None:
        for client in self.clients:
            client.drop()

    def read(self, side: int) -> None:
        """All that came until the reply to `DRAIN`, or until the end."""
        while True:
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
            self.lines[side] += [line for line in lines if line.get("id") != DRAIN["id"]]
            for line in lines:
                self.ids[side] = line.get("connect", {}).get("client", self.ids[side])
            if any(line.get("id") == DRAIN["id"] for line in lines):
                return


class Duet:
    """Two servers, and what was done to them."""

    def __init__(self, servers: list[Server], seed: int) -> None:
        self.servers = servers
        self.random = random.Random(seed)
        self.pairs = Pairs()
        self.members: list[Member] = []
        self.done: list[str] = []
        self.seen: Counter[str] = Counter()
        self.acting: Member | None = None

    # ---- steps

    def step(self) -> None:
        """Do one thing, and compare what comes of it."""
        kinds: list[tuple[Callable[[], None], int]] = [
            (self.connect, 4 if len(self.members) < 6 else 0),
            (self.command, 20),
            (self.api, 10),
            (self.leave, 1),
        ]
        choices, weights = zip(*kinds, strict=True)
        self.random.choices(choices, weights)[0]()
        self.settle()

    def connect(self) -> None:
        member = Member(self.servers)
        params: dict[str, Any] = {}
        if self.random.random() < 0.7:
            claims: dict[str, Any] = {"sub": self.random.choice(["1", "2", ""])}
            if self.random.random() < 0.5:
                claims |= {"info": {"n": self.random.randrange(3)}, "exp": LATER}
            if self.random.random() < 0.3:
                claims["channels"] = [self.channel() for _ in range(self.random.randrange(3))]
            params["token"] = token(SECRET if self.random.random() < 0.95 else "wrong", **claims)
            member.user = claims["sub"]
        if self.random.random() < 0.2:
            params["subs"] = {self.channel(): {"recover": True} for _ in range(2)}
        self.tell(member, "connect", params)
        self.members.append(member)

    def command(self) -> None:
        if not self.members:
            return
        member = self.random.choice(self.members)
        name = self.random.choices(
            [
                "subscribe",
                "unsubscribe",
                "publish",
                "presence",
                "presence_stats",
                "history",
                "sub_refresh",
                "refresh",
                "rpc",
            ],
            [8, 3, 5, 2, 2, 3, 1, 1, 1],
        )[0]
        maybe = self.random.random
        known = [] if name == "subscribe" or maybe() < 0.3 else member.channels
        params: dict[str, Any] = {"channel": self.random.choice(known or [self.channel()])}
        if name == "subscribe":
            member.channels.append(params["channel"])
            params |= {wish: True for wish in ("positioned", "recoverable", "join_leave", "recover") if maybe() < 0.3}
            if params.get("recover") or maybe() < 0.1:
                params |= {"offset": self.random.randrange(7)}
            if maybe() < 0.3:
                params["delta"] = "fossil"
            if maybe() < 0.2:
                params["tf"] = {"key": "n", "cmp": self.random.choice(["eq", "gt", "in", "no"]), "val": "1"}
            if maybe() < 0.1 and params["channel"].partition(":")[0].strip("$") not in PRESENT:
                # Where there is presence, a client stays in it whose subscription was refused for that.
                params["flag"] = 2
            if maybe() < 0.3:
                params["token"] = self.subscription_token(member, params["channel"])
        elif name == "publish":
            params["data"] = self.data()
        elif name == "history":
            params |= {"limit": self.random.randrange(-1, 6), "reverse": maybe() < 0.3}
            if maybe() < 0.5:
                params["since"] = {"offset": self.random.randrange(6)}
        elif name == "sub_refresh":
            params["token"] = self.subscription_token(member, params["channel"])
        elif name == "refresh":
            params = {"token": token(SECRET, sub=member.user, exp=self.random.choice([LATER, 1000, LATER + 1]))}
        elif name == "rpc":
            params = {"method": self.random.choice(["ping", "pong"])}
        self.tell(member, name, params)

    def subscription_token(self, member: Member, channel: str) -> str:
        claims: dict[str, Any] = {"sub": member.user, "channel": channel}
        if self.random.random() < 0.2:
            claims["exp"] = self.random.choice([LATER, 1000])
        if self.random.random() < 0.3:
            claims |= {"info": [1], "data": {"hello": 1}}
        if self.random.random() < 0.3:
            names = ("presence", "join_leave", "force_push_join_leave", "force_recovery", "force_positioning")
            claims["override"] = {name: {"value": self.random.random() < 0.5} for name in self.random.sample(names, 2)}
        return token(SECRET if self.random.random() < 0.95 else "wrong", **claims)

    def api(self) -> None:
        method = self.random.choices(
            [
                "publish",
                "subscribe",
                "unsubscribe",
                "disconnect",
                "refresh",
                "presence",
                "history",
                "history_remove",
                "channels",
            ],
            [10, 3, 2, 0.3, 1, 1, 1, 0.5, 1],
        )[0]
        params: dict[str, Any] = {"channel": self.channel()}
        if method == "publish":
            params |= {"data": self.data(), "tags": {"n": str(self.random.randrange(3))}}
            if self.random.random() < 0.2:
                params["skip_history"] = True
            if self.random.random() < 0.2:
                params["version"] = self.random.randrange(1, 5)
        elif method == "subscribe":
            if self.random.random() < 0.3:
                params |= {"info": {"i": 1}, "data": [1], "recover_since": {"offset": self.random.randrange(4)}}
        elif method == "refresh":
            params = {"expire_at": self.random.choice([0, LATER]), "info": {"r": 1}}
        elif method == "history":
            params |= {"limit": 3}
        elif method == "channels":
            params = {}
        self.done.append(f"api {method} {params}")
        both = [params, params]
        if method in ("subscribe", "unsubscribe", "disconnect", "refresh") and self.members:
            # Of one connection: a real server does it to those of a user at the same time, in any order.
            member = self.random.choice(self.members)
            both = [{**params, "user": member.user, "client": id_} for id_ in member.ids]
        answers = [self.call(server, method, each) for server, each in zip(self.servers, both, strict=True)]
        self.pairs.same(*answers)

    def call(self, server: Server, method: str, params: dict[str, Any]) -> Any:
        with contextlib.closing(http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=10)) as connection:
            headers = {"X-API-Key": KEY, "Content-Type": "application/json"}
            connection.request("POST", f"/api/{method}", json.dumps(params), headers)
            return json.loads(connection.getresponse().read())

    def leave(self) -> None:
        if self.members:
            member = self.members.pop(self.random.randrange(len(self.members)))
            self.done.append(f"leave {member.user}")
            member.drop()

    def tell(self, member: Member, name: str, params: dict[str, Any]) -> None:
        self.done.append(f"{self.members.index(member) if member in self.members else 'new'}: {name} {params}")
        self.acting = member
        member.send(json.dumps({"id": 1, name: params}))

    # ---- what is said

    def channel(self) -> str:
        namespace = self.random.choice(NAMESPACES)["name"]
        (rest,) = self.random.choices(["a", "b", "a#1", "ä"], [30, 3, 2, 1])
        return ("$" if self.random.random() < 0.03 else "") + f"{namespace}:{rest}"

    def data(self) -> Any:
        number = self.random.randrange(100)
        return self.random.choice(
            [number, {"n": number}, "The quick brown fox jumps over the lazy dog. " * 3 + str(number)]
        )

    # ---- comparing

    def settle(self) -> None:
        self.drain()
        # A real server ends connections in the background, and others hear only then that they have left.
        end = time.monotonic() + PATIENCE
        while any(member.differs for member in self.members) and time.monotonic() < end:
            time.sleep(0.02)
            self.drain()
        for member in self.members:
            lines, member.lines = member.lines, [[], []]
            ours, theirs = map(settled, lines)
            assert len(ours) == len(theirs), (ours, theirs)
            for one, other in zip(ours, theirs, strict=True):
                self.pairs.same(one, other)
                self.seen[kind_of(one)] += 1
            if member.ended:
                member.drop()
        self.members = [member for member in self.members if not member.ended]

    def drain(self) -> None:
        # Whoever has just asked for something first: what others get of it has come then.
        for member in sorted(self.members, key=lambda member: member is not self.acting):
            for side in (0, 1):
                if not member.has_ended[side]:
                    member.send_to(side, json.dumps(DRAIN))
                    member.read(side)


def kind_of(line: Any) -> str:
    """What a line is, for people."""
    if not isinstance(line, dict):
        return str(line)
    about = line.get("push", line)
    kind = next((name for name in about if name not in ("id", "channel")), "?")
    return f"{kind} {about[kind]['code']}" if kind in ("error", "unsubscribe") and "code" in about[kind] else kind


def settled(lines: list[Any]) -> list[Any]:
    """*lines* in an order that chance does not change: several connections leave at the same time."""

    def key(line: Any) -> tuple[int, str]:
        push = line.get("push", {}) if isinstance(line, dict) else {}
        kind = next((kind for kind in ("leave", "join") if kind in push), "")
        return (1, push["channel"]) if kind else (0, "")

    return sorted(lines, key=key)


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Server]]:
    with contextlib.ExitStack() as stack:
        folders: list[Path] = [tmp_path_factory.mktemp("server") for _ in range(2)]
        yield [
            stack.enter_context(servers_v6.start(kind, CONFIG, folder))
            for kind, folder in zip(("real", "embedded"), folders, strict=True)
        ]


@pytest.mark.parametrize("seed", range(3))
def test_connections_of_both_servers_receive_the_same(servers: list[Server], seed: int) -> None:
    """Whatever clients and the back end do, in whatever order."""
    duet = Duet(servers, seed)
    for _ in range(STEPS // 3):
        try:
            duet.step()
        except AssertionError as error:
            error.add_note("the last steps:\n" + "\n".join(duet.done[-12:]))
            raise
    print("received:", ", ".join(f"{number} {kind}" for kind, number in duet.seen.most_common()))
    for member in duet.members:
        member.drop()
