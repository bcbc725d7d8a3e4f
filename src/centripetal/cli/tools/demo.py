"""`centripetal demo`: the main job, each call as code with what it came to, the time it took, and what arrived by it.

What arrives, a live subscriber tells: `Subscriber`, which watches the demo's channels over a WebSocket meanwhile.
"""

import contextlib
import dataclasses
import os
import shutil
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import typer
from rich.console import Console
from rich.highlighter import ReprHighlighter
from rich.syntax import Syntax
from rich.text import Text

from centripetal import v1
from centripetal.cli.generation import TOKEN_KEY, Generation
from centripetal.cli.output.errors import printable
from centripetal.cli.output.printing import show_json
from centripetal.cli.settings import TOOLS, Settings, register
from centripetal.cli.tokens.token_key import KeyOption, given_key
from centripetal.cli.tools.demo_script import CHANNELS, CHAPTERS, CONFIGS, PUBLISHES, USER, Chapter
from centripetal.cli.tools.demo_subscriber import Arrival, Subscriber
from centripetal.cli.tools.watch import as_members, described
from centripetal.client import current
from centripetal.dialects.current import watcher as watching_current
from centripetal.dialects.v1 import watcher as watching_v1
from centripetal.errors import ServerError
from centripetal.protocol.watching import Watcher
from centripetal.tokens.issuing import signer

__all__ = ["register_in"]

# Of the demo's own server, which nobody else uses: not a secret.
_DEMO_SECRET = "demo"  # noqa: S105
_WIDTH = 110  # where the output is no terminal
_RESULTS_AT = 61


class Outcome(NamedTuple):
    """What a call came to: its result or the server's refusal, the milliseconds, and what reached the subscriber."""

    call: str
    result: Any
    milliseconds: float
    arrived: list[Arrival]


class _Subject(NamedTuple):
    """What the demo works on.

    Attributes:
        client: of the server.
        secret: what tokens (and, in 1.x, requests) are signed with; None: it is not known.
        subscriber: watches.
    """

    client: v1.Client | current.Client
    secret: str | None
    subscriber: Subscriber

    @property
    def generation(self) -> Generation:
        """That of the server."""
        return Generation.V1 if isinstance(self.client, v1.Client) else Generation.CURRENT

    @property
    def url(self) -> str:
        """Where the server is."""
        return self.client.endpoint.removesuffix("/").removesuffix("/api")


def demo(settings: Settings, token_key: KeyOption = None) -> None:
    """Show what centripetal does, on a server of its own, or on the one that `--url` or `CENTRIFUGO_API_URL` names.

    It publishes into the channels `demo` and `demo-2`, and watches them as the user `alice`. In a terminal, its own
    server stays up until Ctrl-C; it is a Centrifugo 6, with `--server 1` a Centrifugo 1.x.
    """
    if settings.server_url() is not None:
        with closing(settings.client()) as client, _watching(settings, client, token_key) as subject:
            _show_and_run(settings, subject, "the server at")
        return
    from centripetal.server import EmbeddedServer

    with EmbeddedServer(**_own_server(settings)) as server, closing(_own_client(server)) as client:
        own = dataclasses.replace(settings, insecure=False, secret=None, api_key=None)
        with _watching(own, client, server.token_secret, joins=len(CHANNELS)) as subject:
            _show_and_run(settings, subject, "an embedded server, in memory, at", server.console_url)
            if sys.stdout.isatty() and not settings.json:
                _stay(subject, server.console_url)


def _own_server(settings: Settings) -> dict[str, Any]:
    if settings.server == 1 or settings.secret is not None:
        return {"secret": _DEMO_SECRET, "config": CONFIGS[Generation.V1]}
    return {"api_key": _DEMO_SECRET, "token_secret": _DEMO_SECRET, "config": CONFIGS[Generation.CURRENT]}


def _own_client(server: Any) -> v1.Client | current.Client:
    if server.api_key:
        return current.Client(server.url, server.api_key)
    return v1.Client(server.url, server.secret)


@contextmanager
def _watching(
    settings: Settings, client: v1.Client | current.Client, token_key: str | None, joins: int = 0
) -> Iterator[_Subject]:
    """A subscriber in the channels of the demo, while the block lasts."""
    if isinstance(client, v1.Client):
        secret = client.secret
        watcher: Watcher = watching_v1.Watcher(CHANNELS, secret=secret, user=USER)
    else:
        secret = given_key(settings, token_key)
        watcher = watching_current.Watcher(CHANNELS, sign=signer(secret, USER) if secret else None)
    url, options = settings.server_url() or client.endpoint, settings.transport()
    with Subscriber(watcher, url, subscriptions=len(CHANNELS), joins=joins, **options) as subscriber:
        yield _Subject(client, secret, subscriber)


