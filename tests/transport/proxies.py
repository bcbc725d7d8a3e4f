"""An HTTP proxy on the loopback interface that forwards requests and opens tunnels."""

import base64
import re
import select
import socket
from http.client import HTTPConnection

from tests.transport.scripted import Peer, ScriptedServer, reply

__all__ = ["LoopbackProxy"]

_LOGIN = reply(b"login", "Proxy-Authenticate: Basic realm=proxy", status="407 Proxy Authentication Required")


class LoopbackProxy(ScriptedServer):
    """A proxy that reaches every host name at 127.0.0.1.

    Args:
        login: user name and password that it requires, separated by a colon.
        family: address family to listen on.

    Attributes:
        heads: the heads of the requests that it received, without the bytes in tunnels.
    """

    def __init__(self, *, login: str = "", family: int = socket.AF_INET) -> None:
        super().__init__(self._relay, family=family)
        self.heads: list[str] = []
        self._login = login

    @property
    def address(self) -> str:
        return f"[::1]:{self.port}" if self._listener.family == socket.AF_INET6 else f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self._login}{'@' if self._login else ''}{self.address}"

    def _relay(self, peer: Peer) -> None:
        while head := _head(peer.sock):
            self.heads.append(head)
            if self._login and base64.b64encode(self._login.encode()).decode() not in head:
                peer.sock.sendall(_LOGIN)
                return
            found = re.match(r"CONNECT (\S+):(\d+) ", head)
            if found is not None:
                with socket.create_connection(("127.0.0.1", int(found[2])), 10) as far:
                    peer.sock.sendall(b"HTTP/1.1 200 Connection established\r\nVia: test\r\n\r\n")
                    _copy(peer.sock, far)
                return
            self._forward(peer.sock, head)

    def _forward(self, sock: socket.socket, head: str) -> None:
        """Forward one request in absolute form, and its reply."""
        found = re.match(r"POST http://([^/]+?):(\d+)(/\S*) HTTP/1.1\r\n", head)
        length = re.search(r"(?i)content-length: (\d+)", head)
        assert found is not None, head
        assert length is not None
        body = b""
        while len(body) < int(length[1]):
            body += sock.recv(65536)
        headers = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if not line.startswith("Proxy-"))
        far = HTTPConnection("127.0.0.1", int(found[2]), timeout=10)
        try:
            far.request("POST", found[3], body, headers)
            answer = far.getresponse()
            sock.sendall(reply(answer.read(), "Via: test", status=f"{answer.status} {answer.reason}"))
        finally:
            far.close()


def _head(sock: socket.socket) -> str:
    """Return the head of the next request; "" at the end of the connection."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = sock.recv(1)
        if not byte:
            return ""
        head += byte
    return head.decode("latin-1").removesuffix("\r\n\r\n")


def _copy(near: socket.socket, far: socket.socket) -> None:
    """Copy bytes in both directions until one side ends."""
    other = {near: far, far: near}
    while True:
        for sock in select.select([near, far], [], [])[0]:
            data = sock.recv(65536)
            if not data:
                return
            other[sock].sendall(data)
