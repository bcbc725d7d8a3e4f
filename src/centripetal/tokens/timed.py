"""The functions of `centripetal.tokens` that need a clock: the pure ones, and the system's time if none is given."""

import functools
import time
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from centripetal.tokens import explanation as explaining
from centripetal.tokens import issuing as credentials

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


connection_token = _clocked(credentials.connection_token)
subscription_token = _clocked(credentials.subscription_token)
explain = _clocked(explaining.explain)
