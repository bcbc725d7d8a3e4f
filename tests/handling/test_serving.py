"""All ways of serving give the same outcome for the same request."""

import json
import logging
import re
from typing import Any

import pytest

from centripetal.handling import log
from tests.handling.served import SECRET, WAYS, Request, handlers

ASK = {"client": "c", "transport": "websocket", "protocol": "json", "encoding": "json"}


def asked(kind: str, **members: Any) -> Request:
    return Request(kind, json.dumps({**ASK, **members}).encode())


def refused(code: int, message: str, **more: Any) -> Any:
    return 200, {"error": {"code": code, "message": message, **more}}


def result(value: Any) -> Any:
    return 200, {"result": value}


BAD = "bad data: Expected `int`, got `str` - at `$.b`"
# Each request with the status and the JSON of the answer, and the log.
OUTCOMES: list[tuple[str, Request, Any, str]] = [
    ("connect", asked("connect", data={"user": "ann"}),
     result({"user": "ann", "expire_at": 1900000000, "info": {"name": "ann"}, "meta": {"tenant": 7}}), ""),
    ("cookie", asked("connect")._replace(headers={"Cookie": "a=b; sid=bob"}),
     result({"user": "bob", "expire_at": 1900000000, "info": {"name": "bob"}, "meta": {"tenant": 7}}), ""),
    ("close", asked("connect", data={"user": "banned"}), (200, {"disconnect": {"code": 4501, "reason": "banned"}}), ""),
    ("refuse", asked("connect", data={"user": "unknown"}), refused(401, "log in"), ""),
    ("a bug", asked("connect", data={"user": "bug"}), (500, None), "ERROR .*connect failed to answer connect"),
    ("nothing returned", asked("connect", data={"user": "none"}), (500, None), "ERROR .*connect failed to answer"),
    ("refresh", asked("refresh", user="7", meta={"n": 1}), result({"expire_at": 1900000000, "meta": {"n": 1}}), ""),
    ("expired", asked("refresh", user="8"), result({"expired": True}), ""),
    ("refused refresh", asked("refresh", user="refused"), result({"expired": True}), ""),
    ("bug in refresh", asked("refresh", user="bug"), (500, None), "ERROR"),
    ("subscribe", asked("subscribe", user="7", channel="rooms:7", meta={"tenant": 3}),
     result({"info": {"room": 7}, "data": {"tenant": 3}}), ""),
    ("refused room", asked("subscribe", channel="rooms:13"), refused(403, "not a member"), ""),
    ("temporary", asked("subscribe", channel="rooms:14"), refused(1500, "later", temporary=True), ""),
    ("wrong class", asked("subscribe", channel="rooms:15"), (500, None), "ERROR"),
    ("no such room", asked("subscribe", channel="rooms:x"), refused(103, "permission denied"), "INFO no handler"),
    ("other spelling", asked("subscribe", channel="rooms:07"), refused(103, "permission denied"), "INFO no handler"),
    ("other namespace", asked("subscribe", channel="news"), refused(103, "permission denied"), "INFO no handler"),
    ("publish", asked("publish", user="7", channel="rooms:7", data="hi"),
     result({"data": {"by": "7", "text": "hi"}}), ""),
    ("published as sent", asked("publish", channel="rooms:7", data="same"), result({}), ""),
    ("a set", asked("publish", channel="rooms:7", data="set"), (500, None), "ERROR"),
    ("bad publication", asked("publish", channel="rooms:7", data=1),
     refused(400, "bad data: Expected `str`, got `int`"),
     "INFO bad data in publish 'rooms:7'"),
    ("sub_refresh", asked("sub_refresh", channel="rooms:7"), result({"expire_at": 1900000000}), ""),
    ("sub expired", asked("sub_refresh", channel="rooms:8"), result({"expired": True}), ""),
    ("sub_refresh of nobody", asked("sub_refresh", channel="news"), (404, None), "INFO no handler for sub_refresh"),
    ("rpc", asked("rpc", method="add", data={"a": 1, "b": 2}), result({"data": 3}), ""),
    ("bad data", asked("rpc", method="add", data={"a": 1, "b": "2"}), refused(400, BAD), "INFO bad data in rpc 'add'"),
    ("no data", asked("rpc", method="add"), refused(400, "bad data: Expected `object`, got `null`"), "INFO bad data"),
    ("unknown method", asked("rpc", method="nope"), refused(104, "method not found"), "INFO no handler for rpc 'nope'"),
    ("headers", asked("rpc", method="headers")._replace(headers={"Authorization": "Bearer t", "X-Other": "1"}),
     result({"data": {"headers": ["authorization", "content-length", "content-type", "x-other"], "bearer": "t"}}), ""),
    ("shared poll", Request("shared_poll_refresh", b'{"channel":"scores:x","items":[{"key":"k"}]}'),
     result({"items": [{"data": {"of": "x"}, "key": "k"}]}), ""),
    ("new members", asked("rpc", method="add", data={"a": 1, "b": 2}, future={"x": [1]}), result({"data": 3}), ""),
    ("no secret", asked("rpc")._replace(secret=None),
     (403, None), "WARNING refused a request without the right secret"),
    ("wrong secret", asked("rpc")._replace(secret=f"{SECRET}x"), (403, None), "WARNING refused a request without"),
    ("old secret", asked("refresh", user="8")._replace(secret="other"), result({"expired": True}), ""),
    ("too large", Request("connect", b'{"name":"' + b"x" * 10_000 + b'"}'),
     (413, None), "WARNING refused a request of"),
    ("not JSON", Request("connect", b"{"), (400, None), "ERROR this is not a connect event: .*truncated"),
    ("a list", Request("connect", b"[]"), (400, None), "ERROR .*Expected `object`, got `array`"),
    ("empty", Request("connect", b""), (400, None), "ERROR"),
    ("wrong type", Request("connect", b'{"client":7}'), (400, None), r"ERROR .*got `int` - at `\$.client`"),
    ("deep", Request("connect", b"[" * 200 + b"]" * 200), (400, None), "ERROR .*nested deeper than 200 levels"),
    ("not UTF-8", Request("connect", b'{"client":"\xff"}'), (400, None), "ERROR"),
    ("unknown kind", asked("map_publish"), (404, None), "ERROR Centrifugo asks 'map_publish', and there is no handler"),
]  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
def test_every_way_has_the_same_outcomes(
    way: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The status, the JSON of the answer and the log are the same in every way; no log has the secret."""
    make, awaiting = WAYS[way]
    serve = make(handlers(awaiting=awaiting))
    caplog.set_level(logging.DEBUG, "centripetal.proxy")
    for what, request, (status, value), logged in OUTCOMES:
        monkeypatch.setattr(log, "_next", {})
        caplog.clear()
        response = serve(request)
        assert response.status == status, (what, response)
        if value is None:
            assert b"result" not in response.body, what
        else:
            assert json.loads(response.body) == value, what
            assert response.headers["content-type"] == "application/json"
        records = [each for each in caplog.records if each.name == "centripetal.proxy"]
        found = "\n".join(f"{each.levelname} {each.getMessage()}" for each in records)
        assert bool(re.match(logged, found)) if logged else not found, (what, found)
        assert SECRET not in caplog.text + str(response)


@pytest.mark.parametrize("way", ["asgi", "fastapi mount", "wsgi", "django", "django asgi"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT"])
def test_other_methods_get_405(way: str, method: str, caplog: pytest.LogCaptureFixture) -> None:
    """A request that is not a POST gets 405, and the log says how a redirect causes it."""
    log._next.clear()
    make, awaiting = WAYS[way]
    response = make(handlers(awaiting=awaiting))(Request("connect", b"", method))
    assert (response.status, response.headers["allow"]) == (405, "POST")
    assert "After a redirect it sends GET without the body" in caplog.text


@pytest.mark.parametrize("way", ["asgi, plain handlers", "wsgi"])
def test_plain_handlers_run_in_a_thread_only_under_asgi(way: str) -> None:
    """A plain function runs in a thread under ASGI, and in the thread of the request under WSGI."""
    response = WAYS[way][0](handlers())(asked("connect", data={"user": "thread"}))
    assert json.loads(response.body)["result"]["data"] is (way == "wsgi")
