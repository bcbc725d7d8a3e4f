"""The browser as a test sees it, blocking or awaited; `current.py` and `v1.py` add what differs by dialect."""

import asyncio
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, Generic, TypeVar

from centripetal.protocol.checks import check_name
from centripetal.protocol.payload import encode_json
from centripetal.server.embedded import EmbeddedServer
from centripetal.testing.browsers.protocol import Disconnection, Joined, Left
from centripetal.testing.browsers.session import BrowserSession
from centripetal.testing.matching import ANYTHING
from centripetal.testing.publications import Publication
from centripetal.testing.waiting import until, wait

__all__ = ["AwaitingBrowser", "AwaitingT", "BlockingBrowser", "BlockingT", "Connecting"]

RequestT = TypeVar("RequestT")
BlockingT = TypeVar("BlockingT", bound="BlockingBrowser[Any, Any]")
AwaitingT = TypeVar("AwaitingT", bound="AwaitingBrowser[Any, Any]")
PersonT = TypeVar("PersonT")


class _Browser(Generic[RequestT, PersonT]):
    """Base class of all browsers.

    Args:
        session: the connection.
        server: the server.
    """

    def __init__(self, session: BrowserSession[RequestT], server: EmbeddedServer) -> None:
        self._session = session
        self._server = server

    @property
    def client(self) -> str:
        """The id of the connection."""
        return self._session.client

    @property
    def channels(self) -> frozenset[str]:
        """The channels that the browser is subscribed to, by itself or by the back end."""
        return frozenset(self._session.channels)

    @property
    def disconnected(self) -> Disconnection | None:
        """The code and the reason with which the connection ended; None while the browser is connected.

        The code is 1006 if the server sent none, and after the end of the `with` block.
        """
        return self._session.disconnected

    def received(self, channel: str) -> list[Publication]:
        """Return the publications to *channel* that the browser has received, in order.

        What the back end published before is there: the server delivers a publication before it replies.

        Raises:
            MalformedResponseError: the browser received a message that cannot be decoded.
            UsageError: *channel* is not the name of a channel.
        """
        check_name("channel", channel)
        if self._session.unreadable is not None:
            raise self._session.unreadable
        return [each for each in self._session.publications if each.channel == channel]

    def joined(self, channel: str) -> list[PersonT]:
        """Return the connections that have subscribed to *channel*, the browser included, as the server announced them.

        The server announces them only if the channel's options say so: `join_leave`, and with Centrifugo 6 also
        `force_push_join_leave`.
        """
        return self._came(Joined, channel)

    def left(self, channel: str) -> list[PersonT]:
        """Return the connections whose subscription to *channel* has ended, as the server announced them."""
        return self._came(Left, channel)

    def _came(self, kind: type[Joined | Left], channel: str) -> list[PersonT]:
        check_name("channel", channel)
        return [each.person for each in self._session.comings if isinstance(each, kind) and each.channel == channel]

    def __repr__(self) -> str:
        state = "connected" if self.disconnected is None else f"disconnected ({self.disconnected})"
        return f"<{type(self).__name__} {self.client}, {state}, {self._session.publications!r}>"

    def _enough(self, channel: str, count: int) -> list[Publication] | None:
        received = self.received(channel)
        found = self._session.publications.find(channel, ANYTHING, count)
        # After the end of the connection, nothing more can arrive: `_checked` reports what is missing.
        return None if found is None and self.disconnected is None else received

    def _checked(
        self, received: list[Publication] | None, channel: str, count: int, timeout: float
    ) -> list[Publication]:
        """Return what was received if it is enough, and raise the `AssertionError` otherwise."""
        __tracebackhide__ = True
        if received is None or len(received) < count:
            raise self._missing(channel, count, timeout)
        return received

    def _missing(self, channel: str, count: int, timeout: float) -> AssertionError:
        if self.disconnected is not None:
            more = f" before the browser was disconnected ({self.disconnected})"
        elif channel not in self.channels:
            more = f" within {timeout:g} s: the browser is not subscribed to this channel"
        else:
            more = f" within {timeout:g} s"
        return AssertionError(self._session.publications.missing(channel, times=count, more=more))

    def _still_connected(self, timeout: float) -> AssertionError:
        return AssertionError(f"the server did not disconnect the browser within {timeout:g} s")


