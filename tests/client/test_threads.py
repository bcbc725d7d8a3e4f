"""Tests of threads that share requests."""

import _thread
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable
from typing import Any

import pytest

from centripetal.errors import ConnectionLostError, HTTPStatusError, ServerError, TimeoutError
from centripetal.protocol.grouping import Limits
from centripetal.protocol.http import HTTPReply, HTTPRequest
from centripetal.v1 import Client
from tests.stubs import Stub, answer, commands_in, wait_until_blocked

URL = "http://stub"


class Gated(Stub):
    """Transport whose requests wait for `gate`; `asked` is released once for each request."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = threading.Semaphore(0)
        self.gate = threading.Semaphore(0)

    def send(self, request: HTTPRequest, timeout: float) -> HTTPReply:
        self.asked.release()
        if not self.gate.acquire(timeout=timeout):
            raise TimeoutError("silent")
        return self.react(request, timeout)


class Crew:
    """Threads that each make one call and record its outcome."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.outcomes: dict[str, Any] = {}
        self.threads: list[threading.Thread] = []

    def start(self, name: str, call: Callable[[], Any]) -> None:
        """Start a call and wait until its thread waits: for its request or in the queue."""

        def work() -> None:
            try:
                self.outcomes[name] = call()
            except BaseException as error:
                self.outcomes[name] = error

        thread = threading.Thread(target=work)
        self.threads.append(thread)
        thread.start()
        wait_until_blocked(thread)

    def join(self) -> dict[str, Any]:
        for thread in self.threads:
            thread.join(10)
            assert not thread.is_alive()
        return self.outcomes


def crew(**options: Any) -> tuple[Gated, Crew]:
    stub = Gated()
    return stub, Crew(Client(URL, "secret", transport=stub, **options))


def test_calls_of_threads_share_the_next_request() -> None:
    """Calls made during a request share the next request, and each receives its own result."""
    sizes: list[int] = []
    stub, threads = crew(on_request=sizes.append)
    client = threads.client
    threads.start("first", lambda: client.publish("a", 0))
    stub.asked.acquire()
    for n in range(5):
        channel = "bad" if n == 2 else "a"
        threads.start(str(n), lambda channel=channel, n=n: client.publish(channel, n))  # type: ignore[misc]
    stub.gate.release(2)
    outcomes = threads.join()
    assert sizes == [1, 5]
    assert isinstance(outcomes.pop("2"), ServerError)
    assert set(outcomes.values()) == {True}
    assert [command["params"]["data"] for command in commands_in(stub.requests[1])] == list(range(5))


def test_a_waiting_call_that_times_out_does_not_affect_others() -> None:
    """A waiting call that times out is not sent, and other calls continue."""
    stub, threads = crew()
    client = threads.client
    threads.start("first", lambda: client.publish("a", 0))
    stub.asked.acquire()
    threads.start("short", lambda: client.publish("b", 0, timeout=0.05))
    threads.start("long", lambda: client.publish("c", 0))
    while "short" not in threads.outcomes:
        time.sleep(0.001)
    stub.gate.release(2)
    outcomes = threads.join()
    assert isinstance(outcomes["short"], TimeoutError)
    assert outcomes["short"].executed == "no"
    assert outcomes["first"] is outcomes["long"] is True
    assert stub.sent == [["a"], ["c"]]


def test_a_sent_call_that_times_out_does_not_affect_others() -> None:
    """The thread with the latest deadline sends the shared request, so another call can time out without failing it."""
    stub, threads = crew()
    client = threads.client
    threads.start("first", lambda: client.publish("a", 0))
    stub.asked.acquire()
    threads.start("short", lambda: client.publish("b", 0, timeout=0.2))
    threads.start("long", lambda: client.publish("c", 0))
    stub.gate.release()
    stub.asked.acquire()
    while "short" not in threads.outcomes:
        time.sleep(0.001)
    stub.gate.release()
    outcomes = threads.join()
    assert outcomes["short"].executed == "unknown"
    assert outcomes["long"] is True
    assert stub.sent == [["a"], ["b", "c"]]


def test_a_failed_request_fails_each_of_its_calls() -> None:
    """Each call of a failed request raises a separate error that names its command."""
    stub, threads = crew()
    client = threads.client
    threads.start("first", lambda: client.publish("a", 0))
    stub.asked.acquire()
    threads.start("b", lambda: client.publish("b", 0))
    threads.start("c", lambda: client.unsubscribe("c", "user"))
    stub.reactions = [answer, ConnectionLostError("gone")]
    stub.gate.release(2)
    outcomes = threads.join()
    assert [outcomes[name].command.name for name in "bc"] == ["publish", "unsubscribe"]
    assert outcomes["b"] is not outcomes["c"]
    assert client.publish is not None
    stub.gate.release()
    assert client.publish("d", 1) is True


def test_an_interrupted_sender_leaves_the_client_usable() -> None:
    """Ctrl-C in the thread that sends a request fails the calls of that request, and later calls succeed."""
    stub, threads = crew()
    client = threads.client
    threads.start("first", lambda: client.publish("a", 0))
    stub.asked.acquire()
    threads.start("b", lambda: client.publish("b", 0))
    threads.start("c", lambda: client.publish("c", 0))
    stub.reactions = [answer, KeyboardInterrupt()]
    stub.gate.release(2)
    outcomes = threads.join()
    kinds = {type(outcomes[name]) for name in "bc"}
    assert kinds == {KeyboardInterrupt, ConnectionLostError}
    lost = next(outcomes[name] for name in "bc" if isinstance(outcomes[name], ConnectionLostError))
    assert lost.executed == "unknown"
    stub.gate.release()
    assert client.publish("d", 1) is True


