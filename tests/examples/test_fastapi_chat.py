"""The chat on FastAPI: two people talk and see each other, a third stays outside; in Chromium, on either Centrifugo."""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.conftest import Browser, OpenBrowser
from tests.conformance.servers_v6 import start
from tests.examples.programs import ROOT, uvicorn
from tests.needs import find, needs

FOLDER = ROOT / "examples" / "fastapi_chat"

pytestmark = [needs("node"), needs("playwright"), needs("chromium"), needs("centrifuge-js")]


@contextlib.contextmanager
def centrifugo(kind: str, folder: Path) -> Iterator[dict[str, str]]:
    """What the environment says of the example's Centrifugo: nothing of its embedded one, all of a real one."""
    if kind == "embedded":
        yield {}
        return
    config = json.loads((FOLDER / "centrifugo.json").read_text())
    with start("real", config, folder) as server:
        yield {
            "CENTRIFUGO_API_URL": server.url,
            "CENTRIFUGO_API_KEY": config["http_api"]["key"],
            "CENTRIFUGO_WEBSOCKET_URL": f"{server.url.replace('http', 'ws', 1)}/connection/websocket",
            "CENTRIFUGO_CLIENT_TOKEN_HMAC_SECRET_KEY": config["client"]["token"]["hmac_secret_key"],
        }


@pytest.fixture(params=["embedded", pytest.param("real", marks=needs("centrifugo-v6"))])
def chat(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of the chat."""
    sdk = Path(str(find("centrifuge-js"))) / "node_modules" / "centrifuge5" / "dist" / "centrifuge.js"
    with (
        centrifugo(request.param, tmp_path) as environment,
        uvicorn("examples.fastapi_chat.app:app", environment={**environment, "CENTRIFUGE_JS": str(sdk)}) as url,
    ):
        yield url


async def enter(browser: Browser, url: str, name: str) -> None:
    """Say who one is, and wait for the page to be live."""
    assert await browser.do("goto", url) == 200
    await browser.do("fill", "#name", name)
    await browser.do("click", "#login button")
    await browser.sees("body[data-link=live]")


async def say(browser: Browser, text: str) -> None:
    await browser.do("fill", "#text", text)
    await browser.press("Enter")


def message(who: str, text: str) -> str:
    """The selector of a message."""
    return f"#messages li:has(.head b:text-is('{who}')):has-text('{text}')"


# Subscribes past the page, as somebody would who has read the code.
INTRUDER = """(async () => {
  const { websocket } = await (await fetch("/me")).json();
  const { token } = await (await fetch("/tokens/connection", { method: "POST" })).json();
  const refused = await fetch("/tokens/subscription", {
    method: "POST", headers: { "Content-Type": "application/json" }, body: '{"channel": "room:staff"}',
  });
  const centrifuge = new Centrifuge(websocket, { token });
  const subscription = centrifuge.newSubscription("room:staff");
  const ended = new Promise((resolve) => subscription.on("unsubscribed", ({ code }) => resolve(code)));
  subscription.subscribe();
  centrifuge.connect();
  const code = await ended;
  centrifuge.disconnect();
  return [refused.status, code];
})()"""


async def test_people_chat_in_private(chat: str, open_browser: OpenBrowser) -> None:
    """Two talk in a private room, see each other come and go and the history; whoever is not invited gets no token."""
    ann, bob, eve = [await open_browser(viewport={"width": 1100, "height": 700}) for _ in range(3)]
    await enter(ann, f"{chat}/#staff", "Ann")
    await ann.sees("#people li:has-text('ann')")
    await say(ann, "anybody <b>here</b>?")
    await ann.sees(f"{message('ann', 'anybody <b>here</b>?')}:not(.waiting)")

    await enter(bob, chat, "Bob")
    await bob.do("click", "#rooms a:text-is('Staff')")
    await bob.sees(message("ann", "anybody <b>here</b>?"))
    await bob.sees("#people li:has-text('ann')")
    await ann.sees("#people li:has-text('bob')")
    await say(bob, "me")
    await ann.sees(message("bob", "me"))
    await bob.sees(f"{message('bob', 'me')}:not(.waiting)")
    assert await ann.do("evaluate", "document.querySelectorAll('#messages li').length") == 2

    await enter(eve, f"{chat}/#staff", "Eve")
    await eve.sees("#refused:has-text('This room is private.')")
    assert await eve.do("evaluate", INTRUDER) == [403, 103]
    assert await eve.do("isVisible", "#rooms a:text-is('Staff')") is False
    await eve.do("click", "#rooms a:text-is('Lobby')")
    await eve.sees("#people li:has-text('eve')")
    assert await eve.text("#count") == "1"

    # A room that is opened now is there at once for whoever is invited, and for nobody else.
    await bob.do("click", "#opener summary")
    await bob.do("fill", "#open input[name=title]", "Surprise")
    await bob.do("fill", "#open input[name=members]", "eve")
    await bob.do("click", "#open button")
    await bob.sees("#title:has-text('Surprise')")
    await ann.sees("#people li:has-text('bob')", "hidden")
    await eve.do("click", "#rooms a:text-is('Surprise')")
    await bob.sees("#people li:has-text('eve')")
    await say(eve, "what is it?")
    await bob.sees(message("eve", "what is it?"))
    assert await ann.do("isVisible", "#rooms a:text-is('Surprise')") is False
