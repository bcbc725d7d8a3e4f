"""The embedded server exchanges the lines of the real Centrifugo 6 with its clients, over a real socket."""

import contextlib
import http.client
import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from centripetal.errors import UsageError
from centripetal.server import EmbeddedServer
from tests.conformance import servers_v6
from tests.needs import needs
from tests.wire.backend import Backend, backend
from tests.wire.deviations import NOT_EMULATED_TRANSCRIPTS
from tests.wire.golden import load, names
from tests.wire.lines import LineConversation
from tests.wire.websocket import Client

RECORDED = names("current", "websocket", "*")
TRANSCRIPTS = [name for name in RECORDED if name not in NOT_EMULATED_TRANSCRIPTS]


# Most recordings share one configuration, which has a namespace of map channels.
@pytest.mark.filterwarnings("ignore::centripetal.server.UnhonouredConfigWarning")
@pytest.mark.parametrize("name", TRANSCRIPTS)
def test_conversation_of_a_real_server_is_reproduced(name: str) -> None:
    """Every connection receives the recorded lines and no others, in the recorded order."""
    transcript = load("current", name)
    with backend() as asked, EmbeddedServer(config=_asking(transcript["config"], asked)) as server:
        LineConversation(server.url, transcript["compare"], asked).run(transcript["frames"])


@pytest.mark.filterwarnings("ignore::centripetal.server.UnhonouredConfigWarning")
@pytest.mark.parametrize("name", sorted(NOT_EMULATED_TRANSCRIPTS.keys() & set(RECORDED)))
def test_listed_transcripts_are_not_reproduced_yet(name: str) -> None:
    """A transcript that the embedded server reproduces must leave the list of deviations."""
    transcript = load("current", name)
    # A UsageError: the server starts only if the database of its consumer runs.
    wrong = (AssertionError, LookupError, UsageError)
    with pytest.raises(wrong), EmbeddedServer(config=transcript["config"]) as server:
        LineConversation(server.url, transcript["compare"]).run(transcript["frames"])


@needs("centrifugo-v6")
@pytest.mark.parametrize("name", [name for name in RECORDED if name.startswith(("ws_", "sdk_", "proxy_"))])
def test_a_real_server_reproduces_its_conversations(name: str, tmp_path: Path) -> None:
    """A real server reproduces its conversations, which validates the replay."""
    transcript = load("current", name)
    with backend() as asked, servers_v6.start("real", _asking(transcript["config"], asked), tmp_path) as server:
        LineConversation(server.url, transcript["compare"], asked).run(transcript["frames"])


def _asking(config: dict[str, Any], asked: Backend) -> dict[str, Any]:
    """Return *config* with the address of the back end that runs, instead of the recorded address."""
    found: dict[str, Any] = json.loads(json.dumps(config).replace("127.0.0.1:8240", asked.address))
    return found


@pytest.mark.parametrize("kind", ["embedded", pytest.param("real", marks=needs("centrifugo-v6"))])
def test_zero_or_empty_in_a_configuration_means_the_default(kind: str, tmp_path: Path) -> None:
    """Pings, channel marks and limits have their default values if they are configured as zero or empty."""
    anybody = {"allow_subscribe_for_client": True, "allow_subscribe_for_anonymous": True}
    config = {
        "client": {"allow_anonymous_connect_without_token": True, "ping_interval": "0s", "channel_limit": 0},
        "channel": {"private_prefix": "", "namespace_boundary": "", "max_length": 0, "without_namespace": anybody},
        "websocket": {"handler_prefix": ""},
    }
    with (
        servers_v6.start(kind, config, tmp_path) as server,
        Client(server.url.replace("http", "ws") + "/connection/websocket") as client,
    ):
        client.send(b'{"id":1,"connect":{}}')
        assert b'"ping":25,"pong":true' in client.receive_text()
        channels = {"$a": 103, "a:b": 102, "x" * 256: 107} | {f"c{number}": 0 for number in range(128)} | {"more": 106}
        for channel, code in channels.items():
            client.send(json.dumps({"id": 2, "subscribe": {"channel": channel}}).encode())
            assert json.loads(client.receive_text()).get("error", {}).get("code", 0) == code, channel


def test_a_stopping_server_lets_clients_reconnect() -> None:
    """A stopping server closes connections with a code that lets clients reconnect."""
    config = {"client": {"allow_anonymous_connect_without_token": True}}
    with EmbeddedServer(config=config) as server, Client(server.websocket_url) as client:
        client.send(b'{"id":1,"connect":{}}')
        assert b'"connect":{' in client.receive_text()
        server.stop()
        assert client.receive_close() == (3001, "shutdown")
        client.receive_end()


def test_a_client_that_does_not_read_is_closed() -> None:
    """A client is closed, with a reason, when its queue exceeds the configured size."""
    config = {
        "http_api": {"insecure": True},
        "client": {"insecure": True, "queue_max_size": 200_000},
    }
    with EmbeddedServer(config=config) as server, Client(server.websocket_url) as client:
        client.send(b'{"id":1,"connect":{}}\n{"id":2,"subscribe":{"channel":"news"}}')
        assert b'"connect":{' in client.receive_text()
        assert client.receive_text() == b'{"id":2,"subscribe":{}}'
        body = b'{"channel":"news","data":"%b"}' % (b"x" * 60_000)
        connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=10)
        with contextlib.closing(connection):
            for _ in range(500):
                connection.request("POST", "/api/publish", body)
                connection.getresponse().read()
            connection.request("POST", "/api/channels", b"{}")
            assert connection.getresponse().read() == b'{"result":{"channels":{}}}'
