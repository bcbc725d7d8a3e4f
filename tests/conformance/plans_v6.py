"""An endless sequence of random steps: `steps(random)`."""

import random
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from tests.conformance.live_v6 import MESSAGES, NAMESPACES, POPULARITY, SECRET
from tests.conformance.steps_v6 import Arrive, Ask, Call, Leave, Say, Signed, Step, Utter, may_end_later

__all__ = ["LATER", "steps"]

LATER = 4102444800
Random = random.Random


def steps(draw: Random) -> Iterator[Step]:
    """Yield steps without end, starting with new clients."""
    for _ in range(3):
        yield _arrival(draw)
    choices, weights = zip(*_STEPS.items(), strict=True)
    while True:
        yield draw.choices(choices, weights)[0](draw)


def _arrival(draw: Random) -> Step:
    asks = _frame(draw, draw.choice([0, 1, 2, 3]))
    if draw.random() < 0.3:
        return Arrive(Ask("connect", _wanted(draw)), "", asks)
    user, claims = draw.choice(["1", "2", "3", ""]), dict[str, Any]()
    if draw.random() < 0.5:
        claims |= {"info": {"n": draw.randrange(3)}, "exp": LATER}
    claims |= _granted(draw)
    if draw.random() < 0.03:
        claims["exp"] = 1000
    if draw.random() < 0.05:
        claims |= draw.choice([{"nbf": LATER}, {"aud": "x"}, {"sub": 1}, {"info": "x"}, {"channels": ["nowhere:x"]}])
    return Arrive(Ask("connect", _wanted(draw), token=Signed(claims, _secret(draw))), user, asks)


def _granted(draw: Random) -> dict[str, Any]:
    """Return the channels of a connection token."""
    if draw.random() < 0.25:
        return {"channels": [_channel(draw) for _ in range(draw.randrange(3))]}
    if draw.random() < 0.25:
        options = [{}, {"info": [1], "data": {"hello": 1}}, {"override": _override(draw)}]
        return {"subs": {_channel(draw): draw.choice(options) for _ in range(draw.randrange(3))}}
    return {}


def _wanted(draw: Random) -> dict[str, Any]:
    """Return the channels that a client requests on connect."""
    if draw.random() < 0.8:
        return {}
    wishes = [{}, {"recover": True}, {"recover": True, "offset": draw.randrange(6)}, {"delta": "fossil"}]
    return {"subs": {_channel(draw): draw.choice(wishes) for _ in range(2)}}


def _message(draw: Random) -> Step:
    size = draw.choice([1, 1, 1, 1, 2, 2, 3, 5, 8])
    cuts = tuple(sorted(draw.random() for _ in range(draw.choice([0, 0, 0, 0, 1, 2]))))
    return Say(draw.randrange(8), _frame(draw, size), cuts, draw.random() < 0.1)


def _odd(draw: Random) -> Step:
    number = None if draw.random() < 0.2 else draw.randrange(8)
    asks = () if number is None else _frame(draw, draw.choice([0, 0, 1, 2]), ends=False)
    return Utter(number, draw.choice(MESSAGES), asks, draw.random() < 0.1)


def _leave(draw: Random) -> Step:
    way = draw.choice(["close", "close", "eof", "reset"])
    # A client that resets its connection may have sent commands before.
    asks = () if way == "reset" or draw.random() < 0.6 else _frame(draw, draw.randrange(1, 4), ends=False)
    code = draw.choice([None, 1000, 1001, 3000, 4999])
    return Leave(draw.randrange(8), way, code, draw.choice(["", "é"]) if code else "", asks)


def _call(draw: Random) -> Step:
    size = draw.choice([1, 1, 1, 2, 4])
    familiar = draw.randrange(4) if draw.random() < 0.6 else None
    return Call(tuple(_api(draw) for _ in range(size)), draw.randrange(8), familiar)


