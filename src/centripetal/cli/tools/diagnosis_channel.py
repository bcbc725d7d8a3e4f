"""What `doctor` looks at beyond the API: a channel and its namespace, and whether clients get in."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

from centripetal.cli.generation import Generation
from centripetal.cli.tools.diagnosis import Check, failed
from centripetal.errors import CentripetalError, ServerError, UsageError
from centripetal.protocol.checks import check_channels
from centripetal.protocol.watching import Connected, Ended, Event, Lost, Refused, Subscribed, Watcher
from centripetal.transport.base import TransportOptions
from centripetal.transport.settings import Settings as TransportSettings

__all__ = ["channel", "clients"]

_OFF = (108, "not available")
_NO_NAMESPACE = (102, "namespace not found", "unknown channel")


def channel(client: Any, name: str, generation: Generation) -> Iterator[Check]:
    """Whether its name can be subscribed to, its namespace is there, and has presence and history."""
    try:
        check_channels([name])
    except UsageError as error:
        text, advice = str(error).rsplit(". ", 1)[0], "Choose another name."
        yield Check("channel", "warning" if generation is Generation.V1 else "failed", text, advice)
        if generation is Generation.CURRENT:
            return
    namespace = name.partition(":")[0].lstrip("$") if ":" in name else ""
    where = f"the namespace {namespace!r}" if namespace else "channels without a namespace"
    ask = client.presence if generation is Generation.V1 else client.presence_stats
    presence = _switch("presence", where, "`presence`", lambda: ask(name))
    if presence.name == "namespace":
        yield presence
        return
    yield Check("namespace", "ok", f"{name!r} is in {where}" if namespace else f"{name!r} has no namespace")
    yield presence
    switches = (
        "`history_size` and `history_lifetime`" if generation is Generation.V1 else "`history_size`, `history_ttl`"
    )
    yield _switch("history", where, switches, lambda: client.history(name))
    if special := _special(name, generation):
        yield Check("name", "ok", special)


def _switch(name: str, where: str, switch: str, ask: Callable[[], Any]) -> Check:
    """Whether something is on."""
    try:
        found = ask()
    except ServerError as error:
        if error.code in _OFF or error.message in _OFF:
            return Check(name, "warning", f"off for {where}", f"Set {switch} there, if you need it.")
        if error.code in _NO_NAMESPACE or error.message in _NO_NAMESPACE:
            advice = "Add it to the `namespaces` of the server's configuration, or correct the channel's name."
            return Check("namespace", "failed", f"the server does not know {where}", advice)
        return failed(name, error)
    except CentripetalError as error:
        return failed(name, error)
    return Check(name, "ok", f"on; {_seen(name, found)}")


def _seen(name: str, found: Any) -> str:
    if name == "presence":
        count = len(found) if isinstance(found, dict) else found.num_clients
        return f"connections in the channel now: {count}"
    if isinstance(found, list):  # 1.x counts nothing that is gone
        return f"messages that it holds: {len(found)}"
    return f"publications so far: {found.offset}"


def _special(name: str, generation: Generation) -> str:
    """What the name itself demands of who subscribes."""
    if name.startswith("$"):
        what = "sign (`centripetal sign channel`)" if generation is Generation.V1 else "token of its own"
        return f"private: whoever subscribes needs a {what}"
    if "#" in name:
        return f"only for the users {name.partition('#')[2]}"
    return ""


# ---- clients


def clients(
    watcher: Watcher, url: str, timeout: float, *, subscribes: bool, has_token: bool, options: TransportOptions
) -> Iterator[Check]:
    """Whether a client can connect, with what the watcher has of a token; and subscribe, if it is to."""
    connected = False
    try:
        from centripetal.transport.websocket import WebSocket
    except ModuleNotFoundError:
        yield Check("clients", "warning", "not tried", "This needs websockets: pip install 'centripetal[cli]'")
        return
    try:
        with closing(WebSocket(url, timeout, TransportSettings(**options))) as websocket:
            for event in _events(websocket, watcher, timeout, subscribes):
                yield _told(event, connected, has_token)
                connected = connected or isinstance(event, Connected)
    except CentripetalError as error:
        yield failed("clients", error)


def _events(websocket: Any, watcher: Watcher, timeout: float, subscribes: bool) -> Iterator[Event]:
    """What happens until the client is connected, or subscribed, or it is clear that it will not be."""
    end = time.monotonic() + timeout
    step = watcher.opened(time.time())
    wanted = Subscribed | Refused if subscribes else Connected
    while True:
        for event in step.events:
            if isinstance(event, Connected | Lost | Ended | Subscribed | Refused):
                yield event
            if isinstance(event, wanted | Lost | Ended):
                return
        for frame in step.send:
            websocket.send(frame)
        message = websocket.receive(end - time.monotonic())
        if message is None:
            step = watcher.tick(time.time() + timeout)
        elif isinstance(message, bytes):
            step = watcher.received(message, time.time())
        else:
            step = watcher.closed(message.code, message.reason)


_NO_TOKEN = 3501  # what the current server says to who has none and needs one (spec v6 §11.3)


def _told(event: Event, connected: bool, has_token: bool) -> Check:
    match event:
        case Connected():
            version = f" (Centrifugo {event.version})" if event.version else ""
            return Check("clients", "ok", f"the WebSocket endpoint{version} takes clients")
        case Subscribed():
            return Check("subscribe", "ok", f"a client can subscribe to {event.channel!r}")
        case Ended() if not connected and not has_token and getattr(event.error, "code", None) == _NO_TOKEN:
            advice = "Give --token-key (or a --token) to try with one."
            return Check(
                "clients", "warning", "the WebSocket endpoint answers, but takes no client without a token", advice
            )
        case Refused() | Lost() | Ended():
            name = "subscribe" if connected else "clients"
            return failed(name, event.error)
    raise AssertionError(f"{event!r} is none of these")
