"""A broker for development that needs no server: a folder with one file per message.

It extends kombu's broker. kombu 5.7 writes messages in place, and a worker that reads half a message fails, so this
broker renames complete files into place. In production, use Redis or RabbitMQ.
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
    """Transport class that kombu loads."""

    Channel = _Channel


def register() -> None:
    """Register the scheme `folder://` for broker URLs."""
    TRANSPORT_ALIASES["folder"] = f"{__name__}:Transport"


def options(folder: Path) -> dict[str, Any]:
    """Create *folder* and return its `broker_transport_options`."""
    folder.mkdir(exist_ok=True)
    places = dict.fromkeys(("data_folder_in", "data_folder_out", "control_folder"), str(folder))
    return {**places, "polling_interval": 0.1}
