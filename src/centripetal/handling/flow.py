"""The decisions about one event: which handler answers it, and which answer its result becomes.

    question(routes, kind, headers, body, context)  -> a Call, or the Answer to an event that no handler gets
    call.run() or await call.run_async(…)           -> the handler's outcome
    call.answer(outcome)                            -> the Answer

Both decisions fail closed. A handler that returns nothing, returns another type, or fails is a bug: the answer is
status 500, which permits nothing, and which lets connections live on when it answers a refresh.
"""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from centripetal.dialects.current import error_codes
from centripetal.dialects.current.proxy.events import (
    EVENTS,
    ConnectEvent,
    Event,
    EventError,
    PublishEvent,
    RefreshEvent,
    RPCEvent,
    SharedPollEvent,
    SubRefreshEvent,
    SubscribeEvent,
    read,
)
from centripetal.dialects.current.proxy.refusals import Close, Refuse
from centripetal.dialects.current.proxy.replies import (
    ConnectReply,
    Expired,
    PublishReply,
    RefreshReply,
    RPCReply,
    SharedPollReply,
    SubRefreshReply,
    SubscribeReply,
    check_bytes,
)
from centripetal.dialects.current.proxy.reply import Reply, result_body, value_body
from centripetal.errors import UsageError, shown
from centripetal.handling.decoders import BadData
from centripetal.handling.log import log
from centripetal.handling.routes import Route

__all__ = ["JSON", "Answer", "Call", "InThread", "NoAnswer", "Raised", "question", "rejected"]

InThread = Callable[[Callable[[], Any]], Awaitable[Any]]
"""Awaits a plain function that runs in a thread, such as `asyncio.to_thread`."""

JSON = (("Content-Type", "application/json"),)
_TEXT = (("Content-Type", "text/plain; charset=utf-8"),)
_REFUSALS = (Refuse, Close)
_EXPIRED = Expired.body

_REPLIES: Mapping[type[Event[Any, Any]], tuple[type[Reply], ...]] = {
    ConnectEvent: (ConnectReply,),
    RefreshEvent: (RefreshReply, Expired),
    SubscribeEvent: (SubscribeReply,),
    PublishEvent: (PublishReply,),
    SubRefreshEvent: (SubRefreshReply, Expired),
    SharedPollEvent: (SharedPollReply,),
}
"""The replies to each event."""
_OF_CALLS = (RPCReply,)
"""The reply to an RPC, which may also be any value, but not a reply to another event."""


class Answer(msgspec.Struct, frozen=True):
    """An HTTP response to the server.

    Attributes:
        status: the status; the server only accepts 200.
        body: the body.
        headers: names and values, without `Content-Length`.
    """

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = JSON


class Raised(NamedTuple):
    """The outcome of a handler that raised *error*."""

    error: Exception


