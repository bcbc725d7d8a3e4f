"""The embedded server talks with clients as the real server did, frame by frame, over a real socket."""

import pytest

from centripetal.server import EmbeddedServer
from tests.wire.golden import load, names
from tests.wire.replay import Conversation

TRANSCRIPTS = names("v1", "websocket", "ws_*")


@pytest.mark.parametrize("name", TRANSCRIPTS)
def test_websocket_transcript_of_a_real_server_is_reproduced(name: str) -> None:
    """Every connection receives the recorded frames and no others, in the recorded order, byte for byte."""
    transcript = load("v1", name)
    config = transcript["config"]
    with EmbeddedServer(config=config) as server:
        Conversation(server.url, config.get("secret", ""), server.stop).run(transcript["frames"])
