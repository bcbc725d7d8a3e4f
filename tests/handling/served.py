"""One set of handlers, served in all ways inside the process: a request goes in, and the status and body come out."""

import asyncio
import io
import threading
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import msgspec

from centripetal.proxy import (
    Close,
    ConnectEvent,
    ConnectReply,
    Expired,
    Handlers,
    PublishEvent,
    PublishReply,
    RefreshEvent,
    RefreshReply,
    Refuse,
    RPCEvent,
    SharedPollEvent,
    SharedPollReply,
    SharedPollResult,
    SubRefreshEvent,
    SubRefreshReply,
    SubscribeEvent,
    SubscribeReply,
)
from tests.django.ready import make_ready

__all__ = ["SECRET", "WAYS", "Request", "Response", "asgi", "handlers", "post", "wsgi"]

SECRET = "s3cret-of-the-test"


class Sum(msgspec.Struct):
    a: int
    b: int


class Request(NamedTuple):
    """A request for an endpoint; `headers` are sent with the secret."""

    kind: str
    body: bytes = b"{}"
    method: str = "POST"
    headers: Mapping[str, str] = {}
    secret: str | None = SECRET


class Response(NamedTuple):
    status: int
    body: bytes
    headers: Mapping[str, str]


def handlers(*, awaiting: bool = False, max_body: int = 10_000) -> Handlers:
    """Return handlers that permit, refuse, close, fail, and return nothing."""
    made = Handlers(secret=["other", SECRET], max_body=max_body)

    def either(run: Any) -> Any:
        if not awaiting:
            return run

        async def awaited(event: Any, **parts: Any) -> Any:
            await asyncio.sleep(0)
            return run(event, **parts)

        awaited.__annotations__ = run.__annotations__
        awaited.__wrapped__ = run  # type: ignore[attr-defined]
        awaited.__qualname__ = run.__qualname__
        return awaited

    @made.connect
    @either
    def connect(event: ConnectEvent) -> Any:
        match event.cookies.get("sid") or (event.data or {}).get("user"):
            case "banned":
                raise Close(4501, "banned")
            case "unknown":
                raise Refuse(401, "log in")
            case "bug":
                raise ValueError("a bug")
            case "none":
                return None
            case "thread":
                return ConnectReply("thread", data=threading.current_thread() is threading.main_thread())
            case user:
                return ConnectReply(user or "", info={"name": user}, meta={"tenant": 7}, expire_at=1900000000)

    @made.refresh
    @either
    def refresh(event: RefreshEvent) -> Any:
        if event.user == "bug":
            raise ValueError("a bug")
        if event.user == "refused":
            raise Refuse(403)
        return RefreshReply(1900000000, meta=event.meta) if event.user == "7" else Expired()

    @made.subscribe("rooms:{room}")
    @either
    def enter(event: SubscribeEvent, room: int) -> Any:
        if room == 13:
            raise Refuse(403, "not a member")
        if room == 14:
            raise Refuse(1500, "later", temporary=True)
        if room == 15:
            return {"result": {}}
        return SubscribeReply(info={"room": room}, data={"tenant": event.meta and event.meta["tenant"]})

    @made.publish("rooms:{room}")
    @either
    def say(event: PublishEvent[str], room: int) -> Any:
        if event.data == "set":
            return PublishReply({event.data})
        return PublishReply() if event.data == "same" else PublishReply({"by": event.user, "text": event.data})

    @made.sub_refresh("rooms:{room}")
    @either
    def still(event: SubRefreshEvent, room: int) -> Any:
        return SubRefreshReply(1900000000) if room == 7 else Expired()

    @made.rpc("add")
    @either
    def add(event: RPCEvent[Sum]) -> Any:
        return event.data.a + event.data.b

    @made.rpc("headers")
    @either
    def headers(event: RPCEvent) -> Any:
        return {"headers": sorted(set(event.headers) - {"host"}), "bearer": event.bearer}

    @made.shared_poll("scores:{match}")
    @either
    def poll(event: SharedPollEvent, match: str) -> Any:
        return SharedPollReply([SharedPollResult(item.key, data={"of": match}) for item in event.items])

    return made


# ---- ways to serve; each returns a function from a request to its response


def post(app: Callable[..., Any], request: Request) -> Response:
    """Serve *request* with an ASGI application."""
    return asyncio.run(asgi(app, request))


async def asgi(app: Callable[..., Any], request: Request) -> Response:
    headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in _headers(request).items()]
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": "http",
        "path": f"/centrifugo/{request.kind}",
        "raw_path": f"/centrifugo/{request.kind}".encode(),
        "query_string": b"",
        "root_path": "",
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }
    half = len(request.body) // 2
    waiting = [
        {"type": "http.request", "body": request.body[:half], "more_body": True},
        {"type": "http.request", "body": request.body[half:]},
    ]
    sent: list[Any] = []

    async def receive() -> Any:
        return waiting.pop(0) if waiting else await asyncio.Event().wait()

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope, receive, send)
    start, *rest = sent
    found = {name.decode().lower(): value.decode() for name, value in start["headers"]}
    return Response(start["status"], b"".join(each.get("body", b"") for each in rest), found)