class NoAnswer(Exception):
    """No handler gets the event; the server gets *status* with the text of this exception."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def rejected(error: NoAnswer) -> Answer:
    """Return the response for *error*. The text is for people who try the endpoint; the server ignores it."""
    headers = (*_TEXT, ("Allow", "POST")) if error.status == 405 else _TEXT
    return Answer(error.status, f"{error}\n".encode("utf-8", "replace"), headers)


class Call(msgspec.Struct, eq=False):
    """A handler with the event that it answers.

    Attributes:
        route: the handler.
        event: the event.
        parts: the converted parts of the pattern.
        slow: time in seconds after which a warning is logged.
    """

    route: Route
    event: Any
    parts: dict[str, Any]
    slow: float
    begun: float

    def run(self) -> Any:
        """Run a plain handler, and return its result, or `Raised` if it raised an `Exception`."""
        try:
            result = self.route.run(self.event, **self.parts)
        except Exception as error:
            return Raised(error)
        if hasattr(type(result), "__await__"):
            if callable(close := getattr(result, "close", None)):
                close()
            return Raised(TypeError(f"{self.route.name} returned an awaitable, but is answered without an event loop"))
        return result

    async def run_async(self, in_thread: InThread) -> Any:
        """Run any handler, a plain one with *in_thread*, and return its result, or `Raised` for an `Exception`."""
        try:
            if self.route.awaits:
                return await self.route.run(self.event, **self.parts)
            result = await in_thread(self._run_plain)
            return await result if hasattr(type(result), "__await__") else result
        except Exception as error:
            return Raised(error)

    def _run_plain(self) -> Any:
        try:
            return self.route.run(self.event, **self.parts)
        except Exception as error:  # a StopIteration cannot pass through a future
            return Raised(error)

    def answer(self, outcome: Any) -> Answer:
        """Return the response for the *outcome* of the handler."""
        seconds = time.perf_counter() - self.begun
        if seconds > self.slow:
            log().warning(
                "%s took %.1f s to answer %s: Centrifugo waits 1 s, or the `timeout` of its proxy",
                self.route.name, seconds, self.shown,
            )  # fmt: skip
        try:
            reply = self.reply(outcome)
            return Answer(200, result_body(reply) if isinstance(reply, Reply) else value_body(reply))
        except (Refuse, Close) as refusal:
            return _refused(self.event, refusal)
        except Exception as error:
            log().error("%s failed to answer %s", self.route.name, self.shown, exc_info=error)
            return rejected(NoAnswer(500, "the handler failed"))

    def reply(self, outcome: Any) -> Any:
        """Return the handler's reply, or the value that it returned for an RPC.

        Raises:
            Refuse, Close: the handler refused.
            Exception: the handler failed with it, or its reply is not one for the event.
        """
        allowed = _REPLIES.get(type(self.event), _OF_CALLS)
        if type(outcome) in allowed:
            if outcome.encoded and self.event.protocol == "json":
                check_bytes(outcome)
            return outcome
        if type(outcome) is Raised:
            outcome = outcome.error
            if not isinstance(outcome, _REFUSALS):
                raise outcome
        if isinstance(outcome, _REFUSALS):  # raised, or returned instead
            if isinstance(outcome, Close) and type(self.event) is SharedPollEvent:
                raise UsageError("the answer to a shared poll cannot close connections: raise Refuse")
            raise outcome
        if allowed is _OF_CALLS and not isinstance(outcome, Reply):
            return outcome
        names = " or ".join(f"{reply.__name__}(…)" for reply in allowed)
        raise TypeError(
            f"{self.route.name} must return {names}, not {shown(outcome, 60)}: nothing may be permitted by accident"
        )

    @property
    def shown(self) -> str:
        """The event for a log: its kind, and its channel or method."""
        return _shown(self.event)


def _shown(event: Any) -> str:
    topic = getattr(event, event.topic) if event.topic else ""
    return f"{event.kind} {topic!r:.100}" if topic else str(event.kind)


def _refused(event: Any, refusal: Refuse | Close) -> Answer:
    """Return the response for a *refusal*. The server ignores refusals of refreshes: there they mean the end."""
    return Answer(200, _EXPIRED if isinstance(event, (RefreshEvent, SubRefreshEvent)) else refusal.body())


def question(
    routes: Mapping[str, Sequence[Route]],
    kind: str,
    headers: Mapping[str, str],
    body: bytes,
    context: Any,
    slow: float,
) -> Call:
    """Return the call that answers an event.

    Args:
        routes: the handlers by kind of event.
        kind: kind of the event.
        headers: the headers of the request by lower-case name, without the secret.
        body: the body of the request.
        context: the caller's `context`.
        slow: time in seconds after which a warning is logged.

    Raises:
        NoAnswer: the body is not such an event, or there is no handler.
        Refuse: the client gets an error.
    """
    candidates = routes.get(kind)
    if candidates is None:
        log().error("Centrifugo asks %.50r, and there is no handler for it", kind)
        known = ", ".join(EVENTS) if kind not in EVENTS else ", ".join(sorted(routes)) or "none"
        raise NoAnswer(404, f"no handler for {kind!r:.50}; there are: {known}")
    event_type = candidates[0].event
    try:
        event: Any = read(event_type, body)
    except EventError as error:
        log().error("this is not a %s event: %.300s", kind, error)
        raise NoAnswer(400, f"not a {kind} event: {error}") from None
    topic = getattr(event, event_type.topic) if event_type.topic else ""
    for route in candidates:
        parts = route.parts(topic)
        if parts is not None:
            break
    else:
        raise _unhandled(event)
    event.headers, event.context = headers, context
    if route.decode is not None:
        try:
            event.data = route.decode(event.data_bytes, event.encoding == "binary")
        except BadData as error:
            log().info("bad data in %s of user %.100r: %s", _shown(event), getattr(event, "user", ""), error)
            raise Refuse(400, f"bad data: {error}") from None
    return Call(route, event, parts, slow, time.perf_counter())


def _unhandled(event: Any) -> Exception:
    log().info("no handler for %s", _shown(event))
    if type(event) is SubRefreshEvent:  # a wrong pattern must not end subscriptions
        return NoAnswer(404, f"no handler for {_shown(event)}")
    code = error_codes.METHOD_NOT_FOUND if type(event) is RPCEvent else error_codes.PERMISSION_DENIED
    return Refuse(code, error_codes.MESSAGES[code])
