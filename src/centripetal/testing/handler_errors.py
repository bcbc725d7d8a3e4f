"""The exceptions of an application's handlers, so that a failing test shows them.

Handlers log the exceptions that they answer with status 500, and clients only get error 100. The last exception becomes
the cause of that error.
"""

import logging

__all__ = ["HandlerErrors"]

_LOGGER = "centripetal.proxy"


class HandlerErrors(logging.Handler):
    """Notes the last exception that handlers of proxy events have logged, from `start` to `stop`."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self._last: BaseException | None = None

    def start(self) -> None:
        logging.getLogger(_LOGGER).addHandler(self)

    def stop(self) -> None:
        logging.getLogger(_LOGGER).removeHandler(self)
        self._last = None

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info and record.exc_info[1] is not None:
            self._last = record.exc_info[1]

    def take(self) -> BaseException | None:
        """Return the last exception, once."""
        error, self._last = self._last, None
        return error
