"""The console in a real browser: what users see and do, and what other pages cannot do."""

import asyncio
import contextlib
import json
import re
import time
from collections.abc import AsyncIterator, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin

import centripetal
from centripetal import tokens, v1
from centripetal.server import EmbeddedServer
from tests.browser.conftest import Browser, OpenBrowser
from tests.needs import needs
from tests.ports import free_port

pytestmark = [needs("node"), needs("playwright"), needs("chromium")]

SECRET = "a-secret-for-tokens-of-32-bytes-or-more"
CONFIG = {
    "presence": True,
    "history_size": 10,
    "history_lifetime": 60,
    "namespaces": [{"name": "chat", "presence": True, "history_size": 5, "history_lifetime": 60}],
}


@pytest.fixture
def server() -> Iterator[EmbeddedServer]:
    with EmbeddedServer(secret=SECRET, config=CONFIG) as server:
        yield server


@contextlib.asynccontextmanager
async def subscriber(server: EmbeddedServer, user: str, *channels: str) -> AsyncIterator[ClientConnection]:
    """Run a client of *server* that is subscribed to *channels*."""
    now = str(int(time.time()))
    credentials = {"user": user, "timestamp": now, "token": v1.generate_client_token(SECRET, user, now)}
    async with connect(server.websocket_url) as client:
        for method, params in (("connect", credentials), *(("subscribe", {"channel": each}) for each in channels)):
            await client.send(json.dumps({"uid": "1", "method": method, "params": params}))
            assert "error" not in json.loads(await client.recv())
        yield client


def line(label: str, text: str) -> str:
    """Return the selector of a line in the stream."""
    return f'#log li:has(.label:text-is("{label}")):has-text("{text}")'


async def test_a_published_message_is_delivered_and_shown(browser: Browser, server: EmbeddedServer) -> None:
    """The subscriber receives the form's data unchanged, and the stream shows the message and the call."""
    await browser.open(server.console_url)
    assert "No channel has subscribers or history yet" in await browser.text("#channels-empty")
    assert server.websocket_url in await browser.text("#channels-empty")
    async with subscriber(server, "ada", "news") as client:
        await browser.sees(line("join", "news"))
        await browser.do("click", "#channel-list button:has-text('news')")
        await browser.sees("#member-list li:has-text('ada')")
        assert await browser.do("inputValue", "#publish-channel") == "news"
        data = '{"price": 12345678901234567890.10, "text": "<b>é</b>"}'
        await browser.do("fill", "#publish-data", data)
        await browser.do("click", "#publish button")
        # No digit of the number is lost, and the HTML stays text.
        assert data in str(await client.recv())
        await browser.sees(line("message", "<b>é</b>"))
        await browser.sees(line("publish", "ok"))
        await browser.do("click", f"{line('message', '<b>é</b>')} .line")
        assert (await browser.text("#log pre")).startswith(data)
        await browser.sees("#history-list li:has-text('<b>é</b>')")
        assert await browser.text("#publish-note") == "Published to news."


async def test_users_are_unsubscribed_and_disconnected_by_buttons(browser: Browser, server: EmbeddedServer) -> None:
    """The buttons unsubscribe and disconnect the client, and the lists and the stream show it."""
    await browser.open(server.console_url)
    async with subscriber(server, "ada", "news", "chat:a") as client:
        await browser.do("click", "#channel-list button:has-text('news')")
        await browser.do("click", "#member-list li:has-text('ada') button:has-text('Unsubscribe')")
        assert json.loads(str(await client.recv()))["method"] == "unsubscribe"
        await browser.sees("#channel-list button:has-text('news')", "hidden")
        await browser.sees("#members-empty")
        await browser.sees(line("unsubscribe", "news"))
        await browser.do("click", "#connection-list li:has-text('ada') button")
        await client.wait_closed()
        assert client.close_reason == '{"reason":"disconnect","reconnect":false}'
        await browser.sees(line("disconnect", "user ada"))
        await browser.sees("#connections-empty")


