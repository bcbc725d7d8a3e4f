"""Ctrl-C in blocking calls, each in a separate process, so that a late interrupt cannot hit another test."""

import os
import subprocess
import sys
import textwrap

import pytest

from tests.faults.recorder import Recorder
from tests.faults.ways import SECRET

PREAMBLE = """
    import gc, os, signal, sys, threading, time
    from centripetal.v1 import Client
    url, secret = sys.argv[1:]
    client = Client(url, secret, timeout=10)

    def interrupt_after(seconds):
        signal.setitimer(signal.ITIMER_REAL, seconds)

    def interrupt(*_):
        raise KeyboardInterrupt

    signal.signal(signal.SIGALRM, interrupt)

    def check():
        (message,) = client.history("own")
        assert message.channel == "own"
"""


def run(url: str, code: str) -> str:
    """Run *code* in a separate process and return its output."""
    program = textwrap.dedent(PREAMBLE) + textwrap.dedent(code)
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "-c", program, url, SECRET],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


WAITING = {
    "publish": "client.publish('a', [1])",
    "send": "client.add_publish('a', [1]); client.send()",
    "batch": "with client.batch() as batch: slot = batch.publish('a', [1])",
}


@pytest.mark.parametrize("way", WAITING)
def test_interrupt_while_waiting_for_the_answer(way: str) -> None:
    """An interrupt ends the call at once and keeps the buffer, and the next call uses a new connection."""
    code = f"""
    start = time.monotonic()
    interrupt_after(0.2)
    try:
        {WAITING[way]}
    except KeyboardInterrupt:
        assert time.monotonic() - start < 2
        print("interrupted", client.pending)
    client.reset()
    client.timeout = 0.2
    try:
        client.publish("a", [2])
    except TimeoutError:
        print("late")
    """
    with Recorder() as server:
        server.gate.clear()
        assert run(server.url, code).split() == ["interrupted", "1" if way == "send" else "0", "late"]
        server.gate.set()
        assert server.connections == 2


def test_interrupted_leader() -> None:
    """If the main thread is interrupted while it sends or waits for the calls of others, all other calls still end."""
    code = """
    results = []
    def work(number):
        try:
            results.append(client.publish("a", [number], timeout=1))
        except Exception as error:
            results.append(type(error).__name__)

    for main_first in (True, False):
        threads = [threading.Thread(target=work, args=(number,)) for number in range(5)]
        if not main_first:
            threads[0].start(); time.sleep(0.1)
        interrupt_after(0.3)
        starter = threading.Timer(0.1, lambda: [thread.start() for thread in threads if not thread.ident])
        starter.start()
        try:
            client.publish("a", [99])
        except KeyboardInterrupt:
            pass
        starter.join()
        start = time.monotonic()
        for thread in threads:
            thread.join(5)
            assert not thread.is_alive()
        assert time.monotonic() - start < 2
        assert len(results) == 5, results
        assert set(results) <= {"TimeoutError", "ConnectionLostError"}, results
        results.clear()
    """
    with Recorder() as server:
        server.gate.clear()
        run(server.url, code)
        server.gate.set()


def test_interrupts_at_any_moment() -> None:
    """After an interrupt at any moment, the next call gets its own reply, and a buffer is complete or sent."""
    code = """
    before = len(os.listdir("/dev/fd"))
    struck = 0
    for number in range(1500):
        way = number % 3
        try:
            interrupt_after((number % 50 + 1) * 1e-5)
            try:
                if way == 0:
                    client.publish("a", [number])
                elif way == 1:
                    client.history("other")
                else:
                    client.add_publish("a", [number])
                    client.add_publish("a", [number])
                    client.send()
            finally:
                interrupt_after(0)
        except KeyboardInterrupt:
            struck += 1
        interrupt_after(0)
        assert client.pending in (0, 1, 2), client.pending
        client.reset()
        check()
    del client
    gc.collect()
    assert len(os.listdir("/dev/fd")) <= before, (before, os.listdir("/dev/fd"))
    print(struck)
    """
    with Recorder() as server:
        assert int(run(server.url, code)) > 50
