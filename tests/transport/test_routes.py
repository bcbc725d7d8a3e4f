"""Tests of requests and tunnels through proxies, with the blocking transport, asyncio and uvloop."""

import socket
import time
import traceback
from collections.abc import Callable, Mapping
from typing import Any

import pytest

import centripetal
from centripetal import v1
from centripetal.errors import CentripetalError, ConnectError, ConnectionLostError, TimeoutError, UsageError
from centripetal.protocol.proxies import parse_proxy
from centripetal.protocol.targets import Origin
from centripetal.server import EmbeddedServer
from centripetal.transport.routes import Route
from centripetal.transport.settings import Settings
from centripetal.transport.websocket import WebSocket
from tests.ports import free_port
from tests.transport.certificates import Authority, server_context
from tests.transport.conftest import Caller
from tests.transport.proxies import LoopbackProxy
from tests.transport.scripted import OK, Peer, Script, ScriptedServer, answers, reply

Make = Callable[..., Caller]
LOGIN = "user:s3cret"
LOGIN_SENT = "dXNlcjpzM2NyZXQ="
TOKEN = "t0ken-of-the-gateway"


def test_a_route_names_its_first_hop() -> None:
    """The first hop is the server itself or the proxy; messages name it."""
    origin, proxy = Origin(True, "push", 443), parse_proxy("http://u:p@proxy:3128", "HTTPS_PROXY")
    direct, proxied = Route(origin, "push:443"), Route(origin, "push:443 (…)", proxy=proxy, tunnel=True)
    assert (direct.hop, direct.hop_place, direct.hop_source) == (origin, "push:443", "the URL")
    assert (proxied.hop, proxied.hop_place) == (Origin(False, "proxy", 3128), "the proxy proxy:3128")
    assert (direct.hop_program, proxied.hop_program) == ("Centrifugo", "the proxy of HTTPS_PROXY")


@pytest.mark.parametrize("login", ["", LOGIN])
def test_a_plain_request_is_forwarded(make: Make, login: str) -> None:
    """A request to an http server is sent to the proxy with its whole URL, and connections are kept."""
    with ScriptedServer(lambda peer: answers(OK)(peer)) as server, LoopbackProxy(login=login) as proxy:
        caller = make(http_proxy=proxy.url, headers={"X-Gateway": TOKEN})
        url = f"http://centrifugo.internal:{server.port}/api/"
        for _ in range(3):
            assert caller.post(url, body=b"[1]").body == b"{}"
        assert (proxy.connections, len(proxy.heads)) == (1, 3)
        lines = proxy.heads[0].split("\r\n")
        assert lines[:2] == [f"POST {url} HTTP/1.1", f"Host: centrifugo.internal:{server.port}"]
        assert [line for line in lines if line.startswith("Proxy-")] == [
            f"Proxy-Authorization: Basic {LOGIN_SENT}"
        ] * bool(login)
        head, _, body = server.requests[0].partition(b"\r\n\r\n")
        assert head.startswith(b"POST /api/ HTTP/1.1\r\n")
        assert f"X-Gateway: {TOKEN}".encode() in head.split(b"\r\n")
        assert body == b"[1]"


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])
def test_tls_goes_through_a_tunnel(make: Make, authority: Authority, family: int) -> None:
    """The proxy opens a tunnel to an https server, whose certificate is verified; it sees no request and no header."""
    large = reply(b"x" * 1_000_000)
    context = server_context(authority.issue("centrifugo.internal"))
    with (
        ScriptedServer(answers(OK, large, OK), context=context) as server,
        LoopbackProxy(login=LOGIN, family=family) as proxy,
    ):
        caller = make(http_proxy=proxy.url, ca_file=authority.ca_file, headers=[("X-Gateway", TOKEN)])
        place = f"centrifugo.internal:{server.port}"
        for length in (2, 1_000_000, 2):
            assert len(caller.post(f"https://{place}/api/", body=b"y" * length).body) == length
        assert (proxy.connections, server.connections) == (1, 1)
        assert proxy.heads[0].split("\r\n")[:2] == [f"CONNECT {place} HTTP/1.1", f"Host: {place}"]
        assert len(proxy.heads) == 1
        assert TOKEN not in proxy.heads[0]
        head = server.requests[0].partition(b"\r\n\r\n")[0]
        assert head.startswith(f"POST /api/ HTTP/1.1\r\nHost: {place}\r\n".encode())
        assert f"X-Gateway: {TOKEN}".encode() in head.split(b"\r\n")
        assert b"Proxy-" not in head


