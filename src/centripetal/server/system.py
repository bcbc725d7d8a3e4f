"""The real environment of a server: the clock, randomness and readings of this process."""

import importlib.util
import os
import random
import secrets
import threading
import time
import uuid
from collections.abc import Callable, Mapping

from centripetal.server.environment import Environment
from centripetal.server.questions import Ask, ask_nobody

try:
    import resource
except ImportError:  # on Windows
    resource = None  # type: ignore[assignment]

__all__ = ["CAN_WEBSOCKET", "system_environment"]

CAN_WEBSOCKET = importlib.util.find_spec("websockets") is not None

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_BASE62 = "0123456789" + _LETTERS


def system_environment(ask: Ask = ask_nobody) -> Environment:
    """Return the environment of one run of a server; *ask* asks the application."""
    return Environment(
        now=time.time,
        timer=time.perf_counter,
        jitter=random.random,
        new_uuid=lambda: str(uuid.uuid4()),
        new_token=lambda: secrets.token_urlsafe(24),
        new_message_id=_message_ids(),
        new_epoch=lambda: "".join(secrets.choice(_LETTERS) for _ in range(8)),
        process_usage=_process_usage,
        can_websocket=CAN_WEBSOCKET,
        ask=ask,
    )


def _process_usage() -> Mapping[str, int]:
    used = os.times()
    usage = {
        "node_num_goroutine": threading.active_count(),
        "node_rusage_utime": int(used.user * 1e9),
        "node_rusage_stime": int(used.system * 1e9),
    }
    if resource is not None:
        usage["node_memory_sys"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return usage


def _message_ids() -> Callable[[], str]:
    """Return a function that makes 22-character ids like a 1.x server: a random prefix and an increasing number."""
    prefix = "".join(secrets.choice(_BASE62) for _ in range(12))
    number = secrets.randbelow(62**10)
    step = 33 + secrets.randbelow(300)

    def next_id() -> str:
        nonlocal number
        number = (number + step) % 62**10
        rest, digits = number, ""
        for _ in range(10):
            rest, digit = divmod(rest, 62)
            digits = _BASE62[digit] + digits
        return prefix + digits

    return next_id
