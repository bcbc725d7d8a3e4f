"""The expiry of one connection (protocol 6: client-expiry, proxy-refresh): PURE.

Without a refresh proxy, the client must refresh the connection, and has a few more seconds for it. With a refresh
proxy, the server asks the application as soon as the connection has expired.
"""

from collections.abc import Callable

from centripetal.dialects.current import disconnects, error_codes
from centripetal.dialects.current.client_protocol.commands import Refresh
from centripetal.dialects.current.client_protocol.objects import Disconnect
from centripetal.dialects.current.client_protocol.replies import RefreshResult
from centripetal.dialects.current.proxy.events import RefreshEvent
from centripetal.dialects.current.proxy.reading import Failed, Granted
from centripetal.dialects.current.proxy.reading import RefreshResult as Refreshed
from centripetal.errors import ServerError
from centripetal.server.current.application import Application
from centripetal.server.current.calls import Asking, Calls
from centripetal.server.current.channel_requests import time_left
from centripetal.server.current.node import Node
from centripetal.server.current.permissions import Permissions
from centripetal.server.current.proxies import Proxy
from centripetal.server.current.refusals import FatalError, refused
from centripetal.server.current.subscriptions import ClientIdentity, Subscriptions
from centripetal.server.timers import Timers

__all__ = ["RETRY", "Expiry"]

RETRY = 60
"""Seconds until the application is asked again after a useless answer."""


class Expiry:
    """The expiry of one connection.

    Args:
        node: the server.
        permissions: verifies the tokens of clients that refresh.
        identity: the client.
        subscriptions: the client's subscriptions.
        application: is asked if there is a refresh proxy.
        calls: runs the questions.
        timers: the connection's timers.
        close: closes the session.
    """

    __slots__ = (
        *("_application", "_calls", "_close", "_expire_at", "_identity", "_node"),
        *("_permissions", "_subscriptions", "_timers"),
    )

    def __init__(
        self,
        node: Node,
        permissions: Permissions,
        identity: ClientIdentity,
        subscriptions: Subscriptions,
        application: Application,
        *,
        calls: Calls,
        timers: Timers,
        close: Callable[[Disconnect], object],
    ) -> None:
        self._node = node
        self._permissions = permissions
        self._identity = identity
        self._subscriptions = subscriptions
        self._application = application
        self._calls = calls
        self._timers = timers
        self._close = close
        self._expire_at = 0

    @property
    def by_server(self) -> bool:
        """Whether the server refreshes connections by asking the application."""
        return self._node.config.proxies.refresh is not None

    def begin(self, expire_at: int) -> None:
        """Let the connection live until *expire_at*."""
        self._live_until(expire_at, b"", 0.0 if self.by_server else self._node.config.client.expired_close_delay)

    def refresh(self, params: Refresh) -> RefreshResult:
        """Execute a refresh command of the client."""
        if not params.token or self.by_server:
            raise FatalError(disconnects.BAD_REQUEST)
        try:
            claims = self._permissions.verified_connection(params.token, self._node.now())
        except ServerError as error:
            if error.code == error_codes.TOKEN_EXPIRED:
                raise FatalError(disconnects.CONNECTION_EXPIRED) from None
            raise
        if claims.user != self._identity.user:
            raise FatalError(disconnects.INVALID_TOKEN)
        self._application.meta = claims.meta or self._application.meta
        wanted = claims.subs
        if any(channel not in self._subscriptions for channel in wanted) or any(
            channel not in wanted for channel in self._subscriptions.by_token()
        ):
            raise FatalError(disconnects.INSUFFICIENT_STATE)
        ttl = time_left(claims.expire_at, self._node.now())
        if claims.expire_at > 0:
            if ttl <= 0:
                raise refused(error_codes.EXPIRED)
            self._live_until(claims.expire_at, claims.info, self._node.config.client.expired_close_delay)
        return RefreshResult(claims.expire_at > 0, max(ttl, 0))

    def change(self, expire_at: int, conn_info: bytes) -> RefreshResult | None:
        """Change the expiry for the back end, and return the push for the client; None if the connection has expired.

        See protocol 6: refresh.
        """
        ttl = time_left(expire_at, self._node.now())
        if expire_at > 0 and ttl <= 0:
            return None
        self._expire_at = 0
        if ttl > 0:
            self._live_until(expire_at, conn_info, self._node.config.client.expired_close_delay)
        return RefreshResult(ttl > 0, max(ttl, 0))

    def _live_until(self, expire_at: int, conn_info: bytes, delay: float) -> None:
        left = time_left(expire_at, self._node.now())
        self._expire_at = int(self._node.now()) + left
        self._identity.conn_info = conn_info or self._identity.conn_info
        self._timers.set("expiry", left + delay, self._expire)

    def _expire(self) -> None:
        proxy = self._node.config.proxies.refresh
        if self._expire_at <= 0:
            return
        if proxy is not None:
            self._calls.run(self._ask(proxy))
        elif self._expire_at <= int(self._node.now()):
            self._close(disconnects.CONNECTION_EXPIRED)

    def _ask(self, proxy: Proxy) -> Asking[None]:
        answer = yield from self._application.ask(proxy, RefreshEvent)
        if self._application.ended:
            return
        expire_at, conn_info = 0, b""
        match answer:
            case Granted(Refreshed() as result):
                expire_at, conn_info = result.expire_at, result.info
                self._application.meta = result.meta or self._application.meta
            case Failed(closes=False):
                expire_at = int(self._node.now()) + RETRY
            case Failed():
                raise FatalError(disconnects.INTERNAL_SERVER_ERROR)
            case _:
                raise FatalError(disconnects.CONNECTION_EXPIRED)
        # Without a new time, the old one counts, which has passed unless the back end has changed it meanwhile.
        expire_at = expire_at if expire_at > 0 else self._expire_at
        if expire_at <= int(self._node.now()):
            raise FatalError(disconnects.CONNECTION_EXPIRED)
        self._live_until(expire_at, conn_info, 0.0)
