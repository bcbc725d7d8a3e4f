"""`centripetal demo`: API calls as code, each with its result, its duration and the events that reach a subscriber.

The `Subscriber` watches the demo's channels over a WebSocket during the calls.
"""

import contextlib
import functools
import os
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console
from rich.highlighter import ReprHighlighter
from rich.syntax import Syntax
from rich.text import Text

from centripetal import v1
from centripetal.cli.generation import TOKEN_KEY, Generation
from centripetal.cli.output.errors import explain
from centripetal.cli.output.printing import show_json
from centripetal.cli.output.text import one_line
from centripetal.cli.settings import Settings
from centripetal.cli.target import Source, Target
from centripetal.cli.tokens.token_key import KeyOption, given_key
from centripetal.cli.tools.demo.script import CHANNELS, CONFIGS, PUBLISHES, STEPS, USER, Step
from centripetal.cli.tools.demo.subscriber import Arrival, Subscriber
from centripetal.cli.tools.watch import as_members, described
from centripetal.client import current
from centripetal.errors import ServerError

__all__ = ["demo"]

# Only the demo's embedded server uses this secret, so it needs no protection.
_DEMO_SECRET = "demo"  # noqa: S105
_CREDENTIALS: Mapping[Generation, Any] = {
    Generation.V1: {"secret": _DEMO_SECRET},
    Generation.CURRENT: {"api_key": _DEMO_SECRET, "token_secret": _DEMO_SECRET},
}
_WIDTH = 80  # in characters, if the output is not a terminal
_WIDEST = 110  # in characters
_SHOWN = 2  # events below a call


class Outcome(NamedTuple):
    """A call, its result or the server's error, its duration in milliseconds, and the subscriber's events."""

    call: str
    result: Any
    milliseconds: float
    arrived: list[Arrival]


class _Session(NamedTuple):
    """A run of the demo.

    Attributes:
        target: the server.
        client: the client that calls the server.
        secret: the key that signs tokens and, in 1.x, requests; None if it is unknown.
        subscriber: the subscriber to the demo's channels.
        description: the kind of server, for the output.
        console_url: the address of the embedded server's console; empty for another server.
    """

    target: Target
    client: v1.Client | current.Client
    secret: str | None
    subscriber: Subscriber
    description: str
    console_url: str

    @property
    def is_v1(self) -> bool:
        """Whether the server is a 1.x server."""
        return isinstance(self.client, v1.Client)

    @property
    def url(self) -> str:
        """The address of the server without the API's path."""
        return self.client.endpoint.removesuffix("/").removesuffix("/api")


def demo(settings: Settings, token_key: KeyOption = None) -> None:
    """Show the main features on an embedded server, or on a server of `--url`, `CENTRIFUGO_API_URL` or `--profile`.

    The demo publishes to the channels `demo` and `demo-2` and watches them as the user `alice`. The embedded server is
    a Centrifugo 6, or with `--server 1` a Centrifugo 1.x. In a terminal, it runs until Ctrl-C, with its console.

    Examples:
        centripetal demo
        centripetal demo --server 6
        centripetal demo --url http://localhost:8000
    """
    source = settings.address().url.source
    is_chosen = source is not Source.DEFAULT and (source is not Source.PROFILE or settings.profile is not None)
    if is_chosen:  # the demo publishes, so the default profile does not select a server
        with _session(settings.target(), lambda: given_key(settings, token_key), "the server at") as session:
            _show_and_run(session, settings.json)
        return
    from centripetal.server import EmbeddedServer

    generation = Generation.V1 if settings.server == 1 or settings.secret is not None else Generation.CURRENT
    with EmbeddedServer(config=CONFIGS[generation], **_CREDENTIALS[generation]) as server:
        secret, api_key = server.secret or None, server.api_key or None
        own = Settings(url=server.url, secret=secret, api_key=api_key, timeout=settings.timeout)
        where = "an embedded in-memory server"
        with _session(own.target(), lambda: _DEMO_SECRET, where, server.console_url, len(CHANNELS)) as session:
            _show_and_run(session, settings.json)
            if sys.stdout.isatty() and not settings.json:
                _stay(session)


