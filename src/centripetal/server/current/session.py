"""One client connection of a Centrifugo 6 server, from connect to disconnect (protocol 6: client-protocol): PURE.

`Session.receive` takes a message from the client. The session uses its `ClientConnection` to send lines, to close the
connection and to set timers. After authentication, the session is a `Connection` in the node's hub. `permissions`
decides what a client may do; `subscriptions` and `subscription` decide what the client receives in a channel.
"""

import enum
from collections.abc import Callable
from typing import Any

from centripetal.dialects.current import disconnects, error_codes
from centripetal.dialects.current.client_protocol.commands import (
    Command,
    Connect,
    Refresh,
    Request,
    Subscribe,
    read_commands,
)
from centripetal.dialects.current.client_protocol.objects import BadMessageError, Disconnect, UnsubscribePush
from centripetal.dialects.current.client_protocol.replies import (
    ConnectResult,
    Error,
    Push,
    RefreshResult,
    Reply,
    SubscribePush,
    SubscribeResult,
    encode_push,
    encode_reply,
)
from centripetal.errors import ServerError
from centripetal.server.current.channel_requests import ChannelRequests, time_left
from centripetal.server.current.connection import OutgoingJoinLeave, OutgoingPublication
from centripetal.server.current.heartbeat import Heartbeat, first_delay
from centripetal.server.current.node import VERSION, Node
from centripetal.server.current.permissions import Admission, Permissions
from centripetal.server.current.refusals import FatalError, is_temporary, refused
from centripetal.server.current.subscribe_options import SubscribeOptions
from centripetal.server.current.subscription import LostPositionError, checked
from centripetal.server.current.subscriptions import ClientIdentity, EndedSubscription, Subscriptions
from centripetal.server.engine.engine import Position
from centripetal.server.engine.events import CommandRefused, Connected, Disconnected, Event, TokenSent
from centripetal.server.session import ClientConnection
from centripetal.server.timers import Timers

__all__ = ["Session"]

# Seconds for which a refused connection stays open without any function (protocol 6: client-connect)
_REFUSED_LINGER = 5.0


class State(enum.Enum):
    """State of a connection."""

    NEW = "new"
    CONNECTED = "connected"
    REFUSED = "refused"
    CLOSED = "closed"


