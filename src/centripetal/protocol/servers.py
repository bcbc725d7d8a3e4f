"""Several servers behind one client: the codec of a list of servers, which sends calls to one that works.

All calls go to one server for as long as it works. If it cannot be reached, or a gateway in front of it replies 502,
503 or 504, the calls are sent to the next server, unless they may have run and cannot run twice. A server that failed
is tried last until a pause is over, which doubles with each failure in a row.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final, Generic, Protocol, Self

from centripetal.errors import CentripetalError, ConnectError, ConnectionLostError, HTTPStatusError, TimeoutError
from centripetal.protocol.command import Command, Prepared, R
from centripetal.protocol.exchange import Dialect, Flow, OutcomeT, Pause, T, once_more
from centripetal.protocol.http import HTTPReply, HTTPRequest

__all__ = ["FIRST_PAUSE", "LONGEST_PAUSE", "ServerCodec", "Servers"]

FIRST_PAUSE: Final = 1.0
"""Seconds for which a server that failed once is tried last."""

LONGEST_PAUSE: Final = 30.0

_KEYS_LAST: Final = 240.0
"""Seconds for which calls with idempotency keys are repeated; servers forget a key after five minutes."""

_GATEWAY_FAILURES = (502, 503, 504)


class ServerCodec(Dialect[OutcomeT], Protocol[OutcomeT]):
    """The codec of one server.

    Attributes:
        endpoint: address of its API.
    """

    endpoint: str


class _Server(Generic[OutcomeT]):
    """A server and its failures in a row. Threads may share an instance, because no change depends on another."""

    def __init__(self, codec: ServerCodec[OutcomeT]) -> None:
        self.codec = codec
        self.failures = 0
        self.paused_until = 0.0

    def pause_left(self, now: float) -> float:
        """Return for how many seconds the server is tried last; 0 if it is not."""
        left = self.paused_until - now
        # After a jump of the clock, the time may be far in the future.
        return left if self.failures and 0 < left <= LONGEST_PAUSE else 0.0

    def failed(self, now: float) -> None:
        """Start or prolong the pause. Failures of several calls during a pause count as one."""
        if not self.pause_left(now):
            self.paused_until = now + min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(self.failures, 10))
            self.failures += 1


class _Ring(Generic[OutcomeT]):
    """The servers in the order of the list, and the position of the one in use."""

    def __init__(self, codecs: Sequence[ServerCodec[OutcomeT]]) -> None:
        self.servers = [_Server(codec) for codec in codecs]
        self.place = 0

    def order(self, now: float) -> list[_Server[OutcomeT]]:
        """Return the servers in the order in which to try them: first the one in use, last those in a pause."""
        turned = self.servers[self.place :] + self.servers[: self.place]
        return sorted(turned, key=lambda server: server.pause_left(now))


class Servers(Generic[OutcomeT]):
    """Codec for several servers of the same kind; it has the interface of a codec for one server.

    Args:
        codecs: one codec per server, in the order in which to try them.
        now: returns the time of a monotonic clock, in seconds.
    """

    def __init__(self, codecs: Sequence[ServerCodec[OutcomeT]], now: Callable[[], float]) -> None:
        self._ring = _Ring(codecs)
        self._now = now
        self._change: Callable[[Any], ServerCodec[OutcomeT]] | None = None

    @property
    def endpoint(self) -> str:
        """Address of the API of the server in use."""
        return self._in_use().endpoint

    @property
    def endpoints(self) -> tuple[str, ...]:
        """Addresses of the API of all servers, in the order of the list."""
        return tuple(server.codec.endpoint for server in self._ring.servers)

    def in_parallel(self) -> Self:
        """Return a codec for the same servers whose batches they run in parallel; both agree which server works."""
        other = type(self).__new__(type(self))
        other._ring, other._now, other._change = self._ring, self._now, lambda codec: codec.in_parallel()
        return other

    def prepare(self, command: Command[R]) -> Prepared[R]:
        return self._in_use().prepare(command)

    def direct_request(self, calls: Sequence[Prepared[Any]]) -> HTTPRequest | None:  # noqa: ARG002
        """Return None: only the flow of `ask` can turn to the next server."""
        return None

    def outcomes(self, calls: Sequence[Prepared[Any]], reply: HTTPReply) -> Sequence[OutcomeT]:
        return self._in_use().outcomes(calls, reply)

    def repeatable(self, calls: Sequence[Prepared[Any]]) -> Flow[list[bool]]:
        order = self._ring.order(self._now())
        for others, server in zip(reversed(range(len(order))), order, strict=True):
            try:
                return (yield from _leaving_time(self._changed(server).repeatable(calls), others))
            except CentripetalError as error:
                if not others or not _is_failure_of_server(error):
                    raise
                server.failed(self._now())
        raise AssertionError("there is at least one server")

    def ask(self, calls: Sequence[Prepared[Any]], reply: HTTPReply | None = None) -> Flow[list[OutcomeT]]:
        """Send *calls* to the server in use, or else to the next servers, each once.

        Raises:
            CentripetalError: the last error; if several servers were tried, its text has the reason of each. `executed`
                is "unknown" if one of them may have run the calls.
        """
        assert reply is None, "direct_request() returns no request"
        began = self._now()
        order = self._ring.order(began)
        tried: list[tuple[str, CentripetalError]] = []
        for others, server in zip(reversed(range(len(order))), order, strict=True):
            unsure = any(error.executed != "no" for _, error in tried)
            if unsure and self._now() - began > _KEYS_LAST:
                break
            codec = self._changed(server)
            try:
                if unsure and not all((yield from _leaving_time(codec.repeatable(calls), others))):
                    break
                outcomes = yield from _leaving_time(once_more(codec, calls), others)
            except CentripetalError as error:
                tried.append((codec.endpoint, error))
                if not _is_failure_of_server(error):
                    break
                server.failed(self._now())
            else:
                server.failures, self._ring.place = 0, self._ring.servers.index(server)
                return outcomes
        raise _summary(tried)

    def _in_use(self) -> ServerCodec[OutcomeT]:
        return self._changed(self._ring.servers[self._ring.place])

    def _changed(self, server: _Server[OutcomeT]) -> ServerCodec[OutcomeT]:
        return server.codec if self._change is None else self._change(server.codec)

    def __repr__(self) -> str:
        return f"<Servers {', '.join(self.endpoints)}>"


def _is_failure_of_server(error: CentripetalError) -> bool:
    """Return whether *error* is a reason to turn to another server, and not about the calls or their time limit."""
    if isinstance(error, HTTPStatusError):
        return error.status in _GATEWAY_FAILURES
    if isinstance(error, TimeoutError):
        return error.executed == "no"  # no connection
    return isinstance(error, ConnectError | ConnectionLostError)


def _leaving_time(flow: Flow[T], others: int) -> Flow[T]:
    """Run *flow*; its requests leave time for *others* servers."""
    try:
        step = next(flow)
        while True:
            if not isinstance(step, Pause):
                step.others = others
            try:
                reply = yield step
            except CentripetalError as error:
                step = flow.throw(error)
            else:
                step = flow.send(reply)
    except StopIteration as end:
        result: T = end.value
        return result


def _summary(tried: Sequence[tuple[str, CentripetalError]]) -> CentripetalError:
    """Return the last error, with the reasons of all servers in its text."""
    _, last = tried[-1]
    if len(tried) > 1:
        last.command = None  # its name is not part of the reason; `exchange` adds it to the whole text
        each = [f"{endpoint}: {str(error).partition('. ')[0]}" for endpoint, error in tried]
        last.args = (f"{len(tried)} servers were tried. {'; '.join(each)}", *last.args[1:])
        if last.executed == "no" and any(error.executed != "no" for _, error in tried):
            last.executed = "unknown"
    return last
