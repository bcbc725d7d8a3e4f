"""The view that answers proxy events inside Django's request cycle."""

from collections.abc import Awaitable, Callable
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse

from centripetal.handling.dispatcher import Dispatcher
from centripetal.handling.flow import Answer, NoAnswer, rejected
from centripetal.handling.handlers import Handlers, dispatcher_of
from centripetal.handling.shells import kind_of
from centripetal.handling.wsgi import strip_environ

__all__ = ["proxy_view"]

View = Callable[..., HttpResponse | Awaitable[HttpResponse]]


def proxy_view(handlers: Handlers) -> View:
    """Return a view that answers proxy events with *handlers*, for `path("centrifugo/<slug:kind>", …)`.

    The view only accepts POST, and is exempt from the CSRF check and from `LoginRequiredMiddleware`, because the server
    has no session: the secret of the handlers is the check. `event.context` is Django's request, without the secret.

    Without coroutine functions among the handlers, the view is synchronous, and later registrations of coroutine
    functions are errors. With them it is asynchronous: then Django's connections to databases are used as in every
    asynchronous view, and plain handlers run in Django's thread for synchronous code.

    Args:
        handlers: the handlers; they are registered before the view is made.
    """
    dispatcher = dispatcher_of(handlers)
    awaits = any(route.awaits for routes in dispatcher.routes.values() for route in routes)
    view: Any = _awaiting(dispatcher) if awaits else _blocking(dispatcher)
    view.csrf_exempt = True
    view.login_required = False
    return view  # type: ignore[no-any-return]


def _blocking(dispatcher: Dispatcher) -> View:
    dispatcher.take_blocking("a synchronous proxy_view")

    def centrifugo(request: HttpRequest, kind: str) -> HttpResponse:
        try:
            headers, body = _read(dispatcher, request)
        except NoAnswer as error:
            return _response(rejected(error))
        return _response(dispatcher.answer(kind, headers, body, request))

    return centrifugo


def _awaiting(dispatcher: Dispatcher) -> View:
    from asgiref.sync import sync_to_async  # installed with Django

    async def in_thread(run: Callable[[], Any]) -> Any:
        return await sync_to_async(run)()

    async def centrifugo(request: HttpRequest, kind: str) -> HttpResponse:
        try:
            headers, body = _read(dispatcher, request)
        except NoAnswer as error:
            return _response(rejected(error))
        return _response(await dispatcher.answer_async(kind, headers, body, request, in_thread))

    return centrifugo


def _read(dispatcher: Dispatcher, request: HttpRequest) -> tuple[dict[str, str], bytes]:
    """Return the headers, without the secret, and the body of a *request* that may be answered.

    Raises:
        NoAnswer: the request is not a POST, has no accepted secret, or is too large.
    """
    kind_of(request.method or "", request.path)
    length = request.META.get("CONTENT_LENGTH") or "0"
    given: Any = request.headers
    headers = dispatcher.trusted(given, int(length) if length.isdigit() else 0)
    # Error reports show the request.
    strip_environ(request.META, dispatcher.header)
    request.__dict__.pop("headers", None)
    if scope := getattr(request, "scope", None):
        dispatcher.strip_scope(scope)
    try:
        body = request.body
    except RequestDataTooBig:
        raise NoAnswer(413, "the body is larger than DATA_UPLOAD_MAX_MEMORY_SIZE") from None
    dispatcher.check_size(len(body))
    return headers, body


def _response(answer: Answer) -> HttpResponse:
    return HttpResponse(answer.body, status=answer.status, headers=dict(answer.headers))
