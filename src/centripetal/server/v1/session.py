"""The session of one client of a 1.x server (protocol 1: client-protocol): PURE.

`Session.receive` takes a frame from the client. The session sends bytes, sets timers and closes the connection through
its `ClientConnection`.
"""

import enum
from collections.abc import Callable
from typing import Any

import msgspec

from centripetal.dialects.v1 import commands, disconnects
from centripetal.dialects.v1.client_protocol import (
    COMMANDS,
    Body,
    Connect,
    ConnectBody,
    History,
    HistoryBody,
    Ping,
    PingBody,
    Presence,
    PresenceBody,
    Publish,
    Refresh,
    Reply,
    StatusBody,
    Subscribe,
    SubscribeBody,
    Unsubscribe,
    UnsubscribePush,
    encode_push,
    encode_replies,
    read_envelopes,
    read_params,
)
from centripetal.dialects.v1.results import Message
from centripetal.dialects.v1.server_codec import Envelope, InvalidMessageError
from centripetal.errors import ServerError
from centripetal.protocol.gojson import JSONError
from centripetal.server.engine.engine import ClientInfo, Publication
from centripetal.server.engine.events import CommandRefused, Connected, Disconnected, Event, Joined, Left, TokenSent
from centripetal.server.session import ClientConnection
from centripetal.server.timers import Timers
from centripetal.server.v1.api import API
from centripetal.server.v1.channels import ChannelOptions
from centripetal.server.v1.node import VERSION, Node
from centripetal.server.v1.permissions import Permissions, denied
from centripetal.server.v1.refusals import FatalError

__all__ = ["Session"]


class State(enum.Enum):
    """The state of a session."""

    NEW = "new"
    AUTHENTICATED = "authenticated"
    CLOSED = "closed"


