"""Orders are published when they are committed, even if Centrifugo fails meanwhile. Run `pytest` in this project."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import AsyncClient, Client, TestCase, override_settings
from websockets.sync.client import connect

from centripetal import Command, Publish
from centripetal.testing import Centrifugo

from .live import client
from .models import Item, Order
from .views import save_order

pytestmark = pytest.mark.centrifugo(config={"channel": {"namespaces": [{"name": "orders"}]}})
TEA = {"item": "tea", "quantity": "2"}


@pytest.fixture(autouse=True)
def _settings(centrifugo: Centrifugo) -> Iterator[None]:
    """Point the project's settings and client at the Centrifugo of this test."""
    client.cache_clear()
    with override_settings(
        CENTRIFUGO_URL=centrifugo.url,
        CENTRIFUGO_API_KEY=centrifugo.api_key,
        CENTRIFUGO_TOKEN_SECRET=centrifugo.token_secret,
        CENTRIFUGO_TIMEOUT=1.0,
    ):
        yield
    client.cache_clear()


@pytest.fixture
def ann() -> Any:
    Item.objects.create(name="tea", stock=3)
    return User.objects.create_user("ann")


@pytest.fixture
def browser(ann: Any) -> Client:
    browser = Client()
    browser.force_login(ann)
    return browser


def test_an_order_goes_live(browser: Client, ann: Any, centrifugo: Centrifugo) -> None:
    """An order is published once, to its customer, and marked as announced."""
    response = browser.post("/orders", TEA)
    assert response.status_code == 201
    order = response.json()["order"]
    centrifugo.assert_published_exactly([(f"orders:{ann.pk}", {"id": order, "item": "tea", "quantity": 2})])
    assert Order.objects.get(pk=order).announced


def test_nothing_is_published_before_the_commit(ann: Any, centrifugo: Centrifugo) -> None:
    """An outer transaction delays the publication, like the row."""
    with transaction.atomic():
        save_order(ann, "tea", 1)
        centrifugo.assert_nothing_published()
    centrifugo.assert_published(f"orders:{ann.pk}", times=1)


def test_a_rolled_back_order_is_not_published(browser: Client, centrifugo: Centrifugo) -> None:
    """If the stock is too low, no row is saved and nothing is published."""
    assert browser.post("/orders", {"item": "tea", "quantity": "4"}).status_code == 409
    assert not Order.objects.exists()
    centrifugo.assert_nothing_published()


@pytest.mark.parametrize("failure", ["refuse", "error", "lose_reply"])
def test_a_short_failure_is_not_noticed(browser: Client, centrifugo: Centrifugo, failure: Any) -> None:
    """The client retries, and the key prevents a duplicate."""
    centrifugo.fail_next(failure)
    assert browser.post("/orders", TEA).status_code == 201
    assert len(centrifugo.published) == 1
    assert Order.objects.get().announced


def test_an_order_is_announced_later(browser: Client, centrifugo: Centrifugo) -> None:
    """An order is placed even if Centrifugo is down; the command publishes it later."""
    with centrifugo.down():
        assert browser.post("/orders", TEA).status_code == 201
        assert not Order.objects.get().announced
        with pytest.raises(CommandError, match="0 announced"):
            call_command("announce")
    centrifugo.assert_nothing_published()
    call_command("announce")
    call_command("announce")
    assert Order.objects.get().announced
    assert len(centrifugo.published) == 1


def test_the_asynchronous_view_publishes_on_commit(ann: Any, centrifugo: Centrifugo) -> None:
    """The asynchronous view also publishes on commit, and nothing after a rollback."""
    browser = AsyncClient()
    async_to_sync(browser.aforce_login)(ann)
    assert async_to_sync(browser.post)("/async/orders", TEA).status_code == 201
    assert async_to_sync(browser.post)("/async/orders", TEA).status_code == 409
    assert len(centrifugo.published) == 1


@pytest.fixture
def commands() -> Iterator[list[Command[Any]]]:
    """Record what is written to the outbox, because this test suite runs on SQLite."""
    commands: list[Command[Any]] = []
    with override_settings(CENTRIFUGO={"default": {"OUTBOX": {"record": commands.append}}}):
        yield commands


def test_the_outbox_gets_the_order(browser: Client, ann: Any, commands: list[Command[Any]]) -> None:
    """The publication is written in the transaction of the order."""
    response = browser.post("/outbox/orders", TEA)
    assert response.status_code == 201
    order = response.json()["order"]
    assert commands == [Publish(f"orders:{ann.pk}", {"id": order, "item": "tea", "quantity": 2})]
    assert Order.objects.get(pk=order).announced


def test_a_page_gets_the_order(browser: Client, centrifugo: Centrifugo) -> None:
    """A client that connects with the view's token is subscribed to the visitor's orders."""
    token = browser.get("/centrifugo/token").json()["token"]
    with connect(centrifugo.websocket_url) as page:
        page.send(json.dumps({"id": 1, "connect": {"token": token}}))
        assert list(json.loads(page.recv(5))["connect"]["subs"]) == [f"orders:{User.objects.get().pk}"]
        browser.post("/orders", TEA)
        assert json.loads(page.recv(5))["push"]["pub"]["data"]["item"] == "tea"


def test_the_migrations_are_complete() -> None:
    """No migration is missing."""
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_an_unknown_visitor_gets_no_token() -> None:
    """A visitor who is not logged in is redirected to the login page."""
    assert Client().get("/centrifugo/token").status_code == 302


class OrderCase(TestCase):
    """A TestCase never commits, so the test runs the callbacks explicitly."""

    @pytest.fixture(autouse=True)
    def _centrifugo(self, centrifugo: Centrifugo) -> None:
        self.centrifugo = centrifugo

    def test_callbacks_are_captured(self) -> None:
        Item.objects.create(name="tea", stock=3)
        with self.captureOnCommitCallbacks(execute=True):
            save_order(User.objects.create_user("ann"), "tea", 1)
            self.centrifugo.assert_nothing_published()
        self.centrifugo.assert_published_exactly(
            {f"orders:{User.objects.get().pk}": [{"id": 1, "item": "tea", "quantity": 1}]}
        )
