"""`centripetal watch`: what is published into channels, who joins and who leaves, live."""

import datetime
import sys
from collections.abc import Callable, Iterator
from typing import Annotated, Any

import msgspec
import typer
from rich.text import Text

from centripetal.cli.generation import Generation
from centripetal.cli.output.errors import printable
from centripetal.cli.output.printing import as_text, console, show_json
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
    channels: Annotated[list[str], typer.Argument(metavar="CHANNEL", help="Names of channels.")],
    user: Annotated[
        str, option("--user", "USER", "Connect as this user; '' is the anonymous one.", show_default=True)
    ] = _USER,
    count: Annotated[int | None, option("--count", "N", "End after N publications. Otherwise Ctrl-C ends it.")] = None,
    token_key: KeyOption = None,
    token: Annotated[
        str | None, option("--token", "TOKEN", "Connect with this token to Centrifugo 3 or later.")
    ] = None,
) -> None:
    """Show what is published into channels, who joins and who leaves, as it happens.

    It connects like a browser; so it is in the channels' presence. To Centrifugo 1.x it does so with a token that it
    makes of the secret; to a later one with `--token`, or with one that it makes of the token key (`--token-key`), or
    else without a token, as servers may permit. If the connection is lost, it connects again and gets what it missed
    where the channels' options have that recovered; where something may be missing, it says so. Joins and leaves are
    seen where channels have `join_leave`.

    With `--json`, everything that happens is an object on a line of its own, with a member `event`: `published`,
    `joined`, `left`, `subscribed`, `gap`, `lost` and so on. Otherwise only the first three go to the standard output.

    Examples:
        centripetal watch news
        centripetal watch news '$private' --user 42
        centripetal watch news --count 1 --json
        centripetal watch news --api-key k3y --token-key t0ken
    """
    from centripetal.client.watching import Watching  # needs websockets, which other verbs do without

    if count is not None and count < 1:
        raise UsageError(f"--count {count}: there must be at least one publication to wait for")
    target = settings.target()
    watcher = _watcher(settings, target, channels, user, token_key, token)
    show = _show_as_json if settings.json else _show_to_people(channels)
    events = iter(Watching(watcher, target.url.value, timeout=target.timeout.value, **target.transport))
    for event in _until(count, events):
        show(event)
        sys.stdout.flush()


def _watcher(
    settings: Settings, target: Target, channels: list[str], user: str, token_key: str | None, token: str | None
) -> watching.Watcher:
    if target.generation is not Generation.V1:
        # The API is not called: neither its key is needed, nor anything that says that this is not a 1.x server.
        if token is not None and token_key is not None:
            raise UsageError("give --token or --token-key, not both")
        ignores_key = token is not None or (target.insecure and token_key is None)
        key = None if ignores_key else given_key(settings, token_key)
        if key is not None or token is not None or target.generation is Generation.CURRENT:
            return target.watcher_current(channels, user, key, token)
    if token is not None or token_key is not None:
        raise UsageError("--token and --token-key are for Centrifugo 3 and later; the secret makes the token of 1.x")
    return target.watcher_v1(channels, user)


def _until(count: int | None, events: Iterator[watching.Event]) -> Iterator[watching.Event]:
    """The events up to the publication with this number."""
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
    """*event* as members of an object."""
    return {"event": type(event).__name__.lower()} | _members(event)


def _members(struct: msgspec.Struct) -> dict[str, Any]:
    """What is in *struct*, but None; a person is no object of its own."""
    members: dict[str, Any] = {}
    for name in struct.__struct_fields__:
        value = getattr(struct, name)
        if isinstance(value, watching.Person):
            members |= _members(value)
        elif isinstance(value, bytes):
            # People publish line breaks, too.
            members[name] = msgspec.Raw(msgspec.json.format(value, indent=-1))
        elif isinstance(value, CentripetalError):
            members[name] = str(value)
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
            err.print(Text(printable(_status(event)), style="yellow"), soft_wrap=True)

    return show


def described(event: watching.Published | watching.Joined | watching.Left, width: int = 0) -> Text:
    """What happened: the channel in *width* columns, and what."""
    line = as_text(event.channel)
    line.stylize("cyan")
    line.pad_right(width - len(line) + 2)
    match event:
        case watching.Published():
            line.append("published  ")
            line.append_text(as_text(msgspec.Raw(event.data)))
            notes = [f"by {_name(event.sender)}"] if event.sender is not None else []
            notes += ["while away"] if event.recovered else []
            notes += [f"{printable(name)}={printable(text)}" for name, text in (event.tags or {}).items()]
            line.append(f"  ({', '.join(notes)})" if notes else "", style="dim")
        case watching.Joined():
            line.append("joined     ", style="green").append(_name(event.who))
        case watching.Left():
            line.append("left       ", style="red").append(_name(event.who))
    return line


def _name(who: watching.Person) -> str:
    if who.user is None:
        return f"connection {printable(who.client)}"
    return f"{printable(who.user) or 'anonymous'}, connection {printable(who.client)}"


def _status(event: watching.Event) -> str:
    match event:
        case watching.Subscribed():
            return f"watching {event.channel}" + (", and nothing was missed" if event.recovered else "")
        case watching.Gap():
            return f"publications into {event.channel} may be missing here: {event.reason}"
        case watching.Refused():
            return f"error: {event.error}"
        case watching.Unsubscribed():
            return f"the back end unsubscribed this connection from {event.channel}"
        case watching.Unreadable():
            return f"the server sent something unreadable: {event.error}"
        case watching.Lost():
            return f"connection lost: {event.error}; trying again in {event.pause:.1f} s"
    return type(event).__name__.lower()
