"""Older servers of the current generation: 4.x, which has only the single endpoint, and 5.x."""

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from centripetal import AsyncClient, Client, PublishResult, Retry
from centripetal.errors import AuthenticationError, CentripetalError, HTTPStatusError, ServerError, UsageError
from tests.conformance.servers import running
from tests.needs import find, needs
from tests.ports import free_port

KEY = "the-key"
CONFIG = {"api_key": KEY, "history_size": 50, "history_ttl": "300s", "presence": True}

each_version = pytest.mark.parametrize(
    "version", [pytest.param("v4", marks=needs("centrifugo-v4")), pytest.param("v5", marks=needs("centrifugo-v5"))]
)


@pytest.fixture
def url(version: str, tmp_path: Path) -> Iterator[str]:
    """Run a new server of that version and return its URL."""
    program, port = find(f"centrifugo-{version}"), free_port()
    assert program
    file = tmp_path / "config.json"
    file.write_text(json.dumps(CONFIG | {"port": port, "address": "127.0.0.1"}))
    with running([program, "--config", str(file)], port, tmp_path):
        yield f"http://127.0.0.1:{port}"


@each_version
def test_calls_work_without_naming_the_version(version: str, url: str) -> None:
    """Blocking, asyncio, batched, concurrent and paged calls work, because the client detects an old server."""
    with Client(url, KEY) as client:
        assert client.publish("a", b'{"x":\n1}').offset == 1
        assert client.history("a", limit=1).publications[0].data == {"x": 1}
        assert [one.value().offset for one in client.broadcast(["a", "b"], 2).responses] == [2, 1]
        with client.batch() as batch:
            published, refused, kept = batch.publish("a", 3), batch.publish("nosuch:x", 1), batch.history("a", limit=-1)
        assert published.result().offset == 3
        with pytest.raises(ServerError, match="102"):
            refused.result()
        assert [one.data for one in kept.result().publications] == [{"x": 1}, 2, 3]
        assert [len(page.publications) for page in client.history_pages("a", limit=2)] == [2, 1]
        assert client.presence_stats("a").num_clients == 0
        assert client.channels().channels == {}
        assert client.info().nodes[0].version.startswith(version.removeprefix("v"))

    async def tasks() -> list[PublishResult]:
        async with AsyncClient(url, KEY, retry=Retry()) as other:
            return list(await asyncio.gather(*(other.publish("c", n) for n in range(30))))

    assert [result.offset for result in asyncio.run(tasks())] == list(range(1, 31))


@each_version
def test_unsupported_options_are_errors(version: str, url: str) -> None:
    """An option that the server would ignore raises an error once the client knows the version."""
    client = Client(url, KEY)
    client.info()
    with pytest.raises(UsageError, match=r"version needs Centrifugo 6\.2"):
        client.publish("a", 1, version=1)
    if version == "v4":
        with pytest.raises(UsageError, match=r"idempotency_key needs Centrifugo 5\.2, and this server is 4\."):
            client.publish("a", 1, idempotency_key="k")
        batch = client.batch(parallel=True)
        batch.info()
        batch.info()
        with pytest.raises(UsageError, match="parallel needs"), batch:
            pass
    else:
        first, second = (client.publish("a", n, idempotency_key="k", delta=True) for n in range(2))
        assert first == second
    with pytest.raises(UsageError, match=r"map_stats needs Centrifugo 6\.8"):
        client.map_stats("a")


@each_version
def test_missing_methods_are_explained(version: str, url: str) -> None:
    """Missing methods (PRO, newer or unknown) are errors with an explanation, even in the first call."""
    calls: list[Callable[[Client], object]] = [
        lambda client: client.block_user("u"),
        lambda client: client.call("no_such_method"),
    ]
    for make in calls:
        with pytest.raises(CentripetalError, match=r"PRO or a newer server|older than 5") as caught:
            make(Client(url, KEY))
        assert type(caught.value) in (HTTPStatusError, ServerError)
        assert caught.value.executed == "no"


@each_version
def test_a_wrong_key_is_an_error(version: str, url: str) -> None:
    """A wrong key is an authentication error at every form of the API."""
    with pytest.raises(AuthenticationError, match="the api_key is not the server's"):
        Client(url, "wrong").publish("a", 1)