def test_the_certificate_of_the_server_counts(make: Make, authority: Authority) -> None:
    """A certificate for another name is refused; the error names the server and the proxy, without its password."""
    context = server_context(authority.issue("127.0.0.1"))
    with ScriptedServer(answers(OK), context=context) as server, LoopbackProxy(login=LOGIN) as proxy:
        caller = make(http_proxy=proxy.url, ca_file=authority.ca_file)
        with pytest.raises(ConnectError) as caught:
            caller.post(f"https://centrifugo.internal:{server.port}/")
        start = (
            f"the certificate of centrifugo.internal:{server.port} (through the proxy {proxy.address}) is not trusted"
        )
        assert str(caught.value).startswith(start)
        assert not server.requests


def test_connections_are_kept_per_server(make: Make) -> None:
    """Connections through one proxy are kept for each server separately."""
    with ScriptedServer(answers(OK)) as one, ScriptedServer(answers(OK)) as two, LoopbackProxy() as proxy:
        caller = make(http_proxy=proxy.url)
        for port in (one.port, two.port):
            assert caller.post(f"http://h:{port}/").status == 200
        assert proxy.connections == 2
        assert sorted(connection.origin.port for connection in caller.connections()) == sorted([one.port, two.port])


def sends(data: bytes) -> Script:
    """Read the head of the request, send *data*, and wait until the client closes the connection."""

    def script(peer: Peer) -> None:
        peer.sock.recv(65536)
        peer.send(data)
        peer.wait_for_end()

    return script


def closes(peer: Peer) -> None:
    """Read the head of the request, and close the connection."""
    peer.sock.recv(65536)


def resets(peer: Peer) -> None:
    """Reset the connection after the head of the request."""
    peer.sock.recv(65536)
    peer.reset()


CLOSED = (
    "the proxy {} closed the connection instead of opening a tunnel to push:443. Does it allow connections to this "
    "port, and is http_proxy the address of an HTTP proxy?"
)


@pytest.mark.parametrize(
    ("script", "url", "message"),
    [
        (
            sends(b"HTTP/1.1 403 no\r\n\r\n"),
            "https://push/",
            "the proxy {} replied 403 to CONNECT push:443: it does not allow this connection: allow the server and its "
            "port in the proxy",
        ),
        (
            sends(reply(b"login", status="407 x")),
            "https://push/",
            "the proxy {} replied 407: it refuses the user name or the password in the URL of http_proxy",
        ),
        (
            sends(reply(b"login", status="407 x")),
            "http://push/",
            "the proxy {} replied 407: it refuses the user name or the password in the URL of http_proxy",
        ),
        (
            sends(b"220 mail\r\n"),
            "https://push/",
            "the proxy {} did not reply with HTTP: is http_proxy the address of an HTTP proxy?",
        ),
        (closes, "https://push/", CLOSED),
        (resets, "https://push/", CLOSED),
    ],
)
def test_a_proxy_that_refuses(make: Make, script: Script, url: str, message: str) -> None:
    """The error names the proxy, and nothing was executed; later calls fail alike, and no connection is kept."""
    with ScriptedServer(script) as proxy:
        caller = make(http_proxy=f"http://{LOGIN}@127.0.0.1:{proxy.port}")
        for _ in range(2):
            with pytest.raises(ConnectError) as caught:
                caller.post(url)
            assert str(caught.value) == message.format(f"127.0.0.1:{proxy.port}")
            assert caught.value.executed == "no"
        assert caller.connections() == []


def drips(peer: Peer) -> None:
    """Send a reply that never ends, byte by byte."""
    peer.sock.recv(65536)
    peer.send(b"HTTP/1.1 200 OK\r\nX: ")
    while not peer.server.over.wait(0.002):
        peer.send(b"x")


def test_a_slow_proxy_keeps_the_time_limit(make: Make, authority: Authority) -> None:
    """A proxy that does not reply, or replies without end, ends the call at its time limit; nothing was executed."""
    for script in (Peer.wait_for_end, drips):
        with ScriptedServer(script) as proxy:
            # Loading the authorities of the system would take a part of the time limit.
            caller = make(http_proxy=f"http://{LOGIN}@127.0.0.1:{proxy.port}", ca_file=authority.ca_file)
            began = time.monotonic()
            with pytest.raises(TimeoutError) as caught:
                caller.post("https://push/", timeout=0.4)
            assert 0.39 < time.monotonic() - began < 5
            place = f"push:443 (through the proxy 127.0.0.1:{proxy.port})"
            assert str(caught.value).startswith(f"no connection to {place} within 0.4 s")
            assert caught.value.executed == "no"
    # A tunnel to a server that does not answer the handshake.
    with ScriptedServer(sends(b"HTTP/1.1 200 OK\r\n\r\n")) as proxy:
        caller = make(http_proxy=f"http://127.0.0.1:{proxy.port}", ca_file=authority.ca_file)
        with pytest.raises(TimeoutError, match="no TLS handshake with push:443") as caught:
            caller.post("https://push/", timeout=0.2)
    assert caught.value.executed == "no"


