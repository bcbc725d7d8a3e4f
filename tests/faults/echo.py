"""A server in threads that records published numbers, and replies with each number as the offset."""

import json
import socket
import threading
import time
from collections.abc import Callable
from typing import Any, Self

__all__ = ["Echo"]


class Echo:
    """The server.

    Attributes:
        seen: the numbers that each channel received, in order.
        on_next: called once when the next request arrives, before its reply.
        pause: seconds before the next reply.
        drop: channels; the next request for each closes its connection.
        silent: channels whose requests get no reply.
    """

    def __init__(self) -> None:
        self.forget()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=100)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    def forget(self) -> None:
        """Start again with empty records; requests of earlier connections are not recorded any more."""
        self.seen: dict[str, list[int]] = {}
        self.on_next: Callable[[], None] | None = None
        self.pause = 0.0
        self.drop: list[str] = []
        self.silent: list[str] = []

    def _accept(self) -> None:
        while True:
            try:
                connection = self._listener.accept()[0]
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection, self.seen), daemon=True).start()

    def _serve(self, connection: socket.socket, seen: dict[str, list[int]]) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        data = b""
        with connection:
            while True:
                try:
                    received = connection.recv(65536)
                except OSError:
                    return
                if not received:
                    return
                data += received
                head, end, rest = data.partition(b"\r\n\r\n")
                if not end:
                    continue
                length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
                if len(rest) < length:
                    continue
                data = b""
                if not self._reply(connection, json.loads(rest), seen):
                    return

    def _reply(self, connection: socket.socket, body: Any, seen: dict[str, list[int]]) -> bool:
        batch = "commands" in body
        commands = [command["publish"] for command in body["commands"]] if batch else [body]
        for command in commands:
            seen.setdefault(command["channel"], []).append(command["data"])
        on_next, self.on_next = self.on_next, None
        if on_next is not None:
            on_next()
        pause, self.pause = self.pause, 0.0
        if pause:
            time.sleep(pause)
        for command in commands:
            if command["channel"] in self.silent:
                return True
            if command["channel"] in self.drop:
                self.drop.remove(command["channel"])
                return False
        results = [{"offset": command["data"], "epoch": "e"} for command in commands]
        reply = {"replies": [{"publish": result} for result in results]} if batch else {"result": results[0]}
        text = json.dumps(reply).encode()
        try:
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(text), text))
        except OSError:
            return False
        return True
