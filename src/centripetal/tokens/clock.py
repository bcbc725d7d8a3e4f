"""The public functions that need a clock: the pure ones, with the system's time where `now` is not given."""

import functools
import time
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from centripetal.tokens import explanation, issuing

__all__ = ["connection_token", "explain", "subscription_token"]

P = ParamSpec("P")
R = TypeVar("R")


def _clocked(function: Callable[P, R]) -> Callable[P, R]:
    """*function* with the keyword `now` filled in where it is missing or None."""

    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        if kwargs.get("now") is None:
            kwargs["now"] = time.time()
        return function(*args, **kwargs)

    return call


connection_token = _clocked(issuing.connection_token)
subscription_token = _clocked(issuing.subscription_token)
explain = _clocked(explanation.explain)
