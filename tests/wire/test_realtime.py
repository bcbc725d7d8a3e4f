"""The embedded server talks with clients of Centrifugo 6 as the real server did, line by line, over a real socket."""

from pathlib import Path

import pytest

from centripetal.server import EmbeddedServer
from tests.conformance import servers_v6
from tests.needs import needs
from tests.wire.golden import load, names
from tests.wire.lines import LineConversation

TRANSCRIPTS = names("current", "websocket", "ws_*", "sdk_*")


# Most recordings come from one configuration, in which there is a namespace of map channels.
@pytest.mark.filterwarnings("ignore::centripetal.server.UnhonouredConfigWarning")
@pytest.mark.parametrize("name", TRANSCRIPTS)
def test_conversation_of_a_real_server_is_reproduced(name: str) -> None:
    """Every connection receives the recorded lines and no others, in the recorded order."""
    transcript = load("current", name)
    with EmbeddedServer(config=transcript["config"]) as server:
        LineConversation(server.url, transcript["compare"]).run(transcript["frames"])


@needs("centrifugo-v6")
@pytest.mark.parametrize("name", TRANSCRIPTS)
def test_a_real_server_reproduces_its_conversations(name: str, tmp_path: Path) -> None:
    """Or else it would be the replay that is wrong."""
    transcript = load("current", name)
    with servers_v6.start("real", transcript["config"], tmp_path) as server:
        LineConversation(server.url, transcript["compare"]).run(transcript["frames"])
