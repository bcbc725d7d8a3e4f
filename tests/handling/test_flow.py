"""Decisions fail closed: whatever a handler does or a body contains, nothing is permitted by accident."""

import json
import logging
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from centripetal.dialects.current.proxy.events import EVENTS
from centripetal.dialects.current.proxy.reading import Ended, Failed, Granted, Refused, read_answer
from centripetal.proxy import (
    Close,
    ConnectReply,
    Expired,
    Handlers,
    PublishReply,
    RefreshReply,
    Refuse,
    RPCReply,
    SharedPollReply,
    SubRefreshReply,
    SubscribeReply,
)

GOOD: dict[str, tuple[Any, ...]] = {
    "connect": (ConnectReply("7"),),
    "refresh": (RefreshReply(1900000000), Expired()),
    "subscribe": (SubscribeReply(),),
    "publish": (PublishReply(),),
    "sub_refresh": (SubRefreshReply(1900000000), Expired()),
    "rpc": (),
    "shared_poll_refresh": (SharedPollReply(),),
}
ANY_REPLY = [reply for replies in GOOD.values() for reply in replies]
BODY = b'{"channel":"c","method":"m"}'


def serve(kind: str, run: Callable[..., Any]) -> Handlers:
    proxy: Any = Handlers(secret=None)
    names = {"shared_poll_refresh": "shared_poll"}
    register = getattr(proxy, names.get(kind, kind))
    register(run) if kind in ("connect", "refresh") else register("*")(run)
    return proxy  # type: ignore[no-any-return]


wrong = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.text(),
    st.binary(),
    st.just({"result": {}}),
    st.just({}),
    st.just(ConnectReply),
    st.just(object()),
    st.sampled_from(ANY_REPLY),
)


@given(st.sampled_from(sorted(set(EVENTS) - {"rpc"})), wrong)
def test_handlers_that_return_something_else_permit_nothing(kind: str, value: Any) -> None:
    """Only a reply to the event itself is an answer; anything else is status 500, also a reply to another event."""
    answer = serve(kind, lambda event: value).answer(kind, {}, BODY)
    if isinstance(value, tuple(type(each) for each in GOOD[kind])):
        assert answer.status == 200
    else:
        assert isinstance(read_answer(EVENTS[kind], answer.status, answer.body), Failed)


@pytest.mark.parametrize("kind", sorted(EVENTS))
@pytest.mark.parametrize("error", [ValueError("x"), KeyError(), RecursionError(), StopIteration(1), MemoryError()])
def test_handlers_that_raise_permit_nothing(kind: str, error: Exception) -> None:
    """An exception is status 500: clients try again, and refreshes are repeated."""

    def fail(event: Any) -> Any:
        raise error

    answer = serve(kind, fail).answer(kind, {}, BODY)
    assert isinstance(read_answer(EVENTS[kind], answer.status, answer.body), Failed)


@pytest.mark.parametrize("kind", sorted(EVENTS))
@pytest.mark.parametrize("refusal", [Refuse(403, "no"), Close(4501, "no")])
@pytest.mark.parametrize("returned", [False, True])
def test_refusals_never_permit(kind: str, refusal: Any, returned: bool) -> None:
    """A refusal, raised or returned, refuses; in a refresh it is the end; a poll cannot close connections."""

    def refuse(event: Any) -> Any:
        if returned:
            return refusal
        raise refusal

    answer = serve(kind, refuse).answer(kind, {}, BODY)
    found = read_answer(EVENTS[kind], answer.status, answer.body)
    if kind in ("refresh", "sub_refresh"):
        assert found == Ended()
    elif kind == "shared_poll_refresh" and isinstance(refusal, Close):
        assert isinstance(found, Failed)
    else:
        assert getattr(found, "code", None) == refusal.code


@pytest.mark.parametrize(
    ("value", "body"),
    [
        (None, b'{"result":{"data":null}}'),
        ({"a": [1]}, b'{"result":{"data":{"a":[1]}}}'),
        (RPCReply(b64data=b"1"), b'{"result":{"b64data":"MQ=="}}'),
        (RPCReply(3), b'{"result":{"data":3}}'),
    ],
)
def test_calls_return_any_value(value: Any, body: bytes) -> None:
    """An RPC returns any JSON value, or an `RPCReply`."""
    assert serve("rpc", lambda event: value).answer("rpc", {}, b"{}").body == body


@pytest.mark.parametrize(
    "value", [{1}, float("nan"), object(), ConnectReply("7"), Expired(), RPCReply(b64data=b"\xff")]
)
def test_calls_that_return_no_json_fail(value: Any) -> None:
    """A result without a JSON form, or a reply to another event, is a bug."""
    assert serve("rpc", lambda event: value).answer("rpc", {}, b"{}").status == 500


def test_bytes_count_only_for_the_json_protocol() -> None:
    """Bytes that are not JSON are fine for a client with the protobuf protocol."""
    proxy = serve("rpc", lambda event: RPCReply(b64data=b"\xff"))
    assert proxy.answer("rpc", {}, b'{"protocol":"protobuf"}').status == 200


# ---- bodies

_TYPES: dict[str, Any] = {
    **dict.fromkeys(
        ("client", "transport", "protocol", "encoding", "name", "version", "user", "channel", "token"), str
    ),
    **dict.fromkeys(("method", "b64data", "key"), str),
    "channels": list,
    "items": list,
    "labels": dict,
}


