"""What happens to a connection by itself, and when: PURE."""

from collections.abc import Callable

from centripetal.dialects.current.client_protocol.objects import Disconnect
from centripetal.dialects.current.client_protocol.replies import PING
from centripetal.dialects.current.disconnects import BAD_REQUEST, NO_PONG
from centripetal.server.current.config import Client
from centripetal.server.current.refusals import FatalError
from centripetal.server.session import Link, Timer

__all__ = ["Alarms", "Heartbeat"]


class Alarms:
    """Timers by name: setting one again is setting it anew.

    Args:
        link: the connection.
        jitter: makes numbers from 0 to 1.
    """

    __slots__ = ("_jitter", "_link", "_timers")

    def __init__(self, link: Link[Disconnect], jitter: Callable[[], float]) -> None:
        self._link = link
        self._jitter = jitter
        self._timers: dict[str, Timer] = {}

    def set(self, name: str, delay: float, callback: Callable[[], object]) -> None:
        self.clear(name)
        self._timers[name] = self._link.call_later(delay, callback)

    def clear(self, name: str) -> None:
        if (timer := self._timers.pop(name, None)) is not None:
            timer.cancel()

    def clear_all(self) -> None:
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def first(self, interval: float) -> float:
        """When something happens first that happens again each *interval*: not for all clients at once."""
        return interval / 2 + self._jitter() * interval / 2


class Heartbeat:
    """Asks a client whether it is alive (spec v6 §11.10).

    Args:
        link: the connection.
        alarms: of it.
        config: the times.
        close: ends it.
    """

    __slots__ = ("_alarms", "_awaits_pong", "_close", "_config", "_link")

    def __init__(
        self, link: Link[Disconnect], alarms: Alarms, config: Client, close: Callable[[Disconnect], object]
    ) -> None:
        self._link = link
        self._alarms = alarms
        self._config = config
        self._close = close
        self._awaits_pong = False

    def start(self) -> None:
        self._alarms.set("ping", self._alarms.first(self._config.ping_interval), self._ping)

    def take_pong(self) -> None:
        """The client has answered.

        Raises:
            FatalError: nobody asked.
        """
        if not self._awaits_pong:
            raise FatalError(BAD_REQUEST)
        self._awaits_pong = False
        self._alarms.clear("pong")

    def _ping(self) -> None:
        self._link.send(PING)
        self._awaits_pong = True
        if self._config.pong_timeout > 0:
            self._alarms.set("pong", self._config.pong_timeout, lambda: self._close(NO_PONG))
        self._alarms.set("ping", self._config.ping_interval, self._ping)
