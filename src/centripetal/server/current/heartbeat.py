"""Pings that detect dead connections (protocol 6: client-pings): PURE."""

from collections.abc import Callable

from centripetal.dialects.current.client_protocol.objects import Disconnect
from centripetal.dialects.current.client_protocol.replies import PING
from centripetal.dialects.current.disconnects import BAD_REQUEST, NO_PONG
from centripetal.server.current.config import Client
from centripetal.server.current.refusals import FatalError
from centripetal.server.environment import Environment
from centripetal.server.session import ClientConnection
from centripetal.server.timers import Timers

__all__ = ["Heartbeat", "first_delay"]


def first_delay(interval: float, environment: Environment) -> float:
    """Return the random first delay, in seconds, of a timer with *interval*, so that timers of clients spread out."""
    return interval / 2 + environment.jitter() * interval / 2


class Heartbeat:
    """The pings of one connection.

    Args:
        connection: the connection.
        timers: the timers of the connection.
        config: the intervals of pings and the timeout of pongs.
        close: closes the connection.
    """

    __slots__ = ("_awaits_pong", "_close", "_config", "_connection", "_timers")

    def __init__(
        self,
        connection: ClientConnection[Disconnect],
        timers: Timers,
        config: Client,
        close: Callable[[Disconnect], object],
    ) -> None:
        self._connection = connection
        self._timers = timers
        self._config = config
        self._close = close
        self._awaits_pong = False

    def start(self, environment: Environment) -> None:
        self._timers.set("ping", first_delay(self._config.ping_interval, environment), self._ping)

    def take_pong(self) -> None:
        """Record a pong from the client.

        Raises:
            FatalError: the client did not receive a ping before.
        """
        if not self._awaits_pong:
            raise FatalError(BAD_REQUEST)
        self._awaits_pong = False
        self._timers.clear("pong")

    def _ping(self) -> None:
        self._connection.send(PING)
        self._awaits_pong = True
        if self._config.pong_timeout > 0:
            self._timers.set("pong", self._config.pong_timeout, lambda: self._close(NO_PONG))
        self._timers.set("ping", self._config.ping_interval, self._ping)
