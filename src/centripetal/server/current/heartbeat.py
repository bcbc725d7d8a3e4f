"""Pings that ask a client whether it is alive (spec v6 §11.10): PURE."""

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
    """Return when something that recurs each *interval* happens first: not for all clients at once."""
    return interval / 2 + environment.jitter() * interval / 2


class Heartbeat:
    """The pings of one connection.

    Args:
        connection: the connection.
        timers: its timers.
        config: how often to ping, and how long to wait for a pong.
        close: ends the connection.
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
        """The client has answered.

        Raises:
            FatalError: nobody asked.
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
