"""Admission of one connecting client: by its token, by the application, or as the anonymous user: PURE.

See protocol 6: client-connect, proxy-connect.
"""

from centripetal.dialects.current import disconnects, error_codes
from centripetal.dialects.current.client_protocol.commands import Connect
from centripetal.dialects.current.proxy.events import ConnectEvent
from centripetal.dialects.current.proxy.reading import ConnectResult
from centripetal.server.current.application import Application, subscription_of
from centripetal.server.current.calls import Asking
from centripetal.server.current.channel_requests import time_left
from centripetal.server.current.node import Node
from centripetal.server.current.permissions import Admission, Permissions
from centripetal.server.current.proxies import Proxy
from centripetal.server.current.refusals import FatalError, refused
from centripetal.server.current.subscribe_options import SubscribeOptions

__all__ = ["Admissions"]


class Admissions:
    """Decides whether a client may connect.

    Args:
        node: the server.
        permissions: what clients may do.
        application: is asked about clients without a token, if there is a connect proxy.
    """

    __slots__ = ("_application", "_node", "_permissions")

    def __init__(self, node: Node, permissions: Permissions, application: Application) -> None:
        self._node = node
        self._permissions = permissions
        self._application = application

    def admit(self, params: Connect) -> Admission | Asking[Admission]:
        """Return the admission of a client, or the work that asks the application for it.

        Raises:
            ServerError: the client gets an error.
            FatalError: the connection ends.
        """
        self._application.emulated = params.headers
        proxy = self._node.config.proxies.connect
        if proxy is not None and not params.token:
            return self._ask(proxy, params)
        return self._by_itself(params)

    def _by_itself(self, params: Connect) -> Admission:
        claims = self._permissions.identify(params, self._node.now())
        self._make_single(claims.user)
        return self._checked(self._permissions.admit(claims, params))

    def _ask(self, proxy: Proxy, params: Connect) -> Asking[Admission]:
        result = yield from self._application.decide(
            proxy,
            ConnectEvent,
            params.data,
            name=params.client_name,
            version=params.version,
            channels=list(params.subs),
        )
        if result is None:
            return self._by_itself(params)
        assert isinstance(result, ConnectResult)
        channels = self._node.config.channels
        subs: dict[str, SubscribeOptions] = {}
        for channel in result.channels:
            subs[channel] = subscription_of(channels.options_of(channel), None)
        for channel, granted in result.subs.items():
            subs[channel] = subscription_of(channels.options_of(channel), granted)
        subs.pop("", None)
        self._make_single(result.user)
        if (personal := self._permissions.personal_channel(result.user)) is not None:
            subs[personal] = subscription_of(channels.options_of(personal), None)
        return self._checked(
            Admission(result.user, result.info, result.expire_at, subs, result.data, result.meta or b"")
        )

    def _make_single(self, user: str) -> None:
        """Close the user's other connections, if only a single connection is allowed (protocol 6: client-expiry)."""
        personal = self._permissions.personal_channel(user)
        if personal is None or not self._node.config.client.subscribe_to_user_personal_channel.single_connection:
            return
        if self._node.engine.presence(personal):
            for other in self._node.hub.of_user(user):
                other.disconnect(disconnects.CONNECTION_LIMIT.code, disconnects.CONNECTION_LIMIT.reason)

    def _checked(self, admission: Admission) -> Admission:
        """Return *admission* if it is within the limits of the configuration and has not expired."""
        client = self._node.config.client
        if 0 < client.channel_limit < len(admission.subs):
            raise FatalError(disconnects.CHANNEL_LIMIT)
        limit = client.user_connection_limit
        if limit > 0 and admission.user and self._node.hub.count_of_user(admission.user) >= limit:
            raise FatalError(disconnects.CONNECTION_LIMIT)
        if admission.expire_at > 0 and time_left(admission.expire_at, self._node.now()) < 0:
            raise refused(error_codes.EXPIRED)
        return admission
