"""The embedded server and a real Centrifugo 6 answer the same requests in the same way."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, event, given, settings

from tests.conformance.raw import Peer, RawRequest
from tests.conformance.raw_current import CONFIG, calls, mask, requests
from tests.conformance.servers_v6 import start
from tests.needs import needs

# For a longer run: CENTRIPETAL_EXAMPLES=20000 pytest tests/conformance
many = settings(
    max_examples=int(os.environ.get("CENTRIPETAL_EXAMPLES", "400")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture],
)


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Peer]:
    """Return a connection to an embedded server with the same request history as the real server."""
    with start("embedded", CONFIG, tmp_path_factory.mktemp("embedded")) as server:
        peer = Peer(server, mask)
        yield peer
        peer.close()


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Peer]:
    """Return a connection to a real server with the same request history as the embedded server."""
    with start("real", CONFIG, tmp_path_factory.mktemp("real")) as server:
        peer = Peer(server, mask)
        yield peer
        peer.close()


def compare(request: RawRequest, real: Peer, embedded: Peer) -> None:
    expected, got = real.ask(request), embedded.ask(request)
    event(f"status {expected.status}")
    assert got == expected, request


@needs("centrifugo-v6")
@many
@given(request=calls())
def test_calls(request: RawRequest, real: Peer, embedded: Peer) -> None:
    """Both servers answer any call, batch or sequence of commands with the same status and body."""
    compare(request, real, embedded)


@needs("centrifugo-v6")
@many
@given(request=requests())
def test_requests(request: RawRequest, real: Peer, embedded: Peer) -> None:
    """Both servers answer any method, path, key and error mode with the same status and body."""
    compare(request, real, embedded)


@many
@given(request=calls())
def test_embedded_server_survives(request: RawRequest, embedded: Peer) -> None:
    """The embedded server runs or refuses any body, and fails only where the real server fails."""
    assert embedded.ask(request).status in (200, 400, 500)
