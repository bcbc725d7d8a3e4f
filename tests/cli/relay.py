"""A TLS relay in front of a plain server, like a reverse proxy."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

__all__ = ["secured"]


@contextmanager
def secured(context: ssl.SSLContext, port: int) -> Iterator[int]:
    """Listen with TLS on a new port and relay everything to *port*."""
    threads: list[threading.Thread] = []
    sockets: list[socket.socket] = []

    def start(target: object, *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments)  # type: ignore[arg-type]
        threads.append(thread)
        thread.start()

    def pump(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                target.sendall(data)
        for one in (source, target):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def serve() -> None:
        while True:
            try:
                plain, _ = listener.accept()
            except OSError:
                return
            try:
                client = context.wrap_socket(plain, server_side=True)
            except OSError:
                plain.close()
                continue
            behind = socket.create_connection(("127.0.0.1", port))
            sockets.extend((client, behind))
            start(pump, client, behind)
            start(pump, behind, client)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        start(serve)
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            for one in sockets:
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
            for thread in threads:
                thread.join()
            for one in sockets:
                one.close()
