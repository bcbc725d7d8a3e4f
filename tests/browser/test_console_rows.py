"""The rows of the console in Chromium: hostile text, order, copied commands and tokens, at two widths in two themes."""

import asyncio
import contextlib
import io
import json
import shlex
import subprocess
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote
from urllib.request import urlopen

import pytest
from websockets.asyncio.client import connect

from centripetal import Client, tokens, v1
from centripetal.cli.app import command_line
from centripetal.proxy import ConnectEvent, ConnectReply, Handlers, RPCEvent
from centripetal.server import EmbeddedServer
from tests.browser.conftest import Browser, OpenBrowser
from tests.needs import needs

pytestmark = [needs("node"), needs("playwright"), needs("chromium")]

SECRET = "a-secret-for-tokens-of-32-bytes-or-more"
OPTIONS = {"history_size": 10, "history_ttl": "60s", "presence": True, "allow_subscribe_for_client": True}
CONFIG = {"channel": {"without_namespace": OPTIONS}}

MARKUP = "<img src=x onerror=document.title='broken'>`x`"
HOSTILE = [
    (MARKUP, '{"text": "hello", "empty": null, "yes": true, "list": [1, 0.5, "it\'s `id`"]}'),
    ('it\'s "$(id)" `id`; \\', "12345678901234567890.10"),
    ("--help", "-5"),
    ("-", '"--help"'),
    ("@x", '"@/etc/passwd"'),
    ("a\nb\u001b[2J", '{\n  "a": 1.0\n}'),
    ("\u202eémoji😀", '{"__proto__": "\u202e\u2028😀", "e": 1e400}'),
    ("nested", "[" * 200 + "]" * 200),
]
"""Channels and data that would break a command, or do something else, if they were not quoted."""


@pytest.fixture
def server() -> Iterator[EmbeddedServer]:
    with EmbeddedServer(api_key="key", token_secret=SECRET, config=CONFIG) as server:
        yield server


async def rows(browser: Browser, selector: str) -> list[str]:
    """Return the texts of the elements that match *selector*."""
    script = f"[...document.querySelectorAll({json.dumps(selector)})].map((each) => each.textContent)"
    return [str(each) for each in await browser.do("evaluate", script)]


FAULTS = """(() => {
const luminance = (colour) => {
  const [red, green, blue] = colour.match(/[\\d.]+/g).slice(0, 3).map((part) => part / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
};
const ground = (each) => {
  const colour = getComputedStyle(each).backgroundColor;
  return colour.startsWith("rgb(") ? colour : ground(each.parentElement);
};
const contrast = (each) => {
  const [low, high] = [getComputedStyle(each).color, ground(each)].map(luminance).sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
};
return [
  document.documentElement.scrollWidth > innerWidth && `wide: ${document.documentElement.scrollWidth}`,
  ...[...document.querySelectorAll("main button, main input, main textarea, main [tabindex='0']")]
    .filter((each) => each.checkVisibility())
    .filter((each) => !(each.ariaLabel || each.labels?.length || each.textContent.trim()))
    .map((each) => `no name: ${each.outerHTML}`),
  ...[...document.querySelectorAll("main img, main b, main script")].map((each) => `markup: ${each.outerHTML}`),
  ...[...document.querySelectorAll("main *")]
    .filter((each) => [...each.childNodes].some((node) => node.nodeType === 3 && node.data.trim()))
    .filter((each) => each.checkVisibility() && contrast(each) < 4.5)
    .map((each) => `faint: ${each.outerHTML}`),
].filter(Boolean);
})()"""
"""JavaScript that lists horizontal scrolling, controls without a name, text that became markup, and faint text."""


async def test_questions_to_the_application_are_shown(open_browser: OpenBrowser) -> None:
    """A row shows what the application was asked and what its answer means; opened, it shows both as they were."""
    proxy = Handlers(secret=None)

    @proxy.connect
    def connect_(event: ConnectEvent) -> ConnectReply:
        return ConnectReply("ada")

    @proxy.rpc("fail")
    def fail(event: RPCEvent) -> None:
        raise ZeroDivisionError(MARKUP)

    browser = await open_browser()
    with EmbeddedServer(config={}, proxy=proxy) as server:
        await browser.open(server.console_url)
        async with connect(server.websocket_url) as client:
            await client.send('{"id":1,"connect":{}}')
            await client.recv()
            await client.send(json.dumps({"id": 2, "rpc": {"method": "fail", "data": {"text": MARKUP}}}))
            await client.recv()
            await browser.sees("#log li:has-text('connected as user'):has-text('200')")
            await browser.do("click", "#log li.error:has-text('error 100, temporary'):has-text('500') .line")
            (details,) = await rows(browser, "#log .details pre")
            assert "\\u003cimg src=x" in details  # as the server escapes it
            assert '"method":"fail"' in details
            assert "useless: status 500" in details


