"""Checks of a channel and its namespace, a token, and client connections."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any, NamedTuple

from centripetal.cli.generation import Generation
from centripetal.cli.target import Address
from centripetal.cli.tools.doctor.check import Check, failed
from centripetal.dialects.current import advice as advice_current
from centripetal.dialects.current import error_codes as current_errors
from centripetal.dialects.current.disconnects import BAD_REQUEST, INVALID_TOKEN
from centripetal.dialects.v1 import advice as advice_v1
from centripetal.dialects.v1 import error_codes as v1_errors
from centripetal.errors import CentripetalError, HTTPStatusError, ServerError, TimeoutError, UsageError
from centripetal.protocol.checks import check_channels
from centripetal.protocol.watching import Connected, Ended, Event, Lost, Refused, Subscribed, Watcher
from centripetal.tokens import Explanation, explain
from centripetal.transport.settings import Settings as TransportSettings

__all__ = ["Credential", "channel", "clients", "token"]

_OFF = (current_errors.NOT_AVAILABLE, v1_errors.NOT_AVAILABLE)
_NO_NAMESPACE = (current_errors.UNKNOWN_CHANNEL, v1_errors.NAMESPACE_NOT_FOUND)


def channel(client: Any, name: str, generation: Generation) -> Iterator[Check]:
    """Check that clients can subscribe to the name and that the namespace exists; report presence and history."""
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
    presence = _option("presence", where, generation, ask, name)
    if presence.name == "namespace":
        yield presence
        return
    yield Check("namespace", "ok", f"{name!r} is in {where}" if namespace else f"{name!r} has no namespace")
    yield presence
    yield _option("history", where, generation, client.history, name)
    if special := _special(name, generation):
        yield Check("name", "ok", special)


def _option(name: str, where: str, generation: Generation, ask: Callable[[str], Any], channel: str) -> Check:
    """Check whether *channel* has the option *name*, presence or history."""
    try:
        found = ask(channel)
    except ServerError as error:
        code = error.message if error.code is None else error.code
        table = advice_v1.ADVICE if generation is Generation.V1 else advice_current.ADVICE
        advice = table.for_error(code, name, (channel,))
        if advice is not None and code in _OFF:
            return Check(name, "warning", f"off for {where}", advice.fix)
        if advice is not None and code in _NO_NAMESPACE:
            return Check("namespace", "failed", f"the server's configuration does not have {where}", advice.fix)
        return failed(name, error)
    except CentripetalError as error:
        return failed(name, error)
    return Check(name, "ok", f"on; {_seen(name, found)}")


def _seen(name: str, found: Any) -> str:
    if name == "presence":
        count = len(found) if isinstance(found, dict) else found.num_clients
        return f"connections in the channel: {count}"
    if isinstance(found, list):  # 1.x does not count expired messages
        return f"messages in the history: {len(found)}"
    return f"publications so far: {found.offset}"


def _special(name: str, generation: Generation) -> str:
    """Describe what the name alone requires for a subscription, or return an empty text."""
    if name.startswith("$"):
        what = "signature (`centripetal sign channel`)" if generation is Generation.V1 else "subscription token"
        return f"private channel: a subscription requires a {what}"
    if "#" in name:
        return f"only these users can subscribe: {name.partition('#')[2]}"
    return ""


# ---- tokens


def token(text: str, key: Any, channel: str | None) -> tuple[Explanation, Check]:
    """Explain a token and return the check of it; a subscription token must be for *channel*."""
    found = explain(text, key)
    if channel is not None and found.kind == "subscription":
        found = explain(text, key, channel=channel)
    if not found.accepted:
        return found, Check("token", "failed", "; ".join((found.server_says, *found.reasons)), "; ".join(found.fixes))
    if found.notes:
        return found, Check("token", "warning", found.server_says, "; ".join(found.notes))
    return found, Check("token", "ok", f"valid {found.kind} token: {found.server_says}")


# ---- clients


class Credential(NamedTuple):
    """The token with which the client connects.

    Attributes:
        has_token: whether the client sends a token, or in 1.x, a signature.
        rejected: what to do if the server rejects the token.
        missing: what to do if the server rejects clients without a token.
    """

    has_token: bool
    rejected: str = ""
    missing: str = "Add --token-key or --token to check with a token."


def clients(address: Address, watcher: Watcher, credential: Credential, *, subscribes: bool) -> Iterator[Check]:
    """Check that a client can connect, with the token of *watcher* if any, and subscribe if *subscribes* is set."""
    timeout = address.timeout.value
    connected = False
    try:
        from centripetal.transport.websocket import WebSocket
    except ModuleNotFoundError:
        yield Check("clients", "warning", "not checked", "Install websockets: pip install 'centripetal[cli]'")
        return
    try:
        with closing(WebSocket(address.url.value, timeout, TransportSettings(**address.transport))) as websocket:
            for event in _events(websocket, watcher, timeout, subscribes):
                yield _told(event, connected, credential)
                connected = connected or isinstance(event, Connected)
    except HTTPStatusError as error:
        # The API of this server accepts the key, so neither the address nor the key is wrong.
        yield failed("clients", error)._replace(advice=_NO_ENDPOINT)
    except CentripetalError as error:
        yield failed("clients", error)


_NO_ENDPOINT = (
    "The API works, but clients cannot connect here. Check that the server's WebSocket endpoint is enabled and at "
    "/connection/websocket, and that gateways in front of the server let clients through."
)


def _events(websocket: Any, watcher: Watcher, timeout: float, subscribes: bool) -> Iterator[Event]:
    """Yield events until the client is connected or subscribed, as requested, or has failed."""
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
        if message is None or (isinstance(message, bytes) and not time.monotonic() < end):
            yield Lost(TimeoutError(f"the server did not answer within {timeout:g} s", executed="no"))
            return
        if isinstance(message, bytes):
            step = watcher.received(message, time.time())
        else:
            step = watcher.closed(message.code, message.reason)


def _told(event: Event, connected: bool, credential: Credential) -> Check:
    code = getattr(event.error, "code", None) if isinstance(event, Ended) else None
    match event:
        case Connected():
            version = f" (Centrifugo {event.version})" if event.version else ""
            return Check("clients", "ok", f"the WebSocket endpoint{version} accepts clients")
        case Subscribed():
            return Check("subscribe", "ok", f"a client can subscribe to {event.channel!r}")
        case Ended() if not connected and not credential.has_token and code == BAD_REQUEST.code:
            # The server closes connections without a token with this code (protocol 6: client-connect).
            text = "the WebSocket endpoint replies, but rejects clients without a token"
            return Check("clients", "warning", text, credential.missing)
        case Ended() if not connected and credential.rejected and code == INVALID_TOKEN.code:
            return Check("clients", "failed", "the server rejects the token", credential.rejected)
        case Refused() | Lost() | Ended():
            name = "subscribe" if connected else "clients"
            return failed(name, event.error)
    raise AssertionError(f"unexpected event {event!r}")
