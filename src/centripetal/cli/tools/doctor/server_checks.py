"""Checks of the network and the server: address, connection, TLS, HTTP, clock, credential, version."""

import contextlib
import datetime
import email.utils
import re
import socket
import ssl
import time
from collections.abc import Iterator
from urllib.parse import SplitResult

from centripetal import v1
from centripetal.cli.generation import Generation
from centripetal.cli.target import Address, Source, Target
from centripetal.cli.tools.doctor.check import Check, failed
from centripetal.client import current
from centripetal.dialects.current.codec import Codec as CurrentCodec
from centripetal.dialects.current.commands import Info
from centripetal.dialects.v1.codec import Codec as V1Codec
from centripetal.errors import CentripetalError, HTTPStatusError, ServerError, UsageError
from centripetal.protocol.command import Prepared
from centripetal.protocol.http import HTTPReply, HTTPRequest, parse_url
from centripetal.protocol.targets import Origin
from centripetal.transport.addresses import server_name
from centripetal.transport.base import TransportOptions
from centripetal.transport.blocking import BlockingTransport
from centripetal.transport.settings import Settings as TransportSettings

__all__ = ["network", "server"]

_CLOCK_SECONDS = 5.0  # a smaller difference is not reported
_CERTIFICATE_DAYS = 14


# ---- network


def network(address: Address) -> Iterator[Check]:
    """Check the URL, the host name, the TCP connection and TLS.

    Raises:
        UsageError: if the URL is invalid.
    """
    parts = parse_url(address.url.value)
    where = address.url.value
    if address.url.source is Source.DEFAULT:
        where += " (the default: neither --url nor CENTRIFUGO_HTTP_API_URL nor a profile sets it)"
    yield Check("url", "ok", where)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    try:
        found = socket.getaddrinfo(host.encode("ascii"), port, type=socket.SOCK_STREAM)
    except OSError as error:
        advice = "Check the host in --url or CENTRIFUGO_HTTP_API_URL, and the DNS settings of this machine."
        yield Check("dns", "failed", f"cannot resolve {host}: {error}", advice)
        return
    addresses = list(dict.fromkeys(str(one[4][0]) for one in found))
    yield Check("dns", "ok", f"{host} resolves to {', '.join(addresses)}")
    yield from _connection(address, parts, host, port)


def _connection(address: Address, parts: SplitResult, host: str, port: int) -> Iterator[Check]:
    start = time.monotonic()
    place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    try:
        connection = socket.create_connection((host, port), address.timeout.value)
    except OSError as error:
        advice = "Check that the server listens on this address and port, and that no firewall blocks the connection."
        yield Check("tcp", "failed", f"cannot connect to {place}: {error}", advice)
        return
    with connection:
        yield Check("tcp", "ok", f"connected to {place} in {(time.monotonic() - start) * 1e3:.1f} ms")
        if parts.scheme == "https":
            yield _tls(connection, Origin(True, host, port), address.transport)


def _tls(connection: socket.socket, origin: Origin, options: TransportOptions) -> Check:
    try:
        context = TransportSettings(**options).context(origin)
        assert context is not None, "the origin is secure"
        with context.wrap_socket(connection, server_hostname=server_name(origin)) as secured:
            version, certificate = secured.version(), secured.getpeercert() or {}
    except UsageError as error:  # the file given by --ca-file
        return failed("tls", error)
    except ssl.SSLCertVerificationError as error:
        advice = (
            "Install a certificate for this name on the server from a CA that this machine trusts. To trust your own "
            "CA, give its certificate with --ca-file or SSL_CERT_FILE."
        )
        return Check("tls", "failed", f"the certificate is not trusted: {error.verify_message}", advice)
    except OSError as error:
        # OpenSSL's messages contain the position in its source: leave that out.
        why = (error.strerror or str(error)).partition(" (_ssl.c")[0].rpartition("] ")[2]
        advice = "If the server speaks plain HTTP on this port, use http://."
        return Check("tls", "failed", f"TLS handshake failed: {why}", advice)
    end = ssl.cert_time_to_seconds(str(certificate.get("notAfter")))
    days = (end - time.time()) / 86_400
    until = f"{version}; the certificate is valid until {datetime.datetime.fromtimestamp(end, datetime.UTC):%Y-%m-%d}"
    if days < _CERTIFICATE_DAYS:
        return Check("tls", "warning", f"{until}, {days:.0f} days from now", "Renew the certificate.")
    return Check("tls", "ok", until)


# ---- the server


