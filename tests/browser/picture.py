"""Take the pictures of the console in `docs/assets/`: `python -m tests.browser.picture`.

It starts an embedded server, connects clients, makes calls (one of them wrong, so that the console gives advice), and
takes a screenshot of the console in light and in dark. Like the tests here, it needs Node.js, Chromium and
playwright-core.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path

from websockets.asyncio.client import ClientConnection, connect

from centripetal import AsyncClient, ServerError, tokens
from centripetal.server import EmbeddedServer
from tests.browser.conftest import Browser, start_browser

__all__ = ["SIZE", "main", "pictures"]

ASSETS = Path(__file__).parent.parent.parent / "docs" / "assets"
SIZE = {"width": 1200, "height": 720}
"""Size of the pictures, in pixels."""
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


async def pictures(folder: Path) -> list[Path]:
    """Write one picture for each color scheme to *folder* and return their paths."""
    made = []
    for scheme in ("light", "dark"):
        async with contextlib.AsyncExitStack() as stack:
            config = {"channel": {"namespaces": NAMESPACES}}
            server = stack.enter_context(EmbeddedServer(api_key="key", token_secret=SECRET, config=config))
            for user, *channels in USERS:
                await stack.enter_async_context(_subscriber(server, user, *channels))
            browser = await stack.enter_async_context(start_browser(viewport=SIZE, colorScheme=scheme))
            await browser.open(server.console_url)
            await _show(server, browser)
            made.append(folder / f"console-{scheme}.png")
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


async def _show(server: EmbeddedServer, browser: Browser) -> None:
    """Make the calls that the picture shows, and open the channel that they are about."""
    client = AsyncClient(server.url, "key")
    await client.publish("chat:lobby", {"from": "ada", "text": "Kick-off in five minutes"})
    for home, away in ((1, 0), (1, 1), (2, 1)):
        await client.publish("match:final", {"home": home, "away": away}, tags={"kind": "goal"})
    await client.presence("match:final")
    with contextlib.suppress(ServerError):  # shown with advice
        await client.publish("mtch:final", {"home": 3, "away": 1})
    await browser.do("click", "#channel-list button:has-text('match:final')")
    await browser.sees("#history-list li:has-text('\"away\":1')")
    await browser.sees("#log li:has-text('mtch:final')")


def main() -> None:
    """Write the pictures to `docs/assets/`."""
    for path in asyncio.run(pictures(ASSETS)):
        print(f"wrote {path.relative_to(ASSETS.parent.parent)}")


if __name__ == "__main__":
    main()
