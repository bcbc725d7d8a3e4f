"""A PostgreSQL server for tests: one per test session, on a free loopback port, without access to any other server.

    from tests.postgresql import PostgreSQL

    pytestmark = needs("postgresql")

    def test_it(postgresql: PostgreSQL) -> None:
        with psycopg.connect(postgresql.dsn) as connection: ...

The session's first test with the fixture starts the server, which takes about 3 seconds and 1 second of CPU.
"""

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from centripetal.outbox import Outbox
from tests.needs import find
from tests.ports import kept_port

__all__ = ["Cluster", "PostgreSQL", "cluster", "postgresql", "running", "with_tables"]

USER = "postgres"


class PostgreSQL(NamedTuple):
    """A running server without a password.

    Attributes:
        port: its port on 127.0.0.1.
        pid: its process.
    """

    port: int
    pid: int

    @property
    def dsn(self) -> str:
        """The address for psycopg, psycopg2, asyncpg and Centrifugo."""
        return f"postgresql://{USER}@127.0.0.1:{self.port}/postgres"

    def url(self, driver: str) -> str:
        """Return the address for SQLAlchemy with *driver*."""
        return self.dsn.replace("postgresql", f"postgresql+{driver}", 1)


@contextlib.contextmanager
def with_tables(server: PostgreSQL, outbox: Outbox) -> Iterator[Any]:
    """Create the tables of *outbox*, yield a connection of psycopg that commits each statement, and drop the tables."""
    import psycopg  # imported here, because quick tests run without it

    with psycopg.connect(server.dsn, autocommit=True) as connection:
        for statement in (*outbox.ddl_drop(), *outbox.ddl()):
            connection.execute(statement.encode())
        yield connection
        for statement in outbox.ddl_drop():
            connection.execute(statement.encode())


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """Yield the server of this session."""
    with running() as server:
        yield server


class Cluster:
    """A server and its data. It can be killed and started again on the same port."""

    def __init__(
        self, program: str, folder: Path, port: int, other: dict[str, Any], options: Mapping[str, Any]
    ) -> None:
        self._data, self._port, self._other = folder / "data", port, other
        options = {
            "port": port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "fsync": "off",
            "full_page_writes": "off",
            "shared_buffers": "16MB",
            "max_connections": 50,
            "autovacuum": "off",
            **options,
        }
        self._command = [program, "-D", str(self._data), *(f"--{name}={value}" for name, value in options.items())]
        if shutil.which("setpriv"):  # so that the server also stops if the tests are killed
            self._command = ["setpriv", "--pdeathsig", "INT", *self._command]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def server(self) -> PostgreSQL:
        """The running server."""
        assert self._process is not None
        return PostgreSQL(self._port, self._process.pid)

    def start(self) -> PostgreSQL:
        """Start the server, and wait until it accepts connections."""
        log = self._data / "log"
        with log.open("ab") as output:
            self._process = subprocess.Popen(self._command, stdout=output, stderr=subprocess.STDOUT, **self._other)
        _wait(self._process, self._port, log)
        return self.server

    def stop(self) -> None:
        """Close the connections, and stop the server if it is running."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(30)

    def kill(self) -> None:
        """Kill all processes of the server with SIGKILL, and wait until they have ended."""
        assert self._process is not None
        pid = self._process.pid
        pids = [pid, *_children(pid)]
        for each in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(each, signal.SIGKILL)
        self._process.wait(30)
        while any(_is_running(each) for each in pids):
            time.sleep(0.01)


def _stat(pid: int) -> list[str]:
    """Return the fields of a process from its state on; empty if it does not exist."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _children(pid: int) -> list[int]:
    pids = [int(path.name) for path in Path("/proc").glob("[0-9]*")]
    return [each for each in pids if _stat(each)[1:2] == [str(pid)]]


def _is_running(pid: int) -> bool:
    return bool(_stat(pid)) and _stat(pid)[:1] != ["Z"]


@contextlib.contextmanager
def cluster(**options: Any) -> Iterator[Cluster]:
    """Create an empty database. Its server is stopped at the end of the block.

    Args:
        options: settings of the server, such as `fsync="on"`.
    """
    program = find("postgresql")
    assert program is not None
    # Not below tmp_path: as root, the server runs as another user, who may not read the folders of root.
    folder = Path(tempfile.mkdtemp(prefix="centripetal-postgresql-"))
    try:
        other = _other_user(folder)
        subprocess.run(
            [
                *(Path(program).with_name("initdb"), "-D", folder / "data", "-U", USER, "-A", "trust", "-E", "UTF8"),
                *("--locale=C", "--no-sync", "--no-instructions"),
            ],
            check=True,
            stdout=subprocess.DEVNULL,
            **other,
        )
        with kept_port() as port:
            made = Cluster(program, folder, port, other, options)
            try:
                yield made
            finally:
                made.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def running() -> Iterator[PostgreSQL]:
    """Start a server with an empty database, and stop it at the end of the block."""
    with cluster() as made:
        yield made.start()


def _other_user(folder: Path) -> dict[str, Any]:
    """Return the arguments that start a program as another user: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    known = {entry.pw_name for entry in pwd.getpwall()}
    user = pwd.getpwnam(USER if USER in known else "nobody")
    os.chown(folder, user.pw_uid, user.pw_gid)
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": [], "cwd": folder}


def _wait(server: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    """Wait until the server accepts connections: it answers a startup message with a request for authentication."""
    startup = b"\0\x03\0\0user\0" + USER.encode() + b"\0\0"
    message = (len(startup) + 4).to_bytes(4, "big") + startup
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and server.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            connection.sendall(message)
            if connection.recv(1) == b"R":
                return
        time.sleep(0.02)
    raise AssertionError(f"PostgreSQL did not start: {log.read_text()[-1000:]}")