@contextlib.asynccontextmanager
async def subscriber_of_6(server: EmbeddedServer, user: str, *channels: str) -> AsyncIterator[ClientConnection]:
    """Run a client of a Centrifugo 6 server in *channels*; without *user* it is anonymous and has no token."""
    credentials = {"token": tokens.connection_token(server.token_secret, user)} if user else {}
    async with connect(server.websocket_url) as client:
        for method, params in (("connect", credentials), *(("subscribe", {"channel": each}) for each in channels)):
            await client.send(json.dumps({"id": 1, method: params}))
            assert method in json.loads(await client.recv())
        yield client


async def test_the_console_of_a_centrifugo_6_server(browser: Browser) -> None:
    """A Centrifugo 6 console publishes, shows history, unsubscribes, disconnects, and explains errors of version 6."""
    anybody = {"allow_subscribe_for_client": True, "allow_subscribe_for_anonymous": True}
    options = {"presence": True, "history_size": 10, "history_ttl": "60s", **anybody}
    config = {"client": {"allow_anonymous_connect_without_token": True}, "channel": {"without_namespace": options}}
    with EmbeddedServer(api_key="key", token_secret=SECRET, config=config) as server:
        await browser.open(server.console_url)
        assert "Centrifugo 6.9.1" in await browser.text("#server-name")
        assert server.websocket_url in await browser.text("#channels-empty")
        async with subscriber_of_6(server, "ada", "news") as client, subscriber_of_6(server, "", "news") as other:
            await browser.do("click", "#channel-list button:has-text('news')")
            await browser.sees("#member-list li:has-text('ada')")
            await browser.do("fill", "#publish-data", '{"price": 12345678901234567890.10}')
            await browser.do("click", "#publish button")
            for each in (client, other):
                assert '"data":{"price": 12345678901234567890.10}' in str(await each.recv())
            await browser.sees(line("message", "12345678901234567890.10"))
            await browser.sees("#history-list li:has-text('12345678901234567890.10')")
            centripetal.Client(server.url, "key").publish("news", "tagged", tags={"lang": "en", "kind": "greeting"})
            for each in (client, other):
                assert '"tagged"' in str(await each.recv())
            await browser.sees("#history-list li:has-text('tagged'):has-text('lang=en, kind=greeting')")
            await browser.do("click", line("message", "tagged"))
            await browser.sees("#log pre:has-text('tags: lang=en, kind=greeting')")
            # The API cannot address an anonymous user.
            await browser.sees("#member-list li:has-text('anonymous')")
            assert await browser.do("isVisible", "#member-list li:has-text('anonymous') button") is False
            await browser.do("click", "#member-list li:has-text('ada') button:has-text('Unsubscribe')")
            assert json.loads(str(await client.recv()))["push"]["unsubscribe"]["code"] == 2000
            await browser.do("click", "#connection-list li:has-text('ada') button")
            await client.wait_closed()
            assert (client.close_code, client.close_reason) == (3503, "force disconnect")
            # The close was requested, so it is not an error.
            await browser.sees('#log li.client:has(.label:text-is("disconnect")):has-text("force disconnect")')
            await browser.sees("#problems-empty")
        with pytest.raises(InvalidStatus):
            await connect(server.websocket_url, origin=Origin("http://localhost:3000"))
        await browser.sees("#problem-list li:has-text('client.allowed_origins')")
        with pytest.raises(v1.AuthenticationError):
            centripetal.Client(server.url, "wrong").publish("news", 1)
        await browser.sees("#problem-list li:has-text('http_api.key')")
        shown = await browser.text("body")
        assert not re.search("X-API-Sign|generate_client_token|history_lifetime|same secret", shown)


