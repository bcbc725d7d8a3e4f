"""Public functions that read the system clock if `now` is not given, as wrappers of the pure functions."""

import functools
import time
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from centripetal.protocol.discreet import discreet
from centripetal.tokens import explanation, issuing

__all__ = ["connection_token", "explain", "subscription_token"]

P = ParamSpec("P")
R = TypeVar("R")


def _clocked(function: Callable[P, R]) -> Callable[P, R]:
    """Wrap *function* to pass the current time as `now` if it is missing or None."""

    @discreet
    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        if kwargs.get("now") is None:
            kwargs["now"] = time.time()
        return function(*args, **kwargs)

    return call


connection_token = _clocked(issuing.connection_token)
subscription_token = _clocked(issuing.subscription_token)
explain = _clocked(explanation.explain)
