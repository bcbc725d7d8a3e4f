"""Ask handlers of proxy events in a test: without a server, a socket or a secret.

    assert ask(proxy, SubscribeEvent(user="42", channel="rooms:7")) == SubscribeReply(info={"role": "host"})

The event is written as a server writes it and read as the handlers read it, so patterns, conversions and checks of data
run, too. An error of a handler is raised, so its traceback shows the line.
"""

import asyncio
from typing import Any, TypeVar

from centripetal.dialects.current.proxy.events import Event, RefreshEvent, SubRefreshEvent
from centripetal.dialects.current.proxy.refusals import Close, Refuse
from centripetal.dialects.current.proxy.replies import Expired
from centripetal.dialects.current.proxy.reply import Reply, result_body, value_body
from centripetal.errors import UsageError
from centripetal.handling.flow import Call, NoAnswer
from centripetal.handling.handlers import Handlers, dispatcher_of

__all__ = ["ask", "ask_async"]

R = TypeVar("R")


def ask(handlers: Handlers, event: Event[Any, R]) -> R:
    """Return the reply of plain *handlers* to *event*: for an RPC, the value that the handler returned.

    Args:
        handlers: the handlers.
        event: the event, with `headers` in any letter case, and with `context` if the handlers need it.

    Raises:
        Refuse, Close: the client is refused: by a handler, for lack of one, or because its data is not as annotated.
            A refresh that is refused returns `Expired()`, as the server takes it.
        UsageError: no handler is for events of this kind, the handler is a coroutine function, or it returned something
            that is not a reply.
        Exception: the handler failed with it.
    """
    call = _call(handlers, event)
    if call.route.awaits:
        raise UsageError(f"{call.route.name} is a coroutine function: use await ask_async(…)")
    reply: R = _reply(call, call.run())
    return reply


async def ask_async(handlers: Handlers, event: Event[Any, R]) -> R:
    """Return the reply of any *handlers* to *event*; plain functions run in a thread. See `ask`."""
    call = _call(handlers, event)
    reply: R = _reply(call, await call.run_async(asyncio.to_thread))
    return reply


def _call(handlers: Handlers, event: Any) -> Call:
    if not isinstance(handlers, Handlers) or not isinstance(event, Event):
        raise UsageError("ask takes the handlers and an event, such as ConnectEvent()")
    try:
        return dispatcher_of(handlers).question(event)
    except NoAnswer as error:
        raise UsageError(str(error)) from None


def _reply(call: Call, outcome: Any) -> Any:
    try:
        reply = call.reply(outcome)
    except (Refuse, Close):
        if isinstance(call.event, RefreshEvent | SubRefreshEvent):
            return Expired()
        raise
    # The body of the response is not needed, only its errors.
    _ = result_body(reply) if isinstance(reply, Reply) else value_body(reply)
    return reply