async def test_each_channel_shows_its_history(browser: Browser) -> None:
    """Publications of two channels with the same offsets are shown in the right channel."""
    options = {"history_size": 10, "history_ttl": "60s", "allow_subscribe_for_client": True}
    with EmbeddedServer(
        api_key="key", token_secret=SECRET, config={"channel": {"without_namespace": options}}
    ) as server:
        await browser.open(server.console_url)
        async with subscriber_of_6(server, "ada", "news", "sport"):
            for channel in ("news", "sport"):
                centripetal.Client(server.url, "key").publish(channel, f"of {channel}")
            for channel in ("news", "sport", "news"):
                await browser.do("click", f"#channel-list button:has-text('{channel}')")
                await browser.sees(f"#history-list li:has-text('of {channel}')")


async def test_errors_are_explained(browser: Browser, server: EmbeddedServer) -> None:
    """Problems from before the page was opened are shown, equal problems are counted, and they can be forgotten."""
    for _ in range(2):
        with pytest.raises(v1.AuthenticationError):
            v1.Client(server.url, "wrong").publish("news", 1)
    await browser.open(server.console_url)
    await browser.sees("#problem-list li:has-text('If both secrets are equal'):has(.times:has-text('2'))")
    await browser.sees(line("request", "invalid sign"))
    await browser.do("fill", "#publish-channel", "nowhere:x")
    await browser.do("click", "#publish button")
    await browser.sees("#publish-note:has-text('no namespace “nowhere”')")
    await browser.sees("#problem-list li:has-text('nowhere')")
    await browser.do("click", "#forget")
    await browser.sees("#problems-empty")


async def test_everything_works_by_keyboard(browser: Browser, server: EmbeddedServer) -> None:
    """Filter, selection, form, pause and help work without a mouse, and shortcuts are plain text in fields."""
    async with subscriber(server, "ada", "chat:lobby", "news") as client:
        await browser.open(server.console_url)
        await browser.sees("#channel-list button >> nth=1")
        await browser.press("/")
        await browser.do("keyboard.type", "chat p?")
        assert await browser.do("inputValue", "#filter") == "chat p?"
        await browser.sees("#channels-empty:has-text('contains “chat p?”')")
        await browser.press("Backspace", "Backspace", "Backspace")
        await browser.sees("#channel-list button:has-text('chat:lobby')")
        assert await browser.do("isVisible", "#channel-list button:has-text('news')") is False
        await browser.press("ArrowDown", "Enter")
        await browser.sees("#channel-title:has-text('chat:lobby')")
        await browser.press("p", "Control+a")
        await browser.do("keyboard.type", "{}x")
        await browser.press("Control+Enter")
        await browser.sees("#publish-note:has-text('Invalid JSON')")
        await browser.press("Backspace", "Control+Enter")
        assert json.loads(str(await client.recv()))["body"]["data"] == {}
        await browser.press("Escape", "Space")
        await browser.sees("#pause[aria-pressed=true]")
        await browser.press("Space", "?")
        await browser.sees("#pause[aria-pressed=false]")
        await browser.sees("#help")
        await browser.press("Escape")
        await browser.sees("#help", "hidden")


async def test_tab_reaches_every_control(browser: Browser, server: EmbeddedServer) -> None:
    """Tab moves through the page in order, with one stop per list, and the focus has a visible ring."""
    async with subscriber(server, "ada", "chat:lobby", "news"):
        await browser.open(server.console_url)
        await browser.do("click", "#channel-list button:has-text('news')")
        await browser.sees("#member-list button")
        await browser.do("evaluate", "document.activeElement.blur(); getSelection().removeAllRanges()")
        await browser.do("focus", ".skip")
        reached: list[str] = []
        while len(reached) < 40:
            await browser.press("Tab")
            name = "document.activeElement.id || document.activeElement.textContent"
            reached.append(await browser.do("evaluate", name))
            ring = await browser.do("evaluate", "getComputedStyle(document.activeElement).outlineStyle")
            assert ring == "solid", reached
            if reached[-1] == "log":
                break
    start = ["theme", "help-open", "channels-sort", "filter", "news1", "Disconnect", "publish-channel", "publish-data"]
    assert reached[: len(start)] == start
    middle = [
        "publish-python",
        "publish-shell",
        "channel-copy",
        "Unsubscribe",
        "Disconnect",
        "pause",
        "clear",
        "Messages",
        "API calls",
        "Clients",
        "Errors",
        "only",
        "log",
    ]
    assert [each for each in reached[len(start) :] if each in middle] == middle