class Session:
    """One connection.

    Args:
        node: the server.
        permissions: what clients may do.
        connection: the client's connection.
        pings: whether to send pings to the client.
    """

    session = ""
    """Always empty: only connections with other transports have a session id."""

    __slots__ = (
        "_channel_requests",
        "_connection",
        "_expire_at",
        "_heartbeat",
        "_identity",
        "_node",
        "_permissions",
        "_pings",
        "_state",
        "_subscriptions",
        "_timers",
    )

    def __init__(
        self,
        node: Node,
        permissions: Permissions,
        connection: ClientConnection[Disconnect],
        *,
        pings: bool = True,
    ) -> None:
        self._node = node
        self._permissions = permissions
        self._connection = connection
        self._timers = Timers(connection)
        self._heartbeat = Heartbeat(connection, self._timers, node.config.client, self.close)
        self._pings = pings and node.config.client.ping_interval > 0
        self._identity = ClientIdentity(node.environment.new_uuid())
        self._subscriptions = Subscriptions(node, self._identity)
        self._channel_requests = ChannelRequests(node, permissions, self._identity, self._subscriptions)
        self._state = State.NEW
        self._expire_at = 0
        if (delay := node.config.client.stale_close_delay) > 0:
            self._timers.set("stale", delay, self._close_stale)

    @property
    def id(self) -> str:
        return self._identity.id

    @property
    def user(self) -> str:
        return self._identity.user

    # ---- messages from the client

    def receive(self, message: bytes) -> None:
        """Execute the commands in a message from the client, and send the replies."""
        try:
            for command in read_commands(message):
                if self._state not in (State.NEW, State.CONNECTED):
                    return
                self._run(command)
        except FatalError as error:
            self.close(error.disconnect)
        except BadMessageError:
            if self._state is not State.REFUSED:
                self.close(disconnects.BAD_REQUEST)

    def _run(self, command: Command) -> None:
        if self._state is State.NEW and command.connect is None:
            raise FatalError(disconnects.BAD_REQUEST)
        if not command.id and command.send is None:
            self._heartbeat.take_pong()
            return
        request = command.request()
        if request is None:
            raise FatalError(disconnects.BAD_REQUEST)
        if self._node.events and (token := getattr(request, "token", "")):
            self._emit(TokenSent, method=request.name, channel=getattr(request, "channel", ""), token=token)
        try:
            if command.ping is not None and command.connect is None:
                raise refused(error_codes.NOT_AVAILABLE)
            result = self._answer(request)
        except ServerError as error:
            self._refuse(command.id, request, error)
        else:
            self._connection.send(checked(encode_reply(Reply(command.id, **{request.name: result}))))
            # Joins are pushed after the reply, also to the client itself.
            for channel in _joined(request, result):
                self._subscriptions.announce(channel)

    def _answer(self, request: Request) -> Any:
        match request:
            case Connect():
                return self._connect(request)
            case Refresh():
                return self._refresh(request)
            case _:
                return self._channel_requests.answer(request)

    def _refuse(self, id_: int, request: Any, error: ServerError) -> None:
        if self._node.events:
            channel = getattr(request, "channel", "")
            self._emit(CommandRefused, method=request.name, channel=channel, error=error.message)
        code = error.code or 0
        self._connection.send(encode_reply(Reply(id_, error=Error(code, error.message, is_temporary(code)))))
        if isinstance(request, Connect):
            self._state = State.REFUSED
            self._timers.set("linger", _REFUSED_LINGER, lambda: self.close(None))

    # ---- calls from the node

    def push(self, payload: bytes) -> None:
        """Send an encoded push."""
        self._connection.send(payload)

    def deliver(self, outgoing: OutgoingPublication) -> None:
        """Push a publication, unless it is filtered. If the client missed a publication before it, unsubscribe."""
        try:
            payload = self._subscriptions.publication_push(outgoing)
        except LostPositionError:
            subscription = self._subscriptions.get(outgoing.publication.channel)
            assert subscription is not None
            # Unsubscribe later, because the caller is iterating over the subscribers of the channel.
            self._connection.call_later(
                0, lambda: self._end(EndedSubscription(subscription, disconnects.UNSUBSCRIBED_INSUFFICIENT))
            )
        except FatalError as error:
            self._close_soon(error.disconnect)
        else:
            if payload is not None:
                self._connection.send(payload)

    def announce(self, outgoing: OutgoingJoinLeave) -> None:
        """Push a join or leave, if the subscription receives joins and leaves."""
        try:
            payload = self._subscriptions.join_leave_push(outgoing)
        except FatalError as error:
            self._close_soon(error.disconnect)
        else:
            if payload is not None:
                self._connection.send(payload)

    def subscribe(self, channel: str, options: SubscribeOptions, since: Position | None) -> None:
        """Create a subscription for the back end (protocol 6: subscribe)."""
        limit = self._node.config.client.channel_limit
        if 0 < limit <= len(self._subscriptions):
            self._close_soon(disconnects.CHANNEL_LIMIT)
            return
        params = Subscribe(channel)
        if since is not None:
            params = Subscribe(channel, recover=True, offset=since.offset, epoch=since.epoch)
        try:
            result = self._subscriptions.subscribe(params, options, server_side=True)
        except ServerError:
            # The new subscription has already expired, and the real server also drops an existing subscription.
            self._subscriptions.forget(channel)
            raise refused(error_codes.INTERNAL) from None
        push = SubscribePush(result.recoverable, result.epoch, result.offset, result.positioned, result.data)
        try:
            self._connection.send(checked(encode_push(Push(channel, subscribe=push))))
        except FatalError:
            # The data is not JSON. The API returns an error, but the subscription exists (seen on a 6.9.1 server).
            raise refused(error_codes.INTERNAL) from None
        self._subscriptions.announce(channel)

    def unsubscribe(self, channel: str, code: int, reason: str) -> None:
        """Unsubscribe for the back end, and push that even without a subscription (protocol 6: unsubscribe)."""
        self._subscriptions.unsubscribe(channel)
        self._connection.send(encode_push(Push(channel, unsubscribe=UnsubscribePush(code, reason))))

    def disconnect(self, code: int, reason: str) -> None:
        self._close_soon(Disconnect(code, reason))

    def refresh(self, *, expired: bool, expire_at: int, conn_info: bytes) -> None:
        """Change the expiry of the connection, or close it as expired (protocol 6: refresh)."""
        ttl = time_left(expire_at, self._node.now())
        if expired or (expire_at > 0 and ttl <= 0):
            self._close_soon(disconnects.CONNECTION_EXPIRED)
            return
        self._expire_at = 0
        if ttl > 0:
            self._live_until(expire_at, conn_info)
        self._connection.send(encode_push(Push(refresh=RefreshResult(ttl > 0, max(ttl, 0)))))

    # ---- close

    def close(self, disconnect: Disconnect | None) -> None:
        """Close the connection and end its subscriptions, so that other subscribers see it leave."""
        if self._state is State.CLOSED:
            return
        connected, self._state = self._state is State.CONNECTED, State.CLOSED
        self._timers.clear_all()
        self._subscriptions.unsubscribe_all()
        if connected:
            self._node.hub.remove(self)
        if self._node.events:
            code, reason = (0, "") if disconnect is None else (disconnect.code, disconnect.reason)
            self._emit(Disconnected, code=code, reason=reason)
        self._connection.end(disconnect)

    def shut_down(self) -> None:
        """Close because the server stops. Clients that have not authenticated get no reason."""
        self.close(disconnects.SHUTDOWN if self._state is State.CONNECTED else None)

    # ---- connect and refresh

    def _connect(self, params: Connect) -> ConnectResult:
        if self._state is State.CONNECTED:
            raise FatalError(disconnects.BAD_REQUEST)
        now, client = self._node.now(), self._node.config.client
        claims = self._permissions.identify(params, now)
        self._make_single(claims.user)
        admission = self._permissions.admit(claims, params)
        if 0 < client.channel_limit < len(admission.subs):
            raise FatalError(disconnects.CHANNEL_LIMIT)
        limit = client.user_connection_limit
        if limit > 0 and admission.user and self._node.hub.count_of_user(admission.user) >= limit:
            raise FatalError(disconnects.CONNECTION_LIMIT)
        ttl = time_left(admission.expire_at, now)
        if admission.expire_at > 0 and ttl < 0:
            raise refused(error_codes.EXPIRED)
        self._authenticate(admission)
        return ConnectResult(
            client=self.id,
            version=VERSION,
            expires=admission.expire_at > 0,
            ttl=max(ttl, 0),
            subs={channel: self._start(channel, options, params) for channel, options in admission.subs.items()},
            ping=int(client.ping_interval) if self._pings else 0,
            pong=self._pings and client.pong_timeout > 0,
            time=int(now * 1000) if client.connect_include_server_time else 0,
        )

    def _make_single(self, user: str) -> None:
        """Close the user's other connections, if only a single connection is allowed (protocol 6: client-expiry)."""
        personal = self._permissions.personal_channel(user)
        if personal is None or not self._node.config.client.subscribe_to_user_personal_channel.single_connection:
            return
        if self._node.engine.presence(personal):
            for other in self._node.hub.of_user(user):
                other.disconnect(disconnects.CONNECTION_LIMIT.code, disconnects.CONNECTION_LIMIT.reason)

    def _authenticate(self, admission: Admission) -> None:
        self._state = State.CONNECTED
        self._identity.user, self._identity.conn_info = admission.user, admission.conn_info
        self._timers.clear("stale")
        self._node.hub.add(self)
        client = self._node.config.client
        self._timers.set("renewal", first_delay(client.presence_update_interval, self._node.environment), self._renew)
        if admission.expire_at > 0:
            self._live_until(admission.expire_at, b"")
        if self._pings:
            self._heartbeat.start(self._node.environment)
        if self._node.events:
            self._emit(Connected)

    def _start(self, channel: str, options: SubscribeOptions, connect: Connect) -> SubscribeResult:
        """Create a server-side subscription, from the position in the connect request if any."""
        wish = connect.subs.get(channel, Subscribe())
        params = Subscribe(channel, recover=wish.recover, offset=wish.offset, epoch=wish.epoch, delta=wish.delta)
        return self._subscriptions.subscribe(params, options, server_side=True)

    def _refresh(self, params: Refresh) -> RefreshResult:
        if not params.token:
            raise FatalError(disconnects.BAD_REQUEST)
        try:
            claims = self._permissions.verified_connection(params.token, self._node.now())
        except ServerError as error:
            if error.code == error_codes.TOKEN_EXPIRED:
                raise FatalError(disconnects.CONNECTION_EXPIRED) from None
            raise
        if claims.user != self.user:
            raise FatalError(disconnects.INVALID_TOKEN)
        wanted = claims.subs
        if any(channel not in self._subscriptions for channel in wanted) or any(
            channel not in wanted for channel in self._subscriptions.by_token()
        ):
            raise FatalError(disconnects.INSUFFICIENT_STATE)
        ttl = time_left(claims.expire_at, self._node.now())
        if claims.expire_at > 0:
            if ttl <= 0:
                raise refused(error_codes.EXPIRED)
            self._live_until(claims.expire_at, claims.info)
        return RefreshResult(claims.expire_at > 0, max(ttl, 0))

    def _live_until(self, expire_at: int, conn_info: bytes) -> None:
        left = time_left(expire_at, self._node.now())
        self._expire_at = int(self._node.now()) + left
        self._identity.conn_info = conn_info or self._identity.conn_info
        self._timers.set("expiry", left + self._node.config.client.expired_close_delay, self._close_expired)

    # ---- timers

    def _renew(self) -> None:
        self._timers.set("renewal", self._node.config.client.presence_update_interval, self._renew)
        for ended in self._subscriptions.renew():
            self._end(ended)

    def _end(self, ended: EndedSubscription) -> None:
        """End a subscription; for a server-side subscription, close the whole connection."""
        subscription, channel = ended.subscription, ended.subscription.channel
        if self._subscriptions.get(channel) is not subscription:
            return
        if subscription.server_side:
            self.close(
                disconnects.SUBSCRIPTION_EXPIRED
                if ended.push is disconnects.UNSUBSCRIBED_EXPIRED
                else disconnects.INSUFFICIENT_STATE
            )
            return
        self._subscriptions.unsubscribe(channel)
        self._connection.send(encode_push(Push(channel, unsubscribe=ended.push)))

    def _close_stale(self) -> None:
        self.close(disconnects.STALE)

    def _close_expired(self) -> None:
        if 0 < self._expire_at <= int(self._node.now()):
            self.close(disconnects.CONNECTION_EXPIRED)

    def _close_soon(self, disconnect: Disconnect) -> None:
        self._connection.call_later(0, lambda: self.close(disconnect))

    def _emit(self, event: Callable[..., Event], **what: Any) -> None:
        self._node.events.emit(event(at=self._node.now(), client=self.id, user=self.user, **what))


def _joined(request: Request, result: Any) -> list[str]:
    """Return the channels that *request* subscribed the client to."""
    if isinstance(request, Connect):
        return list(result.subs)
    return [request.channel] if isinstance(request, Subscribe) else []
