"""The embedded server answers recorded requests like the real servers, over a real socket."""

import contextlib
import http.client
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from centripetal.server import EmbeddedServer
from tests.conformance import servers_v6
from tests.needs import needs
from tests.wire.deviations import NOT_EMULATED_METHODS, NOT_EMULATED_PATHS
from tests.wire.golden import Replay, load, names
from tests.wire.replay import check_request

TRANSCRIPTS_V1 = names("v1", "http", "http_*", "api_*", "channel_*", "history_*", "gocent_requests")
TRANSCRIPTS_CURRENT = names("current", "http", "http_*")


@pytest.mark.parametrize("name", TRANSCRIPTS_V1)
def test_http_transcript_of_a_1x_server_is_reproduced(name: str) -> None:
    """Each recorded request gets the recorded status, headers and body, byte for byte."""
    transcript = load("v1", name)
    replay = Replay(transcript["config"].get("secret", ""))
    with EmbeddedServer(config=transcript["config"]) as server:
        play(server.url, replay, transcript["steps"])


@pytest.mark.parametrize("name", TRANSCRIPTS_CURRENT)
@pytest.mark.filterwarnings("ignore::centripetal.server.UnhonouredConfigWarning")
def test_http_transcript_of_a_current_server_is_reproduced(name: str) -> None:
    """Each recorded request gets the recorded status, headers and values, except for the listed deviations."""
    transcript = load("current", name)
    replay = Replay("", transcript["compare"])
    with EmbeddedServer(config=transcript["config"]) as server:
        play(server.url, replay, [step for step in transcript["steps"] if not deviates(step)])


@needs("centrifugo-v6")
@pytest.mark.parametrize("name", TRANSCRIPTS_CURRENT)
def test_a_real_server_reproduces_its_transcripts(name: str, tmp_path: Path) -> None:
    """A real server reproduces its transcripts, which validates the replay."""
    transcript = load("current", name)
    with servers_v6.start("real", transcript["config"], tmp_path) as server:
        play(server.url, Replay("", transcript["compare"]), transcript["steps"])


def play(url: str, replay: Replay, steps: list[dict[str, Any]]) -> None:
    """Send the recorded requests to the server at *url* in order, and check the responses."""
    with contextlib.closing(http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)) as connection:
        for step in steps:
            time.sleep(step.get("wait_ms", 0) / 1000)
            try:
                check_request(connection, replay, step)
            except AssertionError as error:
                error.add_note(f"in {step}")
                raise


def deviates(step: Mapping[str, Any]) -> bool:
    """Return whether the embedded server may answer this step differently."""
    path = step["request"]["path"].partition("?")[0]
    return path in NOT_EMULATED_PATHS or path.rpartition("/")[2] in NOT_EMULATED_METHODS