def server(target: Target, client: v1.Client | current.Client) -> Iterator[Check]:
    """Check the HTTP reply, the clock, the credential and the version of the server that *client* calls."""
    generation = target.required_generation()
    yield from _reply(target, generation)
    try:
        versions = _versions(client)
    except CentripetalError as error:
        yield _refused(error, generation)
        return
    what = "accepted without credentials" if target.insecure else f"the server accepts the {generation.option}"
    yield Check("credentials", "ok", f"{what} (Centrifugo {generation.title})")
    yield _version(versions, generation)


def _reply(target: Target, generation: Generation) -> Iterator[Check]:
    """Check that the server replies over HTTP, and that its clock is correct."""
    with contextlib.closing(BlockingTransport(**target.transport)) as transport:
        try:
            sent = time.time()
            reply = transport.send(_request(target, generation), target.timeout.value)
            received = time.time()
        except CentripetalError as error:
            yield failed("http", error)
            return
    yield Check("http", "ok", f"status {reply.status} in {(received - sent) * 1e3:.1f} ms")
    if (check := _clock(reply, sent, received)) is not None:
        yield check


def _request(target: Target, generation: Generation) -> HTTPRequest:
    url, credential = target.url.value, target.sent_credential()
    if generation is Generation.V1:
        return V1Codec(url, credential).request([])
    return CurrentCodec(url, credential, prefix=target.api_path).request([Prepared(Info(), b"{}")])


def _clock(reply: HTTPReply, sent: float, received: float) -> Check | None:
    try:
        there = email.utils.parsedate_to_datetime(reply.header("date") or "").timestamp()
    except ValueError:
        return None
    # The header has whole seconds, and the server wrote it between the two times.
    behind, ahead = sent - (there + 1), there - received
    difference = max(behind, ahead, 0.0)
    if difference < _CLOCK_SECONDS:
        return Check("clock", "ok", "the server's clock agrees with this machine's clock")
    which = "behind" if behind > ahead else "ahead"
    return Check(
        "clock",
        "warning",
        f"the server's clock is {difference:.0f} s {which} of this machine's clock",
        "Synchronize both clocks with NTP: tokens contain times, so a wrong clock makes valid tokens fail.",
    )


def _versions(client: v1.Client | current.Client) -> list[tuple[str, str]]:
    """Return the name and version of each node."""
    if isinstance(client, current.Client):
        return [(node.name, node.version) for node in client.info().nodes]
    try:
        node = client.node()
    except ServerError:  # servers before 1.4.0 do not have `node`
        return [(node.name, "") for node in client.stats().nodes]
    return [(node.name, node.version)]


def _refused(error: CentripetalError, generation: Generation) -> Check:
    by_server = isinstance(error, HTTPStatusError) and not error.in_front
    check = failed("credentials" if by_server else "answer", error)
    other = generation.other
    advice = f"{check.advice} If the server is a Centrifugo {other.title}, {other.selected_by} instead."
    return check._replace(advice=advice.strip())


# Features that the first version of the current API does not have, with the version that added each of them.
_LACKS = (
    ((5, 0, 0), "one path per method (the client uses the single endpoint)"),
    ((5, 2, 0), "idempotency keys and parallel batches, which the server silently ignores"),
    ((5, 4, 0), "deltas"),
    ((6, 2, 0), "publication versions"),
    ((6, 8, 0), "maps and shared polling"),
)


# A server that was built without its release scripts has this version.
_NO_VERSION = (0, 0, 0)


def _version(nodes: list[tuple[str, str]], generation: Generation) -> Check:
    text = ", ".join(f"{name}: {version or 'unknown version'}" for name, version in nodes)
    if len({version for _, version in nodes}) > 1:
        return Check("version", "warning", f"different versions: {text}", "Run the same version on all nodes.")
    if generation is Generation.V1:
        return Check("version", "ok", text)
    version = _numbers(nodes[0][1] if nodes else "")
    if version == _NO_VERSION:
        return Check("version", "ok", f"{text} (a server that was built without a version; its features are unknown)")
    lacks = [what for needed, what in _LACKS if version is not None and version < needed]
    if lacks:
        found = f"{text}; does not support {', '.join(lacks)}"
        return Check("version", "warning", found, "Update the server if you need these features.")
    return Check("version", "ok", text)


def _numbers(version: str) -> tuple[int, ...] | None:
    found = re.match(r"v?([0-9]{1,9})\.([0-9]{1,9})(?:\.([0-9]{1,9}))?", version)
    return None if found is None else tuple(int(number or 0) for number in found.groups())
