"""Checks that ask the endpoints of a configuration, with requests that change nothing.

Only `connect` is asked as a server would ask. The other endpoints get an empty event, which applications refuse before
they act, so these checks only see whether the request arrives.
"""

import asyncio
import re
from collections.abc import Iterator

from centripetal.cli.tools.doctor.check import Check
from centripetal.dialects.current.proxy.events import ConnectEvent, write
from centripetal.dialects.current.proxy.meanings import meaning
from centripetal.dialects.current.proxy.reading import Failed, read_answer
from centripetal.errors import CentripetalError
from centripetal.protocol.http import HTTPReply
from centripetal.server.asking.go_requests import GoRequest
from centripetal.server.asking.over_http import ProxyTransport
from centripetal.server.current.proxies import Proxy, headers_for

__all__ = ["endpoint_checks"]

_SHORTEST_KEEP_ALIVE = 60
_REDIRECTS = (301, 302, 303, 307, 308)
_REFUSALS = {
    401: "Compare the secret in http.static_headers with the application's.",
    403: "Compare the secret in http.static_headers with the application's; in Django, the view must be CSRF-exempt.",
    404: "Compare the path of the endpoint with the application's.",
    405: "The endpoint must accept POST.",
}


def endpoint_checks(kind: str, proxy: Proxy) -> Iterator[Check]:
    """Ask the endpoint for events of *kind*, and check the answer and the connection."""
    place = f"the endpoint for {kind}"
    if not proxy.endpoint.url.startswith("http"):
        yield Check(kind, "warning", f"{place} is not HTTP: not checked")
        return
    try:
        reply = asyncio.run(_ask(kind, proxy))
    except CentripetalError as error:
        advice = "Clients get error 100. Start the application, or correct the endpoint."
        yield Check(kind, "failed", f"{proxy.endpoint.shown}: {error}", advice)
        return
    yield _answer(kind, proxy, reply)
    yield from _connection(kind, reply)


async def _ask(kind: str, proxy: Proxy) -> HTTPReply:
    body = write(ConnectEvent(client="centripetal-proxy-check")) if kind == "connect" else b"{}"
    request = GoRequest(url=proxy.endpoint.url, headers=headers_for(proxy, (), {}), body=body)
    timeout = proxy.endpoint.timeout if proxy.endpoint.timeout > 0 else 60.0
    return await ProxyTransport(proxy.endpoint.tls).send(request, timeout)


def _answer(kind: str, proxy: Proxy, reply: HTTPReply) -> Check:
    if reply.status in _REDIRECTS:
        loses = reply.status in (301, 302, 303)
        text = f"{proxy.endpoint.shown} redirects ({reply.status})"
        text += ", and the server follows with a GET without the event" if loses else ""
        advice = "Write the final address as the endpoint, with or without the last slash as the application has it."
        return Check(kind, "failed" if loses else "warning", text, advice)
    if kind == "connect":
        answer = read_answer(ConnectEvent, reply.status, reply.body, proxy.transforms)
        if not isinstance(answer, Failed):
            return Check(kind, "ok", f"without credentials: {meaning(ConnectEvent, answer)}")
        advice = _REFUSALS.get(reply.status, "Clients get error 100 until the answer is status 200 with JSON.")
        return Check(kind, "failed", f"the answer is useless: {answer.why}", advice)
    if reply.status in _REFUSALS:
        return Check(kind, "failed", f"{proxy.endpoint.shown} answers {reply.status}", _REFUSALS[reply.status])
    return Check(kind, "ok", f"{proxy.endpoint.shown} is reached")


def _connection(kind: str, reply: HTTPReply) -> Iterator[Check]:
    """Check how long the application keeps idle connections: a question that comes just then is lost."""
    kept = re.search(r"(?i)timeout\s*=\s*(\d{1,9})", reply.header("keep-alive") or "")
    software = (reply.header("server") or "").lower()
    if (reply.header("connection") or "").lower() == "close":
        text = f"the application opens a connection for each question about {kind}"
        yield Check("keep-alive", "ok", text)
    elif kept is not None and int(kept[1]) < _SHORTEST_KEEP_ALIVE:
        yield _short(kind, f"after {kept[1]} s")
    elif kept is None and software.startswith("uvicorn"):
        yield _short(kind, "after 5 s, unless it is started with --timeout-keep-alive")
    elif kept is None and software.startswith("gunicorn"):
        yield _short(kind, "after 2 s, unless it is started with --keep-alive")


def _short(kind: str, when: str) -> Check:
    return Check(
        "keep-alive",
        "warning",
        f"the application of {kind} closes idle connections {when}",
        "Raise it to 75 s: the server does not repeat a question that arrives while the connection is being closed.",
    )
