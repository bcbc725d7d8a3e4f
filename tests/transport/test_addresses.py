"""Addresses of IP addresses and of resolved names, and failed lookups."""

import asyncio
import errno
import socket
import threading
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from centripetal.errors import ConnectError, TimeoutError, UsageError
from centripetal.protocol.http import HTTPReply, HTTPRequest
from centripetal.protocol.http1 import Origin
from centripetal.transport.addresses import Address, literal_address, lookup_error, resolved, server_name
from centripetal.transport.awaiting import AwaitingTransport
from centripetal.transport.blocking import BlockingTransport
from tests.addresses import ACCEPTED, Accepted

NAME = Origin(False, "push.example", 8000)


def found(*addresses: Address) -> list[tuple[Any, ...]]:
    """Return a result of `getaddrinfo`."""
    return [(family, socket.SOCK_STREAM, 6, "", sockaddr) for family, sockaddr in addresses]


def four(number: int) -> Address:
    return Address(socket.AF_INET, (f"192.0.2.{number}", 8000))


def six(number: int) -> Address:
    return Address(socket.AF_INET6, (f"2001:db8::{number}", 8000, 0, 0))


@pytest.mark.parametrize("row", ACCEPTED, ids=lambda row: ascii(row.url))
def test_only_names_are_looked_up(row: Accepted) -> None:
    """The address of an IP address is known, with its zone as a number; that of a name is not."""
    host, _, zone = row.host.partition("%")
    numeric = ":" in host or host.replace(".", "").isdigit()
    origin = Origin(False, row.host, row.port)
    sockaddr = (host, row.port, 0, int(zone)) if zone else (host, row.port)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    assert literal_address(origin) == (Address(family, sockaddr) if numeric else None)
    assert server_name(origin) == row.certificate


def test_a_zone_is_the_name_of_an_interface() -> None:
    """The name of an interface becomes its number, and an interface that does not exist is named in the error."""
    number, name = socket.if_nameindex()[0]
    address = literal_address(Origin(False, f"fe80::1%{name}", 1))
    assert address == Address(socket.AF_INET6, ("fe80::1", 1, 0, number))
    for zone in ("nosuch0", "99999", str(2**32), "9" * 60):
        with pytest.raises(ConnectError, match="no network interface"):
            literal_address(Origin(False, f"fe80::1%{zone}", 1))


@pytest.mark.parametrize(
    ("names", "order"),
    [
        ((four(1),), (four(1),)),
        ((six(1), six(2), four(1), four(2)), (six(1), four(1), six(2), four(2))),
        ((four(1), four(2), four(3), six(1)), (four(1), six(1), four(2), four(3))),
        ((six(1), six(1), four(1), six(1)), (six(1), four(1))),
    ],
)
def test_families_alternate(names: tuple[Address, ...], order: tuple[Address, ...]) -> None:
    """Addresses alternate between the families, in the order of the system, without repetitions."""
    assert resolved(found(*names), NAME) == list(order)


@given(st.lists(st.sampled_from([*map(four, range(4)), *map(six, range(4))]), min_size=1, max_size=12))
def test_every_address_is_kept_once(addresses: list[Address]) -> None:
    """No address is lost or repeated, the first stays first, and each family keeps its order."""
    result = resolved(found(*addresses), NAME)
    assert result[0] == addresses[0]
    assert len(result) == len(set(result))
    for family in (socket.AF_INET, socket.AF_INET6):
        one = [address for address in dict.fromkeys(addresses) if address.family == family]
        assert [address for address in result if address.family == family] == one


def test_the_number_of_addresses_is_limited() -> None:
    """A name with very many addresses cannot use up the descriptors of the process."""
    names = [Address(socket.AF_INET, (f"10.0.{number // 256}.{number % 256}", 8000)) for number in range(2000)]
    assert resolved(found(*names), NAME) == names[:64]


def test_a_name_without_addresses_is_named() -> None:
    """A name that the system resolves to nothing has no address."""
    with pytest.raises(ConnectError, match=r"'push\.example' has no address"):
        resolved([], NAME)


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE])
@pytest.mark.parametrize("code", [socket.EAI_NONAME, socket.EAI_AGAIN])
def test_a_lookup_without_descriptors_names_them(monkeypatch: pytest.MonkeyPatch, number: int, code: int) -> None:
    """Without free descriptors, the system reports an unknown name, and the error reports the descriptors."""

    def full(*_: object) -> None:
        raise OSError(number, "full")

    monkeypatch.setattr(socket, "socket", full)
    assert "too many open files" in str(lookup_error(socket.gaierror(code, "unknown"), NAME, "push.example:8000"))


CAUSES: tuple[tuple[Exception, str], ...] = (
    (OSError(errno.EMFILE, "Too many open files"), "Too many open files"),
    (socket.gaierror(socket.EAI_AGAIN, "later"), "Is the name server reachable?"),
    (socket.gaierror(socket.EAI_NONAME, "unknown"), "check the URL (unknown)"),
)


def post(kind: str, timeout: float = 5) -> HTTPReply:
    request = HTTPRequest("http://push.example/", (), b"")
    if kind == "blocking":
        return BlockingTransport().send(request, timeout)

    async def send() -> HTTPReply:
        return await AwaitingTransport().send(request, timeout)

    return asyncio.run(send())


@pytest.mark.parametrize("kind", ["blocking", "asyncio"])
@pytest.mark.parametrize(("cause", "words"), CAUSES, ids=[words for _, words in CAUSES])
def test_a_failed_lookup_names_the_cause(
    monkeypatch: pytest.MonkeyPatch, kind: str, cause: Exception, words: str
) -> None:
    """A failed lookup raises a ConnectError with the cause, and the name is passed in bytes."""
    names = []

    def fail(name: object, *_: object, **__: object) -> None:
        names.append(name)
        raise cause

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    with pytest.raises(ConnectError) as caught:
        post(kind)
    assert words in str(caught.value)
    assert (caught.value.executed, names) == ("no", [b"push.example"])


def test_a_lookup_without_a_thread_names_the_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """If no thread can be started for the lookup of asyncio, the error says so."""

    def fail(_: object) -> None:
        raise RuntimeError("can't start new thread")

    async def main() -> None:
        with monkeypatch.context() as patch:
            patch.setattr(threading.Thread, "start", fail)
            with pytest.raises(ConnectError, match="without another thread: can't start new thread"):
                await AwaitingTransport().send(HTTPRequest("http://push.example/", (), b""), 5)

    asyncio.run(main())


def test_a_lookup_in_asyncio_keeps_to_the_time_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """A call times out while its name is still being looked up, and nothing was sent."""
    ended = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: ended.wait(20))

    async def main() -> float:
        start = time.monotonic()
        with pytest.raises(TimeoutError, match=r"no connection to push\.example:80 within 0\.05 s") as caught:
            await AwaitingTransport().send(HTTPRequest("http://push.example/", (), b""), 0.05)
        assert caught.value.executed == "no"
        ended.set()
        return time.monotonic() - start

    assert asyncio.run(main()) < 5


def test_a_loop_that_cannot_watch_sockets_is_refused() -> None:
    """On a loop without `add_reader`, such as the default loop of Windows, a call says which loop to use."""

    class Loop(asyncio.SelectorEventLoop):
        add_reader = asyncio.AbstractEventLoop.add_reader

    async def main() -> None:
        await AwaitingTransport().send(HTTPRequest("http://127.0.0.1:9/", (), b""), 5)

    with asyncio.Runner(loop_factory=Loop) as runner, pytest.raises(UsageError, match="SelectorEventLoop"):
        runner.run(main())
