"""Answers are read and taken as a 6.9.1 server does."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from centripetal.dialects.current.objects import SubscribeOptionOverride
from centripetal.dialects.current.proxy.events import EVENTS
from centripetal.dialects.current.proxy.reading import (
    Answer,
    Closed,
    ConnectResult,
    Ended,
    Failed,
    Granted,
    PolledKey,
    PublishResult,
    RefreshResult,
    Refused,
    RPCResult,
    SharedPollResult,
    StatusTransform,
    SubscribeResult,
    read_answer,
)
from tests.dialects.current.proxy.definition import recorded

ASKED = ("connect", "subscribe", "publish", "rpc")
REFRESHED = ("refresh", "sub_refresh")
TRANSFORMS = (
    StatusTransform(404, to_error=Refused(404, "nobody", True)),
    StatusTransform(403, to_disconnect=Closed(4503, "go away")),
    StatusTransform(418),
)


def taken(kind: str, body: str | bytes, status: int = 200) -> Answer:
    text = body.encode() if isinstance(body, str) else body
    return read_answer(EVENTS[kind], status, text, TRANSFORMS)


def test_recorded_answers_are_taken_as_the_server_took_them() -> None:
    """The answers in the recordings are read as results, refusals, closes and failures, as the clients saw."""
    answers = [read_answer(EVENTS[kind], status, body, TRANSFORMS) for kind, _, status, body in recorded()]
    connects = [a for (kind, *_), a in zip(recorded(), answers, strict=True) if kind == "connect"]
    assert connects[:21] == [
        Granted(ConnectResult(user="42")),
        Granted(
            ConnectResult(
                user="43",
                info=b'{"name":"Bob"}',
                data=b'{"greeting":1}',
                channels=("pub:one",),
                meta=b'{"tenant":"t1"}',
                subs={
                    "rec:two": SubscribeResult(info=b'{"ci":1}', data=b'{"d":2}'),
                    "pub:three": SubscribeResult(override=SubscribeOptionOverride(presence=True)),
                },
            )
        ),
        Refused(1000, "custom", True),
        Refused(401, "who are you"),
        Closed(4501, "unauthorized"),
        Granted(),
        Granted(),
        Granted(ConnectResult()),
        Failed("not JSON at byte 0: 'not json'"),
        Failed("the text ends in the middle of a value"),
        Failed("status 500: the server accepts only 200"),
        Failed("status 201: the server accepts only 200"),
        Refused(404, "nobody", True),
        Closed(4503, "go away"),
        Granted(ConnectResult(user="42", channels=("nosuch:a",))),
        Failed("expected a string, not '42'"),
        connects[16],
        Refused(1000, "both"),
        Closed(4501, "x"),
        Granted(ConnectResult(user="42", expire_at=1700000000)),
        connects[20],
    ]
    assert isinstance(connects[16], Failed)
    assert connects[16].why.startswith("invalid base64")


@pytest.mark.parametrize("kind", [*ASKED, *REFRESHED, "shared_poll_refresh"])
@pytest.mark.parametrize(
    ("status", "body"),
    [
        (204, ""),
        (500, "{}"),
        (418, "{}"),
        (200, ""),
        (200, "[]"),
        (200, "\ufeff{}"),
        (200, "{} x"),
        (200, '{"result":1}'),
        (200, '{"result":{"data":}}'),
        (200, '{"error":{"code":-1}}'),
        (200, '{"error":{"code":4294967296}}'),
        (200, '{"error":{"code":1.0}}'),
        (200, b'{"result":"\xff"}'),
    ],
)
def test_useless_answers_fail(kind: str, status: int, body: Any) -> None:
    """An answer with another status, of the wrong type, or not JSON is useless for every event."""
    assert isinstance(taken(kind, body, status), Failed)


@pytest.mark.parametrize("kind", ASKED)
@pytest.mark.parametrize(
    ("body", "answer"),
    [
        ("{}", Granted()),
        ("null", Granted()),
        (' { "Result" : null , "error":null,"disconnect":null, "more": [1] } ', Granted()),
        ('{"error":{}}', Refused()),
        ('{"ERROR":{"Code":401,"MESSAGE":"x","temporary":true},"result":{}}', Refused(401, "x", True)),
        ('{"error":{"code":4294967295}}', Refused(4294967295)),
        ('{"disconnect":{"code":70000,"reason":"r"},"error":{"code":1}}', Closed(70000, "r")),
        ('{"disconnect":{}}', Closed()),
    ],
)
def test_the_strongest_member_counts(kind: str, body: str, answer: Answer) -> None:
    """disconnect is stronger than error, and error than result; names match in any letter case."""
    assert taken(kind, body) == answer


@pytest.mark.parametrize("kind", REFRESHED)
@pytest.mark.parametrize(
    "body",
    ["{}", "null", '{"result":null}', '{"error":{"code":401}}', '{"disconnect":{"code":4501}}',
     '{"result":{"expired":true,"expire_at":1}}', '{"error":{"code":100,"temporary":true}}'],
)  # fmt: skip
def test_refreshes_without_a_result_end(kind: str, body: str) -> None:
    """Answers to refreshes without a result end the connection or subscription, also errors and disconnects."""
    assert taken(kind, body) == Ended()
    assert taken(kind, "", 403) == Ended()
    assert taken(kind, "", 404) == Ended()


def test_refreshes_with_a_result_count() -> None:
    """A result refreshes; an `error` next to it is ignored; only a connection has meta."""
    body = '{"result":{"expire_at":5,"info":{"a":1},"meta":null},"error":{"code":401}}'
    assert taken("refresh", body) == Granted(RefreshResult(expire_at=5, info=b'{"a":1}', meta=b"null"))
    assert taken("sub_refresh", body) == Granted(RefreshResult(expire_at=5, info=b'{"a":1}'))
    assert taken("refresh", '{"result":{}}') == Granted(RefreshResult())


@pytest.mark.parametrize(
    ("kind", "answer"),
    [
        ("connect", Failed),
        ("subscribe", Failed),
        ("refresh", Failed),
        ("sub_refresh", Ended),
    ],
)
def test_bad_base64_is_taken_by_kind(kind: str, answer: type) -> None:
    """Bad base64 fails; it closes a refreshed connection, and ends a refreshed subscription."""
    found = taken(kind, '{"result":{"b64info":"%"}}')
    assert isinstance(found, answer)
    assert getattr(found, "closes", False) == (kind == "refresh")


RESULTS: list[tuple[str, str, Any]] = [
    ("connect", '{"info":1,"b64info":"Mg==","meta":null}', ConnectResult(info=b"2", meta=b"null")),
    ("connect", '{"subs":{"a":null,"B":{"expire_at":7,"cache_recover":true}}}',
     ConnectResult(subs={"a": SubscribeResult(), "B": SubscribeResult(cache_recover=True)})),
    ("subscribe", '{"data":null,"expire_at":-3}', SubscribeResult(data=b"null", expire_at=-3)),
    ("subscribe", '{"override":{"presence":{},"force_recovery":{"value":true},"join_leave":null}}',
     SubscribeResult(override=SubscribeOptionOverride(presence=False, force_recovery=True))),
    ("publish", "{}", PublishResult()),
    ("publish", '{"data":null,"b64data":"Mg=="}', PublishResult(data=b"null")),
    ("publish", '{"b64data":"Mg==","tags":{"K":"v"},"version":18446744073709551615}',
     PublishResult(data=b"2", tags={"K": "v"}, version=2**64 - 1)),
    ("rpc", '{"data":1,"b64data":"Mg=="}', RPCResult(data=b"2")),
    ("rpc", '{"data": { "a" : 1 } }', RPCResult(data=b'{ "a" : 1 }')),
    ("shared_poll_refresh", '{"items":[{"key":"k","data":1,"version":2},{"key":"r","removed":true}],"epoch":"e"}',
     SharedPollResult(items=[PolledKey(key="k", data=b"1", version=2), PolledKey(key="r", removed=True)], epoch="e")),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "result", "found"), RESULTS)
def test_results_are_read_by_the_rules_of_go(kind: str, result: str, found: Any) -> None:
    """Base64 is stronger than JSON, except when publishing; null is a value only for payloads."""
    assert taken(kind, f'{{"result":{result}}}') == Granted(found)


WRONG = [
    ("connect", '{"user":42}'),
    ("connect", '{"expire_at":1.5}'),
    ("connect", '{"labels":1}'),
    ("subscribe", '{"override":{"presence":true}}'),
    ("subscribe", '{"allow":"pub"}'),
    ("publish", '{"tags":{"k":1}}'),
    ("publish", '{"version":18446744073709551616}'),
    ("publish", '{"b64data":"%"}'),
    ("rpc", '{"b64data":"%"}'),
    ("shared_poll_refresh", '{"items":[{"version":18446744073709551616}]}'),
]


@pytest.mark.parametrize(("kind", "result"), WRONG)
def test_wrong_types_fail(kind: str, result: str) -> None:
    """A wrong type in any field, also of PRO, makes the whole answer useless."""
    assert isinstance(taken(kind, f'{{"result":{result}}}'), Failed)


def test_shared_polls_ignore_disconnects_and_transforms() -> None:
    """The answer to a shared poll has no `disconnect`, and statuses are not transformed."""
    assert taken("shared_poll_refresh", '{"disconnect":{"code":4501}}') == Granted()
    assert taken("shared_poll_refresh", '{"error":{"code":1000}}') == Refused(1000)
    assert isinstance(taken("shared_poll_refresh", "", 403), Failed)


answers = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(("result", "error", "disconnect", "code", "user", "expired", "subs")), inner)
    ),
    max_leaves=6,
)


@given(st.sampled_from(sorted(EVENTS)), st.binary() | answers.map(lambda value: json.dumps(value).encode()))
def test_any_body_has_a_meaning(kind: str, body: bytes) -> None:
    """Reading never raises; only a JSON object with a result, or an empty one, grants anything."""
    answer = read_answer(EVENTS[kind], 200, body)
    if isinstance(answer, Granted):
        value: Any = json.loads(body) or {}
        assert isinstance(value, dict)
        assert answer.result is None or isinstance(value.get("result"), dict)
