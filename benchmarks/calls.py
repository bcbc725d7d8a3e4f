"""Number of function calls of one publish on a kept connection, which does not depend on the machine."""

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any, NamedTuple

from centripetal.testing import Centrifugo, CentrifugoV1

__all__ = ["Calls", "count", "publish_calls"]


class Calls(NamedTuple):
    """Number of calls.

    Attributes:
        python: calls of functions written in Python.
        c: calls of functions written in C.
    """

    python: int
    c: int


def count(function: Callable[[], object]) -> Calls:
    """Return the number of calls that *function* makes in this thread, without the call of *function*."""
    python = c = 0

    def notice(_frame: FrameType, event: str, _argument: Any) -> None:
        nonlocal python, c
        python += event == "call"
        c += event == "c_call"

    sys.setprofile(notice)
    try:
        function()
    finally:
        sys.setprofile(None)
    return Calls(python - 1, c - 1)  # without the call of the function, and the call that ends the counting


def publish_calls(generation: int) -> Calls:
    """Return the calls of one `Client.publish` to an embedded server, on a connection in steady use.

    A garbage collection may run callbacks in between, so this is the least of three publishes.
    """
    with CentrifugoV1() if generation == 1 else Centrifugo() as server:
        client = server.client()
        for _ in range(10):
            client.publish("news", {"text": "hello"})
        return min(count(lambda: client.publish("news", {"text": "hello"})) for _ in range(3))