@pytest.mark.parametrize("width", [1280, 390])
async def test_rows_keep_their_places_and_show_text_as_text(
    open_browser: OpenBrowser, server: EmbeddedServer, width: int
) -> None:
    """Rows show hostile text, positions and times; new rows are marked and move no other row; nothing is too wide."""
    client = Client(server.url, "key", check_channels=False)
    client.publish("kept", {"n": 1})
    client.publish("kept", "<b>`bold`</b>" + "x" * 300)
    browser = await open_browser(viewport={"width": width, "height": 800}, reducedMotion="reduce")

    async def check() -> None:
        """Find no fault on the page in light and in dark."""
        for scheme in ("light", "dark"):
            await browser.do("emulateMedia", {"colorScheme": scheme})
            assert await browser.do("evaluate", FAULTS) == []

    async def view(name: str) -> None:
        if width < 760:
            await browser.do("click", f".tabs button[data-view={name}]")

    await browser.open(server.console_url)
    # A channel that only has history is listed, and shows the position and the time of each publication.
    await browser.do("click", "#channel-list button:has-text('kept'):has-text('2 stored')")
    await browser.sees("#history-list li:has-text('offset 2')")
    epoch = client.history("kept").epoch
    first, second = await rows(browser, "#history-list .facts")
    for number, facts in ((2, first), (1, second)):
        assert f"offset {number}epoch {epoch}" in facts
        assert facts[2] == facts[5] == ":"
    assert "<b>`bold`</b>" in (await rows(browser, "#history-list pre"))[0]
    await check()
    client.publish("kept", 3)
    await browser.sees("#history-list li.fresh:has-text('offset 3')")
    assert len(await rows(browser, "#history-list li.fresh")) == 1
    # New channels come after the known ones, even if they are larger or come earlier in the alphabet.
    for name in ("zero", MARKUP, "alpha"):
        client.publish(name, 1)
        await view("channels")
        await browser.sees(f"#channel-list li.fresh:has-text({json.dumps(name)})")
    assert await rows(browser, "#channel-list .name") == ["kept", "zero", MARKUP, "alpha"]
    await browser.do("click", "#channels-sort")
    await browser.sees(f"#channel-list li:first-child:has-text({json.dumps(MARKUP)})")
    await check()
    # Backquotes in a name do not become code, and an error of the form shows its code as code.
    await browser.do("click", f"#channel-list button:has-text({json.dumps(MARKUP)})")
    assert await browser.do("inputValue", "#publish-channel") == MARKUP
    await browser.do("fill", "#publish-channel", "a`b:x")
    await browser.do("click", "#publish .primary")
    await browser.sees("#publish-note code:text-is('channel.namespaces')")
    assert "“a`b:x”" in await browser.text("#publish-note")
    # A line that is being read stays where it is.
    await view("stream")
    await browser.do("click", "#log li:has(.label:text-is('message')):has-text('alpha') .line")
    place = "document.querySelector('#log [aria-expanded=true]').getBoundingClientRect().top"
    before = await browser.do("evaluate", place)
    client.publish("alpha", 2)
    await browser.sees("#log-new:has-text('2 new')")
    assert abs(await browser.do("evaluate", place) - before) < 2  # pixels; a row has 28
    await check()
    assert "broken" not in await browser.do("title")
    # The check itself finds faint text and markup.
    await browser.do("evaluate", "document.querySelector('#stream-title').style.color = 'rgb(128, 128, 128)'")
    await browser.do("evaluate", "document.querySelector('#view-stream').append(document.createElement('img'))")
    assert [each.partition(":")[0] for each in await browser.do("evaluate", FAULTS)] == ["markup", "faint"]


