"""`centripetal watch`: prints publications, joins and leaves live."""

import datetime
import sys
from collections.abc import Callable, Iterator
from typing import Annotated, Any

import msgspec
import typer
from rich.text import Text

from centripetal.cli.generation import Generation
from centripetal.cli.input import refuse_array
from centripetal.cli.output.errors import explain
from centripetal.cli.output.printing import as_text, console, show_json
from centripetal.cli.output.text import one_line
from centripetal.cli.registration import option
from centripetal.cli.settings import Settings
from centripetal.cli.target import Target
from centripetal.cli.tokens.token_key import KeyOption, given_key
from centripetal.errors import CentripetalError, UsageError
from centripetal.protocol import watching

__all__ = ["as_members", "described", "watch"]

_USER = "watcher"


def watch(
    settings: Settings,
    channels: Annotated[list[str], typer.Argument(metavar="CHANNEL", help="Channels to watch.")],
    user: Annotated[
        str, option("--user", "USER", "Connect as this user; '' is the anonymous user.", show_default=True)
    ] = _USER,
    count: Annotated[int | None, option("--count", "N", "Exit after N publications. Default: wait for Ctrl-C.")] = None,
    token_key: KeyOption = None,
    token: Annotated[
        str | None, option("--token", "TOKEN", "Connect with this token (Centrifugo 3 and later).")
    ] = None,
) -> None:
    """Show publications, joins and leaves as they happen.

    `watch` connects like a browser, so it appears in the channels' presence. For Centrifugo 1.x, it signs its token
    with the secret. For later versions, it uses `--token`, or a token signed with the token key (`--token-key`), or no
    token, which some servers allow. If the connection is lost, it reconnects and receives the publications that it
    missed, provided that the channels have recovery enabled; if publications may be missing, it prints a notice. Joins
    and leaves require the channel option `join_leave`.

    With `--json`, every event is an object on one line, with a member `event`: `published`, `joined`, `left`,
    `subscribed`, `gap`, `lost` and others. Without `--json`, only the first three are printed to standard output.

    Examples:
        centripetal watch news
        centripetal watch news '$private' --user 42
        centripetal watch news --count 1 --json
        centripetal watch news --api-key k3y --token-key t0ken
    """
    from centripetal.client.watching import Watching  # needs websockets; other verbs do not

    if count is not None and count < 1:
        raise UsageError(f"--count {count} is invalid: it must be 1 or more")
    refuse_array("CHANNEL", channels, "centripetal watch news sport")
    target = settings.target()
    watcher = _watcher(settings, target, channels, user, token_key, token)
    show = _show_as_json if settings.json else _show_to_people(channels)
    events = iter(Watching(watcher, target.servers, timeout=target.timeout.value, **target.transport))
    for event in _until(count, events):
        show(event)
        sys.stdout.flush()


def _watcher(
    settings: Settings, target: Target, channels: list[str], user: str, token_key: str | None, token: str | None
) -> watching.Watcher:
    if target.generation is not Generation.V1:
        # Watching does not call the API, so a token or token key is enough to select the current generation.
        if token is not None and token_key is not None:
            raise UsageError("--token and --token-key cannot be combined: give one of them")
        ignores_key = token is not None or (target.insecure and token_key is None)
        key = None if ignores_key else given_key(settings, token_key)
        if key is not None or token is not None or target.generation is Generation.CURRENT:
            return target.watcher_current(channels, user, key, token)
    if token is not None or token_key is not None:
        raise UsageError("--token and --token-key are for Centrifugo 3 and later; for 1.x, the secret signs the token")
    return target.watcher_v1(channels, user)


def _until(count: int | None, events: Iterator[watching.Event]) -> Iterator[watching.Event]:
    """Yield *events* until *count* publications have been yielded; None yields all events."""
    seen = 0
    for event in events:
        yield event
        seen += isinstance(event, watching.Published)
        if seen == count:
            return


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


# ---- for programs


def _show_as_json(event: watching.Event) -> None:
    time = _now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
    show_json({"time": time} | as_members(event))


def as_members(event: watching.Event) -> dict[str, Any]:
    """Convert *event* to the members of a JSON object."""
    return {"event": type(event).__name__.lower()} | _members(event)


def _members(struct: msgspec.Struct) -> dict[str, Any]:
    """Return the fields of *struct* except None; the fields of a `Person` are merged into the result."""
    members: dict[str, Any] = {}
    for name in struct.__struct_fields__:
        value = getattr(struct, name)
        if isinstance(value, watching.Person):
            members |= _members(value)
        elif isinstance(value, bytes):
            # Published JSON may contain line breaks.
            members[name] = msgspec.Raw(msgspec.json.format(value, indent=-1))
        elif isinstance(value, CentripetalError):
            members[name] = explain(value)[2]
        elif value is not None:
            members[name] = round(value, 3) if isinstance(value, float) else value
    return members


# ---- for people


def _show_to_people(channels: list[str]) -> Callable[[watching.Event], None]:
    out, err = console(), console(stderr=True)
    width = max(len(as_text(name)) for name in channels)

    def show(event: watching.Event) -> None:
        if isinstance(event, watching.Published | watching.Joined | watching.Left):
            time = Text.assemble((f"{_now().astimezone():%H:%M:%S}  ", "dim"))
            out.print(time.append_text(described(event, width)), soft_wrap=True)
        elif not isinstance(event, watching.Connected):
            err.print(Text(one_line(_status(event)), style="yellow"), soft_wrap=True)

    return show


def described(event: watching.Published | watching.Joined | watching.Left, width: int = 0) -> Text:
    """Format *event* on one line, with the channel padded to *width* columns."""
    line = as_text(event.channel)
    line.stylize("cyan")
    line.pad_right(width - len(line) + 2)
    match event:
        case watching.Published():
            line.append("published  ")
            line.append_text(as_text(msgspec.Raw(event.data)))
            notes = [f"by {_name(event.sender)}"] if event.sender is not None else []
            notes += ["recovered"] if event.recovered else []
            notes += [f"{one_line(name)}={one_line(text)}" for name, text in (event.tags or {}).items()]
            line.append(f"  ({', '.join(notes)})" if notes else "", style="dim")
        case watching.Joined():
            line.append("joined     ", style="green").append(_name(event.who))
        case watching.Left():
            line.append("left       ", style="red").append(_name(event.who))
    return line


def _name(who: watching.Person) -> str:
    if who.user is None:
        return f"connection {one_line(who.client)}"
    return f"{one_line(who.user) or 'anonymous'}, connection {one_line(who.client)}"


def _status(event: watching.Event) -> str:
    match event:
        case watching.Subscribed():
            return f"watching {event.channel}" + (", all missed publications recovered" if event.recovered else "")
        case watching.Gap():
            return f"publications in {event.channel} may be missing: {event.reason}"
        case watching.Refused():
            return f"error: {event.error}"
        case watching.Unsubscribed():
            return f"the back end unsubscribed this connection from {event.channel}"
        case watching.Unreadable():
            return f"the server sent an invalid message: {event.error}"
        case watching.Lost():
            return f"connection lost: {event.error}; reconnecting in {event.pause:.1f} s"
    return type(event).__name__.lower()
