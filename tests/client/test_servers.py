"""Tests of clients for several servers: their arguments, and calls while embedded servers stop and start."""

import asyncio
import itertools
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from typing import Any

import pytest

import centripetal
import centripetal.v1
from centripetal import CentripetalError, ConnectError, TimeoutError, UsageError
from centripetal.server import EmbeddedServer
from centripetal.server.engine.events import Published
from tests.ports import free_port
from tests.transport.scripted import ScriptedServer, answers, reply

KEY = "the-key"
CLIENTS = [centripetal.Client, centripetal.AsyncClient, centripetal.v1.Client, centripetal.v1.AsyncClient]
every_client = pytest.mark.parametrize("kind", CLIENTS, ids=lambda kind: f"{kind.__module__}.{kind.__name__}")

Kind = Callable[..., Any]


async def publish(client: Any, data: Any, **more: Any) -> Any:
    """Publish with a client of any kind; a blocking call runs in the thread of the loop."""
    made = client.publish("news", data, **more)
    return await made if asyncio.iscoroutine(made) else made


@every_client
@pytest.mark.parametrize(
    ("urls", "words"),
    [
        ([], "the list of servers is empty"),
        (["http://a", "http://a/api"], "http://a/api and http://a/api are the same"),
        (["http://a", "http://A:80/api/"], "are the same"),
        (["http://a", "https://b"], "http://a/api and https://b/api differ in scheme or path"),
        (["http://a", "http://b/centrifugo"], "http://b/centrifugo/api differ in scheme or path"),
        (["http://a", "b:8000"], "does not start with http:// or https://"),
        (["http://a", 5], "the URL must be a str"),
        (["http://a", "http://me:secret@b"], "user name or password"),
        ("http://a,http://b", "pass several servers as a list of URLs"),
        ({"http://a"}, "the URL must be a str"),
        (None, "the URL must be a str"),
    ],
)
def test_invalid_lists(kind: Kind, urls: Any, words: str) -> None:
    """Lists that are empty, contain a server twice, or mix configurations are refused with a reason."""
    with pytest.raises(UsageError) as caught:
        kind(urls, KEY)
    text = str(caught.value).replace("/api/", "/api")
    assert words in text
    assert "secret@" not in text


@every_client
def test_the_repr_shows_all_servers(kind: Kind) -> None:
    """The repr has the address of each server and no key; `endpoint` is the server in use."""
    client = kind(("http://a:8000", "http://b:8000"), KEY)
    assert "http://a:8000/api" in repr(client)
    assert "http://b:8000/api" in repr(client)
    assert KEY not in repr(client)
    assert client.endpoint.rstrip("/") == "http://a:8000/api"


@every_client
def test_a_list_of_one_server_is_one_server(kind: Kind) -> None:
    """A list with one address equals the address."""
    assert repr(kind(["http://a"], KEY)) == repr(kind("http://a", KEY))


@pytest.mark.parametrize("kind", [centripetal.Client, centripetal.AsyncClient])
@pytest.mark.parametrize("value", ["http://a, http://b/", "http://a,http://b", "http://a/api , http://b,"])
def test_servers_from_the_environment(kind: Any, value: str) -> None:
    """The variable contains the addresses separated by commas."""
    client = kind.from_env(environment={"CENTRIFUGO_API_URL": value})
    assert repr(client) == repr(kind(["http://a", "http://b"]))


def test_servers_without_signatures() -> None:
    """A 1.x client that does not sign accepts a list too."""
    client = centripetal.v1.Client.insecure(["http://a", "http://b"])
    assert "http://b/api/" in repr(client)


@every_client
def test_an_unused_server_is_skipped(kind: Kind) -> None:
    """A call reaches the server that works, and an error names all servers that were tried."""
    v1 = kind.__module__ == "centripetal.v1"
    body = b'[{"uid":"0","method":"publish","error":null,"body":null}]' if v1 else b'{"result":{}}'
    down = [f"http://127.0.0.1:{free_port()}" for _ in range(2)]

    async def main() -> None:
        with ScriptedServer(answers(*[reply(body, "Content-Type: application/json")] * 3)) as server:
            client = kind([down[0], server.url.removesuffix("/"), down[1]], KEY)
            for _ in range(3):
                await publish(client, 1)
            assert len(server.requests) == 3
            await close(client)
        client = kind(down, KEY)
        with pytest.raises(ConnectError) as caught:
            await publish(client, 1)
        assert caught.value.executed == "no"
        assert all(url in str(caught.value) for url in down)

    asyncio.run(main())


