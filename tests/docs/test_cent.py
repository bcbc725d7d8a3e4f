"""What docs/howto/from-cent.md and docs/why.md say of cent is true of the cent that is installed here, and of ours."""

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


def test_it_is_that_version() -> None:
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
def test_errors_of_others_get_through_cent(
    kind: type[Exception], call: Callable[[cent.Client], Any], theirs: cent.Client
) -> None:
    """What the guide lists is raised, and is no CentError."""
    with pytest.raises(kind) as caught:
        call(theirs)
    assert not isinstance(caught.value, cent.CentError)


def test_a_reply_that_breaks_off() -> None:
    """In cent that is an error of requests; here it is ours, and says that the command may have run."""

    def half(peer: Peer) -> None:
        peer.request()
        peer.send(HALF)

    with ScriptedServer(half) as server, pytest.raises(requests.exceptions.ChunkedEncodingError):
        cent.Client(server.url.rstrip("/"), "key").publish(publishing(1))
    with ScriptedServer(half) as server, pytest.raises(centripetal.ConnectionLostError) as caught:
        centripetal.Client(server.url, "key").publish("news", 1)
    assert caught.value.executed == "unknown"


def test_none(theirs: cent.Client, ours: centripetal.Client) -> None:
    """Cent leaves it out, so the server says 107; here it is JSON null."""
    with pytest.raises(cent.CentApiResponseError, match="107"):
        theirs.publish(publishing(None))
    assert ours.publish("news", None).offset > 0


def test_users(theirs: cent.Client, ours: centripetal.Client) -> None:
    """Cent sends the empty user, which means all who are anonymous; here that must be said. Ints are users here."""
    theirs.disconnect(cent.DisconnectRequest(user=""))
    with pytest.raises(centripetal.UsageError, match="anonymous=True"):
        ours.disconnect("")
    ours.disconnect("", anonymous=True)
    ours.disconnect(42)


def test_options_that_nobody_knows(theirs: cent.Client, ours: centripetal.Client) -> None:
    """Cent sends any name, so new fields can be used and misspelt ones are lost; here they are a TypeError."""
    assert theirs.publish(publishing(1, skip_histroy=True)).offset > 0
    # Names that cent has not, the server takes: of two publications with one version the second is none.
    first, second = (theirs.publish(publishing(1, version=2**40, version_epoch="e")) for _ in range(2))
    assert second.offset == first.offset
    with pytest.raises(TypeError, match="skip_histroy"):
        ours.publish("news", 1, skip_histroy=True)  # type: ignore[call-arg] # pyright: ignore[reportCallIssue]


def test_where_clients_can_be_made(url: str) -> None:
    """An AsyncClient of cent needs a running loop; ours does not."""
    with pytest.raises(RuntimeError, match="no running event loop"):
        cent.AsyncClient(url + "/api", "key")
    client = centripetal.AsyncClient(url, "key")
    assert asyncio.run(client.publish("news", 1)).offset > 0


def test_what_cent_has_not() -> None:
    """There is no method for maps or RPC, and no field of publications that came after 5.3."""
    assert not [name for name in dir(cent.Client) if name.startswith("map_") or name == "rpc"]
    assert not {"delta", "version", "version_epoch"} & set(cent.PublishRequest.model_fields)
    assert "expire_at" not in cent.SubscribeRequest.model_fields
