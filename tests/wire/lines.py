"""Replay recorded conversations of Centrifugo 6 line by line; the grouping of lines into messages is random."""

import time
from collections.abc import Mapping
from typing import Any

from tests.wire.backend import Backend
from tests.wire.golden import Replay, Step, payload
from tests.wire.replay import Conversation
from tests.wire.websocket import Client

__all__ = ["LineConversation"]


class LineConversation(Conversation):
    """One run of a transcript of kind `websocket`.

    Args:
        url: address of the server.
        compare: the `compare` member of the transcript.
        backend: the back end that the server asks, if any.
    """

    def __init__(self, url: str, compare: str, backend: Backend | None = None) -> None:
        super().__init__(url, "", lambda: None)
        self._backend_server = backend
        self._replay = Replay("", compare)
        self._lines: dict[Client, list[bytes]] = {}

    def _recv(self, step: Step) -> None:
        client, started = self._clients[step["conn"]], time.monotonic()
        lines = self._lines.setdefault(client, [])
        if "close" in step:
            assert not lines
            self._receive_close(client, step["close"])
        else:
            if not lines:
                lines += client.receive_text().split(b"\n")
            self._replay.check(step, payload(step, "data"), lines.pop(0))
        # The line may arrive late on a slow machine. Token times and the server's checks have a resolution of one
        # second each, so two seconds of difference are possible. The session tests are exact.
        assert time.monotonic() - started >= step.get("after_ms", 0) / 1000 - 2

    def _backend(self, step: Step) -> None:
        """Take the server's question, compare it, and answer it."""
        if self._backend_server is None:
            raise LookupError("this conversation needs a back end")
        asked, recorded = self._backend_server.take(), step["request"]
        assert (asked.method, asked.path) == (recorded["method"], recorded["path"])
        assert asked.headers == recorded["headers"]
        self._replay.check(step, payload(recorded, "body"), asked.body)
        response = step["response"]
        time.sleep(response.get("delay_ms", 0) / 1000)
        asked.respond(response["status"], response["headers"], self._replay.outgoing({**step, **response}, "body"))

    def _receive_close(self, client: Client, close: Mapping[str, Any]) -> None:
        if close["code"] == 1006:
            client.receive_end()
        else:
            assert client.receive_close() == (close["code"], close["reason"])

    def _none(self, step: Step) -> None:
        assert not self._lines.get(self._clients[step["conn"]])
        super()._none(step)