_STEPS: Mapping[Callable[[Random], Step], float] = {
    _arrival: 5,
    _message: 20,
    _call: 8,
    _odd: 1.2,
    _leave: 1.5,
}

# ---- commands of clients


_ASKS: Mapping[str, int] = {
    "subscribe": 9,
    "unsubscribe": 3,
    "publish": 5,
    "presence": 2,
    "presence_stats": 2,
    "history": 3,
    "sub_refresh": 2,
    "refresh": 1,
    "rpc": 1,
}
_HARMLESS: Mapping[str, int] = {"presence": 2, "presence_stats": 2, "history": 3, "rpc": 1}


def _frame(draw: Random, size: int, *, ends: bool = True) -> tuple[Ask, ...]:
    """Return commands for one message, some of them in the same channel.

    After a command that may end the connection in the background, only commands without effects follow, because a real
    server may or may not answer them.
    """
    asks: list[Ask] = []
    channel = _channel(draw)
    while len(asks) < size:
        kinds = _HARMLESS if any(map(may_end_later, asks)) else _ASKS
        if draw.random() < 0.3:
            channel = _channel(draw)
        ask = _ask(draw, draw.choices([*kinds], [*kinds.values()])[0], channel)
        if ends or not may_end_later(ask):
            asks.append(ask)
    return tuple(asks)


def _ask(draw: Random, name: str, channel: str) -> Ask:
    if name == "rpc":
        return Ask(name, {"method": draw.choice(["ping", "pong"])})
    if name == "refresh":
        return _refresh(draw)
    ask = Ask(name, {"channel": channel}, familiar=draw.randrange(9) if draw.random() < 0.6 else None)
    match name:
        case "subscribe":
            return _subscribe(draw, channel)
        case "publish":
            ask = ask._replace(params={"channel": channel} | ({"data": _data(draw)} if draw.random() < 0.97 else {}))
        case "history":
            params = {"channel": channel, "limit": draw.randrange(-1, 6), "reverse": draw.random() < 0.3}
            if draw.random() < 0.5:
                params["since"] = {"offset": draw.randrange(6)}
            ask = ask._replace(params=params, epoch=_epoch(draw))
        case "sub_refresh":
            ask = ask._replace(token=_subscription_token(draw) if draw.random() < 0.95 else None)
    return ask


def _subscribe(draw: Random, channel: str) -> Ask:
    params: dict[str, Any] = {"channel": channel}
    params |= {wish: True for wish in ("positioned", "recoverable", "join_leave", "recover") if draw.random() < 0.3}
    if params.get("recover") or draw.random() < 0.1:
        params["offset"] = draw.randrange(7)
    if draw.random() < 0.3:
        params["delta"] = "fossil" if draw.random() < 0.98 else "zip"
    if draw.random() < 0.2:
        params["tf"] = {"key": "n", "cmp": draw.choice(["eq", "gt", "in", "no"]), "val": "1"}
    if draw.random() < 0.15:
        params["flag"] = 2
    if draw.random() < 0.02:
        params["type"] = draw.choice([1, 2, 3, 4])
    token = _subscription_token(draw) if draw.random() < 0.3 else None
    return Ask("subscribe", params, token=token, epoch=_epoch(draw) if "offset" in params else None)


def _epoch(draw: Random) -> int | None:
    return draw.randrange(64) if draw.random() < 0.4 else None


def _subscription_token(draw: Random) -> Signed:
    claims: dict[str, Any] = {}
    if draw.random() < 0.25:
        claims["exp"] = draw.choice([LATER, 1000])
    if draw.random() < 0.3:
        claims |= {"info": [1], "data": {"hello": 1}}
    if draw.random() < 0.3:
        claims["override"] = _override(draw)
    if draw.random() < 0.04:
        claims |= draw.choice(
            [{"channel": "open:other"}, {"nbf": LATER}, {"expire_at": 0}, {"expire_at": LATER}, {"expire_at": 1000}]
        )
    of_client = draw.choice([0, 2, 3]) if draw.random() < 0.1 else None
    return Signed(claims, _secret(draw), None, of_client, "4" if draw.random() < 0.03 else None)


