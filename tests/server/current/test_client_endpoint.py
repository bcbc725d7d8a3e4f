"""The WebSocket endpoint for clients: handshakes and limits."""

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
def test_the_json_subprotocol_is_chosen_if_offered(offered: list[str], chosen: str) -> None:
    """The subprotocol is `centrifuge-json` if the client offers it, and never the binary protocol."""
    headers = tuple(("sec-websocket-protocol", each) for each in offered)
    assert make()[1].subprotocol(Request("GET", PATH, headers)) == chosen


@pytest.mark.parametrize(("query", "asked"), [("", True), ("?cf_ws_frame_ping_pong=true", False), ("?a=b", True)])
def test_clients_with_websocket_pings_get_no_ping_messages(query: str, asked: bool) -> None:
    """A client that asks for WebSocket pings, such as a command-line tool, gets no ping messages."""
    world, endpoint = make()
    client = world.new()
    client.session = endpoint.open(client, Request("GET", PATH + query))
    connected = client.result("connect")
    assert connected["client"] == client.id
    assert ("ping" in connected) is asked


def test_limits_come_from_the_configuration() -> None:
    """The endpoint has the configured limits and puts code and reason into close frames."""
    _, endpoint = make(websocket={"message_size_limit": 10, "compression": True}, client={"queue_max_size": 20})
    assert (endpoint.max_message_size, endpoint.max_queue_size, endpoint.compresses) == (10, 20, True)
    assert endpoint.close_frame(endpoint.slow) == (3008, "slow")
    assert endpoint.close_frame(Disconnect(4001, "x")) == (4001, "x")
    assert endpoint.ping_interval == 0
