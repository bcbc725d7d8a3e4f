"""Tests of the log of requests."""

import asyncio
import logging
import re
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

import centripetal
import centripetal.v1
from centripetal import CentripetalError, Retry
from centripetal.client.request_log import LEVELS
from centripetal.testing import Centrifugo, CentrifugoV1, Recorder, RecorderV1
from tests.ports import free_port

KEY, DATA = "a-very-secret-api-key", {"text": "confidential"}
Lines = list[tuple[str, str]]
Act = Callable[[Any], Any]


def logged(caplog: pytest.LogCaptureFixture) -> Lines:
    """Return level and text of each line so far, without the server and the time."""
    lines = [
        (record.levelname, re.sub(r" to http\S+ in [0-9.]+ s", "", record.getMessage()))
        for record in caplog.records
        if record.name == "centripetal.client"
    ]
    caplog.clear()
    for _, text in lines:
        assert KEY not in text
        assert "confidential" not in text
    return lines


def attempt(act: Act, client: Any) -> None:
    """Run *act* with a blocking or an asyncio client; its error does not matter here."""

    async def run() -> None:
        await act(client)

    with suppress(CentripetalError):
        if asyncio.iscoroutinefunction(client.publish):
            asyncio.run(run())
        else:
            act(client)


ACTS: list[tuple[str, Act, str, str, str]] = [
    ("", lambda client: client.publish("a", DATA), "DEBUG", r"publish \(1 channel, \d+ bytes\)", "status 200"),
    (
        "",
        lambda client: client.broadcast(["a", "b"], DATA),
        "DEBUG",
        r"broadcast \(2 channels, \d+ bytes\)",
        "status 200",
    ),
    (
        "",
        lambda client: client.publish("none:x", DATA),
        "WARNING",
        r"publish \(.*\)",
        "status 200, failed: (102: unknown channel|namespace not found)$",
    ),
    ("refuse", lambda client: client.publish("a", DATA), "WARNING", r"publish \(.*\)", "no reply, ConnectError: .*"),
    (
        "timeout",
        lambda client: client.publish("a", DATA, timeout=0.01),
        "WARNING",
        r"publish \(.*\)",
        "no reply, TimeoutError: .*",
    ),
    ("error", lambda client: client.publish("a", DATA), "WARNING", r"publish \(.*\)", "status 500, HTTPStatusError"),
    (
        "lose_reply",
        lambda client: client.publish("a", DATA),
        "WARNING",
        r"publish \(.*\)",
        "no reply, ConnectionLostError: .*",
    ),
]


@pytest.mark.parametrize(("failure", "act", "level", "request_", "result"), ACTS)
@pytest.mark.parametrize("kit", [Recorder, RecorderV1], ids=["6", "1"])
@pytest.mark.parametrize("awaiting", [False, True], ids=["blocking", "asyncio"])
def test_each_request_is_one_line(
    failure: Any,
    act: Act,
    level: str,
    request_: str,
    result: str,
    kit: Any,
    awaiting: bool,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A request is logged once with its methods, number of channels, bytes and status, without data and keys."""
    caplog.set_level("DEBUG", "centripetal.client")
    recorder = kit(api_key=KEY) if kit is Recorder else kit(secret=KEY)
    if failure:
        recorder.fail_next(failure)
    attempt(act, recorder.async_client() if awaiting else recorder.client())
    ((found, text),) = logged(caplog)
    assert found == level
    assert re.match(rf"{request_}: {result}", text), text


def test_batches_and_buffers_count_their_commands(caplog: pytest.LogCaptureFixture) -> None:
    """A request with several commands names each method once, and counts the commands that failed."""
    caplog.set_level("DEBUG", "centripetal.client")
    client = RecorderV1(secret=KEY).client()
    with client.batch() as batch:
        slots = [batch.publish("a", DATA), batch.publish("none:x", DATA), batch.history("b")]
    for slot in slots[1:]:
        with pytest.raises(CentripetalError):
            slot.result()
    client.add_publish("a", DATA)
    client.add_publish("b", DATA)
    client.send()
    (first_level, first), (second_level, second) = logged(caplog)
    assert (first_level, second_level) == ("WARNING", "DEBUG")
    assert re.fullmatch(
        r"2 x publish, history \(3 channels, \d+ bytes\): status 200, 2 of 3 commands failed: .*", first
    )
    assert re.fullmatch(r"2 x publish \(2 channels, \d+ bytes\): status 200", second)


def test_each_attempt_is_one_line(caplog: pytest.LogCaptureFixture) -> None:
    """With retries and several servers, each request is logged, also the request for the server's version."""
    caplog.set_level("DEBUG", "centripetal.client")
    with Centrifugo(api_key=KEY) as server:
        retrying = centripetal.Client(server.url, KEY, retry=Retry(base=0.01))
        server.fail_next("error")
        retrying.publish("a", DATA)
        several = centripetal.Client([f"http://127.0.0.1:{free_port()}", server.url], KEY)
        several.publish("a", DATA)
        with pytest.raises(CentripetalError):
            several.publish("none:x", DATA)
        found = [(level, text.partition(" ")[0], text.partition("): ")[2][:10]) for level, text in logged(caplog)]
    assert found == [
        ("WARNING", "publish", "status 500"),
        ("DEBUG", "info", "status 200"),
        ("DEBUG", "publish", "status 200"),
        ("WARNING", "publish", "no reply, "),
        ("DEBUG", "publish", "status 200"),
        ("WARNING", "publish", "status 200"),
    ]


@pytest.mark.parametrize("kit", [Centrifugo, CentrifugoV1], ids=["6", "1"])
def test_a_level_that_changes_later_has_an_effect(kit: Any, caplog: pytest.LogCaptureFixture) -> None:
    """The level may change at any time, although clients do not ask the logger for each request."""
    with kit() as server:
        client = server.client()
        for level, lines in (("WARNING", 0), ("DEBUG", 1), ("WARNING", 0)):
            caplog.set_level(level, "centripetal.client")
            for _ in range(2):
                client.publish("a", 1)
            assert len(logged(caplog)) == 2 * lines
        assert LEVELS.known.get(logging.DEBUG) is False


def test_a_program_without_logging_is_silent() -> None:
    """A failed request writes nothing on standard error if `logging` is not configured, and its import is late."""
    code = f"""
import sys, centripetal
centripetal.Client
before = "logging" in sys.modules
try:
    centripetal.Client("http://127.0.0.1:{free_port()}", "key").publish("a", 1)
except centripetal.ConnectError:
    print(before)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout.strip(), done.stderr) == ("False", "")
