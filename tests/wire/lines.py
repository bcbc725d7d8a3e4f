"""Plays recorded conversations of Centrifugo 6, line by line: a server puts lines together into messages by chance."""

import time
from collections.abc import Mapping
from typing import Any

from tests.wire.golden import Replay, Step, payload
from tests.wire.replay import Conversation
from tests.wire.websocket import Client

__all__ = ["LineConversation"]


class LineConversation(Conversation):
    """One run of a transcript of kind websocket.

    Args:
        url: the server's address.
        compare: what the transcript says of that.
    """

    def __init__(self, url: str, compare: str) -> None:
        super().__init__(url, "", lambda: None)
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
        # It may come late on a slow machine. Times in tokens are whole seconds, and so are those when the server looks
        # at them: that makes two seconds by chance. The tests of sessions know better.
        assert time.monotonic() - started >= step.get("after_ms", 0) / 1000 - 2

    def _receive_close(self, client: Client, close: Mapping[str, Any]) -> None:
        if close["code"] == 1006:
            client.receive_end()
        else:
            assert client.receive_close() == (close["code"], close["reason"])

    def _none(self, step: Step) -> None:
        assert not self._lines.get(self._clients[step["conn"]])
        super()._none(step)
