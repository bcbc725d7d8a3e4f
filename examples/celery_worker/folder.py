"""A broker that needs no server, for development: a folder, in which each message is a file.

It is kombu's, but messages appear whole: kombu 5.7 writes them in place, where a worker may find half of one, and end.
For production, take Redis or RabbitMQ.
"""

import json
import time
import uuid
from pathlib import Path
from typing import Any

from kombu.transport import TRANSPORT_ALIASES, filesystem

__all__ = ["options", "register"]


class _Channel(filesystem.Channel):
    def _put(self, queue: str, payload: Any, **_: Any) -> None:  # type: ignore[override] # kombu's own differ
        target = Path(self.data_folder_out) / f"{time.monotonic_ns()}_{uuid.uuid4()}.{queue}.msg"
        part = target.with_suffix(".part")
        part.write_text(json.dumps(payload))
        part.rename(target)


class Transport(filesystem.Transport):
    """What kombu looks for."""

    Channel = _Channel


def register() -> None:
    """Let brokers be named `folder://`."""
    TRANSPORT_ALIASES["folder"] = f"{__name__}:Transport"


def options(folder: Path) -> dict[str, Any]:
    """The `broker_transport_options` for *folder*, which is made."""
    folder.mkdir(exist_ok=True)
    places = dict.fromkeys(("data_folder_in", "data_folder_out", "control_folder"), str(folder))
    return {**places, "polling_interval": 0.1}