def _names(subject: _Subject) -> dict[str, Any]:
    """What the calls of the chapters know."""
    common = {"client": subject.client, "secret": subject.secret, "now": int(time.time())}
    if subject.generation is Generation.V1:
        return common | {
            "generate_api_sign": v1.generate_api_sign,
            "generate_client_token": v1.generate_client_token,
        }
    from centripetal.tokens import connection_token

    return common | {"connection_token": connection_token, "key": os.urandom(8).hex()}


def _show_and_run(settings: Settings, subject: _Subject, what: str, console_url: str = "") -> None:
    names, subscriber = _names(subject), subject.subscriber
    if settings.json:
        for chapter in chapters(subject):
            for call in chapter.calls:
                _show_as_json(run(call, names, subscriber))
        return
    console = _console()
    console.print(Text.assemble(("centripetal", "bold"), f" on {what} ", (subject.url, "cyan")))
    if console_url:
        console.print(Text.assemble("its console: ", (console_url, "cyan")))
    _introduce(subscriber, console)
    console.print()
    console.print(_code(_beginning(subject, settings)))
    for chapter in chapters(subject):
        console.print(f"\n{chapter.title}")
        for call in chapter.calls:
            outcome = run(call, names, subscriber)
            console.print(_lines(outcome, console.width))
            for arrival in outcome.arrived:
                console.print(_arrival(arrival), soft_wrap=True)


def _beginning(subject: _Subject, settings: Settings) -> str:
    url = subject.url
    if subject.generation is Generation.CURRENT:
        made = f"client = Client({url!r})" if settings.insecure else f"client = Client({url!r}, api_key)"
        return f"from centripetal import Client\n\n{made}"
    made = f"client = Client({url!r}, secret)" if subject.secret else f"client = Client.insecure({url!r})"
    return f"from centripetal.v1 import Client\n\n{made}"


def _introduce(subscriber: Subscriber, console: Console) -> None:
    """Say who watches, or why nobody does."""
    if subscriber.problem is not None:
        console.print(f"\nNobody watches, for this reason: {printable(str(subscriber.problem))}", style="yellow")
        return
    console.print(f"\nMeanwhile {USER} watches {' and '.join(CHANNELS)} over a WebSocket; what reaches her is here:")
    for arrival in subscriber.arrived():
        console.print(_arrival(arrival), soft_wrap=True)


def _arrival(arrival: Arrival) -> Text:
    return Text.assemble((f"    {USER} sees  ", "magenta"), described(arrival, max(map(len, CHANNELS))))


def _show_as_json(outcome: Outcome) -> None:
    refused = isinstance(outcome.result, ServerError)
    came_to = {"error": str(outcome.result)} if refused else {"result": repr(outcome.result)}
    arrived = {"arrived": [as_members(event) for event in outcome.arrived]} if outcome.arrived else {}
    show_json({"call": outcome.call, **came_to, "milliseconds": round(outcome.milliseconds, 3), **arrived})


def chapters(subject: _Subject) -> Iterator[Chapter]:
    """What there is to show; without a secret, no signing."""
    for chapter in CHAPTERS[subject.generation]:
        if subject.secret or not any("secret" in call for call in chapter.calls):
            yield chapter


def run(call: str, names: dict[str, Any], subscriber: Subscriber) -> Outcome:
    """Run *call*, one of `CHAPTERS`, and wait until what it publishes has reached the subscriber."""
    result: Any
    start = time.perf_counter()
    try:
        result = _run(call, names)
    except ServerError as error:
        result = error
    milliseconds = (time.perf_counter() - start) * 1e3
    return Outcome(call, result, milliseconds, subscriber.arrived(PUBLISHES.get(call, 0)))


def _run(call: str, names: dict[str, Any]) -> Any:
    """The value of *call*; None if it is a statement. It is code of `chapters.py`: what is shown is what is run."""
    if call.startswith("with "):
        exec(call, names)  # noqa: S102
        return None
    return eval(call, names)  # noqa: S307


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


def _stay(subject: _Subject, console_url: str) -> None:
    """Keep the server up, and show what reaches the subscriber."""
    console, command = _console(), _own_command()
    console.print(Text.assemble("\nThe server stays up until Ctrl-C. Look at it: ", (console_url, "cyan")))
    console.print("From another terminal:\n")
    variables = f"CENTRIFUGO_SECRET={_DEMO_SECRET}"
    if subject.generation is Generation.CURRENT:
        variables = f"CENTRIFUGO_API_KEY={_DEMO_SECRET} {TOKEN_KEY[0]}={_DEMO_SECRET}"
    console.print(f"  export CENTRIFUGO_API_URL={subject.url} {variables}", style="green")
    console.print(f"""  {command} publish demo '{{"text": "hello"}}'""", style="green")
    console.print(f"  {command} history demo", style="green")
    console.print(f"  {command} watch demo\n", style="green")
    with contextlib.suppress(KeyboardInterrupt):
        for arrival in subject.subscriber:
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
    register(
        app,
        demo,
        examples=["centripetal demo", "centripetal demo --server 6", "centripetal demo --url http://localhost:8000"],
        panel=TOOLS,
    )
