"""Tests of sending commands in groups: requests, rate, memory, failures and Ctrl-C."""

import gc
import io
import itertools
import json
import os
import re
import signal
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from centripetal import Client
from centripetal.cli.generation import Generation
from centripetal.cli.tools.load.failures import Failures
from centripetal.cli.tools.load.formats import chosen_format
from centripetal.cli.tools.load.loader import Loader, LoadOptions
from centripetal.cli.tools.load.ndjson import Line, lines_of
from centripetal.cli.tools.load.progress import progress
from centripetal.cli.tools.load.stopping import Stopping
from centripetal.errors import CentripetalError, ConnectionLostError
from centripetal.protocol.http import HTTPReply, HTTPRequest
from centripetal.transport.memory import MemoryTransport


def publish(channel: str, data: Any, **more: Any) -> dict[str, Any]:
    return {"publish": {"channel": channel, "data": data, **more}}


def published(request: HTTPRequest) -> HTTPReply:
    count = request.body.count(b'{"publish":')
    if not count:
        return HTTPReply(200, b'{"result":{}}')
    return HTTPReply(200, b'{"replies":[%b]}' % b",".join([b'{"publish":{}}'] * count))


class Generated(io.BytesIO):
    """File with *count* lines, generated when they are read."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self._lines: Iterator[bytes] = itertools.repeat(b'{"publish":{"channel":"c","data":{"text":"hello"}}}\n', count)

    def readline(self, size: int | None = -1, /) -> bytes:
        return next(self._lines, b"")


def load(
    file: BinaryIO | Any,
    handler: Callable[[HTTPRequest], HTTPReply] = published,
    kind: type[MemoryTransport] = MemoryTransport,
    **options: Any,
) -> tuple[Loader, MemoryTransport]:
    transport = kind(handler)
    client = Client("http://localhost", "k", transport=transport)
    with progress(None) as bar:
        loader = Loader(client, Generation.CURRENT, LoadOptions(**options), Failures(None), bar)
        loader.run(lines_of(file))
    return loader, transport


class Forgetful(MemoryTransport):
    """Transport that keeps no requests."""

    def send(self, request: HTTPRequest, timeout: float) -> HTTPReply:
        reply = super().send(request, timeout)
        self.requests.clear()
        return reply


def test_memory_is_constant() -> None:
    """Loading ten times as many lines needs no more memory."""

    def peak(count: int) -> int:
        # A full collection empties the interpreter's free lists, after which the same work needs more new memory.
        # So one precedes each measurement and none interrupts it; cyclic garbage would then be visible as growth.
        gc.collect()
        gc.disable()
        tracemalloc.start()
        try:
            loader, _ = load(Generated(count), kind=Forgetful, group=500)
            assert loader.sent == count
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
            gc.enable()

    peak(1_000)  # warm up: one-time allocations happen here
    # A leak of a pointer per line would add 150 kB to the 400 kB that one group needs.
    assert peak(20_000) < peak(1_000) * 1.2


class Rows(Generated):
    """Table with *count* rows, generated when they are read."""

    def __init__(self, count: int) -> None:
        super().__init__(0)
        self._lines = itertools.chain([b"id,text\n"], itertools.repeat(b'57.35,"say ""hello"""\n', count))


def test_memory_for_a_table_is_constant() -> None:
    """A table of ten times as many rows needs no more memory."""

    def peak(count: int) -> int:
        gc.collect()
        tracemalloc.start()
        made = chosen_format("-", "csv", "c:{id}").lines(Rows(count), 1)
        assert sum(1 for _ in made) == count
        reached = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return reached

    peak(100)
    assert peak(3_000) < peak(300) * 1.2 + 10_000