@contextmanager
def _session(
    target: Target, token_key: Callable[[], str | None], description: str, console_url: str = "", joins: int = 0
) -> Iterator[_Session]:
    """Connect a client and a subscriber to the server for the duration of the block."""
    with closing(target.client()) as client:
        if isinstance(client, v1.Client):
            secret = client.secret
            watcher = target.watcher_v1(CHANNELS, USER)
        else:
            secret = token_key()
            watcher = target.watcher_current(CHANNELS, USER, secret)
        url, subscriptions = target.url.value, len(CHANNELS)
        with Subscriber(watcher, url, subscriptions=subscriptions, joins=joins, **target.transport) as subscriber:
            yield _Session(target, client, secret, subscriber, description, console_url)


def _names(session: _Session) -> dict[str, Any]:
    """Return the variables and functions that the script uses."""
    common = {"client": session.client, "secret": session.secret, "now": int(time.time())}
    if session.is_v1:
        functions = (v1.generate_api_sign, v1.generate_client_token)
        return common | {function.__name__: function for function in functions}
    from centripetal.tokens import connection_token

    # The demo's user did not choose the server's secret for this call.
    sign = functools.partial(connection_token, allow_weak_key=True)
    return common | {"connection_token": sign, "key": os.urandom(8).hex()}


def _show_and_run(session: _Session, as_json: bool) -> None:
    names, subscriber = _names(session), session.subscriber
    if as_json:
        for step in _steps(session):
            for call in step.calls:
                _show_as_json(run(call, names, subscriber))
        return
    console = _console()
    # The address of the embedded server appears only where the server outlives the calls: it would be dead otherwise.
    address = "" if session.console_url else f" {one_line(session.url)}"
    console.print(Text.assemble(("centripetal", "bold"), f" on {session.description}", (address, "cyan")))
    _introduce(subscriber, console)
    console.print()
    console.print(_code(_beginning(session)))
    for step in _steps(session):
        console.print(f"\n{step.title}")
        for call in step.calls:
            outcome = run(call, names, subscriber)
            console.print(_lines(outcome, console.width))
            _show_arrivals(outcome.arrived[:_SHOWN], console)
            if (more := len(outcome.arrived) - _SHOWN) > 0:
                console.print(Text.assemble((f"    {USER} sees  ", "magenta"), f"… and {more} more"))


def _beginning(session: _Session) -> str:
    module, credential = ("centripetal.v1", "secret") if session.is_v1 else ("centripetal", "api_key")
    url = "server.url" if session.console_url else repr(session.url)
    made = f"client = Client({url}, {credential})"
    if session.target.insecure:
        made = f"client = Client{'.insecure' if session.is_v1 else ''}({url})"
    return f"from {module} import Client\n\n{made}"


def _introduce(subscriber: Subscriber, console: Console) -> None:
    """Print that the subscriber watches, or the reason if it does not."""
    if subscriber.problem is not None:
        console.print(f"\nCannot watch the channels: {one_line(str(subscriber.problem))}", style="yellow")
        return
    console.print(f"\n{USER} watches {' and '.join(CHANNELS)} over a WebSocket and sees these events:")
    _show_arrivals(subscriber.arrived(), console)


def _show_arrivals(arrivals: Iterable[Arrival], console: Console) -> None:
    width = max(map(len, CHANNELS))
    for arrival in arrivals:
        line = Text.assemble((f"    {USER} sees  ", "magenta"), described(arrival, width))
        line.truncate(console.width, overflow="ellipsis")
        console.print(line)


def _show_as_json(outcome: Outcome) -> None:
    refused = isinstance(outcome.result, ServerError)
    came_to = {"error": explain(outcome.result)[2]} if refused else {"result": repr(outcome.result)}
    arrived = {"arrived": [as_members(event) for event in outcome.arrived]} if outcome.arrived else {}
    show_json({"call": outcome.call, **came_to, "milliseconds": round(outcome.milliseconds, 3), **arrived})


