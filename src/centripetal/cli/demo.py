"""`centripetal demo`: the main job, each call as code with what it came to and the time it took."""

import contextlib
import shutil
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import typer
from rich.console import Console
from rich.highlighter import ReprHighlighter
from rich.syntax import Syntax
from rich.text import Text

from centripetal import v1
from centripetal.cli.failures import printable
from centripetal.cli.output import show_json
from centripetal.cli.settings import Settings, register
from centripetal.errors import ServerError

__all__ = ["register_in"]

# Of the demo's own server, which nobody else uses: not a secret.
_DEMO_SECRET = "demo"  # noqa: S105
_DEMO_CONFIG = {
    "presence": True,
    "history_size": 10,
    "history_lifetime": 300,
    "anonymous": True,
    "publish": True,
    "namespaces": [{"name": "public", "anonymous": True}],
}
_WIDTH = 110  # where the output is no terminal
_RESULTS_AT = 61


class Chapter(NamedTuple):
    """Some calls that belong together. The calls are what is run: what people see is the code that ran."""

    title: str
    calls: tuple[str, ...]


CHAPTERS = (
    Chapter(
        "Every request is signed with the secret. This is all there is to it:",
        ("generate_api_sign(secret, '[]')[:16] + '…'", "generate_client_token(secret, '42', now)[:16] + '…'"),
    ),
    Chapter(
        "Publish into channels, read what the server remembers, see who is there:",
        (
            "client.publish('demo', {'text': 'hello'})",
            "client.broadcast(['demo', 'demo-2'], {'text': 'to both'})",
            "[message.data for message in client.history('demo')]",
            "client.presence('demo')",
            "client.channels()",
            "[node.name for node in client.stats().nodes]",
        ),
    ),
    Chapter(
        "Buffer commands and send them in one request; each has its own result:",
        (
            "client.add_publish('demo', {'n': 1})",
            "client.add_publish('demo', {'n': 2})",
            "client.add_publish('demo', {'n': 3})",
            "client.pending",
            "[response.result() for response in client.send()]",
        ),
    ),
    Chapter(
        "A mistake, on purpose. The error says what is wrong and whether the command ran:",
        ("client.publish('no-such-namespace:demo', {'text': 'lost'})",),
    ),
)


def demo(settings: Settings) -> None:
    """Show what centripetal does, on a server of its own, or on the one that `--url` or `CENTRIFUGO_API_URL` names.

    It publishes into the channels `demo` and `demo-2`. In a terminal, its own server stays up until Ctrl-C.
    """
    if settings.server_url() is not None:
        with contextlib.closing(settings.client()) as client:
            _show_and_run(settings, client, settings.known_secret() or "", "the server at")
        return
    from centripetal.server import EmbeddedServer

    server = EmbeddedServer(secret=_DEMO_SECRET, config=_DEMO_CONFIG)
    with server, contextlib.closing(v1.Client(server.url, _DEMO_SECRET)) as client:
        _show_and_run(settings, client, _DEMO_SECRET, "an embedded server, in memory, at", server.console_url)
        if sys.stdout.isatty() and not settings.json:
            _stay(server.url, server.console_url)


def _show_and_run(settings: Settings, client: v1.Client, secret: str, what: str, console_url: str = "") -> None:
    names = {
        "client": client,
        "secret": secret,
        "now": int(time.time()),
        "generate_api_sign": v1.generate_api_sign,
        "generate_client_token": v1.generate_client_token,
    }
    if settings.json:
        for call, result, milliseconds in (run(call, names) for chapter in chapters(secret) for call in chapter.calls):
            outcome = {"error": str(result)} if isinstance(result, ServerError) else {"result": repr(result)}
            show_json({"call": call, **outcome, "milliseconds": round(milliseconds, 3)})
        return
    console = _console()
    url = client.endpoint.removesuffix("/api/")
    console.print(Text.assemble(("centripetal", "bold"), f" on {what} ", (url, "cyan")))
    if console_url:
        console.print(Text.assemble("its console: ", (console_url, "cyan")))
    made = f"client = Client({url!r}, secret)" if secret else f"client = Client.insecure({url!r})"
    console.print()
    console.print(_code(f"from centripetal.v1 import Client\n\n{made}"))
    for chapter in chapters(secret):
        console.print(f"\n{chapter.title}")
        for call in chapter.calls:
            console.print(_lines(*run(call, names), console.width))


def chapters(secret: str) -> Iterator[Chapter]:
    """What there is to show; without a secret, no signing."""
    for chapter in CHAPTERS:
        if secret or not any("secret" in call for call in chapter.calls):
            yield chapter


def run(call: str, names: dict[str, Any]) -> tuple[str, Any, float]:
    """Run *call*, one of `CHAPTERS`; it, its result or the server's refusal, and the milliseconds."""
    result: Any
    start = time.perf_counter()
    try:
        result = eval(call, {}, names)  # noqa: S307 - code of this file: what is shown is what is run
    except ServerError as error:
        result = error
    return call, result, (time.perf_counter() - start) * 1e3


def _console() -> Console:
    terminal = sys.stdout.isatty()
    return Console(width=None if terminal else _WIDTH, highlight=False, markup=False, emoji=False)


def _lines(call: str, result: Any, milliseconds: float, width: int) -> Text:
    """The call, its result and the time; the result goes below where it is too long to stand beside."""
    code, shown, taken = _code(call), _shown(result), Text(f"{milliseconds:8.2f} ms", style="dim")
    edge = width - len(taken)
    line = Text("  ").append_text(code)
    beside = max(len(line) + 2, _RESULTS_AT) + len(shown) <= edge and "\n" not in shown.plain
    if beside and shown:
        line.append(" " * max(2, _RESULTS_AT - len(line))).append_text(shown)
    line.append(" " * max(2, edge - len(line))).append_text(taken)
    if not beside:
        for row in shown.wrap(Console(width=width - 6), width - 6):
            line.append("\n      ").append_text(row)
    return line


def _shown(result: Any) -> Text:
    if isinstance(result, ServerError):
        text = f"{type(result).__name__}: {result}\n.executed is {result.executed!r}"
        return Text(printable(text), style="red")
    return Text() if result is None else ReprHighlighter()(Text(printable(repr(result))))


def _code(code: str) -> Text:
    text = Syntax("", "python", theme="ansi_dark", background_color="default").highlight(code)
    text.rstrip()
    return text


def _stay(url: str, console_url: str) -> None:
    console, command = _console(), _own_command()
    console.print(Text.assemble("\nThe server stays up until Ctrl-C. Look at it: ", (console_url, "cyan")))
    console.print("From another terminal:\n")
    console.print(f"  export CENTRIFUGO_API_URL={url} CENTRIFUGO_SECRET={_DEMO_SECRET}", style="green")
    console.print(f"""  {command} publish demo '{{"text": "hello"}}'""", style="green")
    console.print(f"  {command} history demo", style="green")
    with contextlib.suppress(KeyboardInterrupt):
        threading.Event().wait()
    console.print("\nstopped")


def _own_command() -> str:
    """What to type for this program: its name, or its path where the shell would not find it."""
    script = Path(sys.executable).with_name("centripetal")
    if shutil.which("centripetal") or not script.exists():
        return "centripetal"
    return str(script.relative_to(Path.cwd()) if script.is_relative_to(Path.cwd()) else script)


def register_in(app: typer.Typer) -> None:
    """Add the verb to *app*."""
    register(app, demo, examples=["centripetal demo", "centripetal demo --url http://localhost:8000"])