def test_reads_do_not_wait_behind_writes() -> None:
    """A read is sent on a separate connection during a write."""
    stub, threads = crew()
    client = threads.client
    threads.start("write", lambda: client.publish("a", 0))
    stub.asked.acquire()
    threads.start("read", lambda: client.channels())
    stub.asked.acquire()
    stub.gate.release(2)
    assert threads.join() == {"write": True, "read": ["a", "b"]}


def test_a_failed_shared_read_is_repeated_separately() -> None:
    """A presence that the server cannot serialize fails alone, and the other reads of the request succeed."""

    def spoilt(request: HTTPRequest) -> HTTPReply:
        if any(command["params"].get("channel") == "broken" for command in commands_in(request)):
            return HTTPReply(500, b"Internal Server Error\n")
        return answer(request)

    stub, threads = crew()
    client = threads.client
    threads.start("first", client.channels)
    stub.asked.acquire()
    threads.start("good", lambda: client.presence("good"))
    threads.start("broken", lambda: client.presence("broken"))
    stub.reactions = [spoilt] * 9
    stub.gate.release(9)
    outcomes = threads.join()
    assert list(outcomes["good"]) == ["c1"]
    assert isinstance(outcomes["broken"], HTTPStatusError)
    assert len(stub.requests) == 4


def test_limits_split_waiting_calls() -> None:
    """Waiting calls beyond the limit are sent with the request after the next."""
    sizes: list[int] = []
    stub, threads = crew(group=Limits(commands=2), on_request=sizes.append)
    client = threads.client
    threads.start("first", lambda: client.publish("a", 0))
    stub.asked.acquire()
    for n in range(5):
        threads.start(str(n), lambda n=n: client.publish("a", n))  # type: ignore[misc]
    stub.gate.release(9)
    assert set(threads.join().values()) == {True}
    assert sizes == [1, 2, 2, 1]


def test_close_fails_waiting_calls() -> None:
    """Closing a client fails calls that have not been sent, with `executed` "no", and completes the call in flight."""
    stub, threads = crew()
    client = threads.client
    threads.start("first", lambda: client.publish("a", 0))
    stub.asked.acquire()
    threads.start("second", lambda: client.publish("a", 0))
    client.close()
    stub.gate.release(2)
    outcomes = threads.join()
    assert outcomes["first"] is True
    assert outcomes["second"].executed == "no"


def test_many_threads_share_one_client() -> None:
    """With 32 threads on one client, every call is sent exactly once and receives its result."""
    stub = Stub()
    client = Client(URL, "secret", transport=stub)

    def work(k: int) -> None:
        for n in range(50):
            assert client.publish(f"c{k}", n) is True

    threads = [threading.Thread(target=work, args=(k,)) for k in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    sent = [(c["params"]["channel"], c["params"]["data"]) for r in stub.requests for c in commands_in(r)]
    assert sorted(sent) == sorted((f"c{k}", n) for k in range(32) for n in range(50))
    by_channel: dict[str, list[int]] = {}
    for channel, n in sent:
        by_channel.setdefault(channel, []).append(n)
    assert all(numbers == sorted(numbers) for numbers in by_channel.values())


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
def test_a_forked_child_does_not_inherit_waiting_calls() -> None:
    """A child forked while the parent has a request in flight can call at once."""
    stub, threads = crew()
    client = threads.client
    threads.start("parent", lambda: client.publish("a", 0))
    stub.asked.acquire()
    pid = os.fork()
    if pid == 0:  # pragma: no cover - in the child
        code = 1
        try:
            stub.asked, stub.gate = threading.Semaphore(0), threading.Semaphore(1)
            code = 0 if client.publish("a", 1) is True else 2
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    stub.gate.release()
    assert threads.join() == {"parent": True}


def test_a_thread_that_was_interrupted_keeps_the_order_of_its_channel() -> None:
    """A call after an interrupted one waits until the request that contains the interrupted call has ended."""
    stub, threads = crew()
    client, main = threads.client, threading.main_thread()
    threads.start("first", lambda: client.publish("a", 0))
    stub.asked.acquire()
    threads.start("leader", lambda: client.publish("b", 0, timeout=9))
    threading.Thread(target=interrupt_when_asked, args=(stub, main)).start()
    with pytest.raises(KeyboardInterrupt):
        client.publish("c", 1)
    threads.start("later", lambda: stub.gate.release(9))
    assert client.publish("c", 2) is True
    threads.join()
    assert stub.sent == [["a"], ["b", "c"], ["c"]]


def is_in_the_client(thread: threading.Thread) -> bool:
    trace = traceback.extract_stack(sys._current_frames()[thread.ident or 0])
    return any("centripetal/client" in frame.filename.replace("\\", "/") for frame in trace)


def interrupt_when_asked(stub: Gated, thread: threading.Thread) -> None:
    """Let the first request pass, and interrupt *thread*, whose call is in the second, while that is in flight."""
    while not is_in_the_client(thread):
        time.sleep(0.001)
    wait_until_blocked(thread)
    stub.gate.release()
    assert stub.asked.acquire(timeout=5)
    _thread.interrupt_main()
