"""Random operations on two 1.x servers: the same API requests, clients, frames and closes, compared at every step.

One server is the embedded server. The other is a real server, if available, and in any case a second embedded server,
which shows that the embedded server is deterministic and that the comparison works.
"""

import contextlib
import hmac
import json
import os
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from tests.conformance.deviations import Leeway
from tests.conformance.duet_v1 import Duet, Member, Text, on
from tests.conformance.raw import payloads
from tests.conformance.servers_v1 import SECRET, start
from tests.needs import needs

# For a longer run: CENTRIPETAL_STEPS=20000 pytest -rP tests/conformance
STEPS = int(os.environ.get("CENTRIPETAL_STEPS", "300"))
STEPS_OF_ONE_RUN = 50
SETTINGS = settings(
    stateful_step_count=STEPS_OF_ONE_RUN,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    # Shrinking a failure takes minutes, because each attempt starts two servers.
    phases=[Phase.generate, *([Phase.shrink] if "CENTRIPETAL_SHRINK" in os.environ else [])],
)

_LONG = {"history_lifetime": 600}
_QUIET = {
    # Timers are disabled here; the scenarios and the golden transcripts test them.
    "stale_connection_close_delay": 600,
    "ping_interval": 600,
    "presence_ping_interval": 600,
}
_CONFIG: dict[str, Any] = {
    **_QUIET,
    "secret": SECRET,
    "name": "node-1",
    "connection_lifetime": 7200,
    "client_channel_limit": 5,
    "user_connection_limit": 3,
    "max_channel_length": 48,
    "client_request_max_size": 4000,
    "presence": True,
    "history_size": 3,
    **_LONG,
    "namespaces": [
        {"name": "public", "publish": True, "anonymous": True, "presence": True, "join_leave": True, "recover": True}
        | {"history_size": 4, **_LONG},
        {"name": "joined", "anonymous": True, "join_leave": True},
        {"name": "bare", "anonymous": True, "publish": True},
        {"name": "vain", "recover": True, "publish": True},
        {"name": "drop", "history_drop_inactive": True, "recover": True, "history_size": 2, "publish": True, **_LONG},
    ],
}
CONFIGS: Mapping[str, Mapping[str, Any]] = {
    "strict": _CONFIG,
    "insecure": _CONFIG | {"insecure": True, "insecure_api": True, "user_connection_limit": 0},
    "without expiry": _CONFIG | {"connection_lifetime": 0},
}

CHANNELS = [
    "public:a",
    "public:a",
    "public:b",
    "news",
    "joined:x",
    "bare:x",
    "drop:x",
    "vain:x",
    "$public:p",
    "$joined:p",
]
CHANNELS += ["news#1", "public:pair#1,2", "public:#", "$public:p#2", "nowhere:x", "$nowhere:x", "joined:é<&>\u2028"]
CHANNELS += ["x" * 48, "x" * 49, ":x", ""]
USERS = ["1", "1", "1", "2", "2", "", "ü<3>"]
INFOS = ["", "", '{"name":"Zoë"}', ' {"a" : "<&>\u2028" ,\n"n":1.0, "n":2} ']
BROKEN = "no json"

_few = st.integers(0, 7)
_data = st.one_of(st.sampled_from([b'{"text":"hello"}', b"null", b' { "a" : "<&>" } ', b'"\\u003c\\ud800"']), payloads)
_channel = st.sampled_from([*CHANNELS, "own&", "public:own&"]) | st.sampled_from(CHANNELS[:8])
_user = st.sampled_from(USERS)
_info = st.sampled_from([*INFOS * 5, BROKEN])
_uid = st.sampled_from(["", "1", "1", "é<&>"])
_one_in_ten = st.integers(0, 9).map(lambda number: number == 0)


class Plan(NamedTuple):
    """A drawn command of a client; its final content depends on the client that sends it."""

    method: str
    channel: str
    uid: str
    data: bytes
    choice: int
    other: int