class Session:
    """The session of one client; it is a `Connection` in the hub as soon as it has authenticated.

    Args:
        node: the server.
        api: executes the commands of the API.
        permissions: checks the permissions of clients.
        connection: the client's connection.
    """

    __slots__ = (
        "_api",
        "_channel_infos",
        "_channels",
        "_connection",
        "_default_info",
        "_node",
        "_permissions",
        "_state",
        "_timers",
        "_timestamp",
        "id",
        "user",
    )

    def __init__(
        self, node: Node, api: API, permissions: Permissions, connection: ClientConnection[disconnects.Disconnect]
    ) -> None:
        self.id = node.environment.new_uuid()
        self.user = ""
        self._node = node
        self._api = api
        self._permissions = permissions
        self._connection = connection
        self._timers = Timers(connection)
        self._state = State.NEW
        self._channels: dict[str, None] = {}
        self._default_info = b""
        self._channel_infos: dict[str, bytes] = {}
        self._timestamp = 0
        if (delay := node.config.stale_connection_close_delay) > 0:
            self._timers.set("stale", delay, self._close_stale)

    # ---- calls from the connection and the API

    def receive(self, frame: bytes) -> None:
        """Execute the commands in one frame and send the replies."""
        if self._state is State.CLOSED:
            return
        timer, metrics = self._node.environment.timer, self._node.metrics
        started = timer()
        metrics.count("client_api_num_requests")
        metrics.count("client_bytes_in", len(frame))
        try:
            payload = self._answer(frame)
        except FatalError as error:
            self.close(error.disconnect)
        except (InvalidMessageError, JSONError):
            self.close(disconnects.INVALID_MESSAGE)
        else:
            self._connection.send(payload)
        metrics.client_api.record(int((timer() - started) * 1e6))

    def close(self, disconnect: disconnects.Disconnect | None) -> None:
        """End the session and its subscriptions, and tell other subscribers that the client left.

        See protocol 1: client-subscribe.
        """
        if self._state is State.CLOSED:
            return
        authenticated, self._state = self._state is State.AUTHENTICATED, State.CLOSED
        self._timers.clear_all()
        if authenticated:
            # Before the client leaves its channels, so that it does not receive its own leave messages.
            self._node.hub.remove(self)
            self._node.metrics.count("node_num_remove_client_conn")
        for channel in tuple(self._channels):
            self._leave(channel, self._options(channel))
        if self._node.events:
            code, reason = (0, "") if disconnect is None else (disconnects.CLOSE_CODE, disconnect.reason)
            self._emit(Disconnected, code=code, reason=reason)
        self._connection.end(disconnect)

    def shut_down(self) -> None:
        """End because the server stops; only authenticated clients get a close frame.

        See protocol 1: client-close-reasons.
        """
        self.close(disconnects.SHUTTING_DOWN if self._state is State.AUTHENTICATED else None)

    def push(self, payload: bytes) -> None:
        self._connection.send(payload)

    def unsubscribe(self, channel: str) -> None:
        for each in (channel,) if channel else tuple(self._channels):
            options = self._options(each)
            if each in self._channels:
                self._leave(each, options)
            # The real server sends this even if the client was not subscribed (protocol 1: client-api-effects).
            self._connection.send(encode_push(UnsubscribePush(each)))

    def disconnect(self) -> None:
        # The API command returns before the connections are closed (protocol 1: unsubscribe-disconnect).
        self._connection.call_later(0, lambda: self.close(disconnects.DISCONNECT))

    # ---- timers

    def _close_stale(self) -> None:
        if self._state is State.NEW:
            self.close(disconnects.STALE)

    def _close_expired(self) -> None:
        if self._time_to_expire(self._timestamp) <= 0:
            self.close(disconnects.EXPIRED)

    def _renew_presence(self) -> None:
        for channel in self._channels:
            if self._options(channel).presence:
                self._add_presence(channel)
        self._timers.set("renewal", self._node.config.presence_ping_interval, self._renew_presence)

    def _time_to_expire(self, timestamp: int) -> int:
        return timestamp + self._node.config.connection_lifetime - int(self._node.now())

    def _expire_in(self, seconds: int) -> None:
        self._timers.set("expiry", seconds + self._node.config.expired_connection_close_delay, self._close_expired)

    # ---- frames

    def _answer(self, frame: bytes) -> bytes:
        if len(frame) > self._node.config.client_request_max_size:
            raise FatalError(disconnects.LIMIT_EXCEEDED)
        envelopes = read_envelopes(frame)
        if not envelopes:
            raise FatalError(disconnects.INVALID_MESSAGE)
        # The real server encodes replies last, too: a reply that cannot be encoded does not prevent any command.
        return encode_replies([self._run(envelope) for envelope in envelopes])

    def _run(self, envelope: Envelope) -> Reply:
        if self._state is not State.AUTHENTICATED and envelope.method != Connect.name:
            raise FatalError(disconnects.UNAUTHORIZED)
        shape = COMMANDS.get(envelope.method)
        if shape is None:
            raise FatalError(disconnects.METHOD_NOT_FOUND)
        carry_out, failed = _HANDLERS[shape]
        params: Any = read_params(envelope, shape)
        if self._node.events and isinstance(params, Connect | Refresh):
            signed = {"user": params.user, "timestamp": params.timestamp, "info": params.info}
            self._emit(TokenSent, method=envelope.method, channel="", token=params.token, signed=signed)
        try:
            return Reply(envelope.uid, envelope.method, body=carry_out(self, params))
        except ServerError as error:
            if self._node.events:
                channel = getattr(params, "channel", "")
                self._emit(CommandRefused, method=envelope.method, channel=channel, error=error.message)
            return Reply(envelope.uid, envelope.method, error.message, error.advice, failed(params))

    def _emit(self, event: Callable[..., Event], **what: Any) -> None:
        self._node.events.emit(event(at=self._node.now(), client=self.id, user=self.user, **what))

    def _connect(self, params: Connect) -> ConnectBody:
        config = self._node.config
        self._node.metrics.count("client_num_connect")
        if self._state is State.AUTHENTICATED:
            raise FatalError(disconnects.INVALID_MESSAGE)
        timestamp = int(self._node.now()) if config.insecure else self._permissions.verified_timestamp(params)
        limit = config.user_connection_limit
        if limit > 0 and params.user and self._node.hub.count_of_user(params.user) >= limit:
            raise FatalError(disconnects.LIMIT_EXCEEDED)
        remaining = 0
        if config.connection_lifetime > 0 and not config.insecure:
            remaining = self._time_to_expire(timestamp)
            if remaining <= 0:
                # Not an error: the client may connect again on this connection until it is stale
                # (protocol 1: client-connect).
                return self._credentials("", expired=True)
        self._authenticate(params, timestamp)
        if remaining > 0:
            self._expire_in(remaining)
        return self._credentials(self.id)

    def _authenticate(self, params: Connect, timestamp: int) -> None:
        self._state = State.AUTHENTICATED
        self.user, self._default_info, self._timestamp = params.user, params.info.encode(), timestamp
        self._timers.clear("stale")
        self._timers.set("renewal", self._node.config.presence_ping_interval, self._renew_presence)
        self._node.hub.add(self)
        self._node.metrics.count("node_num_add_client_conn")
        if self._node.events:
            self._emit(Connected)

    def _refresh(self, params: Refresh) -> ConnectBody:
        timestamp = self._permissions.verified_timestamp(params)
        if self._node.config.connection_lifetime <= 0:
            return self._credentials(self.id)
        remaining = self._time_to_expire(timestamp)
        if remaining <= 0:
            return self._credentials(self.id, expired=True)
        self._timestamp = timestamp
        if params.info:
            self._default_info = params.info.encode()
        self._expire_in(remaining)
        return self._credentials(self.id)

    def _credentials(self, client: str, *, expired: bool = False) -> ConnectBody:
        lifetime = self._node.config.connection_lifetime
        return ConnectBody(VERSION, client, lifetime > 0, expired, lifetime)

    # ---- channels

    def _subscribe(self, params: Subscribe) -> SubscribeBody:
        self._node.metrics.count("client_num_subscribe")
        channel = params.channel
        if not channel:
            raise FatalError(disconnects.INVALID_MESSAGE)
        options = self._permissions.subscribe(params, self.user, self.id, self._channels)
        private = self._node.config.channels.is_private(channel)
        if private and params.info:
            self._channel_infos[channel] = params.info.encode()
        self._channels[channel] = None
        self._node.engine.subscribe(channel, self.id)
        self._node.metrics.count("node_num_add_client_sub")
        if options.presence:
            self._add_presence(channel)
        body = self._recovery(params, options)
        if options.join_leave:
            self._node.announce_join(channel, self._info(channel))
        if self._node.events:
            self._emit(Joined, channel=channel)
        return body

    def _recovery(self, params: Subscribe, options: ChannelOptions) -> SubscribeBody:
        """Return the reply to subscribe, with the missed messages or the uid of the latest one.

        See protocol 1: client-recovery.
        """
        channel = params.channel
        if not options.recover:
            return SubscribeBody(channel, True)
        if not params.recover:
            self._node.metrics.count("node_num_last_message_id")
            latest = self._node.history(channel, options.history, self._node.now(), limit=1)
            return SubscribeBody(channel, True, latest[0].uid if latest else "")
        if not options.history.is_kept:
            return SubscribeBody(channel, True, messages=[])
        self._node.metrics.count("node_num_history")
        found: list[Message] = []
        for message in self._node.history(channel, options.history, self._node.now()):
            if params.last and message.uid == params.last:
                return SubscribeBody(channel, True, messages=found, recovered=True)
            found.append(message)
        return SubscribeBody(channel, True, messages=found)

    def _unsubscribe(self, params: Unsubscribe) -> StatusBody:
        if not params.channel:
            raise FatalError(disconnects.INVALID_MESSAGE)
        options = self._options(params.channel)
        if params.channel in self._channels:
            self._leave(params.channel, options)
        return StatusBody(params.channel, True)

    def _leave(self, channel: str, options: ChannelOptions) -> None:
        del self._channels[channel]
        if options.presence:
            self._node.engine.remove_presence(channel, self.id)
            self._node.metrics.count("node_num_remove_presence")
        if options.join_leave:
            self._node.announce_leave(channel, self._info(channel))
        self._node.engine.unsubscribe(channel, self.id, options.history, self._node.now())
        self._node.metrics.count("node_num_remove_client_sub")
        if self._node.events:
            self._emit(Left, channel=channel)

    def _publish(self, params: Publish) -> StatusBody:
        channel, data = params.channel, bytes(params.data)
        if not channel or not data:
            raise ServerError("invalid message", advice="fix")
        self._require_subscription(channel)
        options = self._options(channel)
        if not options.publish and not self._node.config.insecure:
            raise denied()
        self._node.metrics.count("client_num_msg_published")
        publication = Publication(self._node.new_message_id(), channel, data, self.id, self._info(channel))
        self._node.publish(publication, options, self._node.now())
        return StatusBody(channel, True)

    def _presence(self, params: Presence) -> PresenceBody:
        return PresenceBody(params.channel, self._ask(commands.Presence(params.channel)))

    def _history(self, params: History) -> HistoryBody:
        return HistoryBody(params.channel, self._ask(commands.History(params.channel)))

    def _ask(self, command: commands.Presence | commands.History) -> Any:
        """Execute *command* of the API; an error carries the advice of the client protocol.

        See protocol 1: client-commands.
        """
        self._require_subscription(command.channel)
        try:
            return self._api.execute(command, self._node.now())
        except ServerError as error:
            raise ServerError(error.message, advice="retry") from None

    def _ping(self, params: Ping) -> PingBody | None:
        return PingBody(params.data) if params.data else None

    def _require_subscription(self, channel: str) -> None:
        if channel not in self._channels:
            raise denied()

    def _options(self, channel: str) -> ChannelOptions:
        return self._permissions.options_of(channel)

    def _add_presence(self, channel: str) -> None:
        self._node.engine.add_presence(channel, self._info(channel))
        self._node.metrics.count("node_num_add_presence")

    def _info(self, channel: str) -> ClientInfo:
        return ClientInfo(self.user, self.id, self._default_info, self._channel_infos.get(channel, b""))


_HANDLERS: dict[type[msgspec.Struct], tuple[Callable[[Session, Any], Body | None], Callable[[Any], Body | None]]] = {
    Connect: (Session._connect, lambda _: None),
    Refresh: (Session._refresh, lambda _: None),
    Subscribe: (Session._subscribe, lambda params: SubscribeBody(params.channel, False)),
    Unsubscribe: (Session._unsubscribe, lambda params: StatusBody(params.channel, False)),
    Publish: (Session._publish, lambda params: StatusBody(params.channel, False)),
    Presence: (Session._presence, lambda params: PresenceBody(params.channel)),
    History: (Session._history, lambda params: HistoryBody(params.channel)),
    Ping: (Session._ping, lambda _: None),
}
"""For each command, the method that executes it, and a function that makes the reply's body after an error."""