async def test_a_pause_keeps_new_events(browser: Browser, server: EmbeddedServer) -> None:
    """Events during a pause are shown after it; filters hide and show types of events."""
    client = v1.Client(server.url, SECRET)
    await browser.open(server.console_url)
    await browser.do("click", "#pause")
    client.publish("news", "while paused")
    await browser.sees("#pause:has-text('Continue (2)')")
    assert await browser.do("isVisible", line("message", "while paused")) is False
    await browser.do("click", "#pause")
    await browser.sees(line("message", "while paused"))
    await browser.do("click", ".chip[data-kind=message]")
    await browser.sees(line("message", "while paused"), "hidden")
    await browser.do("click", ".chip[data-kind=message]")
    await browser.do("click", line("message", "while paused"))
    await browser.sees("#log pre:has-text('channel: news')")
    await browser.do("click", "#pause")
    client.publish("news", "cleared away")
    await browser.sees("#pause:has-text('Continue (2)')")
    await browser.do("click", "#clear")
    await browser.sees("#log-empty")
    assert await browser.text("#pause") == "Continue"


async def test_the_page_reconnects_to_a_restarted_server(browser: Browser) -> None:
    """The page reports a stopped server, and after a restart it is live again with a new token."""
    server = EmbeddedServer(secret=SECRET, config=CONFIG, port=free_port()).start()
    try:
        await browser.open(server.console_url)
        server.stop()
        await browser.sees("#banner:has-text('The server has stopped')")
        server.start()
        await browser.sees("body[data-link=live]")
        await browser.sees("#banner", "hidden")
        await browser.sees("#toast:has-text('restarted')")
        await browser.do("fill", "#publish-channel", "news")
        await browser.do("click", "#publish button")
        await browser.sees(line("message", "hello"))
    finally:
        server.stop()


