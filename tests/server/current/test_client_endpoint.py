"""The half that clients connect to: what is said in handshakes, and limits."""

from typing import Any

import pytest

from centripetal.dialects.current.client_protocol.objects import Disconnect
from centripetal.server.current.client_endpoint import WebSocketEndpoint
from centripetal.server.listening.http1 import Request
from tests.server.current.world import World

PATH = "/connection/websocket"


def make(**sections: Any) -> tuple[World, WebSocketEndpoint]:
    world = World(**sections)
    return world, WebSocketEndpoint(world.node)


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        ([], ""),
        (["centrifuge-json"], "centrifuge-json"),
        (["other, centrifuge-json"], "centrifuge-json"),
        (["centrifuge-protobuf", "centrifuge-json"], "centrifuge-json"),
        (["centrifuge-protobuf"], ""),
    ],
)
def test_json_is_spoken_if_it_is_offered(offered: list[str], chosen: str) -> None:
    """The binary protocol is never chosen."""
    headers = tuple(("sec-websocket-protocol", each) for each in offered)
    assert make()[1].subprotocol(Request("GET", PATH, headers)) == chosen


@pytest.mark.parametrize(("query", "asked"), [("", True), ("?cf_ws_frame_ping_pong=true", False), ("?a=b", True)])
def test_who_cannot_answer_messages_is_not_asked_by_them(query: str, asked: bool) -> None:
    """Such as tools that only know the pings of WebSocket."""
    world, endpoint = make()
    client = world.new()
    client.session = endpoint.open(client, Request("GET", PATH + query))
    connected = client.result("connect")
    assert connected["client"] == client.id
    assert ("ping" in connected) is asked


def test_limits_are_those_of_the_configuration() -> None:
    """And why a client is closed is told by code and reason."""
    _, endpoint = make(websocket={"message_size_limit": 10, "compression": True}, client={"queue_max_size": 20})
    assert (endpoint.max_message_size, endpoint.max_queue_size, endpoint.compresses) == (10, 20, True)
    assert endpoint.close_frame(endpoint.slow) == (3008, "slow")
    assert endpoint.close_frame(Disconnect(4001, "x")) == (4001, "x")
    assert endpoint.ping_interval == 0
