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
from centripetal.errors import UsageError, shown
from centripetal.handling.asgi import serve_asgi
from centripetal.handling.dispatcher import Dispatcher
from centripetal.handling.flow import Answer, NoAnswer, rejected
from centripetal.handling.headers import Headers
from centripetal.handling.routes import Route
from centripetal.handling.secret import Secrets
from centripetal.handling.wsgi import WSGI
from centripetal.protocol.checks import check_at_least, check_name
from centripetal.protocol.exact import exact_float

__all__ = ["Handlers", "dispatcher_of"]


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

    A handler takes the event, and a parameter for each place of its pattern. `{room}` in a pattern matches one or more
    characters except `:`, `#`, `,` and white space; `*` matches any text. A place is converted to the type of its
    parameter, such as int or UUID, and only its usual spelling fits: `rooms:07` is not room 7. The first pattern that
    fits answers. Without one, the client gets error 103 (permission denied), or 104 for an unknown method.

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
        secrets = Secrets(secret, check_name("header", header))
        if exact_float(slow) is None or not slow > 0:
            raise UsageError(f"slow must be a number of seconds above 0, not {shown(slow)}")
        self._dispatcher = Dispatcher(secrets, slow, check_at_least("max_body", max_body, 1))

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
            channel: a channel, or a pattern such as `rooms:{room}`.

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
        for route in [route for routes in other._dispatcher.routes.values() for route in routes]:
            self._dispatcher.register(route)

    def _adder(self, event: type[Event[Any, Any]], pattern: str) -> Callable[[H], H]:
        if not isinstance(pattern, str):
            raise UsageError(f'pass a pattern: @handlers.{event.kind}("…"), not @handlers.{event.kind}')
        return lambda run: self._add(event, run, pattern)

    def _add(self, event: type[Event[Any, Any]], run: H, pattern: str | None = None) -> H:
        self._dispatcher.register(Route(event, run, pattern))
        return run

    # ---- asking what is registered

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of events that have handlers, such as `connect` and `sub_refresh`, in the order of registration."""
        return tuple(self._dispatcher.routes)

    @property
    def routes(self) -> Mapping[str, Sequence[Route]]:
        """The registered handlers by kind of event, in the order in which their patterns are tried."""
        return self._dispatcher.routes

    @property
    def has_secret(self) -> bool:
        """Whether requests need a secret."""
        return self._dispatcher.has_secret

    @property
    def header(self) -> str:
        """The name of the header with the secret, in lower case."""
        return self._dispatcher.header

    def __repr__(self) -> str:
        return f"<Handlers of {', '.join(self._dispatcher.routes) or 'nothing'}>"

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
        self._dispatcher.take_blocking("answer()")
        try:
            # The variable with the secret is replaced before a handler runs: error reports show variables.
            headers = found = self._dispatcher.trusted(headers, len(body))
        except NoAnswer as error:
            return rejected(error)
        return self._dispatcher.answer(kind, found, body, context)

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
            headers = found = self._dispatcher.trusted(headers, len(body))
        except NoAnswer as error:
            return rejected(error)
        return await self._dispatcher.answer_async(kind, found, body, context)

    # Not a method that calls the function: another coroutine would cost 5 % of an event.
    __call__ = serve_asgi

    @property
    def wsgi(self) -> WSGI:
        """These handlers as a WSGI application. The last segment of the path is the kind of the event.

        Raises:
            UsageError: a handler is a coroutine function. Later registrations of coroutine functions raise it, too.
        """
        self._dispatcher.take_blocking("wsgi")
        return WSGI(self._dispatcher)


def dispatcher_of(handlers: Handlers) -> Dispatcher:
    """Return the dispatcher of *handlers*, for other ways of serving: Django, tests, a server in the same process."""
    return handlers._dispatcher
