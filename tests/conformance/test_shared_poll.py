"""A real server that polls: it asks our handlers for the keys that its clients track, and clients get the data.

The embedded server has no shared polling yet.
"""

import hashlib
import hmac
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from centripetal.proxy import (
    ConnectEvent,
    ConnectReply,
    Handlers,
    Refuse,
    SharedPollEvent,
    SharedPollItem,
    SharedPollReply,
    SharedPollResult,
)
from centripetal.server.configuration.proxy_sections import with_sections
from tests.conformance import servers_v6
from tests.conformance.proxy_serving import sections, served
from tests.needs import needs
from tests.wire.websocket import Client

pytestmark = needs("centrifugo-v6")

SECRET = "the-secret-of-the-handlers"
TRACKING_SECRET = "the-secret-of-tracked-keys"
_OPEN = {"allow_subscribe_for_client": True}
CONFIG = {
    "shared_poll": {"hmac_secret_key": TRACKING_SECRET},
    "channel": {
        "namespaces": [
            {"name": "scores", **_OPEN, "shared_poll": {"refresh_interval": "50ms"}},
            {"name": "prices", **_OPEN, "shared_poll": {"refresh_interval": "50ms", "mode": "versioned"}},
        ]
    },
}


class Application:
    """Handlers whose polls get the next state of each key; its last state is repeated."""

    def __init__(self, **states: list[dict[str, Any] | Refuse]) -> None:
        self.asked: list[tuple[str, list[SharedPollItem]]] = []
        self.states = states
        self.handlers = proxy = Handlers(secret=SECRET)

        @proxy.connect
        def connect(_: ConnectEvent) -> ConnectReply:
            return ConnectReply("ann")

        @proxy.shared_poll("scores:{match}")
        def scores(event: SharedPollEvent, match: int) -> SharedPollReply:
            return self.answer(f"match {match}", event)

        @proxy.shared_poll("prices:{market}")
        def prices(event: SharedPollEvent, market: str) -> SharedPollReply:
            return self.answer(f"market {market}", event)

    def answer(self, name: str, event: SharedPollEvent) -> SharedPollReply:
        self.asked.append((name, event.items))
        results = []
        for item in event.items:
            states = self.states[item.key]
            state = states.pop(0) if len(states) > 1 else states[0]
            if isinstance(state, Refuse):
                raise state
            results.append(SharedPollResult(item.key, **state))
        return SharedPollReply(results)


def signature(user: str, channel: str, keys: list[str]) -> str:
    """Return the signature with which *user* may track *keys* for ever (protocol 6: map-shared-polling)."""
    tracked = hashlib.sha256("\0".join(keys).encode()).hexdigest()
    text = "\0".join(["1700000000", "0", user, channel, tracked])
    return f"1700000000:0:{hmac.new(TRACKING_SECRET.encode(), text.encode(), 'sha256').hexdigest()}"


def pushes(client: Client, channel: str, keys: list[str]) -> Iterator[dict[str, Any]]:
    """Track *keys* of a channel, and yield the publications that arrive."""
    track = {"signature": signature("ann", channel, keys), "items": [{"key": key} for key in keys]}
    commands = [
        {"id": 1, "connect": {}},
        {"id": 2, "subscribe": {"channel": channel, "type": 4}},
        {"id": 3, "sub_refresh": {"channel": channel, "type": 1, "track": [track]}},
    ]
    client.send("\n".join(map(json.dumps, commands)).encode())
    while True:
        for line in client.receive_text().split(b"\n"):
            message = json.loads(line)
            assert "error" not in message, message
            if "push" in message:
                assert message["push"]["channel"] == channel
                yield message["push"]["pub"]


def test_clients_see_the_data_of_the_keys_that_they_track(tmp_path: Path) -> None:
    """A poll without versions pushes new data only, a refused poll changes nothing, and a removed key ends."""
    none, one = {"data": {"goals": 0}}, {"data": {"goals": 1}}
    application = Application(
        away=[none, none, {"removed": True}],
        home=[none, none, Refuse(1000, "later"), none, one],
    )
    with (
        served(application.handlers) as url,
        servers_v6.serving(with_sections(CONFIG, sections(application.handlers, url, SECRET)), tmp_path) as websocket,
        Client(websocket) as client,
    ):
        found = pushes(client, "scores:7", ["home", "away"])
        received = [next(found) for _ in range(4)]
    away, home = [[push for push in received if push["key"] == key] for key in ("away", "home")]
    assert [push["data"] for push in home] == [{"goals": 0}, {"goals": 1}]
    assert home[0]["version"] < home[1]["version"]
    assert away[0]["data"] == {"goals": 0}
    assert away[1] == {"key": "away", "removed": True}
    assert ("match 7", [SharedPollItem("away"), SharedPollItem("home")]) in application.asked


def test_versions_of_the_application_decide(tmp_path: Path) -> None:
    """With versions, the server tells the handler the version that it has, and pushes only a newer one."""
    newest = 2**53 + 1
    states = [{"data": 100, "version": 5}, {"data": 99, "version": 4}, {"data": 101, "version": newest}]
    application = Application(gold=[*states])
    with (
        served(application.handlers) as url,
        servers_v6.serving(with_sections(CONFIG, sections(application.handlers, url, SECRET)), tmp_path) as websocket,
        Client(websocket) as client,
    ):
        found = pushes(client, "prices:metals", ["gold"])
        assert next(found) == {"data": 100, "key": "gold", "version": 5}
        assert next(found) == {"data": 101, "key": "gold", "version": newest}
    assert application.asked[:2] == [
        ("market metals", [SharedPollItem("gold")]),
        ("market metals", [SharedPollItem("gold", 5)]),
    ]
