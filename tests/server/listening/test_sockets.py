"""The sockets of an embedded server: which addresses accept connections, and the errors for other hosts."""

import asyncio
import contextlib
import errno
import socket
import threading
from collections.abc import Callable
from typing import Any

import pytest

from centripetal import Client, ConnectError
from centripetal.errors import UsageError
from centripetal.server import EmbeddedServer
from centripetal.server.listening.http_server import HTTPServer
from centripetal.server.listening.sockets import check_host, listen
from tests.addresses import REFUSED_HOSTS
from tests.ports import IPV6, free_port, kept_port

LOOPBACK = ("127.0.0.1", "[::1]")


def reached(port: int) -> list[bool]:
    """Return whether a server answers at each loopback address."""
    found = []
    for host in LOOPBACK:
        try:
            Client(f"http://{host}:{port}", "key").publish("news", 1)
            found.append(True)
        except ConnectError:
            found.append(False)
    return found


def port_of(server: EmbeddedServer) -> int:
    return int(server.url.rpartition(":")[2])


@IPV6
@pytest.mark.parametrize(
    ("host", "both"),
    [
        ("::", [True, True]),
        ("localhost", [True, True]),
        ("LocalHost.", [True, True]),
        ("", [True, False]),
        ("0.0.0.0", [True, False]),
        ("127.0.0.1", [True, False]),
        ("::1", [False, True]),
    ],
)
@pytest.mark.parametrize("fixed", [False, True], ids=["free port", "given port"])
def test_a_host_means_these_addresses(host: str, both: list[bool], fixed: bool) -> None:
    """`::` and `localhost` accept IPv4 and IPv6 at the same port; an address accepts only its own family."""
    with kept_port() as port, EmbeddedServer(api_key="key", host=host, port=port if fixed else 0) as server:
        assert reached(port_of(server)) == both
        assert port_of(server) == port or not fixed
        assert not fixed or Client(server.url, "key").publish("news", 1)


@IPV6
@pytest.mark.parametrize("host", ["::", "localhost"])
def test_a_pause_closes_and_resuming_opens_all_sockets(host: str) -> None:
    """A paused server refuses IPv4 and IPv6, keeps its port, and accepts both again afterwards."""
    with EmbeddedServer(api_key="key", host=host) as server:
        port = port_of(server)
        server.in_loop(HTTPServer.pause)
        assert reached(port) == [False, False]
        server.in_loop(HTTPServer.resume)
        assert reached(port) == [True, True]
    assert reached(port) == [False, False]


@IPV6
def test_two_sockets_replace_one_for_both_families(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where one socket cannot serve both families, `::` uses two."""
    monkeypatch.setattr(socket, "has_dualstack_ipv6", lambda: False)
    with EmbeddedServer(api_key="key", host="::") as server:
        assert reached(port_of(server)) == [True, True]


def failing(number: int, host: str) -> Callable[..., socket.socket]:
    """Return a function like `socket.create_server` that fails at *host*."""
    create = socket.create_server

    def create_server(address: tuple[str, int], **options: Any) -> socket.socket:
        if address[0] == host:
            raise OSError(number, "on purpose")
        return create(address, **options)

    return create_server


@pytest.mark.parametrize("number", [errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT])
def test_localhost_is_what_the_platform_has(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """Without IPv6, `localhost` is 127.0.0.1, and an IPv6 address is refused with advice."""
    monkeypatch.setattr(socket, "create_server", failing(number, "::1"))
    with EmbeddedServer(api_key="key", host="localhost") as server:
        assert reached(port_of(server))[0]
    with pytest.raises(UsageError, match=r"Does this machine have IPv6\?"):
        EmbeddedServer(api_key="key", host="::1").start()


def test_another_failure_of_localhost_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    """A failure other than a missing family is an error, and leaves no socket open."""
    monkeypatch.setattr(socket, "create_server", failing(errno.EACCES, "::1"))
    with pytest.raises(UsageError, match=r"cannot listen on port \d+ of localhost: on purpose"):
        EmbeddedServer(api_key="key", host="localhost").start()


@IPV6
def test_a_free_port_is_free_for_both_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    """If a port is free for one address of `localhost` only, another port is chosen."""
    create, taken = socket.create_server, iter([True, True, False])

    def create_server(address: tuple[str, int], **options: Any) -> socket.socket:
        if address[0] == "::1" and next(taken):
            raise OSError(errno.EADDRINUSE, "in use")
        return create(address, **options)

    monkeypatch.setattr(socket, "create_server", create_server)
    with contextlib.ExitStack() as stack:
        listeners = [stack.enter_context(listener) for listener in listen("localhost", 0)]
        first, second = (listener.getsockname()[1] for listener in listeners)
        assert first == second


def test_a_name_means_one_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name other than `localhost` means its first IPv4 address, and an unknown name is an error."""
    addresses = [(socket.AF_INET6, ("::1", 0, 0, 0)), (socket.AF_INET, ("127.0.0.1", 0))]
    found = [(family, socket.SOCK_STREAM, 6, "", address) for family, address in addresses]
    with monkeypatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
        (listener,) = listen("push.example", 0)
        with listener:
            assert listener.getsockname()[0] == "127.0.0.1"
    with pytest.raises(UsageError, match=r"cannot listen on port 0 of push\.invalid"):
        listen("push.invalid", 0)


@pytest.mark.parametrize(("host", "words"), REFUSED_HOSTS.items(), ids=map(ascii, REFUSED_HOSTS))
def test_a_host_that_names_no_certain_address_is_refused(host: str, words: str) -> None:
    """A server refuses the hosts that clients refuse, before it starts."""
    with pytest.raises(UsageError, match=words):
        check_host(host)
    with pytest.raises(UsageError, match=words):
        EmbeddedServer(api_key="key", host=host)


def test_a_start_without_threads_or_descriptors_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """If the system allows no further thread or descriptor, the start fails with its words, and frees the port."""

    def no_thread(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    def no_descriptor(*_: object) -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    server = EmbeddedServer(api_key="key", port=free_port())
    places = (
        (threading.Thread, "start", no_thread, "new thread"),
        (asyncio, "SelectorEventLoop", no_descriptor, "open files"),
    )
    for place, name, fail, words in places:
        with monkeypatch.context() as patch:
            patch.setattr(place, name, fail)
            with pytest.raises(UsageError, match=words):
                server.start()
    with server:
        assert reached(port_of(server))[0]
