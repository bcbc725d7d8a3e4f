"""Publish the progress of a job without making the job wait.

    with Progress(client, "jobs:17") as progress:
        for number, row in enumerate(rows, 1):
            ...
            progress.update(number, len(rows))

A thread publishes the latest state, at most once per interval, and skips states in between. The last message reports
success or the error, and is retried for longer. It works in any job that runs in a thread or process, for example in a
Celery task.
"""

import logging
import threading
from types import TracebackType
from typing import Any, Self

from centripetal import CentripetalError, Client

__all__ = ["Progress"]

logger = logging.getLogger(__name__)


class Progress:
    """Publishes the progress of one job.

    Args:
        client: client for the calls; use `retry=Retry()` for the last message.
        channel: channel of the messages; with a history of one message in cache mode, late subscribers get the latest.
        interval: minimum time between two messages, in seconds.
    """

    def __init__(self, client: Client, channel: str, *, interval: float = 0.2) -> None:
        self._client = client
        self._channel = channel
        self._interval = interval
        self._state: dict[str, Any] = {"done": 0, "total": None}
        self._changed = threading.Condition()
        self._new = True  # publish the start of the job
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"progress of {channel}", daemon=True)

    def update(self, done: int, total: int) -> None:
        """Record that *done* of *total* steps are done. It returns at once and never raises."""
        with self._changed:
            self._state, self._new = {"done": done, "total": total}, True
            self._changed.notify()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._changed:
            self._ended.set()
            self._changed.notify()
        self._thread.join()  # so that the last message comes last
        end = {"state": "done"} if error is None else {"state": "failed", "error": str(error)}
        self._publish({**self._state, **end}, timeout=30)

    def _run(self) -> None:
        while (state := self._next()) is not None:
            self._publish({**state, "state": "running"}, timeout=1)
            self._ended.wait(self._interval)

    def _next(self) -> dict[str, Any] | None:
        """Wait for a state that was not published yet and return it, or None at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._new or self._ended.is_set())
            self._new = False
            return None if self._ended.is_set() else self._state

    def _publish(self, message: dict[str, Any], timeout: float) -> None:
        try:
            self._client.publish(self._channel, message, timeout=timeout)
        except CentripetalError as error:
            logger.warning("%s: could not publish the state %s: %s", self._channel, message["state"], error)
