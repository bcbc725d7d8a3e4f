"""Executes the commands that consumers take from queues (protocol 6: consumer-common): PURE."""

from typing import Any

import msgspec

from centripetal.dialects.current import error_codes
from centripetal.dialects.current.commands.base import Method
from centripetal.dialects.current.queue import QUEUED
from centripetal.dialects.current.results.standard import BroadcastResult
from centripetal.dialects.current.server_codec import UndecodableError, read_request
from centripetal.errors import ServerError
from centripetal.protocol import gojson, gostructs
from centripetal.server.consuming.rows import Verdict
from centripetal.server.current.api import API
from centripetal.server.current.node import Node
from centripetal.server.engine.events import CommandRun
from centripetal.server.steps import Steps

__all__ = ["Consumption", "command_of"]

_METHODS = tuple(sorted(command.name for command in QUEUED))  # the names are case-sensitive
_UNREADABLE = "the payload is not a valid request"
_MOST_CHANNELS = 5


class _Envelope(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A message that contains its method."""

    method: str = ""
    payload: msgspec.Raw = msgspec.Raw(b"")


def command_of(method: str, payload: bytes | None) -> Method[Any] | str:
    """Return the command of a message, or the reason why the server drops the message.

    Args:
        method: the name of the method; empty if the payload is an envelope.
        payload: the parameters or the envelope; None or empty if missing.
    """
    text = payload or b""
    if not method:
        try:
            envelope = gostructs.read(text, _Envelope)
            method, text = envelope.method, bytes(envelope.payload)
            if text.startswith(b'"'):
                text = gojson.string(text).encode("utf-8", "surrogatepass")
        except ValueError:
            return "the row has no method, and its payload is not an object with `method` and `payload`"
    if method not in _METHODS:
        return f"a consumer does not execute the method {method!r:.100}, only {', '.join(_METHODS)}"
    try:
        return read_request(method, text)
    except UndecodableError:
        return _UNREADABLE


class Consumption:
    """Executes messages on one server.

    Args:
        node: the server.
    """

    def __init__(self, node: Node) -> None:
        self._node = node
        self._api = API(node)

    def steps(self, method: str, payload: bytes | None) -> Steps[Verdict]:
        """Execute a message like a request to the API, in steps, and return its verdict. For the arguments see above.

        Only error 100 is worth another attempt; with any other error the real server drops the message.
        """
        command = command_of(method, payload)
        now = self._node.now()
        if isinstance(command, str):
            if self._node.events:
                self._node.events.emit(CommandRun(at=now, method=method, error=command))
            return Verdict(command)
        outcome = yield from self._api.steps(command, now)
        if isinstance(outcome, ServerError):
            return Verdict(outcome.message, outcome.code == error_codes.INTERNAL)
        return _of_channels(command, outcome) if isinstance(outcome, BroadcastResult) else Verdict()


def _of_channels(command: Any, outcome: BroadcastResult) -> Verdict:
    """Return the verdict of a broadcast, which is repeated completely if a channel had error 100."""
    failed = [
        (channel, each.error)
        for channel, each in zip(command.channels, outcome.responses, strict=True)
        if each.error is not None
    ]
    if not failed:
        return Verdict()
    listed = "; ".join(f"{channel!r:.100}: {error.message}" for channel, error in failed[:_MOST_CHANNELS])
    more = f" and {len(failed) - _MOST_CHANNELS} more channels" if len(failed) > _MOST_CHANNELS else ""
    return Verdict(f"{listed}{more}", any(error.code == error_codes.INTERNAL for _, error in failed))
