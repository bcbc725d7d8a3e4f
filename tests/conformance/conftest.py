"""Servers for all conformance tests."""

from collections.abc import Iterator

import pytest

from tests.conformance import servers_v1, servers_v6
from tests.conformance.servers import Servers


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: the test waits for seconds, because the server's clock must move")


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """Return the 1.x servers by kind and configuration; they stop after the last test."""
    servers = Servers(tmp_path_factory.mktemp("servers"), servers_v1.CONFIGS, servers_v1.start)
    try:
        yield servers
    finally:
        servers.close()


@pytest.fixture(scope="session")
def servers_6(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """Return the 6.x servers by kind and configuration; they stop after the last test."""
    servers = Servers(tmp_path_factory.mktemp("servers"), servers_v6.CONFIGS, servers_v6.start)
    try:
        yield servers
    finally:
        servers.close()
