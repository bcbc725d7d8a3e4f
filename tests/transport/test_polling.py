"""Waiting for sockets, with and without `select.poll`."""

import select
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from centripetal.errors import ConnectError, UsageError
from centripetal.transport import polling
from centripetal.transport.polling import READ, WRITE, new_poller, wait_readable, wait_ready
from centripetal.transport.settings import Settings
from tests.ports import free_port
from tests.transport.conftest import Caller
from tests.transport.scripted import OK, ScriptedServer, answers

Pair = tuple[socket.socket, socket.socket]


@pytest.fixture(params=["poll", "select"])
def pair(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pair]:
    """Two connected sockets, with the poller of this platform and with the poller of others."""
    if request.param == "select":
        monkeypatch.delattr(select, "poll", raising=False)
    left, right = socket.socketpair()
    with left, right:
        yield left, right


def test_a_poller_reports_what_it_watches(pair: Pair) -> None:
    """A poller reports a descriptor for the events that it was registered or modified for, and for no others."""
    left, right = pair
    poller = new_poller()
    poller.register(left.fileno(), READ)
    assert poller.poll(0) == []
    poller.modify(left.fileno(), READ | WRITE)
    assert poller.poll(0) == [(left.fileno(), WRITE)]
    right.send(b"x")
    assert poller.poll(0) == [(left.fileno(), READ | WRITE)]
    poller.modify(left.fileno(), READ)
    assert poller.poll(1000) == [(left.fileno(), READ)]


def test_several_descriptors_are_waited_for(pair: Pair) -> None:
    """Waiting returns the descriptors that are ready, or none if the time has passed."""
    left, right = pair
    assert wait_ready({left.fileno(): READ, right.fileno(): WRITE}, 1) == {right.fileno()}
    assert wait_readable((left, None, right), 0) == set()
    assert wait_readable((left, right), -1) == set()
    right.send(b"x")
    assert wait_readable((left, right), float("inf")) == {left.fileno()}


def test_a_closed_peer_makes_a_descriptor_ready(pair: Pair) -> None:
    """The end of a connection counts as readable."""
    left, right = pair
    right.close()
    assert wait_readable((left,), 5) == {left.fileno()}


def test_transports_work_without_poll(make: Callable[..., Caller], monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls succeed and fail as usual where the platform has no `poll`, and where it disappears after the import."""
    monkeypatch.delattr(select, "poll", raising=False)
    with ScriptedServer(answers(OK, OK)) as server:
        caller = make()
        for _ in range(2):
            assert caller.post(server.url).status == 200
        assert server.connections == 1
    with pytest.raises(ConnectError, match="connection refused"):
        make().post(f"http://127.0.0.1:{free_port()}/")


def test_a_descriptor_too_high_for_select_is_named(
    make: Callable[..., Caller], monkeypatch: pytest.MonkeyPatch
) -> None:
    """If `select` cannot watch a descriptor, the process has too many of them."""

    def select_(*_: object) -> None:
        raise ValueError("filedescriptor out of range in select()")

    monkeypatch.setattr(polling, "select", type("module", (), {"select": staticmethod(select_)}))
    with pytest.raises(ConnectError, match="too many open files") as caught:
        make().post("http://127.0.0.1:9/")
    assert caught.value.executed == "no"


def test_unix_sockets_are_refused_where_they_are_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without Unix sockets, the option is refused at construction, and other connections work."""
    monkeypatch.delattr(socket, "AF_UNIX", raising=False)
    with pytest.raises(UsageError, match="this platform has no Unix sockets"):
        Settings(unix_socket="/s")


def test_everything_imports_on_a_smaller_platform() -> None:
    """All modules can be imported, and a call fails as usual, without what Windows lacks."""
    code = """if True:
        import os, select, socket, sys
        for module in (select, socket, os):
            for name in dir(module):
                if name.lower().startswith(("poll", "epoll", "kqueue", "af_unix", "fork", "register_at_fork")):
                    delattr(module, name)
        sys.modules["resource"] = None
        import centripetal, centripetal.v1, centripetal.server, centripetal.testing, centripetal.client.watching
        try:
            centripetal.Client("http://127.0.0.1:%d", "key").publish("news", 1)
        except centripetal.ConnectError as error:
            print(error)
    """
    done = subprocess.run([sys.executable, "-c", code % free_port()], capture_output=True, text=True, timeout=60)
    assert "connection refused by 127.0.0.1" in done.stdout, done.stderr