class Elsewhere(BaseHTTPRequestHandler):
    """A web page of another origin."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>elsewhere</title>")

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def elsewhere() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere) as listener:
        thread = Thread(target=listener.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{listener.server_port}/"
        listener.shutdown()
        thread.join()


ATTEMPTS = """async (url) => {
  const outcome = async (attempt) => { try { return await attempt(); } catch (error) { return error.name; } };
  const loaded = (tag, attributes) => new Promise((resolve) => {
    const element = Object.assign(document.createElement(tag), attributes);
    element.onload = () => resolve("loaded");
    element.onerror = () => resolve("refused");
    document.body.append(element);
  });
  const json = { "Content-Type": "application/json", "X-Console-Token": "guessed" };
  const body = '{"channel": "news", "data": "from elsewhere"}';
  return {
    read: await outcome(async () => (await fetch(`${url}state`)).status),
    opaque: await outcome(async () => (await fetch(`${url}state`, { mode: "no-cors" })).type),
    json: await outcome(async () => (await fetch(`${url}publish`, { method: "POST", headers: json, body })).status),
    plain: await outcome(async () => (await fetch(`${url}publish`, { method: "POST", mode: "no-cors", body })).type),
    script: await loaded("script", { src: `${url}console.js`, type: "module" }),
    style: await loaded("link", { href: `${url}console.css`, rel: "stylesheet" }),
    stream: await new Promise((resolve) => {
      const source = new EventSource(`${url}events`);
      source.onopen = () => resolve("open");
      source.onerror = () => { source.close(); resolve("refused"); };
    }),
    frame: await new Promise((resolve) => {
      const frame = Object.assign(document.createElement("iframe"), { src: url });
      frame.onload = () => resolve(frame.contentDocument ? "readable" : "closed");
      document.body.append(frame);
    }),
  };
}"""


async def test_nothing_is_reachable_from_another_origin(
    browser: Browser, server: EmbeddedServer, elsewhere: str
) -> None:
    """A page of another origin on the same machine can neither read nor post, with any browser feature."""
    await browser.do("goto", elsewhere)
    # The driver calls the result with one argument: Playwright evaluates text as an expression.
    outcomes = await browser.do(
        "evaluate", f"(async () => JSON.stringify(await ({ATTEMPTS})({server.console_url!r})))()"
    )
    found = json.loads(outcomes)
    assert found.pop("opaque") in ("TypeError", "opaque")  # an opaque response is not readable
    assert found.pop("plain") in ("TypeError", "opaque")
    assert found == {
        "read": "TypeError",
        "json": "TypeError",
        "script": "refused",
        "style": "refused",
        "stream": "refused",
        "frame": "closed",
    }
    assert v1.Client(server.url, SECRET).history("news") == []


async def test_a_rebound_name_is_refused(browser: Browser, server: EmbeddedServer) -> None:
    """A foreign name that resolves to this machine is refused by the console, and `localhost` is accepted."""
    port = server.url.rpartition(":")[2]
    assert await browser.do("goto", f"http://rebound.test:{port}/console/") == 403
    assert "this machine's own address only" in await browser.text("body")
    status = "fetch('/console/state').then((response) => response.status)"
    assert await browser.do("evaluate", status) == 403
    await browser.open(f"http://localhost:{port}/console/")


async def test_a_password_is_required_beyond_loopback(open_browser: OpenBrowser) -> None:
    """Without the password everything is refused; with it the page, its stream and its form work."""
    with EmbeddedServer(secret=SECRET, config=CONFIG, host="0.0.0.0") as server:
        with pytest.raises(HTTPError, match="401"):
            await asyncio.to_thread(urlopen, server.console_url)
        friend = await open_browser(httpCredentials={"username": "me", "password": server.console_password})
        await friend.open(server.console_url)
        await friend.do("fill", "#publish-channel", "news")
        await friend.do("click", "#publish button")
        await friend.sees(line("message", "hello"))


@pytest.mark.parametrize(("scheme", "ground"), [("light", "rgb(244, 246, 248)"), ("dark", "rgb(14, 18, 22)")])
async def test_the_theme_follows_the_system_or_the_user(
    open_browser: OpenBrowser, server: EmbeddedServer, scheme: str, ground: str
) -> None:
    """The page follows the system's theme until the user chooses one, and the choice persists."""
    browser = await open_browser(colorScheme=scheme)
    await browser.open(server.console_url)
    colour = "getComputedStyle(document.body).backgroundColor"
    assert await browser.do("evaluate", colour) == ground
    await browser.do("click", "#theme")
    assert await browser.do("evaluate", colour) == "rgb(244, 246, 248)"
    await browser.do("click", "#theme")
    await browser.open(server.console_url)
    assert await browser.do("evaluate", colour) == "rgb(14, 18, 22)"


async def test_a_narrow_screen_shows_one_view_at_a_time(open_browser: OpenBrowser, server: EmbeddedServer) -> None:
    """The page fits into 360 pixels, and its tabs lead to every view."""
    browser = await open_browser(viewport={"width": 360, "height": 700})
    async with subscriber(
        server, "ada", "news", "chat:a-channel-whose-name-is-too-long-for-any-telephone-in-the-world"
    ):
        v1.Client(server.url, SECRET).publish("news", {"text": "x" * 300})
        with pytest.raises(v1.AuthenticationError):
            v1.Client(server.url, "wrong").publish("news", 1)
        await browser.open(server.console_url)
        for tab, view in (
            ("channels", "channels"),
            ("channel", "channel"),
            ("stream", "stream"),
            ("problems", "problems"),
        ):
            await browser.do("click", f".tabs button[data-view={tab}]")
            await browser.sees(f"#view-{view}")
            assert await browser.do("evaluate", "document.documentElement.scrollWidth") <= 360
        await browser.do("click", ".tabs button[data-view=channels]")
        await browser.do("click", "#channel-list button:has-text('news')")
        await browser.sees("#view-channel #member-list li:has-text('ada')")