def test_a_lost_request_may_have_been_executed(make: Make) -> None:
    """If the proxy breaks off after a forwarded request, the server may have executed it."""
    with ScriptedServer(closes) as proxy, pytest.raises(ConnectionLostError) as caught:
        make(http_proxy=f"http://127.0.0.1:{proxy.port}").post("http://push/")
    assert caught.value.executed == "unknown"
    with ScriptedServer(Peer.wait_for_end) as proxy, pytest.raises(TimeoutError) as late:
        make(http_proxy=f"http://127.0.0.1:{proxy.port}").post("http://push/", timeout=0.1)
    assert f"push:80 (through the proxy 127.0.0.1:{proxy.port})" in str(late.value)
    assert late.value.executed == "unknown"


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_cannot_be_reached(make: Make, scheme: str) -> None:
    """The error names the proxy and where its address was given; the name of the server is not looked up."""
    port = free_port()
    with pytest.raises(ConnectError) as caught:
        make(http_proxy=f"http://{LOGIN}@127.0.0.1:{port}").post(f"{scheme}://nowhere.invalid/")
    assert str(caught.value) == (
        f"connection refused by the proxy 127.0.0.1:{port}. Is the proxy of http_proxy running there?"
    )
    with pytest.raises(ConnectError, match=r"^the name 'nowhere\.invalid' ") as caught:
        make(http_proxy=f"http://{LOGIN}@nowhere.invalid:3128").post(f"{scheme}://127.0.0.1/")
    assert "s3cret" not in str(caught.value)


def test_variables_count_only_if_they_are_trusted(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """By default, variables are ignored; with `trust_env`, they choose the proxy unless NO_PROXY names the server."""
    for name in ("http_proxy", "https_proxy", "no_proxy", "REQUEST_METHOD"):
        monkeypatch.delenv(name, raising=False)
    with ScriptedServer(answers(OK)) as server, LoopbackProxy() as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("NO_PROXY", "localhost")
        for options, url, proxied in (
            ({}, server.url, False),
            ({"trust_env": False}, server.url, False),
            ({"trust_env": True}, server.url, False),  # a loopback address is "localhost"
            ({"trust_env": True}, f"http://push:{server.port}/", True),
            ({"trust_env": True, "http_proxy": proxy.url}, server.url, True),
        ):
            before = len(proxy.heads)
            assert make(**options).post(url).status == 200
            assert (len(proxy.heads) > before) is proxied
    monkeypatch.setenv("HTTPS_PROXY", f"socks5://{LOGIN}@127.0.0.1")
    with pytest.raises(UsageError, match=r"^HTTPS_PROXY names a SOCKS proxy") as caught:
        make(trust_env=True).post("https://push/")
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"unix_socket": "/s", "http_proxy": f"http://{LOGIN}@proxy"},
            "unix_socket and http_proxy exclude each other: a proxy cannot connect to a Unix socket",
        ),
        ({"trust_env": 1}, "trust_env must be True or False, not 1"),
        ({"headers": {"Host": TOKEN}}, "headers must not contain 'Host': it follows from the URL"),
        (
            {"headers": {"X-Gateway": f"{TOKEN}\n"}},
            "the value of the header 'X-Gateway' contains a line break that is not allowed, at position 20",
        ),
        (
            {"http_proxy": f"socks5://{LOGIN}@proxy"},
            "http_proxy names a SOCKS proxy, which is not supported: use an HTTP proxy, or pass a transport of your "
            "own",
        ),
    ],
)
@pytest.mark.parametrize(
    "new",
    [
        lambda **options: centripetal.Client("http://h", "key", **options),
        lambda **options: centripetal.AsyncClient("http://h", "key", **options),
        lambda **options: v1.Client("http://h", "key", **options),
        lambda **options: v1.AsyncClient("http://h", "key", **options),
        lambda **options: Caller(None, **options),
    ],
)
def test_invalid_options_are_explained(new: Callable[..., object], options: Mapping[str, Any], message: str) -> None:
    """All clients refuse invalid options when they are created; text and traceback show no secret."""
    with pytest.raises(UsageError) as caught:
        new(**options)
    assert str(caught.value) == message
    assert shown(caught.value) == []


def shown(error: BaseException) -> list[str]:
    """Return the variables of this library's frames in the traceback of *error* that show a secret."""
    stack = traceback.TracebackException.from_exception(error, capture_locals=True, lookup_lines=False).stack
    variables = {
        f"{frame.name}: {name}": text
        for frame in stack
        if "/src/centripetal/" in frame.filename
        for name, text in (frame.locals or {}).items()
    }
    return [name for name, text in variables.items() if any(each in text for each in ("s3cret", LOGIN_SENT, TOKEN))]


