"""The FastAPI example with an outbox: orders and their messages commit together, also while no server runs."""

import asyncio
import json
import time
from collections.abc import Iterator

import psycopg
import pytest
from fastapi.testclient import TestClient

from centripetal import Client
from centripetal.server import EmbeddedServer
from examples.outbox_fastapi.app import app
from examples.outbox_fastapi.database import create, outbox
from tests.docs.pages import ROOT
from tests.needs import needs
from tests.postgresql import PostgreSQL

FOLDER = ROOT / "examples" / "outbox_fastapi"

pytestmark = needs("postgresql")


@pytest.fixture
def dsn(postgresql: PostgreSQL, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Create a database with the tables of the example."""
    name = "outbox_fastapi"
    with psycopg.connect(postgresql.dsn, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        dsn = postgresql.dsn.removesuffix("postgres") + name
        monkeypatch.setenv("DATABASE_URL", dsn)
        asyncio.run(create())
        yield dsn
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_orders_are_published_when_a_server_reads_them(dsn: str) -> None:
    """Orders that are saved while no server runs are published in order later; refused orders are not."""
    teas = [{"customer": "ann", "item": "tea", "quantity": quantity} for quantity in (1, 9, 2)]
    with TestClient(app) as shop:
        answers = [shop.post("/orders", json=tea) for tea in teas]
        assert [answer.status_code for answer in answers] == [201, 409, 201]
        assert shop.post("/orders", json={**teas[0], "item": "coal"}).status_code == 409
    config = {**json.loads((FOLDER / "centrifugo.json").read_text()), **outbox.server_config(dsn)}
    with EmbeddedServer(config=config) as server, Client(server.url, "key") as client:
        deadline = time.monotonic() + 20
        while len(kept := client.history("orders:ann", limit=10).publications) < 2:
            assert time.monotonic() < deadline
            time.sleep(0.02)
    assert [publication.data for publication in kept] == [
        {"id": answers[0].json()["order"], **teas[0]},
        {"id": answers[2].json()["order"], **teas[2]},
    ]
