"""An environment for servers in tests: the clock moves only when a test sets it, and ids are counted."""

import itertools
from typing import Any

import msgspec

from centripetal.server.environment import Environment

__all__ = ["Clock", "fixed_environment"]


class Clock:
    """A clock that returns its attribute `time`, in Unix seconds."""

    def __init__(self, time: float = 1000.0) -> None:
        self.time = time

    def __call__(self) -> float:
        return self.time


def fixed_environment(**changes: Any) -> Environment:
    """Return an environment with a clock at 1000 and the ids "uid", "m1", "m2"…, "epoch-1"…, except for *changes*."""
    numbers, epochs = itertools.count(1), itertools.count(1)
    fixed = Environment(
        now=Clock(),
        timer=Clock(),
        jitter=lambda: 0.5,
        new_uuid=lambda: "uid",
        new_token=lambda: "token",
        new_message_id=lambda: f"m{next(numbers)}",
        new_epoch=lambda: f"epoch-{next(epochs)}",
        process_usage=dict,
        can_websocket=True,
    )
    return msgspec.structs.replace(fixed, **changes)
