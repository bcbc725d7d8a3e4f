"""Events have every field of the server's definition; they are written as the server does, and read strictly."""

import base64
import json
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from centripetal.dialects.current.proxy import events
from centripetal.dialects.current.proxy.events import (
    EVENTS,
    ConnectEvent,
    EventError,
    PublishEvent,
    RefreshEvent,
    RPCEvent,
    SharedPollEvent,
    SharedPollItem,
    SubscribeEvent,
    read,
    write,
)
from centripetal.errors import UsageError
from tests.dialects.current.proxy.definition import (
    ANSWERED,
    CALLS,
    NOT_ANSWERED,
    fields_of,
    kind_of,
    message,
    recorded,
)


def test_every_call_of_the_server_is_an_event_or_has_a_reason() -> None:
    """Each call of the server's definition is an event of this library, or is listed with the reason."""
    assert NOT_ANSWERED.keys() <= set(CALLS)
    assert {kind_of(call) for call in ANSWERED} == EVENTS.keys()


@pytest.mark.parametrize("call", ANSWERED)
def test_events_have_the_fields_of_the_definition(call: str) -> None:
    """An event has exactly the fields of the request message, in the server's order and with its types."""
    listed = {name: kind.removesuffix(" always") for name, kind in message(f"{call}Request").items()}
    found = fields_of(EVENTS[kind_of(call)])
    assert list(found.items()) == list({**listed, **_items(call)}.items())


def _items(call: str) -> dict[str, str]:
    """The items of a shared poll have a shorter name here."""
    if call != "SharedPollRefresh":
        return {}
    assert fields_of(SharedPollItem) == message("SharedPollRefreshItem")
    return {"items": "list[SharedPollItem]"}


@pytest.mark.parametrize("call", ANSWERED)
def test_only_the_fields_without_omitempty_are_always_written(call: str) -> None:
    """An event without values is written with the fields that the server always writes, and no others."""
    event = EVENTS[kind_of(call)]
    empty = dict.fromkeys(("transport", "protocol", "encoding", "channel"), "")
    known = {name: value for name, value in empty.items() if name in event.__struct_fields__}
    always = [name for name, kind in message(f"{call}Request").items() if kind.endswith(" always")]
    made: Any = event
    assert list(json.loads(write(made(**known)))) == always


@pytest.mark.parametrize(("kind", "body"), [(kind, body) for kind, body, _, _ in recorded()])
def test_recorded_events_are_read_and_written_again(kind: str, body: bytes) -> None:
    """An event that a real server sent is read completely, and written again byte for byte."""
    event: Any = read(EVENTS[kind], body)
    if getattr(event, "data_bytes", b""):
        event.data = Raw(event.data_bytes)
    assert write(event) == body


@pytest.mark.parametrize(
    ("event", "body"),
    [
        (PublishEvent(user="<&>", channel="c", data=Raw(b'{ "a": "\xe2\x80\xa8>" }')),
         '"user":"\\u003c\\u0026\\u003e","channel":"c","data":{"a":"\\u2028\\u003e"}}'),
        (RPCEvent(data=b"null", method="m"), '"user":"","method":"m","data":null}'),
        (RPCEvent(data={"a": [1]}, meta=0), '"user":"","data":{"a":[1]},"meta":0}'),
        (RPCEvent(data=None, meta=Raw(b"null")), '"user":"","meta":null}'),
        (RPCEvent(encoding="binary", data=b"\xff"), '"user":"","b64data":"/w=="}'),
        (RPCEvent(encoding="binary", data={"a": 1}), '"user":"","b64data":"eyJhIjoxfQ=="}'),
        (SubscribeEvent(channel="c", labels={"b": "1", "a": "2"}),
         '"user":"","channel":"c","labels":{"a":"2","b":"1"}}'),
    ],
)  # fmt: skip
def test_events_are_written_in_the_style_of_go(event: Any, body: str) -> None:
    """HTML characters are escaped, spaces in JSON removed, maps sorted, and bytes written as base64."""
    assert write(event).decode().partition('"encoding":')[2].partition(",")[2] == body


def test_events_with_data_that_is_not_json_cannot_be_written() -> None:
    """Data without a JSON form is a `UsageError` that names the place."""
    with pytest.raises(UsageError, match=r"data\.a is a set"):
        write(RPCEvent(data={"a": {1}}))


def test_reading_keeps_the_text_of_the_data() -> None:
    """`data_bytes` is the data as the client sent it; `data` is decoded later; `meta` is decoded."""
    event = read(RPCEvent, b'{"user":"7","data": { "a":1.0 } ,"meta":{"t":1},"unknown":[1]}')
    assert (event.data_bytes, event.data, event.meta, event.user) == (b'{ "a":1.0 }', None, {"t": 1}, "7")
    assert read(RPCEvent, b'{"data":null}').data_bytes == b"null"
    assert read(RPCEvent, b"{}").data_bytes == b""


def test_binary_data_is_decoded() -> None:
    """With `binary_encoding` of the server's proxy, `data_bytes` is the decoded base64."""
    event = read(PublishEvent, b'{"channel":"c","encoding":"binary","b64data":"/wA="}')
    assert event.data_bytes == b"\xff\x00"


