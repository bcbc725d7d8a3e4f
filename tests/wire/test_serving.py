"""The embedded server answers recorded requests as the real server did, byte for byte, over a real socket."""

import http.client
import time
from typing import Any

import pytest

from centripetal.server import EmbeddedServer
from tests.wire.golden import Replay, load, names, payload

TRANSCRIPTS = names("v1", "http", "http_*", "api_*", "channel_*", "history_*", "gocent_requests")


@pytest.mark.parametrize("name", TRANSCRIPTS)
def test_http_transcript_of_a_real_server_is_reproduced(name: str) -> None:
    """Each recorded request gets the recorded status, headers and body."""
    transcript = load("v1", name)
    replay = Replay(transcript["config"].get("secret", ""))
    with EmbeddedServer(config=transcript["config"]) as server:
        port = int(server.url.rpartition(":")[2])
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        for step in transcript["steps"]:
            time.sleep(step.get("wait_ms", 0) / 1000)
            _check_step(connection, replay, step)
        connection.close()


def _check_step(connection: http.client.HTTPConnection, replay: Replay, step: dict[str, Any]) -> None:
    request, recorded = step["request"], step["response"]
    body = replay.outgoing({**step, **request}, "body")
    connection.putrequest(request["method"], request["path"], skip_accept_encoding=True)
    for header, value in request["headers"].items():
        connection.putheader(header, value)
    if body or request["method"] == "POST":
        connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body or None)
    response = connection.getresponse()
    actual = response.read()
    assert response.status == recorded["status"], actual
    for header, value in recorded["headers"].items():
        assert response.getheader(header) == value
    replay.check(step, payload(recorded, "body"), actual)
