"""The guide from 1.x to 6: its tables are complete, its keys exist, and its two configurations behave alike."""

import asyncio
import contextlib
import json
import re
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Origin

import centripetal
from centripetal import tokens, v1
from centripetal.server.v1.config import KEYS
from tests.conformance import servers_v1, servers_v6
from tests.docs.pages import DOCS
from tests.docs.test_moving import SPAN, identifiers
from tests.needs import find, needs

TEXT = (DOCS / "howto" / "from-1-to-6.md").read_text()
CONFIGS: Mapping[str, dict[str, Any]] = {
    name: json.loads(text) for name, text in re.findall(r"<!-- config: (\d) -->\n```json\n(.*?)```", TEXT, re.S)
}


def rows(heading: str, head: str) -> Iterator[tuple[str, str]]:
    """Yield the rows of the tables below *heading* whose first column is *head*."""
    chapter = TEXT.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    for table in re.findall(rf"^\| {head} \| .* \|\n\| --- \| --- \|\n((?:\|.*\n)+)", chapter, re.M):
        for line in table.splitlines():
            left, right = line.strip("| ").split(" | ")
            yield left, right


def configuration() -> list[tuple[str, str]]:
    return list(rows("The configuration", "1.x"))


def new_keys() -> set[str]:
    """Return the keys of 6 that the tables name, with full path; channel options get the path of their section."""
    spans = {span for _, right in configuration() for span in SPAN.findall(right)}
    return {span if "." in span else f"channel.without_namespace.{span}" for span in spans}


def test_every_key_of_1_x_has_a_row() -> None:
    """The left column lists exactly the keys that the embedded 1.x server knows."""
    left = [span for theirs, _ in configuration() for span in SPAN.findall(theirs)]
    assert sorted(left) == sorted(KEYS)


@needs("centrifugo-v6")
def test_every_key_of_6_exists() -> None:
    """Each key on the right side is in the default configuration that the real server prints."""
    program = find("centrifugo-v6")
    assert program
    done = subprocess.run([program, "defaultconfig", "--dry-run"], capture_output=True, text=True, check=True)
    defaults = json.loads(done.stdout)

    def has(key: str) -> bool:
        value = defaults
        for part in key.split("."):
            if not isinstance(value, dict) or part not in value:
                return False
            value = value[part]
        return True

    assert len(new_keys()) > 30
    assert sorted(key for key in new_keys() if not has(key)) == []


@pytest.mark.parametrize(
    ("heading", "head", "left", "right"),
    [("Tokens", "1.x", v1, tokens), ("The API", "`centripetal.v1`", v1, centripetal)],
    ids=["tokens", "api"],
)
def test_names_of_the_tables_exist(heading: str, head: str, left: Any, right: Any) -> None:
    """Each call that the tables name is exported, or is a method or field of an exported class."""

    def known(door: Any) -> set[str]:
        inside = (dir(value) for name in door.__all__ if isinstance(value := getattr(door, name), type))
        parameters = {"info", "expires_in", "None", "limit", "tags", "message"}
        return {*door.__all__, *(name for names in inside for name in names), *parameters}

    found = list(rows(heading, head))
    assert found
    assert [name for theirs, _ in found for name in identifiers(theirs) if name not in known(left)] == []
    assert [
        name for _, ours in found for name in identifiers(ours) if name.split(".")[0] not in known(right) | known(left)
    ] == []


class Page:
    """A client of either generation that can connect, subscribe and send commands."""

    def __init__(self, socket: ClientConnection, generation: str) -> None:
        self._socket = socket
        self._generation = generation
        self._lines: list[Any] = []

    async def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """Return the server's reply to a command; pushes that arrive earlier are kept."""
        one = {"uid": "7", "method": method, "params": params}
        await self._socket.send(json.dumps(one if self._generation == "1" else {"id": 7, method: params}))
        while True:
            for line in await self._read():
                if line.get("uid") == "7" or line.get("id") == 7:
                    body: dict[str, Any] = line["body" if self._generation == "1" else method]
                    return body
                self._lines.append(line)

    async def pushed(self, kind: str) -> Any:
        """Wait for a push of the given kind."""
        while True:
            for line in self._lines:
                if line.get("method") == kind or kind in line.get("push", {}):
                    self._lines.remove(line)
                    return line
            self._lines += await self._read()

    async def _read(self) -> list[Any]:
        return [json.loads(line) for line in str(await self._socket.recv()).splitlines()]


async def enter(page: Page, generation: str, user: str) -> dict[str, Any]:
    if generation == "1":
        now = str(int(time.time()))
        token = v1.generate_client_token("secret", user, now)
        await page.ask("connect", user=user, timestamp=now, token=token)
    else:
        await page.ask("connect", token=tokens.connection_token("a-secret-for-tokens-of-32-bytes-or-more", user))
    return await page.ask("subscribe", channel="chat:room")


async def use(url: str, generation: str) -> None:
    """Let two users of one channel use everything that the options allow."""
    address = url.replace("http", "ws", 1) + "/connection/websocket"
    origin = None if generation == "1" else Origin("https://example.com")
    async with connect(address, origin=origin) as first, connect(address, origin=origin) as second:
        ann, bob = Page(first, generation), Page(second, generation)
        entered = await enter(ann, generation, "ann")
        assert entered["status"] if generation == "1" else entered["recoverable"]
        await enter(bob, generation, "bob")
        await ann.pushed("join")
        if generation == "1":
            await v1.AsyncClient(url, "secret").publish("chat:room", "hello")
        else:
            await centripetal.AsyncClient(url, "key").publish("chat:room", "hello")
        await bob.pushed("message" if generation == "1" else "pub")
        presence = await ann.ask("presence", channel="chat:room")
        assert len(presence["data" if generation == "1" else "presence"]) == 2
        history = await (
            ann.ask("history", channel="chat:room")
            if generation == "1"
            else ann.ask("history", channel="chat:room", limit=10)
        )
        assert [each["data"] for each in history["data" if generation == "1" else "publications"]] == ["hello"]


@pytest.mark.parametrize(
    "kind", ["embedded", pytest.param("real", marks=[needs("centrifugo-v1"), needs("centrifugo-v6")])]
)
@pytest.mark.parametrize("generation", ["1", "6"])
def test_both_configurations_do_the_same(kind: str, generation: str, tmp_path: Path) -> None:
    """Subscriptions, joins, publications, presence, history and recovery work the same with both configurations."""
    start = servers_v1.start if generation == "1" else servers_v6.start
    with contextlib.ExitStack() as stack:
        url = stack.enter_context(start(kind, CONFIGS[generation], tmp_path)).url
        asyncio.run(asyncio.wait_for(use(url, generation), 20))