@pytest.mark.parametrize(
    ("kind", "body", "message"),
    [
        ("connect", b"", "truncated"),
        ("connect", b"[]", "Expected `object`, got `array`"),
        ("connect", b"{} {}", "trailing"),
        ("connect", b"\xef\xbb\xbf{}", "malformed"),
        ("connect", b'{"name":"\xff"}', "codec can't decode|UTF-8"),
        ("connect", b'{"channels":[1]}', r"Expected `str`, got `int` - at `\$.channels\[0\]`"),
        ("connect", b'{"data":' + b"[" * 199 + b"]" * 199 + b"}", "nested deeper than 200 levels"),
        ("connect", b'{"data":{},"b64data":"%%"', "truncated"),
        ("rpc", b'{"b64data":"%%","encoding":"binary"}', r"invalid base64 - at `\$.b64data`"),
        ("rpc", b'{"user":7}', r"Expected `str`, got `int` - at `\$.user`"),
        ("subscribe", b"{}", "missing required field `channel`"),
        ("shared_poll_refresh", b'{"channel":"c","items":[{"version":-1}]}', "items"),
    ],
)
def test_bodies_that_are_not_the_event_are_rejected(kind: str, body: bytes, message: str) -> None:
    """A body that is not the event is an `EventError` that says where and why."""
    with pytest.raises(EventError, match=message):
        read(EVENTS[kind], body)


def test_a_body_can_be_nested_up_to_the_limit() -> None:
    """199 levels are accepted; brackets in strings do not count."""
    data = b"[" * 198 + b"]" * 198
    assert read(RPCEvent, b'{"data":' + data + b"}").data_bytes == data
    assert read(RPCEvent, b'{"method":"' + b"[" * 500 + b'"}').method == "[" * 500


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.text(), st.text(min_size=1), json_values, st.binary(), st.booleans())
def test_events_survive_the_wire(user: str, channel: str, data: Any, raw: bytes, binary: bool) -> None:
    """A written event is read with the same values, for JSON and for bytes."""
    given = PublishEvent(user=user, channel=channel, data=raw if binary else data, meta=data)
    given.encoding = "binary" if binary else "json"
    found = read(PublishEvent, write(given))
    assert (found.user, found.channel, found.meta) == (user, channel, data)
    if binary:
        assert found.data_bytes == raw
        assert found.b64data == base64.b64encode(raw).decode()
    else:
        assert (json.loads(found.data_bytes) if found.data_bytes else None) == data


@given(st.sampled_from(sorted(EVENTS)), st.binary() | json_values.map(lambda value: json.dumps(value).encode()))
def test_any_body_is_an_event_or_an_event_error(kind: str, body: bytes) -> None:
    """Reading any body returns the event or raises an `EventError`."""
    with suppress(EventError):
        assert isinstance(read(EVENTS[kind], body), EVENTS[kind])


@pytest.mark.parametrize(
    ("cookie", "cookies"),
    [
        ("a=1; b=x y", {"a": "1", "b": "x y"}),
        ("", {}),
        ("a=1; [x]={};a=2", {"a": "1", "[x]": "{}"}),
        ('a="q\\"x\\054"', {"a": 'q"x,'}),
    ],
)
def test_cookies_are_parsed(cookie: str, cookies: dict[str, str]) -> None:
    """Cookies outside of the standard do not hide others, and the first of equal names counts."""
    assert ConnectEvent(headers={"cookie": cookie}).cookies == cookies
    assert ConnectEvent().cookies == {}


@pytest.mark.parametrize(
    ("header", "token"), [("Bearer abc", "abc"), ("bearer  x ", "x"), ("Bearer", None), ("Basic x", None), ("", None)]
)
def test_the_bearer_token_is_found(header: str, token: str | None) -> None:
    """`bearer` is the token of an `Authorization: Bearer` header in any letter case; None otherwise."""
    assert ConnectEvent(headers={"authorization": header}).bearer == token


def test_the_repr_shows_no_data_headers_or_context() -> None:
    """An event in a log shows the user and the channel, not data, meta, headers or context."""
    event = SubscribeEvent(
        user="7", channel="news", data="private", meta="private", headers={"cookie": "private"}, context="private"
    )
    assert repr(event) == "<SubscribeEvent user='7' channel='news'>"
    assert repr(RefreshEvent()) == "<RefreshEvent>"


def test_names_of_the_library_are_not_read_from_a_body() -> None:
    """`headers`, `context` and `data_bytes` in a body are ignored."""
    body = json.dumps({"headers": {"a": "b"}, "context": 1, "data_bytes": "x", "channel": "c"}).encode()
    for event in (read(SubscribeEvent, body), read(SharedPollEvent, body)):
        assert (event.headers, event.context, getattr(event, "data_bytes", b"")) == ({}, None, b"")


def test_all_events_are_structs_with_a_kind() -> None:
    """The table of events has each event class of the module under its kind."""
    classes = {value for value in vars(events).values() if isinstance(value, type) and hasattr(value, "kind")}
    assert set(EVENTS.values()) == classes
    assert all(issubclass(event, msgspec.Struct) for event in EVENTS.values())
