"""Tests of the FastAPI chat in Chromium, with the embedded server and with a real Centrifugo."""

import contextlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from centripetal.cli.app import execute
from centripetal.server.configuration.proxy_sections import with_sections
from centripetal.testing import Centrifugo
from tests.browser.conftest import Browser, OpenBrowser
from tests.conformance.servers_v6 import start
from tests.docs.pages import ROOT
from tests.needs import find, needs
from tests.ports import free_port

FOLDER = ROOT / "examples" / "fastapi_chat"

pytestmark = [needs("node"), needs("playwright"), needs("chromium"), needs("centrifuge-js")]

CONFIG = (FOLDER / "centrifugo.json").read_text()


@pytest.fixture(autouse=True)
def _secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set the secret that the chat and its server share."""
    monkeypatch.setenv("CENTRIFUGO_VAR_PROXY_SECRET", "the-secret-of-this-test")


def config_for(port: int) -> Any:
    """Return the configuration of a server that asks the chat at *port*."""
    return json.loads(CONFIG.replace("//127.0.0.1:8080/", f"//127.0.0.1:{port}/"))


def environment(url: str, api_key: str) -> dict[str, str]:
    """Return the environment variables that connect the chat to a Centrifugo server."""
    return {
        "CENTRIFUGO_API_URL": url,
        "CENTRIFUGO_API_KEY": api_key,
        "CENTRIFUGO_WEBSOCKET_URL": f"{url.replace('http', 'ws', 1)}/connection/websocket",
    }


@contextlib.contextmanager
def serving(environment: Mapping[str, str], port: int = 0) -> Iterator[str]:
    """Run the chat on *port*, by default a free one, as its README describes, and yield its URL."""
    sdk = Path(str(find("centrifuge-js"))) / "node_modules" / "centrifuge5" / "dist" / "centrifuge.js"
    with subprocess.Popen(
        [sys.executable, "-m", "uvicorn", "examples.fastapi_chat.app:app", "--port", str(port)],
        cwd=ROOT,
        env={**os.environ, **environment, "CENTRIFUGE_JS": str(sdk)},
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            assert process.stderr
            said = ""
            while not (found := re.search(r"Uvicorn running on (http://\S+)", said)):
                line = process.stderr.readline()
                assert line, said
                said += line
            yield found[1]
        finally:
            process.terminate()
            process.communicate(timeout=20)


@pytest.fixture(params=["embedded", pytest.param("real", marks=needs("centrifugo-v6"))])
def chat(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of the chat, with its embedded server or a real Centrifugo."""
    with contextlib.ExitStack() as stack:
        named: dict[str, str] = {}
        port = 0
        if request.param == "real":
            port = free_port()
            config = config_for(port)
            server = stack.enter_context(start("real", config, tmp_path))
            named = environment(server.url, config["http_api"]["key"])
        yield stack.enter_context(serving(named, port))


async def enter(browser: Browser, url: str, name: str) -> None:
    """Sign in and wait until the page is live."""
    assert await browser.do("goto", url) == 200
    await browser.do("fill", "#name", name)
    await browser.do("click", "#login button")
    await browser.sees("body[data-link=live]")


async def say(browser: Browser, text: str) -> None:
    await browser.do("fill", "#text", text)
    await browser.press("Enter")


def message(who: str, text: str) -> str:
    """Return the selector of a message."""
    return f"#messages li:has(.head b:text-is('{who}')):has-text('{text}')"


# Subscribes without the page's code, as an attacker would.
INTRUDER = """(async () => {
  const { websocket } = await (await fetch("/me")).json();
  const centrifuge = new Centrifuge(websocket);
  const subscription = centrifuge.newSubscription("room:staff");
  const ended = new Promise((resolve) => subscription.on("unsubscribed", ({ code }) => resolve(code)));
  subscription.subscribe();
  centrifuge.connect();
  const code = await ended;
  centrifuge.disconnect();
  return code;
})()"""


def test_the_server_asks_what_the_handlers_answer(capsys: pytest.CaptureFixture[str]) -> None:
    """The proxies in the configuration of the chat are the ones that `centripetal proxy config` prints."""
    handlers, url = "examples.fastapi_chat.handlers:proxy", "http://127.0.0.1:8080/centrifugo"
    assert execute(["proxy", "config", handlers, "--url", url]) == 0
    printed = json.loads(capsys.readouterr().out)
    config = json.loads(CONFIG)
    assert with_sections(printed, config) == with_sections(config, printed) == config


async def test_people_chat_in_a_private_room(chat: str, open_browser: OpenBrowser) -> None:
    """Members of a private room see each other, their messages and the history; other users cannot enter."""
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
    assert await eve.do("evaluate", INTRUDER) == 403
    assert await eve.do("isVisible", "#rooms a:text-is('Staff')") is False
    await eve.do("click", "#rooms a:text-is('Lobby')")
    await eve.sees("#people li:has-text('eve')")
    assert await eve.text("#count") == "1"

    # A new room appears at once for its invited users only.
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


async def test_a_failed_message_can_be_sent_again(open_browser: OpenBrowser) -> None:
    """During an outage the page keeps the message and reports the failure, and sending it again publishes it once."""
    port = free_port()
    with (
        Centrifugo(config=config_for(port)) as centrifugo,  # asks over HTTP
        serving(environment(centrifugo.url, centrifugo.api_key), port) as url,
    ):
        ann = await open_browser(viewport={"width": 1100, "height": 700})
        await enter(ann, url, "Ann")
        await ann.sees("#people li:has-text('ann')")
        with centrifugo.down():
            await say(ann, "hello?")
            await ann.sees(".failed:has-text('Live updates are down, try again.')")
        await ann.do("click", ".failed button:text-is('Send again')")
        await ann.sees(f"{message('ann', 'hello?')}:not(.waiting):not(.failed)")
        assert await ann.do("evaluate", "document.querySelectorAll('#messages li').length") == 1
        centrifugo.assert_published("room:lobby", times=1)