def _headers(request: Request) -> dict[str, str]:
    secret = {} if request.secret is None else {"X-API-Key": request.secret}
    length = {"Content-Length": str(len(request.body)), "Content-Type": "application/json"}
    return {**length, "Host": "testserver", **secret, **request.headers}


def wsgi(app: Callable[..., Any], request: Request) -> Response:
    """Serve *request* with a WSGI application."""
    given = {name.upper().replace("-", "_"): value for name, value in _headers(request).items()}
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": f"/centrifugo/{request.kind}",
        "QUERY_STRING": "",
        "SERVER_NAME": "testserver",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_LENGTH": given.pop("CONTENT_LENGTH"),
        "CONTENT_TYPE": given.pop("CONTENT_TYPE"),
        "wsgi.input": io.BytesIO(request.body),
        "wsgi.errors": io.StringIO(),
        "wsgi.url_scheme": "http",
        "wsgi.version": (1, 0),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        **{f"HTTP_{name}": value for name, value in given.items()},
    }
    started: list[Any] = []
    body = b"".join(app(environ, lambda status, headers, _=None: started.append((status, headers))))
    ((status, headers),) = started
    return Response(int(status.split()[0]), body, {name.lower(): value for name, value in headers})


Serve = Callable[[Request], Response]


def plain_asgi(made: Handlers) -> Serve:
    return lambda request: post(made, request)


def fastapi_mount(made: Handlers) -> Serve:
    from fastapi import FastAPI

    app = FastAPI()
    app.mount("/centrifugo", made)
    return lambda request: post(app, request)


def fastapi_route(made: Handlers) -> Serve:
    from typing import Annotated

    from fastapi import Depends, FastAPI
    from fastapi import Request as Given
    from fastapi import Response as Made

    app = FastAPI()

    async def database() -> str:
        return "a session"

    async def centrifugo(kind: str, request: Given, db: Annotated[str, Depends(database)]) -> Made:
        answer = await made.answer_async(kind, request.headers, await request.body(), context=db)
        return Made(answer.body, answer.status, dict(answer.headers))

    app.post("/centrifugo/{kind}")(centrifugo)
    return lambda request: post(app, request)


def plain_wsgi(made: Handlers) -> Serve:
    app = made.wsgi
    return lambda request: wsgi(app, request)


def flask(made: Handlers) -> Serve:
    from flask import Flask
    from flask import request as given

    app = Flask(__name__)

    @app.post("/centrifugo/<kind>")
    def centrifugo(kind: str) -> Any:
        answer = made.answer(kind, given.headers, given.get_data())
        return answer.body, answer.status, dict(answer.headers)

    return lambda request: wsgi(app, request)


def django(made: Handlers) -> Serve:
    from django.core.handlers.wsgi import WSGIHandler

    from centripetal.django import proxy_view

    return lambda request: _in_django(proxy_view(made), lambda: wsgi(WSGIHandler(), request))


def django_asgi(made: Handlers) -> Serve:
    from centripetal.django import proxy_view

    async def serve(request: Request) -> Response:
        from django.core.handlers.asgi import ASGIHandler

        return await asgi(ASGIHandler(), request)

    return lambda request: _in_django(proxy_view(made), lambda: asyncio.run(serve(request)))


def _in_django(view: Any, run: Callable[[], Response]) -> Response:
    from django.test.utils import override_settings
    from django.urls import clear_url_caches, path

    urls: Any = type("urls", (), {"urlpatterns": [path("centrifugo/<slug:kind>", view)]})
    options: dict[str, Any] = {
        "ROOT_URLCONF": urls,
        "ALLOWED_HOSTS": ["*"],
        "MIDDLEWARE": [
            "django.middleware.common.CommonMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
        ],
    }
    make_ready()
    with override_settings(**options):
        clear_url_caches()
        return run()


WAYS: Mapping[str, tuple[Callable[[Handlers], Serve], bool]] = {
    "asgi": (plain_asgi, True),
    "asgi, plain handlers": (plain_asgi, False),
    "fastapi mount": (fastapi_mount, True),
    "fastapi route": (fastapi_route, True),
    "wsgi": (plain_wsgi, False),
    "flask": (flask, False),
    "django": (django, False),
    "django asgi": (django_asgi, True),
    "django asgi, plain handlers": (django_asgi, False),
}
"""The ways to serve, each with whether the handlers are coroutine functions."""
