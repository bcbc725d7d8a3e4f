"""Take the pictures of the console in `docs/assets/`: `python -m tests.browser.picture`.

It starts an embedded server, connects clients, makes calls (some of them wrong, so that the console gives advice), and
takes screenshots of the console on a computer and on a phone, in light and in dark. Like the tests here, it needs
Node.js, Chromium and playwright-core.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from websockets.asyncio.client import ClientConnection, connect

from centripetal import AsyncClient, ServerError, tokens
from centripetal.server import EmbeddedServer
from tests.browser.conftest import Browser, open_context, start_program

__all__ = ["ALL", "ASSETS", "SIZES", "main", "pictures"]

ASSETS = Path(__file__).parent.parent.parent / "docs" / "assets"
SIZES = {"console": {"width": 1280, "height": 800}, "console-phone": {"width": 390, "height": 844}}
"""Sizes of the pictures in pixels, by the beginning of their names."""
SECRET = "a-secret-for-tokens-of-32-bytes-or-more"
NAMESPACES = [
    {
        "name": name,
        "allow_subscribe_for_client": True,
        "presence": True,
        "join_leave": True,
        "history_size": 10,
        "history_ttl": "1h",
    }
    for name in ("match", "chat")
]

USERS = (
    ("ada", "match:final", "chat:lobby"),
    ("grace", "match:final"),
    ("linus", "match:final", "chat:lobby"),
    ("barbara", "chat:lobby"),
)
"""Users that are connected, each with the channels of its subscriptions."""


ALL = [(name, scheme) for name in SIZES for scheme in ("light", "dark")]
"""The pictures: size and color scheme."""


async def pictures(folder: Path, wanted: Sequence[tuple[str, str]] = ALL) -> list[Path]:
    """Write the *wanted* pictures to *folder* and return their paths."""
    made = []
    with start_program() as program:
        for name, scheme in wanted:
            async with contextlib.AsyncExitStack() as stack:
                config = {"channel": {"namespaces": NAMESPACES}}
                server = stack.enter_context(EmbeddedServer(api_key="key", token_secret=SECRET, config=config))
                for user, *channels in USERS:
                    await stack.enter_async_context(_subscriber(server, user, *channels))
                await _publish(server)
                opened = open_context(program, viewport=SIZES[name], colorScheme=scheme)
                browser = await stack.enter_async_context(opened)
                await browser.open(server.console_url)
                await _show(server, browser)
                made.append(folder / f"{name}-{scheme}.png")
                await browser.do("screenshot", {"path": str(made[-1])})
    return made


@contextlib.asynccontextmanager
async def _subscriber(server: EmbeddedServer, user: str, *channels: str) -> AsyncIterator[ClientConnection]:
    token = tokens.connection_token(server.token_secret, user)
    async with connect(server.websocket_url) as client:
        await client.send(json.dumps({"id": 1, "connect": {"token": token}}))
        await client.recv()
        for channel in channels:
            await client.send(json.dumps({"id": 2, "subscribe": {"channel": channel}}))
            await client.recv()
        yield client


async def _publish(server: EmbeddedServer) -> None:
    """Make the calls that happened before the page is opened."""
    async with AsyncClient(server.url, "key") as client:
        await client.publish("chat:archive", {"from": "linus", "text": "See you tomorrow"})
        await client.publish("chat:lobby", {"from": "ada", "text": "Kick-off in five minutes"})
        for home, away in ((1, 0), (1, 1)):
            await client.publish("match:final", {"home": home, "away": away}, tags={"kind": "goal"})
        await client.presence("match:final")


async def _show(server: EmbeddedServer, browser: Browser) -> None:
    """Open a channel, and make the calls that happen while the page shows it; two of them are mistakes."""
    await browser.do("click", "#channel-list button:has-text('match:final')")
    await browser.sees("#history-list li:has-text('\"away\":1')")
    async with AsyncClient(server.url, "key") as client:
        with contextlib.suppress(ServerError):  # shown with advice
            await client.publish("mtch:final", {"home": 3, "away": 1})
        token = tokens.connection_token("another-secret-of-32-bytes-or-more", "grace", expires_in=600)
        async with connect(server.websocket_url) as stranger:
            await stranger.send(json.dumps({"id": 1, "connect": {"token": token}}))
            await stranger.wait_closed()
        await client.publish("match:final", {"home": 2, "away": 1}, tags={"kind": "goal"})
    await browser.sees("#history-list li.fresh")
    await browser.do("waitForSelector", "#problem-list .token", {"state": "attached"})


def main() -> None:
    """Write the pictures to `docs/assets/`."""
    for path in asyncio.run(pictures(ASSETS)):
        print(f"wrote {path.relative_to(ASSETS.parent.parent)}")


if __name__ == "__main__":
    main()
