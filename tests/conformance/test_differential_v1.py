"""The embedded server and a real Centrifugo 1.x answer the same requests in the same way."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, event, given, settings

from centripetal import v1
from tests.conformance.deviations import accepted
from tests.conformance.raw import Peer, RawRequest, payloads
from tests.conformance.raw_v1 import bodies, mask, requests, signed
from tests.conformance.servers import Servers
from tests.conformance.servers_v1 import SECRET
from tests.needs import needs

# For a longer run: CENTRIPETAL_EXAMPLES=20000 pytest tests/conformance
many = settings(
    max_examples=int(os.environ.get("CENTRIPETAL_EXAMPLES", "400")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture],
)


@pytest.fixture(scope="module")
def embedded(servers: Servers) -> Iterator[Peer]:
    """Return a connection to an embedded server with the same request history as the real server."""
    with servers.fresh("embedded", "usual") as server:
        peer = Peer(server, mask)
        yield peer
        peer.close()


@pytest.fixture(scope="module")
def real(servers: Servers) -> Iterator[Peer]:
    """Return a connection to a real server with the same request history as the embedded server."""
    with servers.fresh("real", "usual") as server:
        peer = Peer(server, mask)
        yield peer
        peer.close()


def compare(request: RawRequest, real: Peer, embedded: Peer) -> None:
    expected, got = real.ask(request), embedded.ask(request)
    event(f"status {expected.status}")
    if got != expected:
        reason = accepted(request, expected, got)
        assert reason, f"{request}\nreal:     {expected}\nembedded: {got}"
        event(reason)


@needs("centrifugo-v1")
@many
@given(body=bodies)
def test_bodies(body: bytes, real: Peer, embedded: Peer) -> None:
    """Both servers answer any signed body, valid or not, with the same status and body."""
    compare(signed(body), real, embedded)


@needs("centrifugo-v1")
@many
@given(request=requests())
def test_requests(request: RawRequest, real: Peer, embedded: Peer) -> None:
    """Both servers answer any method, path, content type, mode and signature with the same status and body."""
    compare(request, real, embedded)


@many
@given(body=bodies)
def test_embedded_server_survives(body: bytes, embedded: Peer) -> None:
    """The embedded server runs or refuses any body, and never fails."""
    assert embedded.ask(signed(body)).status in (200, 400)


@pytest.mark.parametrize("kind", ["embedded", pytest.param("real", marks=needs("centrifugo-v1"))])
@many
@given(payload=payloads)
def test_servers_accept_payloads_that_the_client_accepts(payload: bytes, kind: str, servers: Servers) -> None:
    """Servers accept all serialized JSON that the client accepts."""
    with v1.Client(servers.shared(kind, "usual").url, SECRET) as client:
        try:
            assert client.publish("one:any", payload)
        except v1.UsageError:
            event("refused by the client")
        else:
            assert len(client.history("one:any")) == 1