def _refresh(draw: Random) -> Ask:
    if draw.random() < 0.05:
        return Ask("refresh")
    claims: dict[str, Any] = {"exp": draw.choice([LATER, LATER, LATER, LATER + 1, 1000])} if draw.random() < 0.9 else {}
    if draw.random() < 0.3:
        claims["info"] = {"r": 1}
    if draw.random() < 0.1:
        claims |= _granted(draw)
    return Ask("refresh", token=Signed(claims, _secret(draw), of_user="4" if draw.random() < 0.05 else None))


def _override(draw: Random) -> dict[str, Any]:
    names = ("presence", "join_leave", "force_push_join_leave", "force_recovery", "force_positioning")
    return {name: {"value": draw.random() < 0.5} for name in draw.sample(names, 2)}


def _secret(draw: Random) -> str:
    return SECRET if draw.random() < 0.96 else "wrong"


# ---- API calls

_METHODS: Mapping[str, float] = {
    "publish": 10,
    "broadcast": 1,
    "subscribe": 3,
    "unsubscribe": 2,
    "disconnect": 0.3,
    "refresh": 1,
    "presence": 1,
    "presence_stats": 1,
    "history": 1,
    "history_remove": 0.5,
    "channels": 1,
}


def _api(draw: Random) -> tuple[str, Mapping[str, Any]]:
    method = draw.choices([*_METHODS], [*_METHODS.values()])[0]
    params: dict[str, Any] = {"channel": _channel(draw)}
    match method:
        case "publish" | "broadcast":
            if method == "broadcast":
                # Each channel once, because a real server publishes to all of them concurrently.
                params = {"channels": sorted({_channel(draw) for _ in range(draw.randrange(4))})}
            params |= {"data": _data(draw), "tags": {"n": str(draw.randrange(3))}}
            if draw.random() < 0.2:
                params["skip_history"] = True
            if draw.random() < 0.2:
                params["version"] = draw.randrange(1, 5)
            if draw.random() < 0.1:
                params["idempotency_key"] = draw.choice("ab")
        case "subscribe":
            if draw.random() < 0.3:
                params |= {"info": {"i": 1}, "data": [1], "recover_since": {"offset": draw.randrange(4)}}
            if draw.random() < 0.2:
                params |= {"override": _override(draw), "expire_at": draw.choice([LATER, LATER, 1000])}
        case "disconnect":
            params = draw.choice([{}, {"disconnect": {"code": 4001, "reason": "bye"}}])
        case "refresh":
            params = {"expire_at": draw.choice([0, LATER, LATER, 1000]), "info": {"r": 1}}
            if draw.random() < 0.05:
                params["expired"] = True
        case "history":
            params |= {"limit": 3}
        case "channels":
            params = draw.choice([{}, {"pattern": "c*"}])
    return method, params


# ---- channels and data


def _channel(draw: Random) -> str:
    namespace = draw.choices(NAMESPACES, POPULARITY)[0]["name"]
    if draw.random() < 0.01:
        return draw.choice(["nowhere:x", "", "x" * 41, "open:" + "x" * 36, "rec:\u2028", "all:#1"])
    (rest,) = draw.choices(["a", "b", "a#1", "ä"], [30, 3, 2, 1])
    return ("$" if draw.random() < 0.03 else "") + f"{namespace}:{rest}"


_TEXTS = [
    b" null",
    b' { "a" : "<&>\\u2028" ,"n":1.0, "n":2}',
    b'"\\u003c\\ud800"',
    b"[]",
    b'""',
    '{"é":"\u2028"}'.encode(),
]
_LONG = "The quick brown fox jumps over the lazy dog. " * 3


def _data(draw: Random) -> Any:
    number = draw.randrange(100)
    return draw.choice([number, {"n": number}, _LONG + str(number), msgspec.Raw(draw.choice(_TEXTS))])
