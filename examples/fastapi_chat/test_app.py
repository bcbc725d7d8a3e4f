"""Tests of the chat's back end: `pytest examples/fastapi_chat`. centripetal provides the fixture `centrifugo`."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from centripetal import ServerError
from centripetal.proxy import Expired, RefreshEvent, RefreshReply
from centripetal.testing import ANYTHING, Centrifugo, ask_async
from examples.fastapi_chat.app import app
from examples.fastapi_chat.handlers import proxy
from examples.fastapi_chat.live import CONFIG
from examples.fastapi_chat.rooms import rooms

pytestmark = pytest.mark.centrifugo(proxy=proxy)

ID = "0b8e1a52-62f5-4f0e-9d4b-c4b6f3f1c0aa"


@pytest.fixture
def centrifugo_config() -> Any:
    """Return the configuration of the real server for the server of each test."""
    return json.loads(CONFIG.read_text())


@pytest.fixture
def site(centrifugo: Centrifugo, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    """Run the application with the Centrifugo of this test."""
    monkeypatch.setenv("CENTRIFUGO_API_URL", centrifugo.url)
    monkeypatch.setenv("CENTRIFUGO_API_KEY", centrifugo.api_key)
    monkeypatch.setenv("CENTRIFUGO_WEBSOCKET_URL", centrifugo.websocket_url)
    rooms.clear()
    with TestClient(app) as site:
        yield site


@pytest.fixture
def ann(site: TestClient) -> TestClient:
    """The application with Ann's session."""
    assert site.post("/session", json={"name": "Ann"}).json() == {"user": "ann"}
    return site


def headers(site: TestClient) -> dict[str, str]:
    """Return the headers with which the page connects to Centrifugo."""
    return {"Cookie": f"session={site.cookies['session']}"}


def test_a_message_is_published(ann: TestClient, centrifugo: Centrifugo) -> None:
    """A message that is sent twice is published once."""
    for _ in range(2):
        assert ann.post("/rooms/staff/messages", json={"id": ID, "text": " Hi! "}).json() == {"id": ID}
    message = {"id": ID, "from": "ann", "text": "Hi!", "at": ANYTHING}
    centrifugo.assert_published_exactly([("room:staff", message)])


@pytest.mark.parametrize("text", ["", "  ", "x" * 2001])
def test_an_invalid_message_is_not_published(ann: TestClient, centrifugo: Centrifugo, text: str) -> None:
    """An empty or too long message is refused."""
    assert ann.post("/rooms/lobby/messages", json={"id": ID, "text": text}).status_code == 422
    centrifugo.assert_nothing_published()


def test_members_enter_a_private_room(ann: TestClient, centrifugo: Centrifugo) -> None:
    """The page connects with the session, receives news about rooms, and may enter a room of which it is a member."""
    with centrifugo.connect(headers=headers(ann)) as page:
        page.subscribe("room:staff")
        assert page.channels == {"user:ann", "room:staff"}
        assert [person.user for person in page.presence("room:staff").values()] == ["ann"]


def test_users_without_an_invitation_stay_outside(site: TestClient, centrifugo: Centrifugo) -> None:
    """Without a session the page cannot connect; without an invitation it can neither enter nor write."""
    assert site.get("/me").status_code == 401
    with pytest.raises(ServerError, match="4501"), centrifugo.connect():
        pass
    site.post("/session", json={"name": "Eve"})
    with centrifugo.connect(headers=headers(site)) as page, pytest.raises(ServerError, match="403"):
        page.subscribe("room:staff")
    assert site.post("/rooms/staff/messages", json={"id": ID, "text": "Hi!"}).status_code == 403
    assert [room["id"] for room in site.get("/me").json()["rooms"]] == ["lobby"]
    centrifugo.assert_nothing_published()


def test_signing_out_ends_the_connection(ann: TestClient) -> None:
    """A connection lives on when its time is over, until the user has signed out."""
    event = RefreshEvent(user="ann", headers=headers(ann))
    assert isinstance(asyncio.run(ask_async(proxy, event)), RefreshReply)
    ann.delete("/session")
    assert asyncio.run(ask_async(proxy, event)) == Expired()


def test_invited_users_are_notified(ann: TestClient, centrifugo: Centrifugo) -> None:
    """Members of a new room get a message in their own channels."""
    room = ann.post("/rooms", json={"title": "Surprise", "members": ["Eve"]}).json()
    centrifugo.assert_published_exactly([("user:ann", room), ("user:eve", room)])


@pytest.mark.parametrize(("failure", "status"), [("refuse", 503), ("error", 504), ("lose_reply", 504)])
def test_a_failure_says_what_it_is(ann: TestClient, centrifugo: Centrifugo, failure: Any, status: int) -> None:
    """503 means not published, 504 means unknown. Sending the message again publishes it once in either case."""
    centrifugo.fail_next(failure)
    assert ann.post("/rooms/lobby/messages", json={"id": ID, "text": "Hi!"}).status_code == status
    assert ann.post("/rooms/lobby/messages", json={"id": ID, "text": "Hi!"}).status_code == 200
    centrifugo.assert_published("room:lobby", times=1)


@pytest.mark.centrifugo(config={"channel": {"namespaces": []}})
def test_a_server_without_our_configuration(ann: TestClient) -> None:
    """An error of the server's configuration is a 502."""
    answer = ann.post("/rooms/lobby/messages", json={"id": ID, "text": "Hi!"})
    assert (answer.status_code, answer.json()) == (502, {"detail": "Live updates are out of order."})
