"""`Handlers`: functions that answer proxy events, and the ways to serve them."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar

from centripetal.dialects.current.proxy.events import (
    ConnectEvent,
    Event,
    PublishEvent,
    RefreshEvent,
    RPCEvent,
    SharedPollEvent,
    SubRefreshEvent,
    SubscribeEvent,
    write,
)
from centripetal.dialects.current.proxy.refusals import Close, Refuse
from centripetal.dialects.current.proxy.replies import (
    ConnectReply,
    Expired,
    PublishReply,
    RefreshReply,
    SharedPollReply,
    SubRefreshReply,
    SubscribeReply,
)
from centripetal.errors import UsageError
from centripetal.handling.asgi import serve_asgi
from centripetal.handling.flow import Answer, Call, InThread, NoAnswer, Raised, question, rejected
from centripetal.handling.headers import Headers, RawHeaders
from centripetal.handling.log import warn_rarely
from centripetal.handling.routes import Route
from centripetal.handling.secret import Secrets
from centripetal.handling.wsgi import WSGI
from centripetal.protocol.checks import check_at_least, check_name, check_timeout

__all__ = ["Handlers"]

HOUR = 3600.0  # seconds

H = TypeVar("H", bound=Callable[..., Any])
Refusal = Refuse | Close
_Connect = TypeVar("_Connect", bound=Callable[..., ConnectReply | Refusal | Awaitable[ConnectReply | Refusal]])
_Refresh = TypeVar("_Refresh", bound=Callable[..., RefreshReply | Expired | Awaitable[RefreshReply | Expired]])
_Subscribe = TypeVar("_Subscribe", bound=Callable[..., SubscribeReply | Refusal | Awaitable[SubscribeReply | Refusal]])
_Publish = TypeVar("_Publish", bound=Callable[..., PublishReply | Refusal | Awaitable[PublishReply | Refusal]])
_Sub = SubRefreshReply | Expired
_SubRefresh = TypeVar("_SubRefresh", bound=Callable[..., _Sub | Awaitable[_Sub]])
_Poll = TypeVar("_Poll", bound=Callable[..., SharedPollReply | Refuse | Awaitable[SharedPollReply | Refuse]])


class Handlers:
    """Handlers of proxy events. The object itself is an ASGI application; `wsgi` is a WSGI application.

    Args:
        secret: the secret that each request must have in *header*; a list while it is being changed; None to answer
            anyone who can reach the endpoint.
        header: name of the header, which the server sends if `http.static_headers` of its proxies lists it.
        slow: time in seconds after which the answer of a handler is logged as slow. The server waits 1 s by default.
        max_body: most bytes of a request; larger ones get status 413.

    Raises:
        UsageError: an argument is invalid.
    """

    def __init__(
        self,
        *,
        secret: str | Sequence[str] | None,
        header: str = "X-API-Key",
        slow: float = 1.0,
        max_body: int = 4 << 20,
    ) -> None:
        self._secrets = Secrets(secret, check_name("header", header))
        self._slow = check_timeout(slow)
        self._max_body = check_at_least("max_body", max_body, 1)
        self._routes: dict[str, list[Route]] = {}
        self._blocking = ""

    # ---- registering

    def connect(self, run: _Connect) -> _Connect:
        """Register the handler of connect events, as a decorator: `def connect(event: ConnectEvent) -> ConnectReply`.

        Raises:
            UsageError: there is one already, or its parameters do not fit.
        """
        return self._add(ConnectEvent, run)

    def refresh(self, run: _Refresh) -> _Refresh:
        """Register the handler of refresh events, as a decorator: it returns a `RefreshReply` or `Expired()`.

        Raises:
            UsageError: there is one already, or its parameters do not fit.
        """
        return self._add(RefreshEvent, run)

    def subscribe(self, channel: str) -> Callable[[_Subscribe], _Subscribe]:
        """Return a decorator that registers a handler of subscriptions to *channel*, which returns a `SubscribeReply`.

        Args:
            channel: a channel, or a pattern such as `rooms:{room}`; see `routes`.

        Raises:
            UsageError: the pattern is invalid or taken, or the parameters of the handler do not fit.
        """
        return self._adder(SubscribeEvent, channel)

    def publish(self, channel: str) -> Callable[[_Publish], _Publish]:
        """Return a decorator that registers a handler of publications to *channel*, which returns a `PublishReply`.

        Args:
            channel: a channel, or a pattern such as `rooms:{room}`.

        Raises:
            UsageError: the pattern is invalid or taken, or the parameters of the handler do not fit.
        """
        return self._adder(PublishEvent, channel)

    def sub_refresh(self, channel: str) -> Callable[[_SubRefresh], _SubRefresh]:
        """Return a decorator that registers a handler of expired subscriptions to *channel*.

        The handler returns a `SubRefreshReply` or `Expired()`.

        Args:
            channel: a channel, or a pattern such as `rooms:{room}`.

        Raises:
            UsageError: the pattern is invalid or taken, or the parameters of the handler do not fit.
        """
        return self._adder(SubRefreshEvent, channel)

    def rpc(self, method: str) -> Callable[[H], H]:
        """Return a decorator that registers a handler of calls of *method*, which returns any JSON value.

        Args:
            method: a method, or a pattern such as `admin.{action}`.

        Raises:
            UsageError: the pattern is invalid or taken, or the parameters of the handler do not fit.
        """
        return self._adder(RPCEvent, method)

    def shared_poll(self, channel: str) -> Callable[[_Poll], _Poll]:
        """Return a decorator that registers a handler for the keys of *channel*, which returns a `SharedPollReply`.

        Args:
            channel: a channel, or a pattern such as `scores:{match}`.

        Raises:
            UsageError: the pattern is invalid or taken, or the parameters of the handler do not fit.
        """
        return self._adder(SharedPollEvent, channel)

    def include(self, other: "Handlers") -> None:
        """Register the handlers that *other* has now. Its secret and limits do not matter.

        Raises:
            UsageError: a pattern is taken, or *other* is not a `Handlers`.
        """
        if not isinstance(other, Handlers):
            raise UsageError(f"include takes a Handlers object, not {type(other).__name__}")
        for route in [route for routes in other._routes.values() for route in routes]:
            self._register(route)

    def _adder(self, event: type[Event[Any, Any]], pattern: str) -> Callable[[H], H]:
        if not isinstance(pattern, str):
            raise UsageError(f'pass a pattern: @handlers.{event.kind}("…"), not @handlers.{event.kind}')
        return lambda run: self._add(event, run, pattern)

    def _add(self, event: type[Event[Any, Any]], run: H, pattern: str | None = None) -> H:
        self._register(Route(event, run, pattern))
        return run

    def _register(self, route: Route) -> None:
        routes = self._routes.setdefault(route.event.kind, [])
        for other in routes:
            if other.pattern == route.pattern:
                what = route.event.kind if route.pattern is None else f"{route.event.kind} {route.pattern!r:.100}"
                raise UsageError(f"{what} has a handler already: {other.name}; {route.name} would never be called")
        self._check_blocking([route], self._blocking)
        routes.append(route)

    # ---- asking what is registered

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of events that have handlers, such as `connect` and `sub_refresh`, in the order of registration."""
        return tuple(self._routes)

    @property
    def routes(self) -> Mapping[str, Sequence[Route]]:
        """The registered handlers by kind of event, in the order in which their patterns are tried."""
        return self._routes

    @property
    def header(self) -> str:
        """The name of the header with the secret, in lower case."""
        return self._secrets.header

    def __repr__(self) -> str:
        return f"<Handlers of {', '.join(self._routes) or 'nothing'}>"

    # ---- answering

    def answer(self, kind: str, headers: Headers, body: bytes, context: Any = None) -> Answer:
        """Answer an event from a view or route of a blocking framework.

        Args:
            kind: kind of the event: the last segment of the endpoint's path.
            headers: headers of the request, in any letter case.
            body: body of the request.
            context: any value for the handlers, as `event.context`.

        Returns:
            The status, the body and the headers of the response. A handler that fails results in status 500.

        Raises:
            UsageError: a handler is a coroutine function.
        """
        self.take_blocking("answer()")
        try:
            # The variable with the secret is replaced before a handler runs: error reports show variables.
            headers = found = self.trusted(headers, len(body))
        except NoAnswer as error:
            return rejected(error)
        return self.answer_trusted(kind, found, body, context)

    async def answer_async(self, kind: str, headers: Headers, body: bytes, context: Any = None) -> Answer:
        """Answer an event from a route of an asyncio framework. Plain functions run in a thread.

        Args:
            kind: kind of the event: the last segment of the endpoint's path.
            headers: headers of the request, in any letter case.
            body: body of the request.
            context: any value for the handlers, as `event.context`.

        Returns:
            The status, the body and the headers of the response. A handler that fails results in status 500.
        """
        try:
            headers = found = self.trusted(headers, len(body))
        except NoAnswer as error:
            return rejected(error)
        return await self.answer_async_trusted(kind, found, body, context)

    # Not a method that calls the function: another coroutine would cost 5 % of an event.
    __call__ = serve_asgi

    @property
    def wsgi(self) -> WSGI:
        """These handlers as a WSGI application. The last segment of the path is the kind of the event.

        Raises:
            UsageError: a handler is a coroutine function. Later registrations of coroutine functions raise it, too.
        """
        self.take_blocking("wsgi")
        return WSGI(self)

    # ---- for the shells, and for callers in the process

    @property
    def max_body(self) -> int:
        """Most bytes of a request."""
        return self._max_body

    def take_blocking(self, user: str) -> None:
        """Prepare for *user*, which cannot await: no handler may be a coroutine function from now on.

        Raises:
            UsageError: a handler is a coroutine function; the message names all of them.
        """
        if not self._blocking:
            self._check_blocking([route for routes in self._routes.values() for route in routes], user)
            self._blocking = user

    def _check_blocking(self, routes: Sequence[Route], user: str) -> None:
        if user and (names := [route.name for route in routes if route.awaits]):
            raise UsageError(
                f"{user} cannot await these coroutine functions: {', '.join(names)}. "
                "Make them plain functions, or serve the handlers with ASGI or answer_async"
            )

    def trusted(self, headers: Headers, size: int) -> dict[str, str]:
        """Return the *headers* of a request by lower-case name without the secret, if it may be answered.

        Raises:
            NoAnswer: the request has no accepted secret, or a body of *size* bytes is too large.
        """
        is_trusted, found = self._secrets.take(headers)
        if not is_trusted:
            self._distrust()
        self.check_size(size)
        return found

    def trusted_scope(self, scope: Any) -> RawHeaders:
        """Remove the secret from an ASGI *scope*, and return the other headers, if the request may be answered.

        Raises:
            NoAnswer: the request has no accepted secret.
        """
        if not self._secrets.strip(scope):
            self._distrust()
        return RawHeaders(scope["headers"])

    def strip_scope(self, scope: Any) -> None:
        """Remove the secret from an ASGI *scope*."""
        self._secrets.strip(scope)

    def check_size(self, size: int) -> None:
        """Raise `NoAnswer` if a body of *size* bytes is too large."""
        if size > self._max_body:
            warn_rarely("refused a request of more than max_body, %d bytes", self._max_body)
            raise NoAnswer(413, f"the body has more than {self._max_body} bytes")

    def _distrust(self) -> None:
        """Raise `NoAnswer` for a request without an accepted secret, unless anyone is answered."""
        if not self._secrets.trusts_anyone:
            warn_rarely("refused a request without the right secret in the header %s", self.header)
            raise NoAnswer(403, f"wrong or missing secret in the header {self.header}")
        warn_rarely("these handlers have no secret: anyone who can reach the endpoint is answered", pause=HOUR)

    def answer_trusted(self, kind: str, headers: Mapping[str, str], body: bytes, context: Any = None) -> Answer:
        """Answer an event of a caller that needs no secret; *headers* have lower-case names."""
        try:
            call = question(self._routes, kind, headers, body, context, self._slow)
        except NoAnswer as error:
            return rejected(error)
        except Refuse as refusal:
            return Answer(200, refusal.body())
        return call.answer(call.run())

    async def answer_async_trusted(
        self, kind: str, headers: Mapping[str, str], body: bytes, context: Any = None, in_thread: InThread | None = None
    ) -> Answer:
        """Answer an event of a caller that needs no secret; *headers* have lower-case names.

        Args:
            kind, headers, body, context: as for `answer_async`.
            in_thread: awaits a plain function in a thread; by default `asyncio.to_thread`.
        """
        try:
            call = question(self._routes, kind, headers, body, context, self._slow)
        except NoAnswer as error:
            return rejected(error)
        except Refuse as refusal:
            return Answer(200, refusal.body())
        # Not in a coroutine of its own, which would cost as much as the rest of this function.
        if call.route.awaits:
            try:
                outcome = await call.route.run(call.event, **call.parts)
            except Exception as error:
                outcome = Raised(error)
        else:
            outcome = await call.run_async(in_thread or _to_thread)
        return call.answer(outcome)

    def question(self, event: Event[Any, Any]) -> Call:
        """Return the call that answers *event*, which needs no secret; its headers are in any letter case.

        Raises:
            NoAnswer: there is no handler.
            Refuse: the event is refused without a handler.
        """
        headers = {name.lower(): value for name, value in event.headers.items()}
        return question(self._routes, event.kind, headers, write(event), event.context, self._slow)


async def _to_thread(run: Callable[[], Any]) -> Any:
    import asyncio  # slow to import, and not needed without an event loop

    return await asyncio.to_thread(run)
