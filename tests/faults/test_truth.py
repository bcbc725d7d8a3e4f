"""Errors are compared with the server's history while connections are cut or the server is killed."""

import asyncio
import contextlib
import itertools
import json
import signal
import socket
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from centripetal.v1 import AsyncClient, CentripetalError, Client
from tests.conformance.servers_v1 import KINDS, start
from tests.faults.proxy import CuttingProxy
from tests.needs import find, needs
from tests.ports import free_port

SECRET = "truth"
CONFIG = {"secret": SECRET, "history_size": 100_000, "history_lifetime": 3600, "name": "node-1"}
CHANNELS = [f"truth {number}" for number in range(4)]

Outcomes = dict[int, str]
"""By number: "success", or `executed` of the error."""


class Load:
    """Publishes unique numbers in one way until it is stopped, and records the outcome of each number."""

    def __init__(self, url: str, timeout: float = 0.5) -> None:
        self.outcomes: Outcomes = {}
        self.stop = threading.Event()
        self.numbers = itertools.count()
        self.client = Client(url, SECRET, timeout=timeout)
        self.other = AsyncClient(url, SECRET, timeout=timeout)

    def note(self, numbers: list[int], error: CentripetalError | None = None) -> None:
        for number in numbers:
            self.outcomes[number] = "success" if error is None else error.executed

    def threads(self) -> None:
        workers = [threading.Thread(target=self._calls) for _ in range(6)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join(30)

    def _calls(self) -> None:
        while not self.stop.is_set():
            number = next(self.numbers)
            try:
                self.client.publish(CHANNELS[number % 4], number)
            except CentripetalError as error:
                self.note([number], error)
                time.sleep(0.002)
            else:
                self.note([number])

    def batches(self) -> None:
        while not self.stop.is_set():
            numbers = [next(self.numbers) for _ in range(5)]
            slots = []
            with contextlib.suppress(CentripetalError), self.client.batch() as batch:
                slots = [batch.publish(CHANNELS[number % 4], number) for number in numbers]
            for number, slot in zip(numbers, slots, strict=True):
                try:
                    slot.result()
                except CentripetalError as error:
                    self.note([number], error)
                else:
                    self.note([number])

    def sends(self) -> None:
        while not self.stop.is_set():
            numbers = [next(self.numbers) for _ in range(5)]
            for number in numbers:
                self.client.add_publish(CHANNELS[number % 4], number)
            try:
                responses = self.client.send()
                assert all(response.result() for response in responses)
            except CentripetalError as error:
                self.note(numbers, error)
                assert self.client.pending == 5
                self.client.reset()
            else:
                self.note(numbers)

    def tasks(self) -> None:
        async def calls() -> None:
            while not self.stop.is_set():
                number = next(self.numbers)
                try:
                    await self.other.publish(CHANNELS[number % 4], number)
                except CentripetalError as error:
                    self.note([number], error)
                    await asyncio.sleep(0.002)
                else:
                    self.note([number])

        async def main() -> None:
            await asyncio.gather(*(calls() for _ in range(20)))

        asyncio.run(main())


WAYS: dict[str, Callable[[Load], None]] = {
    "threads": Load.threads,
    "tasks": Load.tasks,
    "batches": Load.batches,
    "sends": Load.sends,
}


@contextlib.contextmanager
def under_load(load: Load, way: str) -> Iterator[None]:
    worker = threading.Thread(target=WAYS[way], args=(load,))
    worker.start()
    try:
        yield
    finally:
        load.stop.set()
        worker.join(30)
        load.client.close()


def history(url: str) -> Counter[int]:
    with Client(url, SECRET, timeout=20) as client:
        messages: list[Any] = [message.data for channel in CHANNELS for message in client.history(channel)]
    return Counter(messages)


def mistakes(outcomes: Outcomes, found: Counter[int]) -> dict[str, list[int]]:
    """Return the numbers with a wrong outcome, by kind of mistake."""
    return {
        "a success that is not in the history once": [
            n for n, what in outcomes.items() if what == "success" and found[n] != 1
        ],
        "a 'no' that is in the history": [n for n, what in outcomes.items() if what == "no" and found[n]],
        "a 'yes' that is not in the history once": [
            n for n, what in outcomes.items() if what == "yes" and found[n] != 1
        ],
        "more than once": [n for n, count in found.items() if count > 1],
        "of unknown origin": [n for n in found if n not in outcomes],
    }


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", KINDS)
def test_errors_tell_the_truth_about_cut_connections(kind: str, way: str, tmp_path: Path) -> None:
    """ "success" and "yes" numbers are in the history once, "no" numbers are not, and the rest at most once."""
    with start(kind, CONFIG, tmp_path) as server, CuttingProxy(int(server.url.rpartition(":")[2]), seed=4) as proxy:
        load = Load(proxy.url)
        with under_load(load, way):
            end = time.monotonic() + 10
            while (len(load.outcomes) < 300 or proxy.cuts < 25) and time.monotonic() < end:
                time.sleep(0.02)
            proxy.calm = True
            time.sleep(0.1)
            calm = len(load.outcomes)
            time.sleep(0.1)
        assert proxy.cuts >= 25
        assert not any(mistakes(load.outcomes, history(server.url)).values()), mistakes(
            load.outcomes, history(server.url)
        )
        assert {"success", "unknown"} <= set(load.outcomes.values())
        assert set(list(load.outcomes.values())[calm:]) == {"success"}


class Killable:
    """A real server that can be killed and restarted on the same port."""

    def __init__(self, folder: Path) -> None:
        program = find("centrifugo-v1")
        assert program
        self.port = free_port()
        (folder / "config.json").write_text(json.dumps(CONFIG))
        self.url = f"http://127.0.0.1:{self.port}"
        self._command = [program, "--config", str(folder / "config.json"), "--port", str(self.port)]
        self._command += ["--address", "127.0.0.1"]
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        end = time.monotonic() + 20
        while time.monotonic() < end:
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            time.sleep(0.02)
        raise AssertionError("the server does not start")

    def kill(self) -> None:
        self._process.send_signal(signal.SIGKILL)
        self._process.wait(10)


@needs("centrifugo-v1")
@pytest.mark.parametrize("way", WAYS)
def test_errors_tell_the_truth_about_a_killed_server(way: str, tmp_path: Path) -> None:
    """Calls fail while the server is killed and succeed after its restart, and its history confirms the outcomes."""
    server = Killable(tmp_path)
    load = Load(server.url)
    try:
        with under_load(load, way):
            for _ in range(3):
                time.sleep(0.2)
                server.kill()
                killed = len(load.outcomes)
                time.sleep(0.1)
                server.start()
                time.sleep(0.3)
                after = list(load.outcomes.values())[killed:]
                assert after[-1] == "success"
        found = history(server.url)
        assert found
        born = min(found)
        # The history of the last server starts at some number; later numbers must match their outcomes.
        later = {number: what for number, what in load.outcomes.items() if number >= born + 50}
        assert not any(found[number] != 1 for number, what in later.items() if what == "success")
        assert not any(found[number] for number, what in load.outcomes.items() if what == "no")
        assert max(found.values()) == 1
        assert {"success", "no"} <= set(load.outcomes.values())
    finally:
        server.kill()


def test_the_proxy_forwards(tmp_path: Path) -> None:
    """A proxy that does not cut forwards everything unchanged."""
    with start("embedded", CONFIG, tmp_path) as server, CuttingProxy(int(server.url.rpartition(":")[2]), 1) as proxy:
        proxy.calm = True
        with Client(proxy.url, SECRET) as client:
            assert client.publish("a", 1)
            assert [message.data for message in client.history("a")] == [1]
