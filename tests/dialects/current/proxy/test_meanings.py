"""Each answer has a text that says what happens to the client."""

import re
from typing import Any

import pytest

from centripetal.dialects.current.proxy.events import EVENTS
from centripetal.dialects.current.proxy.meanings import meaning
from centripetal.dialects.current.proxy.reading import Failed, read_answer


@pytest.mark.parametrize(
    ("kind", "body", "text"),
    [
        ("connect", '{"result":{"user":"7"}}', "connected as user '7'"),
        ("connect", '{"result":{}}', "connected as the anonymous user"),
        ("connect", "{}", "no credentials: the connection is closed with 3501, unless anonymous connections"),
        ("connect", '{"error":{"code":401}}', "error 401: client libraries give up"),
        ("rpc", '{"error":{"code":503,"temporary":true}}', "error 503, temporary: client libraries try again"),
        ("connect", '{"disconnect":{"code":4501}}', "closed with 4501: client libraries stay away"),
        ("connect", '{"disconnect":{"code":4001}}', "closed with 4001: client libraries come back"),
        ("refresh", '{"result":{"expire_at":5}}', "the connection lives on"),
        ("refresh", '{"result":{}}', r"no new expire_at: the connection has expired \(3005\)"),
        ("refresh", '{"error":{"code":401}}', r"the connection has expired \(3005\): client libraries come back"),
        ("refresh", "x", "nothing changes, and the server asks again after 60 seconds"),
        ("refresh", '{"result":{"b64info":"%"}}', "closed with 3004"),
        ("sub_refresh", '{"result":{"expire_at":5}}', "the subscription lives on"),
        ("sub_refresh", '{"result":{}}', "the subscription never expires"),
        ("sub_refresh", "{}", r"the subscription has expired \(2501\)"),
        ("subscribe", "{}", "subscribed"),
        ("publish", "{}", "published as the client sent it"),
        ("publish", '{"result":{"data":null}}', "published with the data of the answer"),
        ("publish", "x", "error 100, temporary: client libraries try again"),
        ("rpc", "{}", "the client gets the result"),
        ("shared_poll_refresh", "{}", "the clients get the new data"),
        ("shared_poll_refresh", "x", "the poll failed"),
    ],
)
def test_answers_have_a_meaning(kind: str, body: str, text: str) -> None:
    """The text names the effect on the client, and whether client libraries come back."""
    event: Any = EVENTS[kind]
    assert re.search(text, meaning(event, read_answer(event, 200, body.encode())))


@pytest.mark.parametrize("kind", sorted(EVENTS))
def test_a_back_end_without_an_answer_has_a_meaning(kind: str) -> None:
    """A time-out has a text for every event."""
    assert meaning(EVENTS[kind], Failed("no answer after 1 s"))
