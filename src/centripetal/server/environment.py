"""What a server takes from the outside world, as one value: PURE.

`system.py` makes the real one; tests make their own.
"""

from collections.abc import Callable, Mapping

import msgspec

__all__ = ["Environment"]


class Environment(msgspec.Struct, frozen=True, kw_only=True):
    """The clock, randomness, ids and readings of one server process.

    Attributes:
        now: returns Unix time in seconds.
        timer: returns the seconds of a clock that is never set back, to measure durations.
        jitter: returns a random number from 0 to 1, which spreads the timers of many clients.
        new_uuid: makes the ids of nodes and connections.
        new_token: makes unguessable text.
        new_message_id: makes the ids of messages (1.x).
        new_epoch: makes the epochs of streams (Centrifugo 6).
        process_usage: returns what the process uses, by the names of the metrics of 1.x.
        can_websocket: whether the package `websockets` is installed.
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