def plans(*methods: str) -> st.SearchStrategy[Plan]:
    return st.builds(Plan, st.sampled_from(methods), _channel, _uid, _data, st.integers(0, 23), _few)


ALL = ("subscribe", "subscribe", "unsubscribe", "publish", "publish", "presence", "history", "ping", "refresh")
BAD_FRAMES = [
    b"",
    b" {}",
    b"[]",
    b"{}",
    b"null",
    b'"ping"',
    b"[",
    b'{"method":"ping"',
    b'[{"method":"ping"},1]',
    b"\xff",
]
BAD_FRAMES += [b'{"method":"ping"} ', b'{"method":"ping"}x', b'[{"method":"ping"}]', b'{"method":"ping","params":null}']
BAD_FRAMES += [b'{"method":"ping","params":{"data":"%b"}}' % (b"x" * size) for size in (3958, 3959, 3960, 9000)]
BAD_FRAMES += [b'{"METHOD":"ping","Uid":"7","method":null}', b'{"method":"ping","params":{"data":1}}', b'{"uid":1}']
BAD_COMMANDS = [
    '{"method":"wave","params":{}}',
    '{"method":"Ping","params":{}}',
    '{"method":"message","params":{}}',
    '{"method":"connect","params":{}}',
    '{"method":"subscribe"}',
    '{"method":"subscribe","params":{}}',
    '{"method":"subscribe","params":{"channel":1}}',
    '{"method":"subscribe","params":{"channel":"news","recover":"true"}}',
    '{"method":"unsubscribe","params":{"channel":""}}',
    '{"method":"publish","params":[]}',
    '{"method":"presence","params":null}',
    '{"method":"history","params":{"channel":["news"]}}',
    '{"method":"refresh","params":{"user":"1","timestamp":"1","token":"0"}}',
    '{"uid":"a","method":"ping","params":"x"}',
]
BAD_API = [
    '{"method":"wave","params":{}}',
    '{"method":"publish"}',
    '{"method":"publish","params":{"channel":"","data":1}}',
    '{"method":"publish","params":{"channel":"public:a"}}',
    '{"method":"publish","params":{"channel":1,"data":1}}',
    '{"method":"broadcast","params":{"channels":["public:a",1],"data":1}}',
    '{"method":"broadcast","params":{"channels":[],"data":1}}',
    '{"method":"broadcast","params":{"channels":["public:a","","news"],"data":1}}',
    '{"method":"unsubscribe","params":{"channel":"public:a"}}',
    '{"method":"unsubscribe","params":{"user":"1","channel":"nowhere:x"}}',
    '{"method":"disconnect","params":{}}',
    '{"method":"presence","params":{}}',
    '{"method":"history","params":{"channel":null}}',
    '{"method":"stats","params":null}',
    '{"method":"node","params":[]}',
]


def signature(*parts: str) -> str:
    """Return a sign as the server computes it, also for arguments that the library refuses."""
    return hmac.digest(SECRET.encode(), "".join(parts).encode(), "sha256").hex()


def render(value: Any, side: int) -> Any:
    """Return a command with the values of that side."""
    if isinstance(value, dict):
        return {key: render(each, side) for key, each in value.items()}
    if isinstance(value, list):
        return [render(each, side) for each in value]
    return value(side) if callable(value) else value


def encoder(value: Any) -> Callable[[int], bytes]:
    return lambda side: msgspec.json.encode(render(value, side))


