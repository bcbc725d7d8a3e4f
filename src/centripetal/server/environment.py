"""The inputs that a server takes from outside (clock, randomness, ids), as one value: PURE.

`system.py` creates the real environment; tests create theirs.
"""

from collections.abc import Callable, Mapping

import msgspec

from centripetal.server.questions import Ask, ask_nobody

__all__ = ["Environment"]


class Environment(msgspec.Struct, frozen=True, kw_only=True):
    """The clock, randomness, ids and readings of one server process.

    Attributes:
        now: returns Unix time in seconds.
        timer: returns the seconds of a monotonic clock, to measure durations.
        jitter: returns a random number from 0 to 1, which spreads the timers of many clients.
        new_uuid: returns a new id for a node or a connection.
        new_token: returns unguessable text.
        new_message_id: returns a new message id (1.x).
        new_epoch: returns a new epoch for a stream (Centrifugo 6).
        process_usage: returns the resource usage of the process, by the metric names of 1.x.
        can_websocket: whether the package `websockets` is installed.
        ask: asks the application (Centrifugo 6). Servers without proxies never call it.
    """

    now: Callable[[], float]
    timer: Callable[[], float]
    jitter: Callable[[], float]
    new_uuid: Callable[[], str]
    new_token: Callable[[], str]
    new_message_id: Callable[[], str]
    new_epoch: Callable[[], str]
    process_usage: Callable[[], Mapping[str, int]]
    can_websocket: bool
    ask: Ask = ask_nobody