def _steps(session: _Session) -> Iterator[Step]:
    """Yield the steps to show; without a secret, skip the steps that sign."""
    for step in STEPS[Generation.V1 if session.is_v1 else Generation.CURRENT]:
        if session.secret or not any("secret" in call for call in step.calls):
            yield step


def run(call: str, names: dict[str, Any], subscriber: Subscriber) -> Outcome:
    """Run *call* from the script, and wait until its publications have reached the subscriber."""
    result: Any = None
    try:
        try:
            code = compile(call, "demo", "eval")
        except SyntaxError:
            code = compile(call, "demo", "exec")  # statements, which have no result
        start = time.perf_counter()
        result = eval(code, names)  # noqa: S307 - only code from script.py, exactly as shown
    except ServerError as error:
        result = error
    milliseconds = (time.perf_counter() - start) * 1e3
    return Outcome(call, result, milliseconds, subscriber.arrived(PUBLISHES.get(call, 0)))


def _console() -> Console:
    terminal = sys.stdout.isatty()
    width = min(shutil.get_terminal_size().columns, _WIDEST) if terminal else _WIDTH
    return Console(width=width, highlight=False, markup=False, emoji=False)


def _lines(outcome: Outcome, width: int) -> Text:
    """Format the call, its result and its duration; a result that is too long goes on the next line."""
    *before, code = _code(outcome.call).split("\n")
    shown = _shown(outcome.result)
    taken = Text(f"{outcome.milliseconds:.2f} ms", style="dim")
    edge = width - len(taken)
    line = Text("  ").append_text(code)
    results_at = width * 11 // 20
    beside = max(len(line) + 2, results_at) + len(shown) <= edge - 1 and "\n" not in shown.plain
    if beside and shown:
        line.append(" " * max(2, results_at - len(line))).append_text(shown)
    line.append(" " * max(2, edge - len(line))).append_text(taken)
    if not beside and not isinstance(outcome.result, ServerError):
        shown.truncate(width - 6, overflow="ellipsis")
    if not beside:
        for row in shown.wrap(Console(width=width - 6), width - 6):
            row.rstrip()
            line.append("\n      ").append_text(row)
    return Text("\n").join([*(Text("  ").append_text(each) for each in before), line])


def _shown(result: Any) -> Text:
    if isinstance(result, ServerError):
        text = f"{type(result).__name__}: {one_line(str(result))}\n.executed is {result.executed!r}"
        return Text(text, style="red")
    return Text() if result is None else ReprHighlighter()(Text(one_line(repr(result))))


def _code(code: str) -> Text:
    text = Syntax("", "python", theme="ansi_dark", background_color="default").highlight(code)
    text.rstrip()
    return text


def _stay(session: _Session) -> None:
    """Keep the server running and print the events that reach the subscriber, until Ctrl-C."""
    console, command = _console(), _own_command()
    console.print("\nThe server runs until Ctrl-C. Until then its console is at")
    console.print(f"  {session.console_url}", style="cyan", soft_wrap=True)
    console.print("and these commands work in another terminal:\n")
    keys = ("CENTRIFUGO_SECRET",) if session.is_v1 else ("CENTRIFUGO_API_KEY", TOKEN_KEY[0])
    lines = [f"export CENTRIFUGO_API_URL={session.url}", *(f"export {key}={_DEMO_SECRET}" for key in keys)]
    lines += [f"{command} {each}" for each in ("""publish demo '{"text": "hello"}'""", "history demo", "watch demo\n")]
    for line in lines:
        console.print(f"  {line}", style="green", soft_wrap=True)
    with contextlib.suppress(KeyboardInterrupt):
        _show_arrivals(session.subscriber, console)
        threading.Event().wait()  # watching has ended, but the server keeps running
    console.print("\nStopped: the addresses above no longer work. `centripetal serve` runs a server that stays.")


def _own_command() -> str:
    """Return the command that starts this program: its name, or its path if it is not on PATH."""
    script = Path(sys.executable).with_name("centripetal")
    if shutil.which("centripetal") or not script.exists():
        return "centripetal"
    return str(script.relative_to(Path.cwd()) if script.is_relative_to(Path.cwd()) else script)
