"""The embedded server exchanges the frames of the real 1.x server with its clients, over a real socket."""

from pathlib import Path

import pytest

from centripetal.server import EmbeddedServer
from tests.conformance import servers_v1
from tests.needs import needs
from tests.wire.deviations import PROTOCOL_VIOLATIONS
from tests.wire.golden import load, names
from tests.wire.replay import Conversation
from tests.wire.websocket import Client

TRANSCRIPTS = names("v1", "websocket", "ws_*")


@pytest.mark.parametrize("name", TRANSCRIPTS)
def test_websocket_transcript_of_a_real_server_is_reproduced(name: str) -> None:
    """Every connection receives the recorded frames and no others, in the recorded order, byte for byte."""
    transcript = load("v1", name)
    config = transcript["config"]
    with EmbeddedServer(config=config) as server:
        Conversation(server.url, config.get("secret", ""), server.stop).run(transcript["frames"])


@needs("centrifugo-v1")
@pytest.mark.parametrize("name", [name for name in TRANSCRIPTS if name != "ws_shutdown"])
def test_a_real_server_reproduces_its_transcripts(name: str, tmp_path: Path) -> None:
    """A real server reproduces its transcripts, which validates the replay; steps that stop the server are left out."""
    transcript = load("v1", name)
    config = transcript["config"]
    with servers_v1.start("real", config, tmp_path) as server:
        Conversation(server.url, config.get("secret", ""), lambda: None).run(transcript["frames"])


@pytest.mark.parametrize("what", PROTOCOL_VIOLATIONS)
def test_a_violation_of_the_protocol_ends_the_connection(what: str) -> None:
    """A protocol violation closes the connection with code 1002 and a reason of the embedded server."""
    violation = PROTOCOL_VIOLATIONS[what]
    with EmbeddedServer(secret="s") as server, Client(server.websocket_url) as client:
        client.socket.sendall(violation.sent)
        assert client.receive_close() == (1002, violation.embedded)
        client.receive_end()


@needs("centrifugo-v1")
def test_a_real_server_closes_with_the_listed_reasons(tmp_path: Path) -> None:
    """The real server closes with the reasons that the list of violations has for it."""
    with servers_v1.start("real", {"secret": "s"}, tmp_path) as server:
        url = server.url.replace("http", "ws") + "/connection/websocket"
        for violation in PROTOCOL_VIOLATIONS.values():
            with Client(url) as client:
                client.socket.sendall(violation.sent)
                assert client.receive_close() == (1002, violation.real)
