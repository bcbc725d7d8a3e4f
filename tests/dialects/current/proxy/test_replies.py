"""Replies can only hold values that a server accepts, and are written as it reads them."""

import datetime
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from centripetal.dialects.current.objects import FilterNode, SubscribeOptionOverride, SubscribeOptions
from centripetal.dialects.current.proxy.events import EVENTS, ConnectEvent, PublishEvent, RefreshEvent, SubscribeEvent
from centripetal.dialects.current.proxy.reading import Ended, Granted, read_answer
from centripetal.dialects.current.proxy.replies import (
    ChannelsCapability,
    ConnectReply,
    Expired,
    PublishReply,
    RefreshReply,
    RPCReply,
    SharedPollReply,
    SharedPollResult,
    SubRefreshReply,
    SubscribeReply,
    check_bytes,
)
from centripetal.dialects.current.proxy.reply import Reply, result_body, value_body
from centripetal.errors import UsageError

NOON = datetime.datetime(2026, 1, 31, 12, tzinfo=datetime.UTC)
OVERRIDE = SubscribeOptionOverride(presence=False, force_recovery=True)


@pytest.mark.parametrize(
    ("reply", "result"),
    [
        (ConnectReply(42), {"user": "42"}),
        (ConnectReply(""), {"user": ""}),
        (
            ConnectReply("7", expire_at=NOON, info={"a": 1}, b64data=b"{}", channels=["a"], meta=[1]),
            {"user": "7", "expire_at": 1769860800, "info": {"a": 1}, "b64data": "e30=", "channels": ["a"], "meta": [1]},
        ),
        (
            ConnectReply(
                "7",
                subs={"a": SubscribeOptions(info=1, override=OVERRIDE, cache_recover=True), "b": SubscribeOptions()},
                caps=[ChannelsCapability(["a"], ["sub"])],
                labels={"k": "v"},
            ),
            {
                "user": "7",
                "subs": {
                    "a": {
                        "info": 1,
                        "override": {"presence": {"value": False}, "force_recovery": {"value": True}},
                        "cache_recover": True,
                    },
                    "b": {},
                },
                "caps": [{"channels": ["a"], "allow": ["sub"]}],
                "labels": {"k": "v"},
            },
        ),
        (ConnectReply("7", info=None, data=None, meta=None), {"user": "7"}),
        (RefreshReply(1900000000, meta={"n": 2}), {"expire_at": 1900000000, "meta": {"n": 2}}),
        (SubscribeReply(), {}),
        (
            SubscribeReply(
                override=OVERRIDE, expire_at=1900000000, allow=["pub"], server_tags_filter=FilterNode(key="k", val="v")
            ),
            {
                "expire_at": 1900000000,
                "override": {"presence": {"value": False}, "force_recovery": {"value": True}},
                "allow": ["pub"],
                "server_tags_filter": {"key": "k", "val": "v"},
            },
        ),
        (PublishReply(), {}),
        (PublishReply(b"null"), {"data": None}),
        (
            PublishReply({"a": 1}, tags={"t": "x"}, skip_history=True, idempotency_key="k", delta=True,
                         version=2**64 - 1, version_epoch="e"),
            {"data": {"a": 1}, "tags": {"t": "x"}, "skip_history": True, "idempotency_key": "k", "delta": True,
             "version": 2**64 - 1, "version_epoch": "e"},
        ),
        (SubRefreshReply(1900000000, b64info=b"1"), {"expire_at": 1900000000, "b64info": "MQ=="}),
        (Expired(), {"expired": True}),
        (RPCReply({"a": 1}), {"data": {"a": 1}}),
        (RPCReply(None), {"data": None}),
        (RPCReply(b64data=b"\xff"), {"b64data": "/w=="}),
        (
            SharedPollReply([SharedPollResult("k", data=None, version=3), SharedPollResult("r", removed=True)], "e"),
            {"items": [{"data": None, "version": 3, "key": "k"}, {"removed": True, "key": "r"}], "epoch": "e"},
        ),
    ],
)  # fmt: skip
def test_replies_are_written_as_the_server_reads_them(reply: Reply, result: Any) -> None:
    """Ids become text, dates Unix seconds, bytes base64, flags objects; defaults are left out."""
    assert json.loads(result_body(reply)) == {"result": result}


