"""The registered handlers, and what all ways of serving share: trust, limits, and the answer to one event."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from centripetal.dialects.current.proxy.events import Event, write
from centripetal.dialects.current.proxy.refusals import Refuse
from centripetal.errors import UsageError
from centripetal.handling.flow import Answer, Call, InThread, NoAnswer, Raised, question, rejected
from centripetal.handling.headers import Headers, RawHeaders
from centripetal.handling.log import warn_rarely
from centripetal.handling.routes import Route
from centripetal.handling.secret import Secrets

__all__ = ["Dispatcher"]

_HOUR = 3600.0  # seconds


class Dispatcher:
    """Answers events with the handlers that are registered.

    Args:
        secrets: the accepted secrets.
        slow: time in seconds after which the answer of a handler is logged as slow.
        max_body: most bytes of a request.

    Attributes:
        routes: the handlers by kind of event, in the order of registration.
        header: name of the header with the secret, in lower case.
        max_body: most bytes of a request.
    """

    def __init__(self, secrets: Secrets, slow: float, max_body: int) -> None:
        self._secrets = secrets
        self._slow = slow
        self.max_body = max_body
        self._blocking = ""
        self.routes: dict[str, list[Route]] = {}
        self.header = secrets.header

    def register(self, route: Route) -> None:
        """Add a handler.

        Raises:
            UsageError: its pattern is taken, or it is a coroutine function that is served without an event loop.
        """
        routes = self.routes.setdefault(route.event.kind, [])
        for other in routes:
            if other.pattern == route.pattern:
                what = route.event.kind if route.pattern is None else f"{route.event.kind} {route.pattern!r:.100}"
                raise UsageError(f"{what} has a handler already: {other.name}; {route.name} would never be called")
        self._check_blocking([route], self._blocking)
        routes.append(route)

    def take_blocking(self, user: str) -> None:
        """Prepare for *user*, which cannot await: no handler may be a coroutine function from now on.

        Raises:
            UsageError: a handler is a coroutine function; the message names all of them.
        """
        if not self._blocking:
            self._check_blocking([route for routes in self.routes.values() for route in routes], user)
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

    @property
    def has_secret(self) -> bool:
        """Whether requests need a secret."""
        return not self._secrets.trusts_anyone

    def check_size(self, size: int) -> None:
        """Raise `NoAnswer` if a body of *size* bytes is too large."""
        if size > self.max_body:
            warn_rarely("refused a request of more than max_body, %d bytes", self.max_body)
            raise NoAnswer(413, f"the body has more than {self.max_body} bytes")

    def _distrust(self) -> None:
        """Raise `NoAnswer` for a request without an accepted secret, unless anyone is answered."""
        if self.has_secret:
            warn_rarely("refused a request without the right secret in the header %s", self.header)
            raise NoAnswer(403, f"wrong or missing secret in the header {self.header}")
        warn_rarely("these handlers have no secret: anyone who can reach the endpoint is answered", pause=_HOUR)

    def answer(self, kind: str, headers: Mapping[str, str], body: bytes, context: Any = None) -> Answer:
        """Answer an event of a caller that needs no secret; *headers* have lower-case names."""
        try:
            call = question(self.routes, kind, headers, body, context, self._slow)
        except NoAnswer as error:
            return rejected(error)
        except Refuse as refusal:
            return Answer(200, refusal.body())
        return call.answer(call.run())

    async def answer_async(
        self, kind: str, headers: Mapping[str, str], body: bytes, context: Any = None, in_thread: InThread | None = None
    ) -> Answer:
        """Answer an event of a caller that needs no secret; *headers* have lower-case names.

        Args:
            kind, headers, body, context: as for `answer_async`.
            in_thread: awaits a plain function in a thread; by default `asyncio.to_thread`.
        """
        try:
            call = question(self.routes, kind, headers, body, context, self._slow)
        except NoAnswer as error:
            return rejected(error)
        except Refuse as refusal:
            return Answer(200, refusal.body())
        # Awaited here, because another coroutine would cost as much as the rest of this function.
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
        return question(self.routes, event.kind, headers, write(event), event.context, self._slow)


async def _to_thread(run: Callable[[], Any]) -> Any:
    import asyncio  # slow to import, and not needed without an event loop

    return await asyncio.to_thread(run)
