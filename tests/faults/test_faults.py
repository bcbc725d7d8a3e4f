"""Every fault of the table with every way to make calls."""

import gc
import logging
import os
import socket
import ssl
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from centripetal.errors import CentripetalError, HTTPStatusError
from tests.faults.leaks import leaks, reveals
from tests.faults.server import Fault, FaultyServer
from tests.faults.table import FAULTS, LIMIT, serves
from tests.faults.ways import SECRET, TIMEOUT, WAYS, Came, Way, attempt
from tests.transport.certificates import Authority

PATIENT = 4 * TIMEOUT
"""Time limit of the calls that are repeated because they were late."""
SPARE = 0.5
WELL = Fault("well", serves, frozenset([None]), frozenset(), "")


@pytest.fixture(scope="module")
def workers() -> Iterator[ThreadPoolExecutor]:
    """One thread for each way. Each has already run a loop, whose files stay open and are not leaks."""
    with ThreadPoolExecutor(len(WAYS)) as executor:
        list(executor.map(lambda way: list(meet(WELL, way, {}, None, TIMEOUT)), WAYS))
        yield executor


def open_files() -> int:
    return len(os.listdir("/dev/fd"))


def wrongs(fault: Fault, way: Way, came: Came, companions: list[int], timeout: float) -> Iterator[str]:
    """Yield the mistakes in the outcome of one number; *companions* counts the commands in each of its requests."""
    number, error, seconds = came[:3]
    comes = fault.comes | (fault.together if way.together else frozenset())
    count = len(companions)
    if seconds > timeout + SPARE:
        yield f"{seconds:.2f} s are too long"
    if count > 1:
        yield f"sent {count} times"
    if error is None:
        if None not in comes:
            yield "a success"
        if count != 1:
            yield "a success that the server has not received"
        return
    if not isinstance(error, CentripetalError):
        yield f"not an error of this library: {error!r}"
        return
    if type(error) not in comes and not (way.together and timed_out_waiting(error, count)):
        yield f"another error: {error!r}"
    elif error.executed not in fault.executed and not (way.together and (not count or type(error) in fault.together)):
        yield f"executed {error.executed!r} after {error!r}"
    refused = fault.refuses == "always" or (fault.refuses == "alone" and companions == [1])
    if error.executed == "no" and count and not refused:
        yield "executed 'no', but the server has it"
    if isinstance(error, HTTPStatusError) and str(error.status) not in fault.name:
        yield f"status {error.status}"
    named = getattr(error.command, "data", [None])[0] if error.command is not None else None
    if named != (number if came.named else None) or error.index != came.place:
        yield f"an error about {named} at {error.index}"


def timed_out_waiting(error: CentripetalError, count: int) -> bool:
    """Return whether *error* belongs to a call that waited for other calls until its timeout."""
    return isinstance(error, TimeoutError) and error.executed == "no" and not count


def meet(
    fault: Fault, way: Way, contexts: dict[str, ssl.SSLContext], ca_file: str | None, timeout: float
) -> Iterator[str]:
    """Cause *fault* during one way of calling with a *timeout* in seconds, and yield the mistakes."""
    with FaultyServer(contexts, fault.secure) as server:
        options = {"ca_file": ca_file} if ca_file else {}
        with attempt(way, server.url, timeout, max_response_bytes=LIMIT, **options) as made:
            if way.kept:
                made.probe()
            server.start_fault(fault)
            outcomes = made.make(fault.large)
            server.recover()
            requests = server.published()
            for came in outcomes:
                companions = [len(numbers) for numbers in requests if came.number in numbers]
                yield from wrongs(fault, way, came, companions, timeout)
            for error in {type(came.error): came.error for came in outcomes if came.error is not None}.values():
                yield from leaks(error, SECRET)
            if reveals(repr(made.client), SECRET):
                yield "the client shows the secret"
            made.probe()
            if made.kept and server.published(len(requests))[0] != made.kept:
                yield "the buffer went out in another order"
        if not server.all_ended():
            yield "a connection is still open after close()"


def is_late(line: str) -> bool:
    """Return whether a mistake can result from a busy machine."""
    return any(words in line for words in ("s are too long", "TimeoutError", "goes on without its callers"))


class Narrow(socket.socket):
    """Socket with a small buffer, so that sending a large request takes some time."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 32_768)


@pytest.mark.parametrize("fault", FAULTS, ids=[fault.name for fault in FAULTS])
def test_fault(
    fault: Fault,
    workers: ThreadPoolExecutor,
    contexts: dict[str, ssl.SSLContext],
    authority: Authority,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Calls end in time, `executed` is correct, nothing is lost, leaked or sent twice, and the client still works."""

    def work(way: Way, timeout: float = TIMEOUT) -> list[str]:
        try:
            return [f"{way.name}: {wrong}" for wrong in meet(fault, way, contexts, authority.ca_file, timeout)]
        except Exception as error:
            return [f"{way.name}: {type(error).__name__}: {error}"]

    caplog.set_level(logging.DEBUG)
    if fault.large:
        monkeypatch.setattr("socket.socket", Narrow)
    before = open_files()
    with warnings.catch_warnings(record=True) as complaints:
        warnings.simplefilter("always")
        wrong = []
        for way, lines in zip(WAYS, workers.map(work, WAYS), strict=True):
            # All ways at once are much work for a busy machine, so a way that was only late is repeated alone, once and
            # with more time.
            wrong += workers.submit(work, way, PATIENT).result() if lines and all(map(is_late, lines)) else lines
        gc.collect()
    assert not wrong, "\n".join(wrong)
    assert not [str(complaint.message) for complaint in complaints]
    assert open_files() == before
    assert not reveals(caplog.text, SECRET)


def test_faults_have_unique_names() -> None:
    """Fault names are unique, and there are more than 60."""
    assert len({fault.name for fault in FAULTS}) == len(FAULTS) > 60
