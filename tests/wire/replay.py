"""Replay recorded conversations against a server: the HTTP steps and WebSocket frames of transcripts."""

import contextlib
import http.client
import threading
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from websockets.frames import Frame, Opcode

from tests.wire.golden import Replay, Step, payload
from tests.wire.websocket import Client

__all__ = ["Conversation", "check_request"]


def check_request(connection: http.client.HTTPConnection, replay: Replay, step: Step) -> None:
    """Send the request of an HTTP step and check that the response is the recorded response."""
    request, recorded = step["request"], step["response"]
    body = replay.outgoing({**step, **request}, "body")
    connection.putrequest(request["method"], request["path"], skip_accept_encoding=True)
    for header, value in request["headers"].items():
        connection.putheader(header, value)
    if body or request["method"] == "POST":
        connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body or None)
    response = connection.getresponse()
    actual = response.read()
    assert response.status == recorded["status"], actual
    for header, value in recorded["headers"].items():
        assert response.getheader(header) == value
    replay.check(step, payload(recorded, "body"), actual)


class Conversation:
    """One run of a transcript of kind `websocket`.

    Args:
        url: address of the server.
        secret: secret of the server.
        stop: function that stops the server, as a signal would.
    """

    def __init__(self, url: str, secret: str, stop: Callable[[], object]) -> None:
        self._address = urlsplit(url)
        self._replay = Replay(secret)
        self._stop = threading.Thread(target=stop)
        self._clients: dict[str, Client] = {}

    def run(self, frames: list[dict[str, Any]]) -> None:
        """Replay all steps in order."""
        try:
            for index, step in enumerate(frames):
                try:
                    play = getattr(self, f"_{step['dir']}", None)
                    assert play is not None, f"steps of the kind {step['dir']!r} cannot be played yet"
                    play(step)
                except AssertionError as error:
                    error.add_note(f"in step {index}: {step}")
                    raise
        finally:
            for client in self._clients.values():
                client.drop()
            if self._stop.ident is not None:
                self._stop.join()

    def _open(self, step: Step) -> None:
        url = f"ws://{self._address.netloc}{step['path']}"
        self._clients[step["conn"]] = client = Client(url, step.get("headers", {}))
        assert client.response.status_code == 101, client.response

    def _send(self, step: Step) -> None:
        client = self._clients[step["conn"]]
        if step.get("drop"):
            client.drop()
        elif "close" in step:
            client.close(**(step["close"] or {}))
        elif "ping" in step:
            client.send_frame(Frame(Opcode.PING, step["ping"].encode()))
        elif "pong" in step:
            client.send_frame(Frame(Opcode.PONG, step["pong"].encode()))
        else:
            data = self._replay.outgoing(step, "data")
            client.send(data, binary=step.get("opcode") == "binary", fragments=step.get("fragments", ()))

    def _recv(self, step: Step) -> None:
        client, started = self._clients[step["conn"]], time.monotonic()
        if step.get("eof"):
            client.receive_end()
        elif "close" in step:
            assert client.receive_close() == (step["close"]["code"], step["close"]["reason"])
        elif control := next((name for name in ("ping", "pong") if name in step), None):
            frame = client.receive()
            assert isinstance(frame, Frame)
            assert (frame.opcode, bytes(frame.data)) == (Opcode[control.upper()], step[control].encode())
        else:
            self._replay.check(step, payload(step, "data"), client.receive_text())
        # The frame may arrive late on a slow machine, but never more than a second early; the session tests are exact.
        assert time.monotonic() - started >= step.get("after_ms", 0) / 1000 - 1

    def _none(self, step: Step) -> None:
        self._clients[step["conn"]].receive_nothing(step["ms"] / 1000)

    def _wait(self, step: Step) -> None:
        time.sleep(step["ms"] / 1000)

    def _http(self, step: Step) -> None:
        assert self._address.hostname is not None
        connection = http.client.HTTPConnection(self._address.hostname, self._address.port, timeout=10)
        with contextlib.closing(connection):
            check_request(connection, self._replay, step)

    def _signal(self, step: Step) -> None:
        assert step["signal"] == "SIGTERM"
        self._stop.start()