@pytest.mark.parametrize("url", ["http://push", "https://push"])
@pytest.mark.parametrize("script", [closes, sends(reply(b"", status="407 x")), Peer.wait_for_end])
def test_no_secret_is_shown(
    make: Make,
    url: str,
    script: Script,
    authority: Authority,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Neither errors nor variables in tracebacks, logs and reprs contain the password or the value of a header."""
    caplog.set_level("DEBUG")
    with ScriptedServer(script) as proxy:
        address = f"127.0.0.1:{proxy.port}"
        options: dict[str, Any] = {"http_proxy": f"http://{LOGIN}@{address}", "headers": {"X-Gateway": TOKEN}}
        options["ca_file"] = authority.ca_file  # so that the authorities of the system are not loaded
        caller = make(**options)
        with pytest.raises(CentripetalError) as caught:
            caller.post(f"{url}/", timeout=0.1)
        assert shown(caught.value) == []
        client = centripetal.Client(url, "key", timeout=0.1, **options)
        with pytest.raises(CentripetalError) as called:
            client.publish("news", 1)
        assert shown(called.value) == []
        text = f"{caught.value!r} {called.value!r} {caplog.text} {client!r} {vars(caller.transport)}"
        assert "s3cret" not in text
        assert LOGIN_SENT not in text
        assert TOKEN not in text
        assert repr(client) == f"<Client of Centrifugo at {url}/api through the proxy {address}>"
    monkeypatch.setenv("no_proxy", "")
    monkeypatch.setenv("https_proxy", options["http_proxy"])
    trusting = v1.AsyncClient([url, "https://other"] if "https" in url else "https://push", "key", trust_env=True)
    assert f"https://push/api/ through the proxy {address}" in repr(trusting)


@pytest.mark.parametrize("module", [centripetal, v1], ids=["current", "v1"])
async def test_clients_use_proxies(module: Any) -> None:
    """Clients of both generations, blocking and asyncio, call a server through a proxy, with the caller's headers."""
    credential: dict[str, Any] = {"secret": "s"} if module is v1 else {"api_key": "s"}
    with EmbeddedServer(**credential) as server, LoopbackProxy(login=LOGIN) as proxy:
        options = {"http_proxy": proxy.url, "headers": {"X-Gateway": TOKEN}}
        module.Client(server.url, "s", **options).publish("news", 1)
        async with module.AsyncClient(server.url, "s", **options) as client:
            await client.publish("news", 2)
        assert [head.count(f"X-Gateway: {TOKEN}") for head in proxy.heads] == [1, 1]


def test_the_next_server_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """If the proxy cannot be reached, or cannot reach a server, a call that is safe to repeat goes to the next one."""
    monkeypatch.setenv("no_proxy", "localhost")
    with EmbeddedServer(api_key="k") as server, ScriptedServer(sends(reply(b"", status="502 x"))) as refusing:
        for port in (refusing.port, free_port()):
            monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{port}")
            client = centripetal.Client(["http://push:8000", server.url], "k", trust_env=True)
            assert len(client.info().nodes) == 1
            assert client.endpoint == f"{server.url}/api"
        assert refusing.connections == 1
        centripetal.Client(["http://push:8000", server.url], "k", trust_env=True).publish("news", 1)


@pytest.mark.parametrize("secure", [False, True])
def test_a_websocket_goes_through_a_tunnel(authority: Authority, secure: bool) -> None:
    """A WebSocket uses a tunnel to an http server too, and its handshake contains the caller's headers."""

    def refuse(peer: Peer) -> None:
        heads.append(peer.sock.recv(65536).decode())
        peer.send(reply(b"", status="403 Forbidden"))

    heads: list[str] = []
    context = server_context(authority.issue("push")) if secure else None
    with ScriptedServer(refuse, context=context) as server, LoopbackProxy(login=LOGIN) as proxy:
        settings = Settings(http_proxy=proxy.url, headers={"X-Gateway": TOKEN}, ca_file=authority.ca_file)
        with pytest.raises(centripetal.AuthenticationError) as caught:
            WebSocket(f"{'https' if secure else 'http'}://push:{server.port}", 5, settings)
        assert str(caught.value).startswith(f"push:{server.port} (through the proxy {proxy.address}) replied 403")
        assert proxy.heads[0].startswith(f"CONNECT push:{server.port} HTTP/1.1\r\n")
        assert TOKEN not in proxy.heads[0]
        assert f"\r\nX-Gateway: {TOKEN}\r\n" in heads[0]
        assert "Proxy-" not in heads[0]
