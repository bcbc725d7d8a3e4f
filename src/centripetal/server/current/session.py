"""One client connection of a Centrifugo 6 server, from connect to disconnect (protocol 6: client-protocol): PURE.

`Session.receive` takes a message from the client. The session uses its `ClientConnection` to send lines, to close the
connection and to set timers. After authentication, the session is a `Connection` in the node's hub. `permissions`
decides what a client may do; `subscriptions` and `subscription` decide what the client receives in a channel.
"""

import enum
from collections.abc import Callable
from types import GeneratorType
from typing import Any

import msgspec

from centripetal.dialects.current import disconnects, error_codes
from centripetal.dialects.current.client_protocol.commands import (
    Command,
    Connect,
    Refresh,
    Request,
    Subscribe,
)
from centripetal.dialects.current.client_protocol.objects import Disconnect, UnsubscribePush
from centripetal.dialects.current.client_protocol.replies import (
    ConnectResult,
    Error,
    Push,
    Reply,
    encode_push,
    encode_reply,
)
from centripetal.errors import ServerError
from centripetal.server.current.admissions import Admissions
from centripetal.server.current.application import Application
from centripetal.server.current.calls import Asking, Calls
from centripetal.server.current.channel_requests import ChannelRequests, time_left
from centripetal.server.current.connection import OutgoingJoinLeave, OutgoingPublication
from centripetal.server.current.expiry import Expiry
from centripetal.server.current.heartbeat import Heartbeat
from centripetal.server.current.inbox import Inbox
from centripetal.server.current.node import VERSION, Node
from centripetal.server.current.permissions import Admission, Permissions
from centripetal.server.current.proxies import Headers
from centripetal.server.current.refusals import FatalError, is_temporary, refused
from centripetal.server.current.renewal import Renewal
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
        handshake: the headers of the client's handshake, with lower-case names.
        pings: whether to send pings to the client.
    """

    session = ""
    """Always empty: only connections with other transports have a session id."""

    __slots__ = (
        "_admissions",
        "_application",
        "_calls",
        "_channel_requests",
        "_connection",
        "_expiry",
        "_heartbeat",
        "_identity",
        "_inbox",
        "_node",
        "_pings",
        "_renewal",
        "_state",
        "_subscriptions",
        "_timers",
    )

    def __init__(
        self,
        node: Node,
        permissions: Permissions,
        connection: ClientConnection[Disconnect],
        handshake: Headers = (),
        *,
        pings: bool = True,
    ) -> None:
        self._node = node
        self._connection = connection
        self._timers = Timers(connection)
        self._heartbeat = Heartbeat(connection, self._timers, node.config.client, self.close)
        self._pings = pings and node.config.client.ping_interval > 0
        self._identity = ClientIdentity(node.environment.new_uuid())
        self._subscriptions = Subscriptions(node, self._identity)
        self._application = Application(node, self._identity, handshake)
        self._admissions = Admissions(node, permissions, self._application)
        self._channel_requests = ChannelRequests(
            node, permissions, self._identity, self._subscriptions, self._application
        )
        self._calls = Calls(
            node.environment.ask, node.config.client.concurrency, close=self.close, go_on=lambda: self._inbox.go_on()
        )
        self._expiry = Expiry(
            node,
            permissions,
            self._identity,
            self._subscriptions,
            self._application,
            calls=self._calls,
            timers=self._timers,
            close=self.close,
        )
        self._renewal = Renewal(
            node, self._subscriptions, self._application, self._timers, calls=self._calls, end=self._end
        )
        self._inbox = Inbox(
            connection, self._calls, run=self._run, close=self.close, close_for_nonsense=self._close_for_nonsense
        )
        self._state = State.NEW
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
        self._inbox.receive(message)

    def _run(self, command: Command) -> bool:
        """Execute a command, and return False if the session takes no more commands."""
        if self._state is not State.CONNECTED and self._state is not State.NEW:
            return False
        if self._state is State.NEW and command.connect is None:
            raise FatalError(disconnects.BAD_REQUEST)
        if not command.id and command.send is None:
            self._heartbeat.take_pong()
            return True
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
            return True
        if isinstance(result, GeneratorType):
            self._calls.run_command(self._asked(command.id, request, result), alone=command.connect is not None)
        else:
            self._reply(command.id, request, result)
        return True

    def _answer(self, request: Request) -> Any:
        """Return the result for the reply, or the work that asks the application for it."""
        match request:
            case Connect():
                return self._connect(request)
            case Refresh():
                return self._expiry.refresh(request)
            case _:
                return self._channel_requests.answer(request)

    def _asked(self, id_: int, request: Request, asking: Asking[Any]) -> Asking[None]:
        try:
            result = yield from asking
        except ServerError as error:
            self._refuse(id_, request, error)
        else:
            self._reply(id_, request, result)

    def _reply(self, id_: int, request: Request, result: Any) -> None:
        if self._state is State.CLOSED:
            return
        self._connection.send(checked(encode_reply(Reply(id_, **{request.name: result}))))
        # Joins are pushed after the reply, also to the client itself.
        for channel in _joined(request, result):
            self._subscriptions.announce(channel)

    def _refuse(self, id_: int, request: Any, error: ServerError) -> None:
        if self._node.events:
            channel = getattr(request, "channel", "")
            self._emit(CommandRefused, method=request.name, channel=channel, error=error.message)
        if self._state is State.CLOSED:
            return
        reply = Reply(id_, error=Error(error.code or 0, error.message, is_temporary(error)))
        self._connection.send(encode_reply(reply))
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
        """Create a subscription for the back end (protocol 6: subscribe), see `Connection.subscribe`."""
        limit = self._node.config.client.channel_limit
        if 0 < limit <= len(self._subscriptions):
            self._close_soon(disconnects.CHANNEL_LIMIT)
            return
        push = self._subscriptions.subscribe_for_back_end(channel, options, since)
        self._connection.send(push)
        self._subscriptions.announce(channel)

    def unsubscribe(self, channel: str, code: int, reason: str) -> None:
        """Unsubscribe for the back end, and push that even without a subscription (protocol 6: unsubscribe)."""
        self._subscriptions.unsubscribe(channel)
        self._connection.send(encode_push(Push(channel, unsubscribe=UnsubscribePush(code, reason))))

    def disconnect(self, code: int, reason: str) -> None:
        self._close_soon(Disconnect(code, reason))

    def refresh(self, *, expired: bool, expire_at: int, conn_info: bytes) -> None:
        """Change the expiry of the connection, or close it as expired (protocol 6: refresh)."""
        push = None if expired else self._expiry.change(expire_at, conn_info)
        if push is None:
            self._close_soon(disconnects.CONNECTION_EXPIRED)
        else:
            self._connection.send(encode_push(Push(refresh=push)))

    # ---- close

    def close(self, disconnect: Disconnect | None) -> None:
        """Close the connection and end its subscriptions, so that other subscribers see it leave."""
        if self._state is State.CLOSED:
            return
        connected, self._state = self._state is State.CONNECTED, State.CLOSED
        self._application.ended = True
        self._calls.end()
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

    # ---- connect

    def _connect(self, params: Connect) -> ConnectResult | Asking[ConnectResult]:
        if self._state is State.CONNECTED:
            raise FatalError(disconnects.BAD_REQUEST)
        admission = self._admissions.admit(params)
        if isinstance(admission, Admission):
            return self._connected(admission, params)
        return self._connect_asked(admission, params)

    def _connect_asked(self, asking: Asking[Admission], params: Connect) -> Asking[ConnectResult]:
        admission = yield from asking
        if self._state is State.CLOSED:
            raise FatalError(disconnects.STALE)  # it has closed meanwhile, so this code is not sent
        return self._connected(admission, params)

    def _connected(self, admission: Admission, params: Connect) -> ConnectResult:
        now, client = self._node.now(), self._node.config.client
        self._authenticate(admission)
        refreshes = admission.expire_at > 0 and not self._expiry.by_server
        return ConnectResult(
            client=self.id,
            version=VERSION,
            expires=refreshes,
            ttl=max(time_left(admission.expire_at, now), 0) if refreshes else 0,
            data=msgspec.Raw(admission.data),
            subs={
                channel: self._subscriptions.subscribe(_wished(channel, params), options, server_side=True)
                for channel, options in admission.subs.items()
            },
            ping=int(client.ping_interval) if self._pings else 0,
            pong=self._pings and client.pong_timeout > 0,
            time=int(now * 1000) if client.connect_include_server_time else 0,
        )

    def _authenticate(self, admission: Admission) -> None:
        self._state = State.CONNECTED
        self._identity.user, self._identity.conn_info = admission.user, admission.conn_info
        self._application.meta = admission.meta
        self._timers.clear("stale")
        self._node.hub.add(self)
        self._renewal.begin()
        if admission.expire_at > 0:
            self._expiry.begin(admission.expire_at)
        if self._pings:
            self._heartbeat.start(self._node.environment)
        if self._node.events:
            self._emit(Connected)

    # ---- timers

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

    def _close_for_nonsense(self) -> None:
        if self._state is not State.REFUSED:
            self.close(disconnects.BAD_REQUEST)

    def _close_stale(self) -> None:
        self.close(disconnects.STALE)

    def _close_soon(self, disconnect: Disconnect) -> None:
        self._connection.call_later(0, lambda: self.close(disconnect))

    def _emit(self, event: Callable[..., Event], **what: Any) -> None:
        self._node.events.emit(event(at=self._node.now(), client=self.id, user=self.user, **what))


def _wished(channel: str, connect: Connect) -> Subscribe:
    """Return the request for a server-side subscription, with the position in the connect request if any."""
    wish = connect.subs.get(channel, Subscribe())
    return Subscribe(channel, recover=wish.recover, offset=wish.offset, epoch=wish.epoch, delta=wish.delta)


def _joined(request: Request, result: Any) -> list[str]:
    """Return the channels that *request* subscribed the client to."""
    if isinstance(request, Connect):
        return list(result.subs)
    return [request.channel] if isinstance(request, Subscribe) else []
