"""Tests of a browser's connection against a server that does not reply."""

import asyncio
from typing import Any

import pytest

from centripetal import MalformedResponseError, ServerError, TimeoutError
from centripetal.dialects.v1.client_protocol import Connect
from centripetal.server import EmbeddedServer
from centripetal.server.listening.http1 import Request
from centripetal.server.session import ClientConnection, ClientEndpoint, CloseFrame
from centripetal.testing import BrowserV1
from centripetal.testing.browsers import session as module
from centripetal.testing.browsers.session import BrowserSession
from centripetal.testing.browsers.v1 import Protocol


class SilentSession:
    """A session that keeps the messages of its client without answering."""

    user = ""

    def __init__(self, connection: ClientConnection[Any]) -> None:
        self.connection = connection
        self.messages: list[bytes] = []

    def receive(self, message: bytes, /) -> None:
        self.messages.append(message)

    def close(self, disconnect: Any) -> None:
        self.connection.end(disconnect)

    def shut_down(self) -> None:
        self.connection.end(None)


class SilentEndpoint(ClientEndpoint[Any]):
    """Opens one silent session."""

    session: SilentSession

    def open(self, connection: ClientConnection[Any], _: Request, /) -> SilentSession:
        self.session = SilentSession(connection)
        return self.session

    def close_frame(self, disconnect: Any) -> CloseFrame:
        raise AssertionError("a silent server gives no reason")


def test_a_request_without_a_reply_times_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names the limit; a late reply and the end of the connection are taken without a fault."""
    monkeypatch.setattr(module, "_PATIENCE", 0.01)

    async def scenario() -> None:
        endpoint = SilentEndpoint()
        browser = BrowserSession(endpoint, Protocol())
        with pytest.raises(TimeoutError, match=r"did not reply to the browser within 0\.01 s"):
            await browser.ask(Connect())
        assert endpoint.session.messages == [b'{"uid":"1","method":"connect","params":{}}']
        endpoint.session.connection.send(b'{"uid":"1","method":"connect","error":"late"}')
        browser.shut_down()
        assert browser.disconnected == (1006, "")

    asyncio.run(scenario())


def test_the_end_of_the_connection_ends_a_request() -> None:
    """A request in flight fails at once when the connection ends without a reason."""

    async def scenario() -> None:
        browser = BrowserSession(SilentEndpoint(), Protocol())
        request = asyncio.ensure_future(browser.ask(Connect()))
        await asyncio.sleep(0)
        await browser.leave()
        with pytest.raises(ServerError):
            await request

    asyncio.run(scenario())


def test_a_message_that_cannot_be_decoded_is_reported() -> None:
    """`received` and the waits raise the error of an unreadable message, which may have been a publication."""

    async def scenario() -> None:
        endpoint = SilentEndpoint()
        session = BrowserSession(endpoint, Protocol())
        endpoint.session.connection.send(b'{"method":"message","body":{"uid":"a"b"}}')
        browser = BrowserV1(session, EmbeddedServer(secret="secret"))
        for look in (browser.received, browser.wait_for):
            with pytest.raises(MalformedResponseError, match="invalid frame"):
                look("news")

    asyncio.run(scenario())