WRONG: list[tuple[Any, str]] = [
    (lambda: ConnectReply(None), "user must be a user's id"),  # type: ignore[arg-type]
    (lambda: ConnectReply(True), "user must be a user's id"),
    (lambda: ConnectReply(1.5), "user must be a user's id"),  # type: ignore[arg-type]
    (lambda: ConnectReply("7", expire_at=1.5), "expire_at must be an integer"),  # type: ignore[arg-type]
    (lambda: ConnectReply("7", expire_at=1769860800000), "looks like milliseconds"),
    (lambda: ConnectReply("7", expire_at=-1), "after 1970 or 0 for never"),
    (lambda: ConnectReply("7", expire_at=None), "expire_at must be an integer"),  # type: ignore[arg-type]
    (lambda: ConnectReply("7", expire_at=NOON.replace(tzinfo=None)), "without a time zone"),
    (lambda: ConnectReply("7", info={1}), "info is a set"),
    (lambda: ConnectReply("7", meta={"a": float("nan")}), "meta.a is nan"),
    (lambda: ConnectReply("7", info=1, b64info=b"1"), "info and b64info exclude each other"),
    (lambda: ConnectReply("7", b64data="%"), "b64data is not valid base64"),
    (lambda: ConnectReply("7", channels="news"), r"channels must be a list, not str: pass \[value\]"),
    (lambda: ConnectReply("7", channels=[""]), r"channels\[0\] must not be empty"),
    (lambda: ConnectReply("7", channels=[1]), r"channels\[0\] must be text"),  # type: ignore[list-item]
    (lambda: ConnectReply("7", subs={"a": {}}), r"subs\['a'\] must be created with SubscribeOptions"),  # type: ignore[dict-item]
    (lambda: ConnectReply("7", subs={"a": SubscribeOptions(data=1, b64data=b"1")}), r"subs\['a'\].data and"),
    (lambda: ConnectReply("7", subs={"a": SubscribeOptions(info={1})}), r"subs\['a'\].info is a set"),
    (lambda: ConnectReply("7", labels={"a": 1}), r"labels\['a'\] must be text"),  # type: ignore[dict-item]
    (lambda: RefreshReply(0), r"after 1970; to end it now, return Expired\(\)"),
    (lambda: SubRefreshReply(-5), r"to end it now, return Expired\(\)"),
    (lambda: SubscribeReply(override={"presence": True}), r"override must be created with SubscribeOptionOverride"),  # type: ignore[arg-type]
    (lambda: SubscribeReply(override=SubscribeOptionOverride(presence=1)), "override.presence must be True or False"),  # type: ignore[arg-type]
    (lambda: PublishReply(None), "would publish null instead of the client's data"),
    (lambda: PublishReply(1, b64data=b"1"), "data and b64data exclude each other"),
    (lambda: PublishReply(tags={"k": 1}), r"tags\['k'\] must be text"),  # type: ignore[dict-item]
    (lambda: PublishReply(version=2**64), "version must be from 0 to"),
    (lambda: PublishReply(skip_history=1), "skip_history must be True or False"),  # type: ignore[arg-type]
    (lambda: SharedPollResult("k"), "data is missing: pass the data of the key, or removed=True"),
    (lambda: SharedPollReply([{"key": "k"}]), r"items\[0\] must be created with SharedPollResult"),  # type: ignore[list-item]
]


@pytest.mark.parametrize(("make", "message"), WRONG, ids=range(len(WRONG)))
def test_values_that_the_server_rejects_or_misreads_are_errors(make: Any, message: str) -> None:
    """A reply with a value that the server would reject or take for something else cannot be created."""
    with pytest.raises(UsageError, match=message):
        make()


def test_replies_keep_their_python_form() -> None:
    """Fields can be read and compared after the check: text for ids, objects for objects."""
    reply = ConnectReply(42, subs={"a": SubscribeOptions(override=OVERRIDE)}, expire_at=NOON)
    assert reply.subs is not None
    assert (reply.user, reply.expire_at, reply.subs["a"].override) == ("42", 1769860800, OVERRIDE)
    assert reply == ConnectReply("42", subs={"a": SubscribeOptions(override=OVERRIDE)}, expire_at=1769860800)
    body = result_body(reply)
    assert result_body(reply) == body
    assert ConnectReply("7", data=None).data is UNSET


@pytest.mark.parametrize(("value", "body"), [(None, b"null"), (b'{ "a":1 }', b'{ "a":1 }'), ({"a": [NOON]}, None)])
def test_results_of_calls_are_any_json_value(value: Any, body: bytes | None) -> None:
    """The result of an RPC is any JSON value, also None; bytes are encoded JSON."""
    assert value_body(value) == b'{"result":{"data":%b}}' % (body or b'{"a":["2026-01-31T12:00:00Z"]}')


def test_bytes_for_clients_with_the_json_protocol_must_be_json() -> None:
    """Bytes that are not JSON would close connections, so they are an error for such clients."""
    check_bytes(PublishReply(b64data=b'{"a":1}'))
    check_bytes(RefreshReply(1900000000))
    for reply in (PublishReply(b64data=b"\xff"), SubscribeReply(b64info=b"x")):
        with pytest.raises(UsageError, match="is not JSON, but the client uses the JSON protocol"):
            check_bytes(reply)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=5,
)
TYPES = [(ConnectReply, ConnectEvent), (RefreshReply, RefreshEvent), (SubscribeReply, SubscribeEvent)]
TYPES += [(PublishReply, PublishEvent), (SubRefreshReply, EVENTS["sub_refresh"]), (RPCReply, EVENTS["rpc"])]
TYPES += [(SharedPollReply, EVENTS["shared_poll_refresh"])]


@given(st.data(), st.sampled_from(TYPES))
def test_every_reply_that_can_be_created_is_accepted(data: st.DataObject, pair: Any) -> None:
    """Whatever values the fields get: the reply is an error of its creation, or the server reads its result."""
    reply, event = pair
    fields = reply.__struct_fields__
    given = data.draw(st.dictionaries(st.sampled_from(fields), values, max_size=3))
    if reply in (ConnectReply, RefreshReply, SubRefreshReply):
        first = "user" if reply is ConnectReply else "expire_at"
        given.setdefault(first, data.draw(st.text()) if reply is ConnectReply else data.draw(st.integers(1, 2**40)))
    try:
        body = result_body(reply(**given))
    except UsageError:
        return
    answer = read_answer(event, 200, body)
    assert isinstance(answer, Granted)
    assert answer.result is not None


def test_expired_is_read_as_the_end() -> None:
    """`Expired()` ends the connection or subscription."""
    assert read_answer(RefreshEvent, 200, result_body(Expired())) == Ended()
    assert read_answer(EVENTS["sub_refresh"], 200, result_body(Expired())) == Ended()
