"""Tests of the reports about errors that a program does not read."""

import asyncio
import gc
import logging
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from centripetal.client.unread import recent, unread_errors
from centripetal.errors import BroadcastError, CentripetalError
from centripetal.testing import Centrifugo, CentrifugoV1, Recorder, RecorderV1

pytestmark = pytest.mark.filterwarnings("ignore::centripetal.testing.UnreadErrorWarning")
KITS = pytest.mark.parametrize("kit", [Recorder, RecorderV1], ids=["6", "1"])


def batch(kit: Any, way: str, *channels: str) -> list[Any]:
    """Send a batch of publishes, blocking or asyncio, and return its slots."""
    if way == "blocking":
        with kit.client().batch() as made:
            return [made.publish(channel, {"secret": "data"}) for channel in channels]

    async def run() -> list[Any]:
        async with kit.async_client() as client, client.batch() as made:
            return [made.publish(channel, {"secret": "data"}) for channel in channels]

    return asyncio.run(run())


def errors_in(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [
        record.getMessage()
        for record in caplog.records
        if record.name == "centripetal.client" and record.levelno == logging.ERROR
    ]


@KITS
@pytest.mark.parametrize("way", ["blocking", "asyncio"])
def test_an_unread_error_of_a_batch_is_logged(kit: Any, way: str, caplog: pytest.LogCaptureFixture) -> None:
    """An error that was not read is logged with method, channel and error when the batch is dropped."""
    slots = batch(kit(), way, "ok", "none:x", "none:y")
    assert errors_in(caplog) == []
    with pytest.raises(CentripetalError):
        slots[2].result()
    del slots
    gc.collect()
    (text,) = errors_in(caplog)
    assert text.startswith("an error of a batch about the channel “none:x” was never read: publish (command 1 of the ")
    assert "the server says: " in text
    assert "data" not in text.replace("datab", "")
    assert recent[-1] == text


@KITS
def test_success_and_read_errors_are_not_logged(kit: Any, caplog: pytest.LogCaptureFixture) -> None:
    """Nothing is kept or logged for commands that succeed, and for a request that failed, whose error was raised."""
    before = len(unread_errors)
    recorder = kit()
    kept = batch(recorder, "blocking", "a", "b")
    recorder.fail_next("refuse")
    with pytest.raises(CentripetalError):
        batch(recorder, "blocking", "a")
    assert len(unread_errors) == before
    del kept
    gc.collect()
    assert errors_in(caplog) == []


def test_many_errors_are_counted(caplog: pytest.LogCaptureFixture) -> None:
    """At most ten errors of a batch are logged one by one."""
    batch(Recorder(), "blocking", *(f"none:{number}" for number in range(25)))
    gc.collect()
    texts = errors_in(caplog)
    assert (len(texts), texts[-1]) == (11, "15 more errors of a batch were never read")


def raised_by(result: Any) -> None:
    with pytest.raises(BroadcastError):
        result.raise_for_failed()


LOOKS: dict[str, Callable[[Any], Any]] = {
    "failed": lambda result: result.failed,
    "responses": lambda result: result.responses,
    "raise_for_failed": raised_by,
}


@pytest.mark.parametrize("look", [None, *LOOKS])
@pytest.mark.parametrize("batched", [False, True], ids=["alone", "batch"])
def test_unread_failures_of_a_broadcast_are_logged(
    look: str | None, batched: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """Failed channels are logged when the result is dropped, unless the program has looked at the failures."""
    client = Recorder().client()
    if batched:
        with client.batch() as made:
            slot = made.broadcast(["a", "none:x"], 1)
        result = slot.result()
        del slot, made
    else:
        result = client.broadcast(["a", "none:x"], 1)
    if look is not None:
        LOOKS[look](result)
    del result
    gc.collect()
    texts = errors_in(caplog)
    assert len(texts) == (look is None)
    assert all("failed in 1 of 2 channels: “none:x”: 102: unknown channel" in text for text in texts)


def test_publish_many_counts_a_broadcast_that_fails_in_part(caplog: pytest.LogCaptureFixture) -> None:
    """A broadcast with failed channels is a failed item, and its failures are not logged as unread."""
    from centripetal import Broadcast

    summary = Recorder().client().publish_many([("a", 1), Broadcast(["a", "none:x"], 1)])
    assert (summary.sent, summary.failed) == (1, 1)
    (error,) = summary.errors
    assert isinstance(error, BroadcastError)
    assert (error.index, list(error.errors)) == (1, ["none:x"])
    del summary
    assert errors_in(caplog) == []


def test_a_batch_that_raises_errors_counts_broadcasts() -> None:
    """With `raise_errors`, a broadcast that fails in some channels raises its error."""
    client = Recorder().client()
    with (
        pytest.raises(BroadcastError, match=r"^broadcast .*failed in 1 of 2 channels"),
        client.batch(raise_errors=True) as made,
    ):
        made.broadcast(["a", "none:x"], 1)


def test_errors_are_reported_at_the_end_of_the_program() -> None:
    """A program that ends with unread errors reports them on standard error, if logging is not configured."""
    code = """
from centripetal.testing import Recorder
with Recorder().client().batch() as batch:
    batch.publish("none:x", 1)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.startswith("an error of a batch about the channel “none:x” was never read: publish ")


def test_servers_report_like_recorders(caplog: pytest.LogCaptureFixture) -> None:
    """The errors of servers of both generations are reported."""
    with Centrifugo() as server, CentrifugoV1() as server_v1:
        batch(server, "blocking", "none:x")
        batch(server_v1, "blocking", "none:x")
    assert len(errors_in(caplog)) == 2
