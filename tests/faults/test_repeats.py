"""With retry, each publication is in the history exactly once, however often the connection is cut after the request.

CENTRIPETAL_CUTS sets the number of cuts for each way of calling; the full check uses 1,000.
"""

import asyncio
import itertools
import os
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from centripetal import AsyncClient, Client, Retry
from tests.conformance.servers_v6 import API_KEY, CONFIGS, KINDS, start
from tests.faults.proxy import CuttingProxy

CUTS = int(os.environ.get("CENTRIPETAL_CUTS", "40"))
CHANNELS = ("deep:a", "deep:b", "deep:c")
RETRY = Retry(attempts=40, base=0.001, cap=0.005)

Publishing = Callable[[str, Iterator[int], Callable[[], bool]], None]
"""Function that publishes numbers to a server's URL until it is told to stop."""


def channel(number: int) -> str:
    return CHANNELS[number % len(CHANNELS)]


def call_by_call(url: str, numbers: Iterator[int], enough: Callable[[], bool]) -> None:
    with Client(url, API_KEY, retry=RETRY, timeout=60) as client:
        while not enough():
            number = next(numbers)
            client.publish(channel(number), number)


def threads(url: str, numbers: Iterator[int], enough: Callable[[], bool]) -> None:
    failures: list[BaseException] = []

    def work(client: Client) -> None:
        try:
            while not enough():
                number = next(numbers)
                client.publish(channel(number), number)
        except BaseException as error:
            failures.append(error)

    with Client(url, API_KEY, retry=RETRY, timeout=60) as client:
        workers = [threading.Thread(target=work, args=(client,)) for _ in range(6)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    assert not failures


def tasks(url: str, numbers: Iterator[int], enough: Callable[[], bool]) -> None:
    async def work(client: AsyncClient) -> None:
        while not enough():
            number = next(numbers)
            await client.publish(channel(number), number)

    async def main() -> None:
        async with AsyncClient(url, API_KEY, retry=RETRY, timeout=60) as client:
            await asyncio.gather(*(work(client) for _ in range(12)))

    asyncio.run(main())


def batches(url: str, numbers: Iterator[int], enough: Callable[[], bool]) -> None:
    with Client(url, API_KEY, retry=RETRY, timeout=60) as client:
        while not enough():
            with client.batch() as batch:
                some = [next(numbers) for _ in range(5)]
                slots = [batch.publish(channel(number), number) for number in some]
                several = batch.broadcast(["deep:d", "deep:e"], some[0])
                looked = batch.history("deep:a")
            assert all(slot.result().offset for slot in slots)
            assert not several.result().failed
            assert looked.result().epoch


@pytest.mark.timeout(600)
@pytest.mark.parametrize("publishing", [call_by_call, threads, tasks, batches])
@pytest.mark.parametrize("kind", KINDS)
def test_each_publication_is_in_the_history_once(kind: str, publishing: Publishing, tmp_path: Path) -> None:
    """No call fails, and nothing is lost or published twice, while connections are cut at random moments."""
    counter = itertools.count()
    with start(kind, CONFIGS["usual"], tmp_path) as server:
        port = int(server.url.rpartition(":")[2])
        with CuttingProxy(port, seed=6, rarity=4, early=False) as proxy:
            publishing(proxy.url, counter, lambda: proxy.cuts >= CUTS)
        count = next(counter)
        with Client(server.url, API_KEY) as client:
            pages = [page for name in CHANNELS for page in client.history_pages(name, limit=1000)]
            others = Counter(
                one.data for name in ("deep:d", "deep:e") for one in client.history(name, limit=-1).publications
            )
        found = Counter(publication.data for page in pages for publication in page.publications)
    assert proxy.cuts >= CUTS
    assert found == Counter(range(count))
    assert set(others.values()) <= {2}


def test_each_publication_is_in_the_history_once_with_several_servers(tmp_path: Path) -> None:
    """The same holds for two nodes with a shared engine, whose connections are cut; every call turns to the other."""
    counter = itertools.count()
    with start("embedded", CONFIGS["usual"], tmp_path) as server:
        port = int(server.url.rpartition(":")[2])
        with (
            CuttingProxy(port, seed=7, rarity=4) as first,
            CuttingProxy(port, seed=8, rarity=4) as second,
            Client([first.url, second.url], API_KEY, retry=RETRY, timeout=60) as client,
        ):
            while first.cuts + second.cuts < CUTS:
                number = next(counter)
                client.publish(channel(number), number)
        assert first.cuts
        assert second.cuts
        count = next(counter)
        with Client(server.url, API_KEY) as client:
            pages = [page for name in CHANNELS for page in client.history_pages(name, limit=1000)]
        found = Counter(publication.data for page in pages for publication in page.publications)
    assert found == Counter(range(count))
