"""A subscriber that keeps what arrives, and recovers what it missed after each interruption."""

import threading
import time
from collections.abc import Sequence
from typing import Self

import msgspec

from centripetal.client.watching import Watching
from centripetal.dialects.current.watcher import Watcher
from centripetal.protocol.watching import Published, Subscribed
from tests.outbox.kills.judging import Message

__all__ = ["END", "Subscriber"]

END = -1
"""Number of the last message of each channel, which tells the subscriber that nothing else will follow."""


class Subscriber:
    """A client in a thread that subscribes to *channels* while its `with` block is entered.

    Attributes:
        arrived: messages in the order of their arrival, without the last of each channel.
        latest: number of the message that arrived last, by channel.
    """

    def __init__(self, url: str, channels: Sequence[str]) -> None:
        self.arrived: list[Message] = []
        self.latest = dict.fromkeys(channels, 0)
        self._channels = channels
        self._ended: set[str] = set()
        self._subscribed: set[str] = set()
        self._watching = Watching(Watcher(channels), url, timeout=5, pauses=lambda _: 0.05)
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        for event in self._watching:
            if isinstance(event, Subscribed):
                self._subscribed.add(event.channel)
            elif isinstance(event, Published):
                number = msgspec.json.decode(event.data)
                if number == END:
                    self._ended.add(event.channel)
                else:
                    self.arrived.append((event.channel, number))
                    self.latest[event.channel] = number

    def __enter__(self) -> Self:
        self._thread.start()
        self._wait_for(self._subscribed)
        return self

    def __exit__(self, *_: object) -> None:
        self._watching.stop()
        self._thread.join(10)

    @property
    def has_ended(self) -> bool:
        """Whether the last message of every channel has arrived."""
        return len(self._ended) == len(self._channels)

    def wait_for_the_end(self) -> None:
        """Wait until the last message of every channel has arrived."""
        self._wait_for(self._ended)

    def _wait_for(self, reached: set[str]) -> None:
        deadline = time.monotonic() + 30
        while len(reached) < len(self._channels):
            assert self._thread.is_alive(), "the subscriber has ended"
            assert time.monotonic() < deadline, f"only {sorted(reached)} of {self._channels} after 30 seconds"
            time.sleep(0.01)