class Machine(RuleBasedStateMachine):
    """Random operations on a server and its clients."""

    kind: ClassVar[str]
    steps: ClassVar[int] = 0
    done: ClassVar[Counter[str]] = Counter()
    leeway: ClassVar[Counter[Leeway]] = Counter()
    received: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self._stack = contextlib.ExitStack()
        self.duet: Duet

    @initialize(
        config=st.sampled_from(["strict", "strict", "without expiry", "insecure"]),
        users=st.lists(_user, min_size=1, max_size=4),
        channels=st.lists(st.sampled_from(CHANNELS[:8]), min_size=1, max_size=3, unique=True),
    )
    def begin(self, config: str, users: list[str], channels: list[str]) -> None:
        folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory()))
        real = self._stack.enter_context(start(self.kind, CONFIGS[config], folder))
        self.duet = Duet(real, self._stack.enter_context(start("embedded", CONFIGS[config], folder)))
        self._stack.callback(self.duet.close)
        for user in users:
            later = [Plan("subscribe", channel, "", b"", 0, 0) for channel in channels]
            self.arrive_with_commands(user, "", later)

    def teardown(self) -> None:
        with self._stack:
            if hasattr(self, "duet"):
                type(self).leeway.update(self.duet.leeway)
                type(self).received.update(self.duet.received)

    # ---- clients

    def crowded(self) -> bool:
        return len(self.duet.members) >= 8

    def inhabited(self) -> bool:
        return any(member.user is not None for member in self.duet.members)

    def step(self, name: str) -> None:
        type(self).steps += 1
        type(self).done[name] += 1

    def anyone(self, number: int) -> Member:
        return self.duet.members[number % len(self.duet.members)]

    def someone(self, number: int) -> Member:
        """Return an authenticated member."""
        members = [member for member in self.duet.members if member.user is not None]
        return members[number % len(members)]

    def say(self, member: Member, commands: list[Any], binary: bool = False, cuts: tuple[float, ...] = ()) -> None:
        """Send commands in one frame, record their effects, and compare."""
        reply = self.duet.tell(member, encoder(commands if len(commands) > 1 else commands[0]), binary, cuts)
        if reply:
            replies = json.loads(reply)
            for command, answer in zip(commands, replies if len(commands) > 1 else [replies], strict=True):
                self.learn(member, command, answer)
                result = answer.get("error", "done")
                type(self).done[f"{answer['method']}: {result}"] += 1
        else:
            type(self).done["closed"] += 1
        self.duet.finish()

    def learn(self, member: Member, command: Any, answer: dict[str, Any]) -> None:
        body = answer.get("body") or {}
        if isinstance(command, msgspec.Raw) or answer.get("error"):
            return
        channel = command["params"].get("channel", "")
        match answer["method"]:
            case "connect" if body["client"]:
                member.user = command["params"]["user"]
                for side, events in enumerate(member.events):
                    texts = [event.data for event in events if b'"method":"connect"' in event.data]
                    found = json.loads(texts[-1])
                    found = found if isinstance(found, list) else [found]
                    member.ids[side] = next(each["body"]["client"] for each in found if each["method"] == "connect")
            case "subscribe":
                member.channels[on(channel, 0)] = channel
            case "unsubscribe":
                member.channels.pop(on(channel, 0), None)

    @precondition(lambda self: not self.crowded())
    @rule()
    def open(self) -> None:
        self.step("open")
        self.duet.open()
        self.duet.finish()

    @precondition(lambda self: not self.crowded())
    @rule(user=_user, info=_info, choice=st.integers(0, 23), uid=_uid)
    def arrive(self, user: str, info: str, choice: int, uid: str) -> None:
        self.step("arrive")
        self.say(self.duet.open(), [self.connect("connect", user, info, choice, uid)])

    @precondition(lambda self: not self.crowded())
    @rule(user=_user, info=_info, later=st.lists(plans(*ALL), min_size=1, max_size=3))
    def arrive_with_commands(self, user: str, info: str, later: list[Plan]) -> None:
        self.step("arrive with commands")
        member = self.duet.open()
        self.say(member, [self.connect("connect", user, info, 0, "1"), *(self.command(member, plan) for plan in later)])

    @precondition(lambda self: self.duet.members)
    @rule(number=_few, user=_user, info=_info, choice=st.integers(0, 23), odd=_one_in_ten)
    def connect_once_more(self, number: int, user: str, info: str, choice: int, odd: bool) -> None:
        """Send a connect command, mostly before authentication; an authenticated connection is closed."""
        members = [member for member in self.duet.members if (member.user is None) is not odd]
        if members:
            self.step("connect once more")
            member = members[number % len(members)]
            self.say(member, [self.connect("connect", user, info, choice, "1")])

    def connect(self, method: str, user: str, info: str, choice: int, uid: str) -> dict[str, Any]:
        """Return a connect or refresh command, mostly with valid credentials."""
        now = int(time.time())
        timestamp = {20: str(now - 9000), 21: f"+0{now}", 22: f"{now}.0"}.get(choice, str(now))
        token = signature(user, timestamp, info)
        token = {16: token.upper(), 17: "", 18: token[1:]}.get(choice, token)
        params: dict[str, Any] = {"user": user, "timestamp": timestamp, "info": info, "token": token}
        if choice == 19:
            params |= {"timestamp": now}
        elif choice == 15 and not info:
            params["info"] = None
        return {"uid": uid, "method": method, "params": params}

    # ---- commands of clients

    def channel(self, member: Member, plan: Plan) -> Text:
        """Return a channel: mostly one with a subscription of the member, except for a subscribe command."""
        if plan.method != "subscribe" and member.channels and plan.choice % 4:
            names = [*member.channels.values()]
            return names[plan.other % len(names)]
        if not plan.channel.endswith("&"):
            return plan.channel
        owner = member if plan.choice % 6 else self.anyone(plan.other)
        return lambda side: plan.channel + owner.id(side)

    def command(self, member: Member, plan: Plan) -> dict[str, Any]:
        channel = self.channel(member, plan)
        params: dict[str, Any] = {"channel": channel}
        match plan.method:
            case "subscribe":
                params |= self.recovery(plan)
                if plan.channel.startswith("$"):
                    params |= self.sign(member, plan, channel)
            case "publish":
                params["data"] = msgspec.Raw(plan.data)
                if plan.choice == 5:
                    del params["data"]
            case "ping":
                params = {"data": "é<&>"} if plan.choice % 2 else {}
            case "refresh":
                user = (member.user or "") if plan.choice % 2 else USERS[plan.other % len(USERS)]
                return self.connect("refresh", user, INFOS[plan.other % len(INFOS)], plan.choice, plan.uid)
        return {"uid": plan.uid, "method": plan.method, "params": params}

    def recovery(self, plan: Plan) -> dict[str, Any]:
        uids = self.duet.pairing.uids
        if plan.choice < 10 or not uids:
            return {}
        pair = uids[-1 - plan.other % len(uids)]
        last: Text = {10: "", 11: "nowhere", 12: "u1"}.get(plan.choice) or (lambda side: pair[side])
        return {"last": last} | ({"recover": True} if plan.choice != 13 else {})

    def sign(self, member: Member, plan: Plan, channel: Text) -> dict[str, Any]:
        other = self.anyone(plan.other) if plan.choice == 20 else member
        info = INFOS[plan.other % len(INFOS)] if plan.choice % 2 else ""

        def sign(side: int) -> str:
            right = signature(other.id(side), on(channel, side), info)
            return {21: right.upper(), 22: ""}.get(plan.choice, right)

        return {"client": other.id, "info": info + " " if plan.choice == 23 else info, "sign": sign}

    @precondition(lambda self: self.inhabited())
    @rule(number=_few, plan=plans("subscribe"))
    def subscribe(self, number: int, plan: Plan) -> None:
        self.step("subscribe")
        member = self.someone(number)
        self.say(member, [self.command(member, plan)])

    @precondition(lambda self: self.inhabited())
    @rule(number=_few, plan=plans("subscribe"), choice=st.integers(10, 19))
    def recover(self, number: int, plan: Plan, choice: int) -> None:
        self.step("recover")
        member = self.someone(number)
        self.say(member, [self.command(member, plan._replace(choice=choice, channel=CHANNELS[plan.other % 8]))])

    @precondition(lambda self: self.inhabited())
    @rule(number=_few, plan=plans("publish"))
    def publish(self, number: int, plan: Plan) -> None:
        self.step("publish")
        member = self.someone(number)
        self.say(member, [self.command(member, plan)])

    @precondition(lambda self: self.inhabited())
    @rule(number=_few, plan=plans("unsubscribe", "presence", "history", "refresh"))
    def act(self, number: int, plan: Plan) -> None:
        self.step(plan.method)
        member = self.someone(number)
        self.say(member, [self.command(member, plan)])

    @precondition(lambda self: self.inhabited())
    @rule(
        number=_few,
        drawn=st.lists(plans(*ALL), min_size=1, max_size=4),
        bad=st.sampled_from([None] * 7 + BAD_COMMANDS[:7]),
        binary=st.booleans(),
        cuts=st.lists(st.floats(0, 1), max_size=2),
    )
    def batch(self, number: int, drawn: list[Plan], bad: str | None, binary: bool, cuts: list[float]) -> None:
        self.step("batch")
        member = self.someone(number)
        commands: list[Any] = [self.command(member, plan) for plan in drawn]
        if bad:
            commands.append(msgspec.Raw(bad.encode()))
        self.say(member, commands, binary, tuple(cuts))

    # ---- invalid frames, and closes

    @precondition(lambda self: len(self.duet.members) > 2)
    @rule(number=_few, command=st.sampled_from([*(text.encode() for text in BAD_COMMANDS), *BAD_FRAMES]))
    def bad_frame(self, number: int, command: bytes) -> None:
        self.step("bad frame")
        self.duet.tell(self.anyone(number), lambda _: command)
        self.duet.finish()

    @precondition(lambda self: len(self.duet.members) > 2)
    @rule(
        number=_few,
        way=st.sampled_from(["close", "close", "eof", "reset"]),
        code=st.sampled_from([1000, 1001, 3000, 4999, None]),
        reason=st.sampled_from(["", "é"]),
    )
    def leave(self, number: int, way: str, code: int | None, reason: str) -> None:
        self.step(f"leave by {way}")
        self.duet.leave(self.anyone(number), way, code, reason if code else "")

    @precondition(lambda self: self.duet.members)
    @rule(number=_few, payload=st.binary(max_size=8))
    def ping(self, number: int, payload: bytes) -> None:
        self.step("ping")
        self.duet.ping(self.anyone(number), payload)

    # ---- the API

    def api_command(self, plan: Plan) -> dict[str, Any]:
        owner = self.anyone(plan.other) if self.duet.members else None
        channel: Text = plan.channel
        if plan.choice % 3 and owner and owner.channels:
            channel = [*owner.channels.values()][plan.choice % len(owner.channels)]
        elif plan.channel.endswith("&") and owner:
            channel = lambda side: plan.channel + owner.id(side)  # noqa: E731
        params: dict[str, Any] = {}
        match plan.method:
            case "publish" | "broadcast":
                params = {"channel": channel} if plan.method == "publish" else {"channels": self.several(channel, plan)}
                params["data"] = msgspec.Raw(plan.data)
                if plan.choice in (1, 2):
                    params["uid"] = {1: "u1", 2: 'é<"'}[plan.choice]
                elif plan.choice in (3, 4):
                    params["client"] = owner.id if owner and plan.choice == 3 else "<x>"
            case "unsubscribe" | "disconnect":
                params = {"user": owner.user if owner and owner.user and plan.choice % 5 else USERS[plan.other % 7]}
                if plan.method == "unsubscribe" and plan.choice % 4:
                    params["channel"] = channel
            case "presence" | "history":
                params = {"channel": channel}
        return {"uid": plan.uid, "method": plan.method, "params": params}

    def several(self, channel: Text, plan: Plan) -> list[Text]:
        start = plan.choice % len(CHANNELS)
        return [channel, *CHANNELS[start : start + plan.other % 4]]

    def call(self, commands: list[Any]) -> None:
        """Make an API request and compare its effects."""
        reply = self.duet.ask(encoder(commands if len(commands) > 1 else commands[0]))
        type(self).done[f"API {reply.status}"] += 1
        if reply.status == 200:
            for answer in json.loads(reply.body):
                type(self).done[f"API {answer['method']}: {answer['error'] or 'done'}"] += 1
        groups, closing, loose = [], [], False
        for command in commands:
            if isinstance(command, dict) and command["method"] in ("unsubscribe", "disconnect"):
                user = command["params"]["user"]
                group = [member for member in self.duet.members if member.user == user and user]
                groups.append(group)
                loose = loose or len(group) > 1 or not command["params"].get("channel")  # all channels
                # A disconnect is only drawn as the last command, so it has run unless the request was refused.
                if command["method"] == "disconnect" and reply.status != 400:
                    closing = group
        self.duet.finish(closing, groups, loose)

    @rule(plan=plans("publish", "broadcast"))
    def api_publish(self, plan: Plan) -> None:
        self.step(f"API {plan.method}")
        self.call([self.api_command(plan)])

    @precondition(lambda self: self.inhabited())
    @rule(number=_few, plan=plans("publish"), api=st.booleans())
    def talk(self, number: int, plan: Plan, api: bool) -> None:
        """Publish in a channel that has a subscriber."""
        member = self.someone(number)
        channels = [*member.channels.values()]
        if channels:
            self.step("talk")
            params = {"channel": channels[plan.other % len(channels)], "data": msgspec.Raw(plan.data)}
            command = {"uid": plan.uid, "method": "publish", "params": params}
            if api:
                self.call([command])
            else:
                self.say(member, [command])

    @rule(plan=plans("presence", "history", "channels", "stats", "node"))
    def api_read(self, plan: Plan) -> None:
        self.step(f"API {plan.method}")
        self.call([self.api_command(plan)])

    @rule(plan=plans("unsubscribe", "unsubscribe", "unsubscribe", "disconnect"))
    def api_act(self, plan: Plan) -> None:
        self.step(f"API {plan.method}")
        self.call([self.api_command(plan)])

    @rule(
        drawn=st.lists(
            plans("publish", "publish", "broadcast", "presence", "history", "channels", "unsubscribe", "node"),
            max_size=4,
        ),
        bad=st.sampled_from([None] * len(BAD_API) + BAD_API),
        last=st.one_of(*[st.none()] * 5, plans("disconnect")),
    )
    def api_batch(self, drawn: list[Plan], bad: str | None, last: Plan | None) -> None:
        self.step("API batch")
        commands: list[Any] = [self.api_command(plan) for plan in drawn]
        if bad:
            commands.insert(len(commands) // 2, msgspec.Raw(bad.encode()))
        commands += [self.api_command(last)] if last else []
        if commands:
            self.call(commands)


@pytest.mark.timeout(120 + STEPS)
@pytest.mark.parametrize("kind", ["embedded", pytest.param("real", marks=needs("centrifugo-v1"))])
def test_same_things_happen(kind: str) -> None:
    """After every operation each connection has received the same from both servers, and so has the API caller."""

    class Fresh(Machine):
        steps = 0

    Fresh.kind = kind
    counts = {name: Counter[Any]() for name in ("done", "leeway", "received")}
    for name, counter in counts.items():
        setattr(Fresh, name, counter)
    try:
        while Fresh.steps < STEPS:
            few = settings(SETTINGS, max_examples=-(-(STEPS - Fresh.steps) // STEPS_OF_ONE_RUN))
            run_state_machine_as_test(Fresh, settings=few)
    finally:
        for name, counter in counts.items():
            print(f"{name}:", *(f"{count:7} {what}" for what, count in counter.most_common()), sep="\n")
        print(f"{Fresh.steps} steps against the {kind} server")
    assert Fresh.steps >= STEPS
