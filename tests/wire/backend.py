"""The application of recorded conversations: takes the requests of a server, and answers when the test says so."""

import contextlib
import queue
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from tests.wire.websocket import LIMIT

__all__ = ["Backend", "Call", "backend"]

_OF_HTTP = ("host", "content-length")


class Call:
    """A request of the server that waits for its response.

    Attributes:
        method, path, body: of the request.
        headers: of the request, except those that only belong to the framing.
    """

    def __init__(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> None:
        self.method = method
        self.path = path
        self.headers = {name: value for name, value in headers.items() if name.lower() not in _OF_HTTP}
        self.body = body
        self.response: queue.SimpleQueue[tuple[int, Mapping[str, str], bytes]] = queue.SimpleQueue()

    def respond(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.response.put((status, headers, body))


class Backend:
    """A back end at *address*, such as `127.0.0.1:8240`."""

    def __init__(self, address: str, calls: "queue.SimpleQueue[Call]") -> None:
        self.address = address
        self._calls = calls

    def take(self) -> Call:
        """Return the next request."""
        try:
            return self._calls.get(timeout=LIMIT)
        except queue.Empty:
            raise AssertionError("the server did not ask the back end") from None


@contextlib.contextmanager
def backend() -> Iterator[Backend]:
    """Run a back end until the block ends."""
    calls: queue.SimpleQueue[Call] = queue.SimpleQueue()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"] or 0))
            call = Call(self.command, self.path, dict(self.headers), body)
            calls.put(call)
            with contextlib.suppress(queue.Empty, ConnectionError):
                status, headers, content = call.response.get(timeout=LIMIT)
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(content))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield Backend(f"127.0.0.1:{server.server_port}", calls)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
