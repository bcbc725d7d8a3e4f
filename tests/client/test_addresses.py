"""The addresses that clients, watchers and the command line connect to, for each form of URL that users write."""

import asyncio
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

import pytest

from centripetal import AsyncClient, CentripetalError, Client, UsageError, v1
from centripetal.cli.main import main
from centripetal.client.watching import Watching
from centripetal.dialects.current.watcher import Watcher
from tests.addresses import ACCEPTED, REFUSED, Accepted
from tests.ports import HAS_IPV6
from tests.transport.certificates import Authority, server_context
from tests.transport.scripted import OK, Peer, ScriptedServer

Call = Callable[..., object]
_runner = asyncio.Runner()  # starting a loop for each URL would take longer than the rest


@pytest.fixture(scope="module", autouse=True)
def _runner_is_closed() -> Iterator[None]:
    yield
    _runner.close()


def publish(kind: Any) -> Call:
    def call(url: str, **options: Any) -> None:
        kind(url, "key", group=False, **options).publish("news", 1)

    return call


def publish_in_asyncio(kind: Any) -> Call:
    def call(url: str, **options: Any) -> None:
        client = kind(url, "key", group=False, **options)  # outside of the loop: an invalid URL fails here

        async def publish() -> None:
            async with client:
                await client.publish("news", 1)

        _runner.run(publish())

    return call


def watch(url: str, **options: Any) -> None:
    next(iter(Watching(Watcher(["news"]), url, **options)))


CALLS: dict[str, Call] = {
    "current": publish(Client),
    "current, asyncio": publish_in_asyncio(AsyncClient),
    "1.x": publish(v1.Client),
    "1.x, asyncio": publish_in_asyncio(v1.AsyncClient),
    "watch": watch,
}
PATHS = {"current": "/api/publish", "current, asyncio": "/api/publish", "watch": "/connection/websocket"}


class Network:
    """Servers for HTTP and HTTPS that get all connections of this process, whatever their address.

    Attributes:
        asked: the names that were looked up, and the addresses that were connected to.
        names: the names of servers in TLS handshakes; None for an address.
        requests: the requests that the servers received.
        secure: whether the next connections go to the server for HTTPS.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, certificate: Path) -> None:
        self.asked: list[tuple[str, int]] = []
        self.names: list[str | None] = []
        self.requests: list[bytes] = []
        self.secure = False
        context = server_context(certificate)
        context.sni_callback = lambda _, name, __: self.names.append(name)
        self._plain, self._tls = ScriptedServer(self._answer), ScriptedServer(self._answer, context=context)
        network = self

        class Redirected(socket.socket):
            def connect_ex(self, address: Any, /) -> int:
                host, port, *rest = address
                if host != _ANY_NAME:
                    network.asked.append((f"{host}%{rest[1]}" if rest else host, port))
                server = network._tls if network.secure else network._plain
                return super().connect_ex(("::ffff:127.0.0.1" if ":" in host else "127.0.0.1", server.port))

        def getaddrinfo(host: bytes, port: int, *_: Any, **__: Any) -> list[tuple[Any, ...]]:
            self.asked.append((host.decode(), port))
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (_ANY_NAME, port))]

        monkeypatch.setattr(socket, "socket", Redirected)
        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)

    def __enter__(self) -> Self:
        self._plain.__enter__()
        self._tls.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self._plain.__exit__(*error)
        self._tls.__exit__(*error)

    def seen(self, call: Call, url: str) -> tuple[object, ...]:
        """Make one call and return everything that the network saw of it."""
        for record in (self.asked, self.names, self.requests):
            record.clear()
        self.secure = url.lower().startswith("https:")
        with suppress(CentripetalError):  # the servers' reply is not one of Centrifugo
            call(url, **({"ssl_context": _UNCHECKED} if self.secure else {}))
        (request,) = self.requests
        line, *headers = request.partition(b"\r\n\r\n")[0].decode().split("\r\n")
        hosts = [header.partition(": ")[2] for header in headers if header.lower().startswith("host:")]
        return self.asked[:], self.names[:], hosts, line.split(" ")[1]

    def _answer(self, peer: Peer) -> None:
        self.requests.append(peer.sock.recv(65536))
        peer.send(OK)
        peer.wait_for_end()


_ANY_NAME = "192.0.2.1"
_UNCHECKED = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
_UNCHECKED.check_hostname = False
_UNCHECKED.verify_mode = ssl.CERT_NONE


@pytest.mark.parametrize("kind", CALLS)
def test_a_url_leads_to_one_host(kind: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """All clients look up, connect to and ask for the host that the table names, and send it in the TLS handshake."""
    rows = [row for row in ACCEPTED if HAS_IPV6 or ":" not in row.host]
    with Network(monkeypatch, Authority(tmp_path).issue("localhost")) as network:
        seen = {row: network.seen(CALLS[kind], row.url) for row in rows}
    assert seen == {row: expected(row, PATHS.get(kind, "/api/")) for row in rows}


def expected(row: Accepted, path: str) -> tuple[object, ...]:
    secure, numeric = row.url.lower().startswith("https:"), row.certificate[-1].isdigit() or ":" in row.certificate
    names = [None if numeric else row.certificate] if secure else []
    return [(row.host, row.port)], names, [row.header], row.path + path


@pytest.mark.parametrize("kind", CALLS)
def test_a_refused_url_leads_nowhere(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """No client can be created with a URL that names no certain host, so nothing is looked up."""
    monkeypatch.setattr(socket, "getaddrinfo", None)
    made: dict[str, type] = {"current": Client, "current, asyncio": AsyncClient, "1.x": v1.Client}
    made["1.x, asyncio"] = v1.AsyncClient
    for url, words in REFUSED.items():
        with pytest.raises(UsageError, match=words.replace("?", r"\?")):
            Watching(Watcher(["news"]), url) if kind == "watch" else made[kind](url, "key")


def test_doctor_refuses_the_same_urls(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """`doctor` reports an invalid URL in the words of the clients, and looks nothing up."""
    monkeypatch.setattr(socket, "getaddrinfo", None)
    for url, words in list(REFUSED.items())[::8]:
        assert main(["doctor", "--api-key", "key", "--url", url]) == 1
        assert words in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("row", [row for row in ACCEPTED if row.host in ("127.0.0.1", "::1", "xn--fa-hia.de")])
def test_doctor_looks_the_same_hosts_up(
    row: Accepted, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`doctor` looks up the name that clients would look up."""
    asked = []

    def getaddrinfo(host: bytes, port: int, **_: Any) -> None:
        asked.append((host.decode(), port))
        raise socket.gaierror(socket.EAI_NONAME, "not known")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    main(["doctor", "--api-key", "key", "--url", row.url])
    assert asked == [(row.host, row.port)]
    assert row.host in capsys.readouterr().out