def test_unknown_outcomes_are_marked_and_can_be_skipped(tmp_path: Path) -> None:
    """Commands that the server may have executed are marked, and --skip-unknown does not send them again."""

    def lose(request: HTTPRequest) -> HTTPReply:
        if len(lost) == 0:
            lost.append(request)
            raise ConnectionLostError("gone")
        return published(request)

    lost: list[HTTPRequest] = []
    path = tmp_path / "failed"
    client = Client("http://localhost", "k", transport=MemoryTransport(lose))
    failures = Failures(path)
    with progress(None) as bar:
        loader = Loader(client, Generation.CURRENT, LoadOptions(group=2), failures, bar)
        loader.run(lines_of(Generated(3)))
    failures.close()
    lines = path.read_text().splitlines()
    assert [json.loads(line)["executed"] for line in lines] == ["unknown", "unknown"]
    again, transport = load(io.BytesIO(path.read_bytes()), skip_doubtful=True)
    assert (again.skipped, again.sent, transport.requests) == (2, 0, [])
    again, _ = load(io.BytesIO(path.read_bytes()))
    assert (again.skipped, again.sent) == (0, 2)


def test_failures_that_cannot_be_written_end_the_load(tmp_path: Path) -> None:
    """If the failure file cannot be written, the load ends after the current request and the error names the file."""
    lines = [b'{"publish":{"channel":"c","data":1}}', b"nonsense", b'{"publish":{"channel":"c","data":2}}']
    transport = MemoryTransport(published)
    client = Client("http://localhost", "k", transport=transport)
    with progress(None) as bar:
        failures = Failures(tmp_path / "gone" / "failed")
        loader = Loader(client, Generation.CURRENT, LoadOptions(group=2), failures, bar)
        loader.run(lines_of(io.BytesIO(b"\n".join(lines))))
    assert "cannot write" in str(loader.stopped_by)
    assert (len(transport.requests), loader.next_line) == (1, 3)


def test_a_line_that_is_too_long_ends_the_load(monkeypatch: pytest.MonkeyPatch) -> None:
    """A line that is too long ends the load with an error and the line number to continue from."""
    monkeypatch.setattr("centripetal.cli.tools.load.ndjson.MAX_LINE_BYTES", 50)
    short = b'{"publish":{"channel":"c","data":1}}\n'
    loader, transport = load(io.BytesIO(short * 3 + short.rjust(100)), group=2)
    assert "line 4 is longer than 50 bytes" in str(loader.stopped_by)
    assert (len(transport.requests), loader.next_line) == (1, 3)


def test_reads_and_writes_do_not_share_a_request() -> None:
    """Reads, writes and unknown methods are sent in separate requests."""
    lines = [publish("c", 1), publish("c", 2), {"info": {}}, publish("c", 3), {"later": {}}, {"later": {}}]
    file = io.BytesIO(b"\n".join(json.dumps(line).encode() for line in lines))
    _, transport = load(file)
    assert [request.url.rpartition("/")[2] for request in transport.requests] == [
        *("batch", "info", "publish", "later", "later")
    ]


def test_large_lines_make_smaller_groups() -> None:
    """The size limit of a request makes groups of large lines smaller."""
    text = "x" * 400_000
    file = io.BytesIO(b"\n".join(json.dumps(publish("c", text)).encode() for _ in range(5)))
    _, transport = load(file)
    assert [request.body.count(b'"channel"') for request in transport.requests] == [2, 2, 1]


def test_the_rate_is_kept() -> None:
    """Pauses between requests keep the configured rate."""
    now = [100.0]
    times: list[float] = []

    def sleep(seconds: float) -> None:
        now[0] += seconds

    def note(request: HTTPRequest) -> HTTPReply:
        times.append(now[0])
        return published(request)

    client = Client("http://localhost", "k", transport=MemoryTransport(note))
    options = LoadOptions(group=10, rate=20)
    with progress(None) as bar:
        loader = Loader(client, Generation.CURRENT, options, Failures(None), bar, clock=lambda: now[0], sleep=sleep)
        loader.run(lines_of(Generated(50)))
    assert times == pytest.approx([100, 100.5, 101, 101.5, 102])


