"""Handlers of proxy events as an HTTP server, and the configuration of a Centrifugo server that asks it."""

import contextlib
import socketserver
import threading
from collections.abc import Iterator
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from centripetal.proxy import Handlers
from centripetal.server.configuration.proxy_sections import USUAL_OPTIONS, proxy_sections

__all__ = ["TIMEOUT", "sections", "served"]

TIMEOUT = 4
"""Time in seconds that servers wait for an answer: longer than handlers need on a busy machine."""


class _Server(socketserver.ThreadingMixIn, WSGIServer):
    daemon_threads = True
    request_queue_size = 128  # with fewer, the system drops connections of a burst, which are tried again after 1 s


class _Silent(WSGIRequestHandler):
    disable_nagle_algorithm = True

    def log_message(self, *_: Any) -> None:
        pass


@contextlib.contextmanager
def served(proxy: Handlers) -> Iterator[str]:
    """Serve the handlers as a WSGI application until the block ends, and return their address."""
    with _Server(("127.0.0.1", 0), _Silent) as server:
        server.set_app(proxy.wsgi)
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/centrifugo"
        server.shutdown()
        thread.join()


def sections(proxy: Handlers, url: str, secret: str) -> dict[str, Any]:
    """Return the sections of a configuration that asks the handlers at *url* with the *secret*."""
    patterns = {kind: [route.pattern for route in routes] for kind, routes in proxy.routes.items()}
    headers = {"static_headers": {proxy.header: secret}}
    return proxy_sections(patterns, url, {**USUAL_OPTIONS, "http": headers, "timeout": f"{TIMEOUT}s"})
