"""`centripetal demo`: the main job, each call as code with what it came to, the time it took, and what arrived by it.

What arrives, a live subscriber tells: `Subscriber`, which watches the demo's channels over a WebSocket meanwhile.
"""

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
from centripetal.cli.subscriber import Arrival, Subscriber
from centripetal.cli.watch import as_members, described
from centripetal.errors import ServerError

__all__ = ["register_in"]

# Of the demo's own server, which nobody else uses: not a secret.
_DEMO_SECRET = "demo"  # noqa: S105
_DEMO_CONFIG = {
    "presence": True,
    "join_leave": True,
    "recover": True,
    "history_size": 10,
    "history_lifetime": 300,
    "anonymous": True,
    "publish": True,
    "namespaces": [{"name": "public", "anonymous": True}],
}
_CHANNELS = ["demo", "demo-2"]
_USER = "alice"
_WIDTH = 110  # where the output is no terminal
_RESULTS_AT = 61


# How many publications each call sends into the demo's channels.
_PUBLISHES = {
    "client.publish('demo', {'text': 'hello'})": 1,
    "client.broadcast(['demo', 'demo-2'], {'text': 'to both'})": 2,
    "[response.result() for response in client.send()]": 3,
}


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


class Outcome(NamedTuple):
    """What a call came to: its result or the server's refusal, the milliseconds, and what reached the subscriber."""

    call: str
    result: Any
    milliseconds: float
    arrived: list[Arrival]


def demo(settings: Settings) -> None:
    """Show what centripetal does, on a server of its own, or on the one that `--url` or `CENTRIFUGO_API_URL` names.

    It publishes into the channels `demo` and `demo-2`, and watches them as the user `alice`. In a terminal, its own
    server stays up until Ctrl-C.
    """
    if settings.server_url() is not None:
        with (
            contextlib.closing(settings.client()) as client,
            Subscriber(_CHANNELS, client.endpoint, client.secret, _USER) as subscriber,
        ):
            _show_and_run(settings, client, subscriber, "the server at")
        return
    from centripetal.server import EmbeddedServer

    with (
        EmbeddedServer(secret=_DEMO_SECRET, config=_DEMO_CONFIG) as server,
        contextlib.closing(v1.Client(server.url, _DEMO_SECRET)) as client,
        Subscriber(_CHANNELS, server.url, _DEMO_SECRET, _USER, joins=len(_CHANNELS)) as subscriber,
    ):
        _show_and_run(settings, client, subscriber, "an embedded server, in memory, at")
        if sys.stdout.isatty() and not settings.json:
            _stay(server.url, subscriber)


def _show_and_run(settings: Settings, client: v1.Client, subscriber: Subscriber, what: str) -> None:
    secret = client.secret or ""
    names = {
        "client": client,
        "secret": secret,
        "now": int(time.time()),
        "generate_api_sign": v1.generate_api_sign,
        "generate_client_token": v1.generate_client_token,
    }
    if settings.json:
        for chapter in chapters(secret):
            for call in chapter.calls:
                _show_as_json(run(call, names, subscriber))
        return
    console = _console()
    url = client.endpoint.removesuffix("/api/")
    console.print(Text.assemble(("centripetal", "bold"), f" on {what} ", (url, "cyan")))
    _introduce(subscriber, console)
    made = f"client = Client({url!r}, secret)" if secret else f"client = Client.insecure({url!r})"
    console.print()
    console.print(_code(f"from centripetal.v1 import Client\n\n{made}"))
    for chapter in chapters(secret):
        console.print(f"\n{chapter.title}")
        for call in chapter.calls:
            outcome = run(call, names, subscriber)
            console.print(_lines(outcome, console.width))
            for arrival in outcome.arrived:
                console.print(_arrival(arrival), soft_wrap=True)


def _introduce(subscriber: Subscriber, console: Console) -> None:
    """Say who watches, or why nobody does."""
    if subscriber.problem is not None:
        console.print(f"\nNobody watches, for this reason: {printable(str(subscriber.problem))}", style="yellow")
        return
    console.print(f"\nMeanwhile {_USER} watches {' and '.join(_CHANNELS)} over a WebSocket; what reaches her is here:")
    for arrival in subscriber.arrived():
        console.print(_arrival(arrival), soft_wrap=True)


def _arrival(arrival: Arrival) -> Text:
    return Text.assemble((f"    {_USER} sees  ", "magenta"), described(arrival, max(map(len, _CHANNELS))))


def _show_as_json(outcome: Outcome) -> None:
    refused = isinstance(outcome.result, ServerError)
    came_to = {"error": str(outcome.result)} if refused else {"result": repr(outcome.result)}
    arrived = {"arrived": [as_members(event) for event in outcome.arrived]} if outcome.arrived else {}
    show_json({"call": outcome.call, **came_to, "milliseconds": round(outcome.milliseconds, 3), **arrived})


def chapters(secret: str) -> Iterator[Chapter]:
    """What there is to show; without a secret, no signing."""
    for chapter in CHAPTERS:
        if secret or not any("secret" in call for call in chapter.calls):
            yield chapter


def run(call: str, names: dict[str, Any], subscriber: Subscriber) -> Outcome:
    """Run *call*, one of `CHAPTERS`, and wait until what it publishes has reached the subscriber."""
    result: Any
    start = time.perf_counter()
    try:
        result = eval(call, {}, names)  # noqa: S307 - code of this file: what is shown is what is run
    except ServerError as error:
        result = error
    milliseconds = (time.perf_counter() - start) * 1e3
    return Outcome(call, result, milliseconds, subscriber.arrived(_PUBLISHES.get(call, 0)))


def _console() -> Console:
    terminal = sys.stdout.isatty()
    return Console(width=None if terminal else _WIDTH, highlight=False, markup=False, emoji=False)


def _lines(outcome: Outcome, width: int) -> Text:
    """The call, its result and the time; the result goes below where it is too long to stand beside."""
    code, shown = _code(outcome.call), _shown(outcome.result)
    taken = Text(f"{outcome.milliseconds:8.2f} ms", style="dim")
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


def _stay(url: str, subscriber: Subscriber) -> None:
    """Keep the server up, and show what reaches the subscriber."""
    console, command = _console(), _own_command()
    console.print("\nThe server stays up until Ctrl-C. From another terminal:\n")
    console.print(f"  export CENTRIFUGO_API_URL={url} CENTRIFUGO_SECRET={_DEMO_SECRET}", style="green")
    console.print(f"""  {command} publish demo '{{"text": "hello"}}'""", style="green")
    console.print(f"  {command} history demo", style="green")
    console.print(f"  {command} watch demo\n", style="green")
    with contextlib.suppress(KeyboardInterrupt):
        for arrival in subscriber:
            console.print(_arrival(arrival), soft_wrap=True)
        threading.Event().wait()  # nobody watches any more
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