def test_ctrl_c_waits_for_the_current_request() -> None:
    """After Ctrl-C, the load finishes the current request and reports the line to continue from."""
    sent: list[int] = []

    def interrupt(request: HTTPRequest) -> HTTPReply:
        sent.append(request.body.count(b'"channel"'))
        if len(sent) == 2:
            os.kill(os.getpid(), signal.SIGINT)
        return published(request)

    client = Client("http://localhost", "k", transport=MemoryTransport(interrupt))
    with progress(None) as bar:
        signals = Stopping()
        loader = Loader(client, Generation.CURRENT, LoadOptions(group=3), Failures(None), bar, signals=signals)
        with signals.handling():
            loader.run(lines_of(Generated(100)))
    assert (sent, loader.next_line, loader.finished, signals.first) == ([3, 3], 7, False, signal.SIGINT)


PHASES = ["reading", "sending", "writing a failure", "showing progress", "pausing"]


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("phase", PHASES)
def test_signals_in_each_phase(tmp_path: Path, phase: str, count: int) -> None:
    """Whenever signals arrive, each line was sent once, or is kept as a failure, or follows the next line."""
    path, arrived, signals = tmp_path / "failed", list[int](), Stopping()
    told: list[str] = []

    def tell(now: str) -> None:
        if now == phase and len(arrived) >= 6 and now not in told:
            told.append(now)
            for _ in range(count):
                os.kill(os.getpid(), signal.SIGTERM)

    def answer(request: HTTPRequest) -> HTTPReply:
        arrived.extend(json.loads(line)["n"] for line in re.findall(rb'\{"n":\d+\}', request.body))
        tell("sending")
        replies = [b'{"publish":{}}', b'{"error":{"code":102,"message":"unknown channel"}}', b'{"publish":{}}']
        return HTTPReply(200, b'{"replies":[%b]}' % b",".join(replies))

    def lines() -> Iterator[Line]:
        for n in range(1, 31):
            tell("reading")
            yield Line(n, b'{"publish":{"channel":"c","data":{"n":%d}}}\n' % n, n)

    class Bar:
        def advance(self, position: int, count: int, failed: int) -> None:
            tell("showing progress")

    class Telling(Failures):
        def keep(self, line: Line, error: CentripetalError, text: bytes) -> None:
            tell("writing a failure")
            super().keep(line, error, text)

    failures = Telling(path)
    client = Client("http://localhost", "k", transport=MemoryTransport(answer))
    now = [0.0]

    def sleep(seconds: float) -> None:
        tell("pausing")
        now[0] += seconds

    loader = Loader(
        client,
        Generation.CURRENT,
        LoadOptions(group=3, rate=100),
        failures,
        Bar(),
        clock=lambda: now[0],
        sleep=sleep,
        signals=signals,
    )
    with signals.handling():
        loader.run(lines())
    failures.close()
    assert (signals.first, loader.finished) == (signal.SIGTERM, False)
    assert signals.signals == (1 if phase == "reading" else count)
    assert arrived == list(range(1, loader.next_line))
    assert len(arrived) < 30
    kept = [json.loads(line) for line in path.read_text().splitlines()]
    refused = [line["publish"]["data"]["n"] for line in kept if line["executed"] == "no"]
    unknown = [line["publish"]["data"]["n"] for line in kept if line["executed"] == "unknown"]
    assert unknown == (arrived[-3:] if phase == "sending" and count == 2 else [])
    assert refused == [n for n in range(2, loader.next_line, 3) if n not in unknown]
    assert loader.sent == len(arrived)


def test_memory_and_file_are_small_for_any_message(tmp_path: Path) -> None:
    """Megabytes of error messages and of earlier notes in the lines leave short lines in the file of failures."""

    def answer(_: HTTPRequest) -> HTTPReply:
        return HTTPReply(200, b'{"error":{"code":100,"message":"%b"}}' % (b"x" * 5_000_000))

    lines = b'{"publish":{"channel":"c","data":1},"error":{"message":"%b"},"executed":"no"}\n' % (b"y" * 1_000_000)
    failures = Failures(tmp_path / "failed")
    client = Client("http://localhost", "k", transport=MemoryTransport(answer))
    with progress(None) as bar:
        Loader(client, Generation.CURRENT, LoadOptions(group=1), failures, bar).run(lines_of(io.BytesIO(lines * 2)))
    failures.close()
    assert [len(line) < 1_300 for line in (tmp_path / "failed").read_bytes().splitlines()] == [True, True]
