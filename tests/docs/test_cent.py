"""Statements about cent in docs/howto/from-cent.md and docs/why.md hold for the installed cent and for our client."""

import asyncio
import datetime
import importlib.metadata
from collections.abc import Callable, Iterator
from typing import Any

import cent
import pydantic
import pytest
import requests

import centripetal
from centripetal.server import EmbeddedServer
from tests.docs.pages import DOCS
from tests.transport.scripted import Peer, ScriptedServer

HISTORY = {"history_size": 10, "history_ttl": "300s"}
HALF = b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"re'


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with EmbeddedServer(api_key="key", config={"channel": {"without_namespace": HISTORY}}) as server:
        yield server.url


@pytest.fixture
def theirs(url: str) -> Iterator[cent.Client]:
    with cent.Client(url + "/api", "key") as client:
        yield client


@pytest.fixture
def ours(url: str) -> centripetal.Client:
    return centripetal.Client(url, "key")


def publishing(data: Any, **options: Any) -> cent.PublishRequest:
    return cent.PublishRequest(channel="news", data=data, **options)


def test_the_pages_name_the_installed_version() -> None:
    """The pages name the version of cent that these tests run with."""
    version = importlib.metadata.version("cent")
    assert all(version in (DOCS / page).read_text() for page in ("why.md", "howto/from-cent.md"))


@pytest.mark.parametrize(
    ("kind", "call"),
    [
        (
            pydantic.ValidationError,
            lambda client: client.disconnect(cent.DisconnectRequest.model_validate({"user": 42})),
        ),
        (requests.exceptions.InvalidJSONError, lambda client: client.publish(publishing(float("nan")))),
        (TypeError, lambda client: client.publish(publishing(datetime.datetime(2026, 1, 1)))),
        (KeyError, lambda client: client.batch(cent.BatchRequest(requests=[cent.PresenceRequest(channel="news")]))),
        (requests.exceptions.InvalidSchema, lambda _: cent.Client("127.0.0.1:9/api", "key").publish(publishing(1))),
    ],
    ids=["int user", "NaN", "datetime", "refused in a batch", "no scheme"],
)
def test_foreign_exceptions_pass_through_cent(
    kind: type[Exception], call: Callable[[cent.Client], Any], theirs: cent.Client
) -> None:
    """The exceptions that the guide lists are raised, and are not CentErrors."""
    with pytest.raises(kind) as caught:
        call(theirs)
    assert not isinstance(caught.value, cent.CentError)


def test_an_incomplete_reply() -> None:
    """cent raises an error of requests; our error also tells that the command may have run."""

    def half(peer: Peer) -> None:
        peer.request()
        peer.send(HALF)

    with ScriptedServer(half) as server, pytest.raises(requests.exceptions.ChunkedEncodingError):
        cent.Client(server.url.rstrip("/"), "key").publish(publishing(1))
    with ScriptedServer(half) as server, pytest.raises(centripetal.ConnectionLostError) as caught:
        centripetal.Client(server.url, "key").publish("news", 1)
    assert caught.value.executed == "unknown"


def test_none_as_data(theirs: cent.Client, ours: centripetal.Client) -> None:
    """cent leaves None out, so the server answers 107; our client sends JSON null."""
    with pytest.raises(cent.CentApiResponseError, match="107"):
        theirs.publish(publishing(None))
    assert ours.publish("news", None).offset > 0


def test_empty_and_integer_users(theirs: cent.Client, ours: centripetal.Client) -> None:
    """cent accepts an empty user, which means all anonymous users; ours requires `anonymous=True` and accepts ints."""
    theirs.disconnect(cent.DisconnectRequest(user=""))
    with pytest.raises(centripetal.UsageError, match="anonymous=True"):
        ours.disconnect("")
    ours.disconnect("", anonymous=True)
    ours.disconnect(42)


def test_unknown_options(theirs: cent.Client, ours: centripetal.Client) -> None:
    """cent sends any name, so new fields work and misspelt fields are lost; our client raises TypeError."""
    assert theirs.publish(publishing(1, skip_histroy=True)).offset > 0
    # The server accepts fields that cent does not know: it drops the second of two publications with one version.
    first, second = (theirs.publish(publishing(1, version=2**40, version_epoch="e")) for _ in range(2))
    assert second.offset == first.offset
    with pytest.raises(TypeError, match="skip_histroy"):
        ours.publish("news", 1, skip_histroy=True)  # type: ignore[call-arg] # pyright: ignore[reportCallIssue]


def test_clients_can_be_created_without_a_loop(url: str) -> None:
    """An AsyncClient of cent needs a running loop; our AsyncClient does not."""
    with pytest.raises(RuntimeError, match="no running event loop"):
        cent.AsyncClient(url + "/api", "key")
    client = centripetal.AsyncClient(url, "key")
    assert asyncio.run(client.publish("news", 1)).offset > 0


def test_features_missing_in_cent() -> None:
    """cent has no methods for maps or RPC, and no publication fields that were added after 5.3."""
    assert not [name for name in dir(cent.Client) if name.startswith("map_") or name == "rpc"]
    assert not {"delta", "version", "version_epoch"} & set(cent.PublishRequest.model_fields)
    assert "expire_at" not in cent.SubscribeRequest.model_fields
