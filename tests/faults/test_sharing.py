"""One client shared by threads, tasks and forked children, and clients that are dropped without close()."""

import asyncio
import gc
import os
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from centripetal.server import EmbeddedServer
from centripetal.v1 import AsyncClient, Client
from tests.faults.recorder import Recorder
from tests.faults.ways import SECRET

GROUPS = pytest.mark.parametrize("group", [True, False], ids=["grouped", "not grouped"])


@GROUPS
def test_many_threads(group: bool) -> None:
    """With 64 threads, each call gets its own reply, and each message arrives once, in the order of its thread."""
    threads, calls = 64, 20
    together = threading.Barrier(threads)

    def work(client: Client, thread: int) -> None:
        together.wait(10)
        for call in range(calls):
            assert client.publish(f"thread {thread}", [thread * calls + call]) is True
            if call % 10 == 0:
                (message,) = client.history(f"own {thread} {call}")
                assert message.channel == f"own {thread} {call}"

    with Recorder() as server, Client(server.url, SECRET, timeout=20, group=group) as client:
        with ThreadPoolExecutor(threads) as executor:
            list(executor.map(lambda thread: work(client, thread), range(threads)))
        numbers = server.numbers()
        assert sorted(numbers) == list(range(threads * calls))
        for thread in range(threads):
            own = [number for number in numbers if number // calls == thread]
            assert own == sorted(own)


def in_child(work: Callable[[], object]) -> int:
    """Fork, call *work* in the child, and return 0 if it did not raise."""
    child = os.fork()
    if child == 0:
        try:
            work()
            os._exit(0)
        finally:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
@GROUPS
def test_fork_with_requests_in_flight(group: bool) -> None:
    """The child's calls work at once, and the parent's sent and waiting calls complete undisturbed."""
    with Recorder() as server, Client(server.url, SECRET, timeout=10, group=group) as client:
        client.history("warm")
        client.add_publish("buffer", [1000])
        buffered, other = client, Client(server.url, SECRET, timeout=10, group=group)
        server.gate.clear()
        server.arrived.clear()
        with ThreadPoolExecutor(5) as executor:
            futures = [executor.submit(other.publish, "a", [number]) for number in range(5)]
            assert server.arrived.wait(5)
            time.sleep(0.1)

            def child() -> None:
                assert buffered.pending == 0, "only the parent sends the commands in its buffer"
                opener = threading.Timer(0.2, os.write, (signal_write, b"x"))
                opener.start()
                assert other.publish("child", [100]) is True
                (message,) = other.history("child")
                assert message.channel == "child"

            signal_read, signal_write = os.pipe()

            def open_gate() -> None:
                os.read(signal_read, 1)
                server.gate.set()

            waiter = threading.Thread(target=open_gate)
            waiter.start()
            assert in_child(child) == 0
            waiter.join(5)
            assert [future.result(10) for future in futures] == [True] * 5
        os.close(signal_read)
        os.close(signal_write)
        assert sorted(server.numbers()) == [0, 1, 2, 3, 4, 100]
        assert buffered.send()[0].result() is True
        other.close()


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_fork_in_the_middle_of_async_calls() -> None:
    """A child forked while tasks wait can use the client in a new loop; the parent's tasks get their replies."""
    with Recorder() as server:
        client = AsyncClient(server.url, SECRET, timeout=10)

        async def main() -> None:
            server.gate.clear()
            tasks = [asyncio.ensure_future(client.publish("a", [number])) for number in range(5)]
            assert await asyncio.to_thread(server.arrived.wait, 5)
            child = os.fork()
            if child == 0:
                try:
                    asyncio._set_running_loop(None)
                    asyncio.run(client.publish("child", [100]))
                    os._exit(0)
                finally:
                    os._exit(1)
            server.gate.set()
            _, status = await asyncio.to_thread(os.waitpid, child, 0)
            assert os.waitstatus_to_exitcode(status) == 0
            assert await asyncio.gather(*tasks) == [True] * 5
            await client.close()

        asyncio.run(main())
        assert sorted(server.numbers()) == [0, 1, 2, 3, 4, 100]


def test_ten_thousand_tasks() -> None:
    """The messages of 10,000 concurrent tasks arrive once, in the order of the calls, over few connections."""
    count = 10_000
    config = {"history_size": count, "history_lifetime": 600}

    async def main(url: str) -> None:
        before = len(os.listdir("/dev/fd"))
        async with AsyncClient(url, SECRET, timeout=60) as client:
            tasks = [asyncio.ensure_future(client.publish("many", number)) for number in range(count)]
            await asyncio.sleep(0)
            assert all(await asyncio.gather(*tasks))
            assert len(os.listdir("/dev/fd")) - before < 20
            messages = await client.history("many")
        assert [message.data for message in messages] == list(range(count))[::-1]

    with EmbeddedServer(secret=SECRET, config=config) as server:
        asyncio.run(main(server.url))


def test_dropped_clients() -> None:
    """Blocking and asyncio clients that are dropped without close() leave no socket, after success and failure."""
    with Recorder() as server:

        def use() -> None:
            client = Client(server.url, SECRET)
            client.publish("a", [1])
            server.gate.clear()
            with pytest.raises(TimeoutError):
                client.publish("a", [1], timeout=0.01)
            server.gate.set()

        async def use_awaiting() -> None:
            client = AsyncClient(server.url, SECRET)
            await asyncio.gather(*(client.publish("a", [1]) for _ in range(3)))

        async def use_many() -> None:
            for _ in range(20):
                await use_awaiting()
            gc.collect()
            await asyncio.sleep(0)

        use()
        asyncio.run(use_awaiting())
        gc.collect()
        before = len(os.listdir("/dev/fd"))
        for _ in range(20):
            use()
        for _ in range(20):
            asyncio.run(use_awaiting())
        asyncio.run(use_many())
        gc.collect()
        for _ in range(100):  # until the server has closed its ends, too
            if len(os.listdir("/dev/fd")) <= before:
                return
            time.sleep(0.02)
        pytest.fail(f"{len(os.listdir('/dev/fd')) - before} files are left open")


ENDS = {
    "idle connections": "client.publish('a', [1])",
    "a buffer": "client.add_publish('a', [1])",
    "a call in a daemon thread": """
        threading.Thread(target=lambda: client.publish('wait', [1]), daemon=True).start()
        time.sleep(0.1)
    """,
    "calls in daemon threads": """
        for _ in range(5):
            threading.Thread(target=lambda: client.publish('wait', [1]), daemon=True).start()
        time.sleep(0.1)
    """,
    "an idle loop": "asyncio.run(other.publish('a', [1]))",
    "an idle loop, never closed": """
        loop = asyncio.new_event_loop()
        loop.run_until_complete(other.publish('a', [1]))
    """,
    "cancelled tasks": """
        async def main():
            tasks = [asyncio.ensure_future(other.publish('wait', [1])) for _ in range(5)]
            await asyncio.sleep(0.1)
        asyncio.run(main())
    """,
    "tasks that ran into their limit": """
        async def main():
            tasks = [other.publish('wait', [1], timeout=0.1) for _ in range(5)]
            results = await asyncio.gather(*tasks, return_exceptions=True)
            assert {type(result).__name__ for result in results} == {'TimeoutError'}
        asyncio.run(main())
    """,
}


@pytest.mark.parametrize("way", ENDS)
def test_exit_without_close(way: str) -> None:
    """Without close(), the interpreter exits without a hang or a warning, whatever the client was doing."""
    program = f"""
import asyncio, sys, threading, time
from centripetal.v1 import AsyncClient, Client
client, other = Client(*sys.argv[1:], timeout=30), AsyncClient(*sys.argv[1:], timeout=30)
{textwrap.dedent(ENDS[way])}
"""
    with Recorder() as server:
        if "wait" in ENDS[way]:
            server.gate.clear()
        start = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-X", "dev", "-W", "error", "-c", program, server.url, SECRET],
            capture_output=True,
            text=True,
            timeout=20,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        server.gate.set()
    assert done.returncode == 0
    assert time.monotonic() - start < 10
    if way == "an idle loop, never closed":
        assert "family=2" not in done.stderr  # Python warns about the loop, which its owner must close, and its pipe
    else:
        assert done.stderr == ""
