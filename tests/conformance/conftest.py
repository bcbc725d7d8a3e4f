"""The servers of all conformance tests."""

from collections.abc import Iterator

import pytest

from tests.conformance.servers_v1 import Servers


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: the test waits for seconds, because the server's clock must move")


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """Servers by kind and configuration; they stop at the end of all tests."""
    servers = Servers(tmp_path_factory.mktemp("servers"))
    try:
        yield servers
    finally:
        servers.close()
