"""Handlers as an ASGI application."""

from typing import Any, Protocol

from centripetal.handling.dispatcher import Dispatcher
from centripetal.handling.flow import JSON, Answer, NoAnswer, rejected
from centripetal.handling.shells import kind_of

__all__ = ["serve_asgi"]

_JSON = (b"content-type", b"application/json")


class Served(Protocol):
    """`Handlers`, whose `__call__` is `serve_asgi`."""

    @property
    def _dispatcher(self) -> Dispatcher: ...


async def serve_asgi(handlers: Served, scope: Any, receive: Any, send: Any) -> None:
    """Answer a request as an ASGI application. The last segment of its path is the kind of the event.

    The lifespan of an application is accepted, and a WebSocket is refused.
    """
    # One coroutine, because each costs as much as a tenth of the constant answer in benchmarks/proxy.py.
    dispatcher = handlers._dispatcher
    if scope["type"] != "http":
        await _other(scope, receive, send)
        return
    try:
        kind = kind_of(scope["method"], scope["path"])
        headers = dispatcher.trusted_scope(scope)
        body, more = b"", True
        while more:
            message = await receive()
            if message["type"] != "http.request":
                return  # the server has closed the connection
            body += message.get("body", b"")
            if len(body) > dispatcher.max_body:
                dispatcher.check_size(len(body))
            more = message.get("more_body", False)
    except NoAnswer as error:
        answer = rejected(error)
    else:
        answer = await dispatcher.answer_async(kind, headers, body, scope)
    fields: list[tuple[bytes, bytes]] = [_JSON] if answer.headers is JSON else _fields(answer)
    fields.append((b"content-length", b"%d" % len(answer.body)))
    await send({"type": "http.response.start", "status": answer.status, "headers": fields})
    await send({"type": "http.response.body", "body": answer.body})


async def _other(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        await _live(receive, send)
    else:
        await receive()
        await send({"type": "websocket.close"})


async def _live(receive: Any, send: Any) -> None:
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            await send({"type": "lifespan.startup.complete"})
        else:
            await send({"type": "lifespan.shutdown.complete"})
            return


def _fields(answer: Answer) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode(), value.encode()) for name, value in answer.headers]
