"""The applications of the proxy benchmark do the same work. No timing."""

import pytest

from benchmarks.proxy import APPLICATIONS, BODIES, SECRET, SERVED, TARGETS, answer_of, handlers
from benchmarks.proxy_rate import config, connected, rate
from centripetal.server import EmbeddedServer


@pytest.mark.parametrize("kind", BODIES)
def test_all_applications_give_the_same_answer(kind: str) -> None:
    """Our handlers, mounted or not, and the endpoint written by hand answer an event with the same JSON."""
    ours, mounted, by_hand = [
        answer_of(application, kind) for name, application in APPLICATIONS.items() if name != "constant answer"
    ]
    assert ours == mounted == by_hand
    assert ours[0] == 200
    assert "result" in ours[1]
    assert answer_of(APPLICATIONS["constant answer"], kind) == (200, {"result": {}})
    assert kind in TARGETS


def test_clients_call_until_all_replies_have_arrived() -> None:
    """Each client of the rates calls our handlers, and a wrong reply or a lost connection fails the measurement."""
    endpoints = dict.fromkeys(SERVED, "http://127.0.0.1:1/centrifugo/rpc")
    with EmbeddedServer(config=config(endpoints, SECRET), proxy=handlers) as server:
        assert rate(connected(server.websocket_url, 3), "ours", 2) > 0
        with pytest.raises(AssertionError, match=r"unexpected reply .*not found"):
            rate(connected(server.websocket_url, 1), "fastapi", 1)
        clients = connected(server.websocket_url, 1)
        clients[0].close()
        with pytest.raises((AssertionError, ConnectionError)):
            rate(clients, "ours", 1)
