"""The questions of one session that wait for an answer, and what waits for them: PURE.

Work that asks is a generator (`Asking`) that yields questions and is sent the replies. With `client.concurrency` of 0
or 1, the client's commands run one after another, and the server's own questions at any time. Above 1, up to that many
run at once, the server's own included (protocol 6: proxy-requests).
"""

from collections import deque
from collections.abc import Callable, Generator
from functools import partial
from typing import TypeAlias, TypeVar

from centripetal.dialects.current.client_protocol.objects import Disconnect
from centripetal.server.current.refusals import FatalError
from centripetal.server.questions import Ask, Pending, Question, Reply

__all__ = ["Asking", "Calls"]

T = TypeVar("T")

Asking: TypeAlias = Generator[Question, Reply, T]
"""Work that asks the application, with a result of type *T*."""

_Work: TypeAlias = Asking[None]


class Calls:
    """The calls to the application of one session.

    Args:
        ask: asks the application.
        concurrency: `client.concurrency` of the configuration.
        close: closes the session.
        go_on: called when a command of the client may run that could not run before.

    Attributes:
        blocked: whether no command of the client may run.
        full: whether no command may run that could ask.
    """

    __slots__ = ("_ask", "_close", "_concurrency", "_free", "_go_on", "_pending", "_waiting", "blocked", "full")

    def __init__(
        self,
        ask: Ask,
        concurrency: int,
        *,
        close: Callable[[Disconnect], object],
        go_on: Callable[[], object],
    ) -> None:
        self._ask = ask
        self._concurrency = concurrency
        self._close = close
        self._go_on = go_on
        self._pending: dict[_Work, Pending] = {}
        self._free = concurrency
        self._waiting: deque[_Work] = deque()
        self.blocked = False
        self.full = False

    def run_command(self, work: _Work, *, alone: bool = False) -> None:
        """Run *work* for a command of the client; if it is *alone*, no other command runs meanwhile."""
        if alone or self._concurrency <= 1:
            self.blocked = True
            self._proceed(work, self._unblock)
        else:
            self._take_slot(work)

    def run(self, work: _Work) -> None:
        """Run *work* of the server itself; above a concurrency of 1, it may have to wait."""
        if self._concurrency <= 1:
            self._proceed(work, _nothing)
        elif self.full:
            self._waiting.append(work)
        else:
            self._take_slot(work)

    def end(self) -> None:
        """End the session's calls: above a concurrency of 1 they are cancelled, otherwise their answers still count."""
        self._waiting.clear()
        if self._concurrency > 1:
            pending, self._pending = self._pending, {}
            for work, each in pending.items():
                each.cancel()
                work.close()

    def _take_slot(self, work: _Work) -> None:
        self._free -= 1
        self.full = self._free <= 0
        self._proceed(work, self._free_slot)

    def _proceed(self, work: _Work, then: Callable[[], object], reply: Reply | None = None) -> None:
        """Continue *work* with *reply*, until its next question or its end, and call *then* at the end."""
        self._pending.pop(work, None)
        try:
            question = next(work) if reply is None else work.send(reply)
        except StopIteration:
            then()
        except FatalError as error:
            self._close(error.disconnect)
            then()
        else:
            self._pending[work] = self._ask(question, partial(self._proceed, work, then))

    def _unblock(self) -> None:
        self.blocked = False
        self._go_on()

    def _free_slot(self) -> None:
        self._free += 1
        self.full = False
        if self._waiting:
            self._take_slot(self._waiting.popleft())
        if not self.full:
            self._go_on()


def _nothing() -> None:
    """Do nothing at the end of work that nothing waits for."""
