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
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.needs import find
from tests.ports import kept_port

__all__ = ["PostgreSQL", "postgresql", "running"]

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


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """Yield the server of this session."""
    with running() as server:
        yield server


@contextlib.contextmanager
def running() -> Iterator[PostgreSQL]:
    """Start a server with an empty database, and stop it at the end of the block."""
    program = find("postgresql")
    assert program is not None
    # Not below tmp_path: as root, the server runs as another user, who may not read the folders of root.
    folder = Path(tempfile.mkdtemp(prefix="centripetal-postgresql-"))
    try:
        other = _other_user(folder)
        data = folder / "data"
        subprocess.run(
            [
                *(Path(program).with_name("initdb"), "-D", data, "-U", USER, "-A", "trust", "-E", "UTF8"),
                *("--locale=C", "--no-sync", "--no-instructions"),
            ],
            check=True,
            stdout=subprocess.DEVNULL,
            **other,
        )
        with kept_port() as port:
            yield from _served(program, data, port, other)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _served(program: str, data: Path, port: int, other: dict[str, Any]) -> Iterator[PostgreSQL]:
    options = {
        "port": port,
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",
        "fsync": "off",
        "full_page_writes": "off",
        "shared_buffers": "16MB",
        "max_connections": 50,
        "autovacuum": "off",
    }
    command = [program, "-D", str(data), *(f"--{name}={value}" for name, value in options.items())]
    if shutil.which("setpriv"):  # so that the server also stops if the tests are killed
        command = ["setpriv", "--pdeathsig", "INT", *command]
    log = data / "log"
    with log.open("wb") as output:
        server = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, **other)
    try:
        _wait(server, port, log)
        yield PostgreSQL(port, server.pid)
    finally:
        server.send_signal(signal.SIGINT)  # closes the connections and stops
        server.wait(30)


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
