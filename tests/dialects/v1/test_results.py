"""Results of 1.x as Python values: users' JSON stays complete, and the forms of older servers are decoded."""

from typing import Any

import msgspec
import pytest

from centripetal.dialects.v1.results import ClientInfo, Message, NodeInfo, Stats


def info(text: bytes) -> ClientInfo:
    return msgspec.json.decode(text, type=ClientInfo)


def message(text: bytes) -> Message:
    return msgspec.json.decode(text, type=Message)


@pytest.mark.parametrize("member", ["default_info", "channel_info"])
@pytest.mark.parametrize(
    ("text", "raw", "value"),
    [
        (b'{"name":"Zo\xc3\xab"}', b'{"name":"Zo\xc3\xab"}', {"name": "Zoë"}),
        (b"1.10", b"1.10", 1.1),
        (b"0", b"0", 0),
        (b"false", b"false", False),
        (b"[]", b"[]", []),
        (b"1e400", b"1e400", float("inf")),
        (b'""', None, None),
        (b"null", None, None),
        (None, None, None),
    ],
)
def test_an_info_is_available_as_value_and_as_bytes(
    member: str, text: bytes | None, raw: bytes | None, value: Any
) -> None:
    """An info is decoded on access; an absent info, and the empty forms of servers before 1.3.0, are None."""
    who = info(b'{"user":"42","client":"c"%s}' % (b"" if text is None else b',"%s":%s' % (member.encode(), text)))
    assert (who.user, who.client) == ("42", "c")
    assert getattr(who, member) == value
    assert getattr(who, f"{member}_json") == raw
    other = "channel_info" if member == "default_info" else "default_info"
    assert getattr(who, other) is None


def test_a_message_has_its_data_as_value_and_as_bytes() -> None:
    """Data is decoded again at each access, so callers cannot change each other's data; its bytes keep every digit."""
    news = message(b'{"uid":"u","channel":"news","data":{"n":1.10}}')
    assert (news.uid, news.channel, news.client, news.info, news.timestamp) == ("u", "news", None, None, None)
    assert news.data == {"n": 1.1}
    assert news.data is not news.data
    assert news.data_json == b'{"n":1.10}'


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        (b"", (None, None, None)),
        (b',"client":"c"', ("c", None, None)),
        (b',"client":"","info":""', ("", None, None)),
        (b',"client":null,"info":null', (None, None, None)),
        (b',"timestamp":"1500000000"', (None, None, "1500000000")),
        (b',"client":"c","info":{"user":"42","client":"c"}', ("c", ClientInfo("42", "c"), None)),
        (b',"info":{"user":"42","client":"c","default_info":"","channel_info":null}', (None, "42", None)),
        (b',"something":"new"', (None, None, None)),
    ],
)
def test_messages_of_older_and_newer_servers_are_decoded(members: bytes, expected: tuple[Any, ...]) -> None:
    """Timestamps, empty forms and unknown members are accepted (protocol 1: versions)."""
    old = message(b'{"uid":"u","channel":"news","data":null%s}' % members)
    client, who, timestamp = expected
    assert (old.client, old.timestamp, old.data) == (client, timestamp, None)
    if isinstance(who, str):
        assert old.info is not None
        assert (old.info.user, old.info.default_info, old.info.channel_info) == (who, None, None)
    else:
        assert old.info == who


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (
            info(b'{"user":"42","client":"c","default_info":{"a":1}}'),
            "ClientInfo(user='42', client='c', default_info={'a': 1})",
        ),
        (info(b'{"user":"","client":"c"}'), "ClientInfo(client='c')"),
        (
            message(b'{"uid":"u","channel":"x","data":[1],"info":{"user":"42","client":"c"}}'),
            "Message(uid='u', channel='x', data=[1], info=ClientInfo(user='42', client='c'))",
        ),
        (message(b'{"uid":"u","channel":"x","data":0}'), "Message(uid='u', channel='x', data=0)"),
    ],
)
def test_a_repr_shows_decoded_values(value: Any, text: str) -> None:
    """A repr shows values instead of raw JSON and leaves out absent fields. Rich gets the same fields."""
    assert repr(value) == text
    assert [name for name, *_ in value.__rich_repr__()] == [
        field.removeprefix("raw_") for field in value.__struct_fields__
    ]


def test_a_repr_never_fails() -> None:
    """Data that Python cannot decode is shown as bytes, so that a log line does not raise."""
    for text in (b"nonsense", b"[" * 10_001 + b"]" * 10_001):
        strange = Message("u", "x", msgspec.Raw(text))
        assert repr(strange) == f"Message(uid='u', channel='x', data={text!r})"
        assert {name: value for name, value, _ in strange.__rich_repr__()}["data"] == text


def test_results_compare_by_value() -> None:
    """Results compare by their fields."""
    text = b'{"uid":"u","channel":"x","data":1}'
    assert message(text) == message(text) != message(text.replace(b"1", b"2"))
    assert Stats([NodeInfo("n", "node")], 60) == Stats([NodeInfo("n", "node")], 60)
    assert (NodeInfo("n", "node").started, NodeInfo("n", "node").metrics, NodeInfo("n", "node").version) == (0, {}, "")