class BlockingBrowser(_Browser[RequestT, PersonT]):
    """Browser for blocking tests: each method returns when the server has replied."""

    def unsubscribe(self, channel: str) -> None:
        """End the subscription to *channel*.

        Raises:
            ServerError: the server refused it.
        """
        self._ask(self._session.protocol.unsubscribe(_named(channel)))

    def publish(self, channel: str, data: Any) -> None:
        """Publish *data*, as the back end passes it to its client, like a browser.

        Raises:
            ServerError: browsers may not publish to this channel.
            UsageError: *data* cannot be encoded as JSON.
        """
        self._ask(self._session.protocol.publish(_named(channel), encode_json(data)))

    def presence(self, channel: str) -> dict[str, PersonT]:
        """Return the connections that are subscribed to *channel*, by connection id.

        Raises:
            ServerError: browsers may not ask for the presence of this channel.
        """
        found: dict[str, PersonT] = self._ask(self._session.protocol.presence(_named(channel)))
        return found

    def wait_for(self, channel: str, count: int = 1, *, timeout: float = 5.0) -> list[Publication]:
        """Wait until *count* publications to *channel* have been received.

        Needed only for publications of another thread or process.

        Args:
            channel: the channel.
            count: the number of publications, including publications before this call; 1 or more.
            timeout: maximum wait in seconds.

        Returns:
            All publications to *channel*, in order; more than *count* if more have been received.

        Raises:
            AssertionError: the time ran out or the connection ended first; the message lists what was received.
            UsageError: *count* or *timeout* is invalid.
        """
        __tracebackhide__ = True
        found = wait(self._session.watch, lambda: self._enough(channel, count), timeout)
        return self._checked(found, channel, count, timeout)

    def wait_until_disconnected(self, *, timeout: float = 5.0) -> Disconnection:
        """Wait until the server closes the connection, and return its code and reason.

        Raises:
            AssertionError: the browser is still connected after *timeout* seconds.
            UsageError: *timeout* is invalid.
        """
        __tracebackhide__ = True
        found = wait(self._session.watch, lambda: self.disconnected, timeout)
        if found is None:
            raise self._still_connected(timeout)
        return found

    def _ask(self, request: RequestT) -> Any:
        return self._server.in_loop(lambda _: self._session.ask(request))


class AwaitingBrowser(_Browser[RequestT, PersonT]):
    """Browser for asyncio tests: the same methods, awaited."""

    async def unsubscribe(self, channel: str) -> None:
        """Do the same as `unsubscribe` of the blocking browser."""
        await self._ask(self._session.protocol.unsubscribe(_named(channel)))

    async def publish(self, channel: str, data: Any) -> None:
        """Do the same as `publish` of the blocking browser."""
        await self._ask(self._session.protocol.publish(_named(channel), encode_json(data)))

    async def presence(self, channel: str) -> dict[str, PersonT]:
        """Do the same as `presence` of the blocking browser."""
        found: dict[str, PersonT] = await self._ask(self._session.protocol.presence(_named(channel)))
        return found

    async def wait_for(self, channel: str, count: int = 1, *, timeout: float = 5.0) -> list[Publication]:
        """Do the same as `wait_for` of the blocking browser, while other tasks run."""
        __tracebackhide__ = True
        found = await until(self._session.watch, lambda: self._enough(channel, count), timeout)
        return self._checked(found, channel, count, timeout)

    async def wait_until_disconnected(self, *, timeout: float = 5.0) -> Disconnection:
        """Do the same as `wait_until_disconnected` of the blocking browser, while other tasks run."""
        __tracebackhide__ = True
        found = await until(self._session.watch, lambda: self.disconnected, timeout)
        if found is None:
            raise self._still_connected(timeout)
        return found

    async def _ask(self, request: RequestT) -> Any:
        return await asyncio.wrap_future(self._server.submit(lambda _: self._session.ask(request)))


def _named(channel: str) -> str:
    check_name("channel", channel)
    return channel


class Connecting(Generic[RequestT, BlockingT, AwaitingT]):
    """A browser that connects when its block begins, and leaves when the block ends.

    `with` gives a blocking browser, `async with` an awaited one.

    Args:
        begin: connects, in the event loop of the server.
        server: the server.
        blocking, awaiting: the classes of the browser.
    """

    def __init__(
        self,
        begin: Callable[[], Coroutine[Any, Any, BrowserSession[RequestT]]],
        server: EmbeddedServer,
        blocking: Callable[[BrowserSession[RequestT], EmbeddedServer], BlockingT],
        awaiting: Callable[[BrowserSession[RequestT], EmbeddedServer], AwaitingT],
    ) -> None:
        self._begin = begin
        self._server = server
        self._blocking = blocking
        self._awaiting = awaiting
        self._sessions: list[BrowserSession[RequestT]] = []

    def __enter__(self) -> BlockingT:
        session = self._server.in_loop(lambda _: self._begin())
        self._sessions.append(session)
        return self._blocking(session, self._server)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        session = self._sessions.pop()
        if session.disconnected is None:
            self._server.in_loop(lambda _: session.leave())

    async def __aenter__(self) -> AwaitingT:
        session = await asyncio.wrap_future(self._server.submit(lambda _: self._begin()))
        self._sessions.append(session)
        return self._awaiting(session, self._server)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        session = self._sessions.pop()
        if session.disconnected is None:
            await asyncio.wrap_future(self._server.submit(lambda _: session.leave()))
