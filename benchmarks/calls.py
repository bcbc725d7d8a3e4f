"""How many function calls one publish on a kept connection takes: they do not depend on the machine."""

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any, NamedTuple

from centripetal.testing import Centrifugo, CentrifugoV1

__all__ = ["Calls", "count", "publish_calls"]


class Calls(NamedTuple):
    """What was counted.

    Attributes:
        python: calls of functions that are written in Python.
        c: calls of functions that are written in C.
    """

    python: int
    c: int


def count(function: Callable[[], object]) -> Calls:
    """Return how many calls *function* makes in this thread, its own not included."""
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
    return Calls(python - 1, c - 1)  # without the call of the function, and the one that ends the counting


def publish_calls(generation: int) -> Calls:
    """Return the calls of one `Client.publish` to an embedded server, after two others have opened the connection."""
    with CentrifugoV1() if generation == 1 else Centrifugo() as server:
        client = server.client()
        for _ in range(2):
            client.publish("news", {"text": "hello"})
        return count(lambda: client.publish("news", {"text": "hello"}))