def valid(kind: str, body: bytes) -> bool:
    """Whether *body* is such an event, by an independent reading of the server's definition."""
    try:
        value = json.loads(body.decode())
    except (ValueError, RecursionError):
        return False
    if not isinstance(value, dict):
        return False
    fields = EVENTS[kind].__struct_fields__
    for name, found in value.items():
        if name in fields and name in _TYPES and not isinstance(found, _TYPES[name]):
            return False
    if "channels" in fields and not all(isinstance(each, str) for each in value.get("channels", ())):
        return False
    if "items" in fields and not all(map(is_item, value.get("items", ()))):
        return False
    if "labels" in fields and not all(isinstance(each, str) for each in value.get("labels", {}).values()):
        return False
    return "channel" not in fields or "channel" in value


def is_item(value: Any) -> bool:
    if not isinstance(value, dict) or not isinstance(value.get("key", ""), str):
        return False
    version = value.get("version", 0)
    return type(version) is int and 0 <= version < 2**64


scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5)
json_values = st.recursive(
    scalars,
    lambda each: st.lists(each, max_size=3) | st.dictionaries(st.text(max_size=5), each, max_size=3),
    max_leaves=5,
)
names = st.sampled_from(sorted({name for event in EVENTS.values() for name in event.__struct_fields__}))
objects = st.dictionaries(names | st.text(max_size=5), json_values, max_size=6)


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    """Random bytes, random JSON, or an event with some members changed and some bytes replaced."""
    choice = draw(st.integers(0, 3))
    if choice == 0:
        return draw(st.binary(max_size=50))
    base = {"client": "c", "user": "7", "channel": "c", "method": "m", "data": 1} if choice > 1 else {}
    text = json.dumps({**base, **draw(objects)}).encode()
    if choice == 3:
        place = draw(st.integers(0, len(text) - 1))
        text = text[:place] + draw(st.binary(max_size=3)) + text[place + 1 :]
    return text


PERMIT_ALL = Handlers(secret=None)
PERMIT_ALL.connect(lambda event: ConnectReply("7"))
PERMIT_ALL.refresh(lambda event: RefreshReply(1900000000))
PERMIT_ALL.subscribe("*")(lambda event: SubscribeReply())
PERMIT_ALL.publish("*")(lambda event: PublishReply())
PERMIT_ALL.sub_refresh("*")(lambda event: SubRefreshReply(1900000000))
PERMIT_ALL.rpc("*")(lambda event: event.user)
PERMIT_ALL.shared_poll("*")(lambda event: SharedPollReply())


def check(kind: str, body: bytes) -> bool:
    """Check the answer to *body*, and return whether it was permitted."""
    answer = PERMIT_ALL.answer(kind, {}, body)
    assert answer.status in (200, 400), (answer, body)
    found = read_answer(EVENTS[kind], answer.status, answer.body)
    if isinstance(found, Granted):
        assert b'"result"' in answer.body
        assert valid(kind, body), body
        return True
    assert isinstance(found, Failed | Refused)
    assert b"result" not in answer.body or b"bad data" in answer.body
    return False


@given(st.sampled_from(sorted(EVENTS)), bodies())
def test_only_a_valid_event_is_permitted(kind: str, body: bytes) -> None:
    """Handlers that permit everything permit only events; other bodies get 400 or an error, never 500."""
    check(kind, body)


MEMBERS = b'{"client":"c","transport":"websocket","protocol":"json","encoding":"json",'
WHOLE = {
    "connect": MEMBERS + b'"data":{"a":[1.5e3,null]},"name":"js","version":"1","channels":["a","b"]}',
    "refresh": MEMBERS + b'"user":"42","meta":{"n":1},"labels":{"k":"v"}}',
    "subscribe": MEMBERS + b'"user":"42","channel":"a:b","token":"","meta":[true],"data":"\xc3\xa9\\u00e9"}',
    "publish": MEMBERS + b'"user":"42","channel":"a:b","data":{"text":"<\\n>"},"meta":{"n":1}}',
    "sub_refresh": MEMBERS + b'"user":"","channel":"a:b","meta":-1}',
    "rpc": b'{"encoding":"binary","user":"42","method":"m","b64data":"/w==","labels":{}}',
    "shared_poll_refresh": b'{"channel":"s","items":[{"key":"k","version":3},{"key":"l"}]}',
}
NOISE = [
    b"",
    b'"',
    b"\\",
    b"[",
    b"]",
    b"{",
    b"}",
    b",",
    b":",
    b"0",
    b"-",
    b"1e999",
    b"null",
    b"\x00",
    b"\xff",
    b"\xed\xa0\x80",
]
NOISE += [
    b"true",
    b"[" * 200,
    b'{"result":{}}',
    b"\xef\xbb\xbf",
    b" ",
    b"99999999999999999999",
    b'"user":7,',
    b"\\ud800",
]


def mutated(random: Random, body: bytes) -> bytes:
    """Return *body* with one to three places replaced, removed or repeated."""
    for _ in range(random.randint(1, 3)):
        start = random.randint(0, len(body))
        end = min(len(body), start + random.choice((0, 1, 1, 2, 8)))
        part = random.choice((random.choice(NOISE), body[start:end] * 2, bytes([random.randrange(256)])))
        body = body[:start] + part + body[end:]
    return body


@pytest.mark.parametrize("kind", sorted(EVENTS))
def test_mutated_events_permit_nothing_by_accident(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    """Of 1,500 mutated events of each kind, exactly the valid ones are permitted, and none breaks the handlers."""
    caplog.set_level(logging.CRITICAL, "centripetal.proxy")
    random = Random(kind)
    assert check(kind, WHOLE[kind])
    permitted = sum(check(kind, mutated(random, WHOLE[kind])) for _ in range(1500))
    assert 10 < permitted < 1490
