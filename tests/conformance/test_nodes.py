"""Two nodes of a real Centrifugo 6 with Redis or NATS: docs/howto/nodes.md and its configurations."""

import asyncio
import contextlib
import itertools
import json
import re
import socket
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from websockets.asyncio.client import ClientConnection, connect

from centripetal import CentripetalError, Client, ServerError
from centripetal.tokens import connection_token
from tests.conformance.servers import running
from tests.docs.pages import DOCS
from tests.needs import find, needs
from tests.ports import free_port

PAGE = (DOCS / "howto" / "nodes.md").read_text()
CONFIGS = {
    name: json.loads(text) for name, text in re.findall(r"<!-- config: (\w+) -->\n```json\n(.*?)```", PAGE, re.S)
}
KEY = "the api key"
PORTS = {"redis": "6379", "nats": "4222"}

pytestmark = needs("centrifugo-v6")
ENGINES = [pytest.param(name, marks=needs(f"{name}-server")) for name in PORTS]


class Node:
    """A node without an engine that can be killed and started again on the same port."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        config = {
            "http_api": {"key": KEY},
            "http_server": {"address": "127.0.0.1", "port": self.port},
            "channel": {"without_namespace": {"history_size": 100_000, "history_ttl": "300s"}},
        }
        folder.mkdir()
        (folder / "config.json").write_text(json.dumps(config))
        self._command = [str(find("centrifugo-v6")), "--config", str(folder / "config.json")]
        self.stack = contextlib.ExitStack()

    def start(self) -> None:
        self.process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.stack.callback(self.process.wait, 10)
        self.stack.callback(self.process.kill)
        for _ in range(500):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return
            time.sleep(0.02)
        raise AssertionError("the node does not start")

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(10)

    def history(self) -> Counter[int]:
        with Client(self.url, KEY, timeout=20) as client:
            pages = client.history_pages("news", limit=10_000)
            return Counter(publication.data for page in pages for publication in page.publications)


class Nodes(NamedTuple):
    """Two nodes: API clients for each, and the address of the second node for browsers."""

    first: Client
    second: Client
    websocket: str
    engine: str


@contextlib.contextmanager
def engine(name: str, port: int, folder: Path) -> Iterator[None]:
    """Run Redis or NATS until the block ends."""
    options = {
        "redis": ["--bind", "127.0.0.1", "--port", str(port), "--save", "", "--dir", str(folder)],
        "nats": ["--addr", "127.0.0.1", "--port", str(port)],
    }[name]
    process = subprocess.Popen(
        [str(find(f"{name}-server")), *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        for _ in range(500):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.02)
        yield
    finally:
        process.terminate()
        process.wait()


@pytest.fixture(params=ENGINES)
def nodes(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Nodes]:
    name, port = request.param, free_port()
    text = json.dumps(CONFIGS[name]).replace(f"127.0.0.1:{PORTS[name]}", f"127.0.0.1:{port}")
    with contextlib.ExitStack() as stack:
        stack.enter_context(engine(name, port, tmp_path))
        clients = []
        for number in (1, 2):
            node_port, folder = free_port(), tmp_path / str(number)
            folder.mkdir()
            config: Mapping[str, Any] = {
                **json.loads(text),
                "node": {"name": f"node-{number}"},
                "http_server": {"address": "127.0.0.1", "port": node_port},
            }
            (folder / "config.json").write_text(json.dumps(config))
            command = [str(find("centrifugo-v6")), "--config", str(folder / "config.json")]
            stack.enter_context(running(command, node_port, folder))
            clients.append(Client(f"http://127.0.0.1:{node_port}", config["http_api"]["key"]))
        for client in clients:  # nodes announce themselves after a moment
            wait_until(lambda client=client: len(client.info().nodes) == 2)
        yield Nodes(clients[0], clients[1], f"ws://127.0.0.1:{node_port}/connection/websocket", name)


def wait_until(true: Any) -> None:
    for _ in range(500):
        if true():
            return
        time.sleep(0.02)
    raise AssertionError("the condition was not met in time")


async def receive(connection: ClientConnection, member: str) -> Any:
    """Return the next message with that member, in a reply or push."""
    async with asyncio.timeout(20):
        while True:
            for line in str(await connection.recv()).splitlines():
                message = json.loads(line)
                for place in (message, message.get("push", {})):
                    if member in place:
                        return place[member]


def code_of(call: Any) -> int | None:
    with pytest.raises(ServerError) as caught:
        call()
    return caught.value.code


async def test_a_call_to_one_node_reaches_the_clients_of_the_other(nodes: Nodes) -> None:
    """Publications and disconnects reach both nodes; only Redis shares history, presence and idempotency keys."""
    shared = nodes.engine == "redis"
    async with connect(nodes.websocket) as browser:
        await browser.send(
            json.dumps({"id": 1, "connect": {"token": connection_token("a-secret-for-tokens-of-32-bytes-or-more", 42)}})
        )
        await receive(browser, "connect")
        await browser.send(json.dumps({"id": 2, "subscribe": {"channel": "news"}}))
        await receive(browser, "subscribe")

        for node in (nodes.first, nodes.second):
            await asyncio.to_thread(node.publish, "news", {"n": 1}, idempotency_key="one")
        assert (await receive(browser, "pub"))["data"] == {"n": 1}
        await asyncio.to_thread(nodes.first.publish, "news", {"n": 2})
        expected = [{"n": 2}] if shared else [{"n": 1}, {"n": 2}]
        assert [(await receive(browser, "pub"))["data"] for _ in expected] == expected

        if shared:
            kept = nodes.second.history("news", limit=10).publications
            assert [publication.data for publication in kept] == [{"n": 1}, {"n": 2}]
            assert [info.user for info in nodes.first.presence("news").presence.values()] == ["42"]
        else:
            assert code_of(lambda: nodes.second.history("news", limit=10)) == 108
            assert code_of(lambda: nodes.first.presence("news")) == 108

        await asyncio.to_thread(nodes.first.disconnect, 42)
        await asyncio.wait_for(browser.wait_closed(), 20)
    assert browser.close_code == 3503


def test_calls_continue_while_nodes_are_killed_and_started(tmp_path: Path) -> None:
    """Calls of a client with two nodes succeed while one of them works; each success is in one history exactly once."""
    nodes = [Node(tmp_path / str(number)) for number in range(2)]
    numbers, outcomes, over = itertools.count(), dict[int, str](), threading.Event()
    client = Client([node.url for node in nodes], KEY)

    def publish() -> None:
        while not over.is_set():
            number = next(numbers)
            try:
                client.publish("news", number)
            except CentripetalError as error:
                outcomes[number] = error.executed
            else:
                outcomes[number] = "success"

    workers = [threading.Thread(target=publish) for _ in range(4)]
    with nodes[0].stack, nodes[1].stack:
        for node in nodes:
            node.start()
        for worker in workers:
            worker.start()
        try:
            for round_ in range(4):
                time.sleep(0.2)
                killed, other = nodes[round_ % 2], nodes[1 - round_ % 2]
                before = other.history()
                first = next(numbers)
                killed.kill()
                time.sleep(0.2)
                done = dict(outcomes)
                killed.start()
                found = other.history() - before
                # Calls that were under way when the node was killed may be in either history.
                later = [number for number in done if number > first + 10]
                assert later
                assert {
                    number: found[number] for number in later if done[number] != "success" or found[number] != 1
                } == {}
                assert max(found.values()) == 1
                assert not [number for number, outcome in done.items() if outcome == "no" and found[number]]
        finally:
            over.set()
            for worker in workers:
                worker.join(20)
            client.close()
    assert "no" not in outcomes.values()
    assert list(outcomes.values()).count("unknown") <= 4 * len(workers)