async def close(client: Any) -> None:
    made = client.close()
    if asyncio.iscoroutine(made):
        await made


@every_client
def test_a_server_that_accepts_no_connection_leaves_time_for_the_next(kind: Kind, unanswering: str) -> None:
    """A server that ignores the attempt to connect uses only its share of the time limit."""
    secret = "secret" if kind.__module__ == "centripetal.v1" else None
    with EmbeddedServer(secret=secret, api_key=None if secret else "secret") as server:

        async def main() -> None:
            client = kind([unanswering, server.url], "secret", timeout=2)
            start = time.monotonic()
            await publish(client, 1)
            assert 0.9 < time.monotonic() - start < 1.8
            await close(client)
            client = kind([unanswering, unanswering.replace("127.0.0.1", "localhost")], "secret", timeout=0.2)
            with pytest.raises(TimeoutError, match="2 servers were tried") as caught:
                await publish(client, 1)
            assert caught.value.executed == "no"

        asyncio.run(main())


@pytest.fixture
def unanswering() -> Iterator[str]:
    """The URL of a server whose queue of connections is full, so that the system ignores further connections."""
    with socket.socket() as full, ExitStack() as stack:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for _ in range(4):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(full.getsockname())
        yield f"http://127.0.0.1:{full.getsockname()[1]}"


def note(numbers: list[int], event: Any) -> None:
    if isinstance(event, Published):
        numbers.append(int(event.data))


class Pair:
    """Two embedded servers of one generation, which record what was published, and may be stopped and started."""

    def __init__(self, v1: bool) -> None:
        credentials: dict[str, Any] = {"secret": KEY} if v1 else {"api_key": KEY}
        self.servers = [EmbeddedServer(port=free_port(), console=False, **credentials) for _ in range(2)]
        self.published: list[list[int]] = [[], []]
        for server, numbers in zip(self.servers, self.published, strict=True):
            server.start()
            server.events.listen(partial(note, numbers))

    def disturb(self, done: Callable[[], int]) -> None:
        """Stop and start each server in turn; *done* returns how many calls the slowest caller has made.

        Every caller makes some calls in between, so no call meets one server's end and the other's.
        """
        for server in (*self.servers, self.servers[0]):
            for act in (server.stop, server.start):
                act()
                count, end = done(), time.monotonic() + 10
                while done() < count + 4 and time.monotonic() < end:
                    time.sleep(0.002)

    def stop(self) -> None:
        for server in self.servers:
            server.stop()


@every_client
def test_nothing_is_lost_or_doubled_while_servers_stop_and_start(kind: Kind) -> None:
    """Each success was published once on one server, each "no" never, and calls succeed while one server works."""
    pair = Pair(kind.__module__ == "centripetal.v1")
    client = kind([server.url for server in pair.servers], KEY)
    numbers, outcomes, over = itertools.count(1), dict[int, str](), threading.Event()
    made, ended = [0] * 6, threading.Barrier(2, timeout=20)

    async def calls(caller: int) -> None:
        while not over.is_set():
            made[caller] += 1
            number = next(numbers)
            try:
                await publish(client, number)
            except CentripetalError as error:
                outcomes[number] = error.executed
            else:
                outcomes[number] = "success"
            await asyncio.sleep(0)

    async def main(first: int) -> None:
        await asyncio.gather(*(calls(caller) for caller in range(first, first + 3)))
        await asyncio.to_thread(ended.wait)  # closing the client would fail calls of the other thread
        await close(client)

    workers = [threading.Thread(target=asyncio.run, args=(main(first),)) for first in (0, 3)]
    for worker in workers:
        worker.start()
    try:
        pair.disturb(lambda: min(made))
    finally:
        over.set()
        for worker in workers:
            worker.join(20)
        pair.stop()
    assert all(pair.published)
    found = Counter(itertools.chain(*pair.published))
    for number, outcome in outcomes.items():
        assert found[number] in {"success": (1,), "no": (0,), "unknown": (0, 1)}[outcome], (number, outcome)
    assert set(found) <= set(outcomes)
    kinds = Counter(outcomes.values())
    assert kinds["success"] > 100
    assert not kinds["no"]