async def test_copied_commands_run(open_browser: OpenBrowser, server: EmbeddedServer) -> None:
    """Copied lines of Python and of the shell publish exactly the data to exactly the channel, in both generations."""
    config = {"history_size": 10, "history_lifetime": 60}
    browser = await open_browser(permissions=["clipboard-read", "clipboard-write"])
    with EmbeddedServer(secret=SECRET, config=config) as old, pytest.MonkeyPatch.context() as patch:
        for generation, used in (("6", server), ("1.x", old)):
            patch.setenv("CENTRIFUGO_API_URL", used.url)
            patch.setenv("CENTRIFUGO_API_KEY" if generation == "6" else "CENTRIFUGO_SECRET", used.api_key or SECRET)
            await browser.open(used.console_url)
            script = f"""(async () => {{
                const {{ command }} = await import("./commands.js");
                const made = ([channel, data]) => command("{generation}", "publish", {{ channel, data }});
                return {json.dumps(HOSTILE)}.map(made);
            }})()"""
            made = await browser.do("evaluate", script)
            await asyncio.to_thread(run_all, [each["python"] for each in made], [each["shell"] for each in made])
            for channel, data in HOSTILE:
                assert [exact(each) for each in stored(used, channel)] == [exact(data)] * 2, channel
            patch.delenv("CENTRIFUGO_API_KEY", raising=False)
        # The buttons put the same lines on the clipboard.
        patch.setenv("CENTRIFUGO_API_URL", server.url)
        patch.setenv("CENTRIFUGO_API_KEY", "key")
        patch.delenv("CENTRIFUGO_SECRET")
        await browser.open(server.console_url)
        await browser.do("click", "#channel-list button:has-text('--help')")
        clipboard = "navigator.clipboard.readText()"
        for button, expected in (
            ("#channel-copy", "--help"),
            ("#history-list li:first-child .copy:text-is('data')", "-5"),
            ("#history-list li:first-child .copy:text-is('Python')", made_for("publish", "-5")),
            ("#history-list li:first-child .copy:text-is('CLI')", "centripetal publish -- --help -5"),
        ):
            await browser.do("evaluate", "navigator.clipboard.writeText('')")
            await browser.do("click", button)
            await browser.sees("#toast.shown:has-text('Copied')")
            assert await browser.do("evaluate", clipboard) == expected
        tagged = """(async () => {
            const { command } = await import("./commands.js");
            return [command("6", "publish", { channel: "news", data: "1", tags: { "a'b": "-c d" } }),
                    command("6", "history", { channel: "news" }), command("1.x", "channels")];
        })()"""
        publish, history, channels = await browser.do("evaluate", tagged)
        await asyncio.to_thread(run_all, [publish["python"], history["python"]], [publish["shell"], history["shell"]])
        found = Client(server.url, "key").history("news", limit=10).publications
        assert [each.tags for each in found] == [{"a'b": "-c d"}] * 2
        assert (channels["python"], channels["shell"]) == (
            'import os; from centripetal.v1 import Client; print(Client(os.environ["CENTRIFUGO_API_URL"], '
            'os.environ["CENTRIFUGO_SECRET"]).channels())',
            "centripetal channels",
        )


def made_for(method: str, data: str) -> str:
    return f'from centripetal import Client; Client.from_env().{method}("--help", {data})'


def run_all(python: list[str], shell: list[str]) -> None:
    """Run lines of Python, and lines of the shell after bash has split them into words."""
    for line in python:
        assert "\n" not in line
        exec(compile(line, "copied", "exec"), {})
    program = 'centripetal() { printf \'%s\\0\' "$#" "$@"; }\n' + "\n".join(shell)
    words = subprocess.run(["bash", "-c", program], capture_output=True, check=True).stdout.decode().split("\0")[:-1]
    arguments = list[list[str]]()
    while words:
        count = int(words[0]) + 1
        arguments.append(words[1:count])
        words = words[count:]
    assert len(arguments) == len(shell)
    for line, split in zip(shell, arguments, strict=True):
        assert "$'" in line or shlex.split(line)[1:] == split
        with contextlib.redirect_stdout(io.StringIO()):
            command_line().main(split, standalone_mode=False)


def stored(server: EmbeddedServer, channel: str) -> list[str]:
    """Return the data in the history of *channel*, exactly as it was published."""
    with urlopen(f"{server.console_url}state?channel={quote(channel)}") as response:
        view = json.loads(response.read())["channel"]
    return [each["data"] for each in view["history"]]


def exact(text: str) -> Any:
    """Return the value of JSON with all digits of its numbers."""
    return json.loads(text, parse_float=str, parse_int=str)


async def test_refused_tokens_are_explained_next_to_the_token(browser: Browser, server: EmbeddedServer) -> None:
    """Each token is explained in the stream, a refused one also in the problems, and a pasted one in a dialog."""
    await browser.open(server.console_url)
    good, bad = (tokens.connection_token(key, "ada`s") for key in (SECRET, "x" * 40))
    for token in (good, bad):
        async with connect(server.websocket_url) as client:
            await client.send(json.dumps({"id": 1, "connect": {"token": token}}))
            with contextlib.suppress(Exception):
                await client.recv()
    await browser.sees("#problem-list li:has-text('The signature does not match') .token")
    assert '"ada`s"' in await browser.text("#problem-list .token")
    await browser.sees("#log li.client:has(.label:text-is('token')):has-text('ok')")
    await browser.do("click", "#log li.error:has(.label:text-is('token')) .line")
    await browser.sees("#log .details .verdict.bad:has-text('3500 invalid token')")
    await browser.do("click", "#explain-open")
    for token, verdict in ((good, "Accepted"), (bad, "Refused"), ("nonsense", "Refused")):
        await browser.do("fill", "#explain-token", token)
        await browser.press("Tab", "Tab", "Enter")
        await browser.sees(f"#explain-answer .verdict:has-text('{verdict}')")
        assert token.rpartition(".")[2] not in await browser.text("#explain-answer") or token == "nonsense"
    await browser.press("Escape")
    await browser.sees("#explain-dialog", "hidden")
    with EmbeddedServer(secret=SECRET) as old:
        await browser.open(old.console_url)
        await browser.do("click", "#explain-open")
        credentials = {"user": "ada", "timestamp": "1", "token": v1.generate_client_token(SECRET, "ada", 1)}
        await browser.do("fill", "#explain-token", json.dumps(credentials))
        await browser.do("click", "#explain .primary")
        await browser.sees("#explain-answer .verdict:has-text('Accepted')")
