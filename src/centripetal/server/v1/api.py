"""The API of a 1.x server: executes commands (protocol 1: commands): PURE.

`API.run(body, now)` handles one request to the HTTP API.
"""

from typing import Any

from centripetal.dialects.v1 import results
from centripetal.dialects.v1.commands import (
    Broadcast,
    Channels,
    Disconnect,
    History,
    Node,
    Presence,
    Publish,
    StatsCommand,
    Unsubscribe,
)
from centripetal.dialects.v1.results import Message, Stats
from centripetal.dialects.v1.server_codec import join, read_command, read_envelopes, reply
from centripetal.errors import ServerError
from centripetal.protocol.command import Command
from centripetal.server.engine.engine import Publication
from centripetal.server.engine.events import CommandRun
from centripetal.server.steps import Steps, finished
from centripetal.server.v1 import node as server
from centripetal.server.v1.channels import ChannelOptions
from centripetal.server.v1.node import client_info

__all__ = ["API"]

_FIX = "fix"


class API:
    """Executes the commands of one server.

    Args:
        node: the server.
    """

    def __init__(self, node: server.Node) -> None:
        self._node = node

    def run(self, body: bytes, now: float) -> bytes:
        """Execute the commands in *body* in order, and return the body of the answer.

        Raises:
            InvalidMessageError: the request is rejected; commands before the invalid one have run
                (protocol 1: fatal-commands).
            JSONError: a reply cannot be encoded; all commands have run.
        """
        return finished(self.steps(body, now))

    def steps(self, body: bytes, now: float) -> Steps[bytes]:
        """Execute the commands in *body* like `run`, in steps: one for each command, and for each broadcast channel."""
        outcomes = []
        for envelope in read_envelopes(body):
            command = read_command(envelope)
            outcome = yield from self._outcome_steps(command, now)
            outcomes.append((envelope, command, outcome))
            if self._node.events:
                self._emit_run(command, outcome, now)
        # The real server encodes replies last, too: a reply that cannot be encoded does not prevent any command.
        replies = []
        for each in outcomes:
            replies.append(reply(*each))
            yield
        return join(replies)

    def outcome(self, command: Command[Any], now: float) -> Any:
        """Execute *command* and return its result, or the `ServerError` that it raised."""
        return finished(self._outcome_steps(command, now))

    def _outcome_steps(self, command: Command[Any], now: float) -> Steps[Any]:
        yield
        try:
            if isinstance(command, Broadcast):
                yield from self._broadcast(command, now)
                return True
            return self.execute(command, now)
        except ServerError as error:
            return error

    def execute(self, command: Command[Any], now: float) -> Any:
        """Execute *command* and return its result, of the type that its class declares.

        Raises:
            ServerError: the command failed; the message is the real server's.
        """
        match command:
            case Publish():
                self._publish(command, now)
            case Broadcast():
                finished(self._broadcast(command, now))
            case Unsubscribe():
                self._unsubscribe(command)
            case Disconnect():
                self._disconnect(command)
            case Presence():
                return self._presence(command)
            case History():
                return self._history(command, now)
            case Channels():
                return self._node.engine.channels()
            case StatsCommand():
                return Stats([self._node.announced_info], self._node.config.node_metrics_interval)
            case Node():
                return self._node.current_info
            case _:
                raise AssertionError(f"{command!r} is not a command of the API")
        return True

    def _emit_run(self, command: Command[Any], outcome: Any, now: float) -> None:
        error = outcome.message if isinstance(outcome, ServerError) else ""
        channels, user = tuple(command.touches()), getattr(command, "user", "")
        self._node.events.emit(CommandRun(at=now, method=command.name, channels=channels, user=user, error=error))

    # ---- commands

    def _publish(self, command: Publish, now: float) -> None:
        options = self._options(command.channel, _FIX)
        uid = command.uid or self._node.new_message_id()
        self._node.publish(Publication(uid, command.channel, bytes(command.data), command.client or ""), options, now)

    def _broadcast(self, command: Broadcast, now: float) -> Steps[None]:
        data = bytes(command.data)
        if not command.channels or not data:
            raise ServerError("invalid message", advice=_FIX)
        # The message reaches the channels before an invalid one, but not the channels after it (protocol 1: broadcast).
        for channel in command.channels:
            if not channel:
                raise ServerError("invalid message", advice=_FIX)
            options = self._options(channel, _FIX)
            self._node.publish(
                Publication(self._node.new_message_id(), channel, data, command.client or ""), options, now
            )
            yield

    def _unsubscribe(self, command: Unsubscribe) -> None:
        self._require(command.user)
        if command.channel:
            self._options(command.channel)
        for connection in self._node.hub.of_user(command.user):
            connection.unsubscribe(command.channel)
        self._node.count_control()

    def _disconnect(self, command: Disconnect) -> None:
        self._require(command.user)
        for connection in self._node.hub.of_user(command.user):
            connection.disconnect()
        self._node.count_control()

    def _presence(self, command: Presence) -> dict[str, results.ClientInfo]:
        self._require(command.channel)
        if not self._options(command.channel).presence:
            raise ServerError("not available")
        self._node.metrics.count("node_num_presence")
        return {client: client_info(info) for client, info in self._node.engine.presence(command.channel).items()}

    def _history(self, command: History, now: float) -> list[Message]:
        self._require(command.channel)
        history = self._options(command.channel).history
        if not history.is_kept:
            raise ServerError("not available")
        self._node.metrics.count("node_num_history")
        return self._node.history(command.channel, history, now)

    def _require(self, name: str) -> None:
        if not name:
            raise ServerError("invalid message")

    def _options(self, channel: str, advice: str = "") -> ChannelOptions:
        return self._node.config.channels.options_of(channel, advice)
