"""The embedded server answers recorded requests as the real server did, byte for byte, over a real socket."""

import http.client
import time

import pytest

from centripetal.server import EmbeddedServer
from tests.wire.golden import Replay, load, names
from tests.wire.replay import check_request

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
            check_request(connection, replay, step)
        connection.close()
