"""The periodic check of one connection's subscriptions (protocol 6: client-expiry, proxy-sub-refresh): PURE."""

from collections.abc import Callable

from centripetal.dialects.current.disconnects import UNSUBSCRIBED_EXPIRED
from centripetal.dialects.current.proxy.events import SubRefreshEvent
from centripetal.dialects.current.proxy.reading import Failed, Granted, RefreshResult
from centripetal.server.current.application import Application
from centripetal.server.current.calls import Asking, Calls
from centripetal.server.current.channel_requests import LONGEST_TTL
from centripetal.server.current.expiry import RETRY
from centripetal.server.current.heartbeat import first_delay
from centripetal.server.current.node import Node
from centripetal.server.current.proxies import Proxy
from centripetal.server.current.subscriptions import EndedSubscription, Subscriptions
from centripetal.server.timers import Timers

__all__ = ["Renewal"]


class Renewal:
    """Renews the presence of a client, and ends or refreshes its subscriptions.

    Args:
        node: the server.
        subscriptions: the client's subscriptions.
        application: is asked about expired subscriptions in channels with a sub-refresh proxy.
        timers: the connection's timers.
        calls: runs the questions.
        end: ends a subscription.
    """

    __slots__ = ("_application", "_calls", "_end", "_node", "_subscriptions", "_timers")

    def __init__(
        self,
        node: Node,
        subscriptions: Subscriptions,
        application: Application,
        timers: Timers,
        *,
        calls: Calls,
        end: Callable[[EndedSubscription], object],
    ) -> None:
        self._node = node
        self._subscriptions = subscriptions
        self._application = application
        self._timers = timers
        self._calls = calls
        self._end = end

    def begin(self) -> None:
        """Check the subscriptions periodically from now on."""
        interval = self._node.config.client.presence_update_interval
        self._timers.set("renewal", first_delay(interval, self._node.environment), self._renew)

    def _renew(self) -> None:
        expired: list[tuple[EndedSubscription, Proxy]] = []
        self._timers.set("renewal", self._node.config.client.presence_update_interval, self._renew)
        for ended in self._subscriptions.renew():
            proxy = self._proxy_of(ended)
            if proxy is None:
                self._end(ended)
            else:
                expired.append((ended, proxy))
        if expired:
            self._timers.clear("renewal")  # until the application has answered
            self._calls.run(self._ask(expired))

    def _proxy_of(self, ended: EndedSubscription) -> Proxy | None:
        if ended.push is not UNSUBSCRIBED_EXPIRED:
            return None
        name = self._node.options(ended.subscription.channel).proxy_of(SubRefreshEvent.kind)
        return None if name is None else self._node.config.proxies.of(SubRefreshEvent.kind, name)

    def _ask(self, expired: list[tuple[EndedSubscription, Proxy]]) -> Asking[None]:
        """Ask about one subscription after the other, and then wait for the next check."""
        for ended, proxy in expired:
            subscription, now = ended.subscription, int(self._node.now())
            answer = yield from self._application.ask(proxy, SubRefreshEvent, channel=subscription.channel)
            if self._is_over():
                return
            match answer:
                case Granted(RefreshResult() as result):
                    expire_at = min(result.expire_at, now + LONGEST_TTL)
                    if 0 < expire_at < now:
                        self._end(ended)
                        continue
                    # Without a new time, the subscription never expires any more.
                    subscription.expire_at = max(expire_at, 0)
                    subscription.info = result.info or subscription.info
                case Failed():
                    subscription.expire_at = int(self._node.now()) + RETRY
                case _:
                    self._end(ended)
            if self._is_over():
                return
        self._timers.set("renewal", self._node.config.client.presence_update_interval, self._renew)

    def _is_over(self) -> bool:
        """Return whether the session has ended, which ending a server-side subscription also does."""
        return self._application.ended
