"""Events of a server, and its listeners."""

import json

import msgspec
import pytest

from centripetal.server import EmbeddedServer
from centripetal.server.engine.events import CommandRun, Connected, Event, Events, Published, RequestRefused
from centripetal.v1 import AuthenticationError, Client, ServerError


def test_each_listener_is_called_until_it_stops() -> None:
    """Each registration is called until it is stopped, and `Events` is false without listeners."""
    events, heard = Events(), list[Event]()
    assert not events
    stop_one, stop_two = events.listen(heard.append), events.listen(heard.append)
    event = Connected(at=1, client="c", user="u")
    for stop, count in ((stop_one, 2), (stop_one, 1), (stop_two, 1)):
        assert events
        events.emit(event)
        assert heard == [event] * count
        heard.clear()
        stop()
    assert not events


def test_an_event_is_json_that_names_its_kind() -> None:
    """The JSON of an event has its type in `kind` and the published data unchanged."""
    event = Published(at=1.5, channel="news", data=msgspec.Raw(b'{"n": 1.0}'), receivers=2)
    value = json.loads(msgspec.json.encode(event))
    assert (value["kind"], value["data"], value["receivers"]) == ("published", {"n": 1.0}, 2)


def test_api_calls_emit_events() -> None:
    """API calls emit an event per publication, per command with its outcome, and per refused request."""
    heard = list[Event]()
    with EmbeddedServer(secret="secret") as server:
        server.events.listen(heard.append)
        client = Client(server.url, "secret")
        client.publish("news", {"n": 1}, client="me")
        client.broadcast(["a", "b"], None)
        with pytest.raises(ServerError):
            client.publish("no:where", 1)
        with pytest.raises(AuthenticationError):
            Client(server.url, "wrong").unsubscribe("news", "42")
    assert [each.channel for each in heard if isinstance(each, Published)] == ["news", "a", "b"]
    first = heard[0]
    assert isinstance(first, Published)
    assert (bytes(first.data), first.client, first.by_client) == (b'{"n":1}', "me", False)
    assert [(each.method, each.channels, each.error) for each in heard if isinstance(each, CommandRun)] == [
        ("publish", ("news",), ""),
        ("broadcast", ("a", "b"), ""),
        ("publish", ("no:where",), "namespace not found"),
    ]
    assert [(each.status, each.reason) for each in heard if isinstance(each, RequestRefused)] == [(401, "invalid sign")]
