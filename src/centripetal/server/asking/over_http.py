"""Asking the application over HTTP, with our own transport and the requests of Go's client.

As in the real server, connections are kept and reused, redirects are followed, and a question is not repeated. One case
is different on purpose: if the application closed a kept connection before it received a byte of the question, which
the transport can prove, the question is sent on a new connection.
"""

import asyncio
import base64
import logging
import os
import ssl
import tempfile
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from centripetal.errors import CentripetalError, TimeoutError, UsageError
from centripetal.protocol.http import HTTPReply
from centripetal.server.asking.go_requests import MOST_REQUESTS, GoRequest, GoRequestWriter, redirected
from centripetal.server.questions import TLS, Endpoint, Pending, Question, Reply
from centripetal.transport.awaiting import AwaitingTransport
from centripetal.transport.clock import monotonic

__all__ = ["HTTPAsker", "ProxyTransport"]

logger = logging.getLogger("centripetal.server")

_MOST_IDLE = 255  # connections to one endpoint, as in the real server
_LONGEST = 16 * 1024 * 1024  # bytes of an answer; the real server has no limit
_NO_LIMIT = 24 * 3600.0
_PEM = b"-----BEGIN "


class HTTPAsker:
    """Asks endpoints in the event loop that runs when it is created.

    Args:
        endpoints: the endpoints that will be asked.

    Raises:
        UsageError: a certificate or key of an endpoint cannot be used.
    """

    def __init__(self, endpoints: Iterable[Endpoint]) -> None:
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[None]] = set()
        options = dict.fromkeys(each.tls for each in endpoints)
        self._transports = {tls: ProxyTransport(tls) for tls in options}

    def ask(self, question: Question, then: Callable[[Reply], object]) -> Pending:
        """Ask *question*, and call *then* with the reply; see `centripetal.server.questions.Ask`."""
        task = self._loop.create_task(self._run(question, then))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _run(self, question: Question, then: Callable[[Reply], object]) -> None:
        endpoint = question.endpoint
        try:
            answer = await self._answer(question)
        except TimeoutError:
            reply = Reply(0, problem=f"{endpoint.shown} did not answer within {endpoint.timeout:g} s")
        except CentripetalError as error:
            reply = Reply(0, problem=str(error))
        else:
            reply = Reply(answer.status, answer.body)
        then(reply)

    async def _answer(self, question: Question) -> HTTPReply:
        endpoint = question.endpoint
        transport = self._transports[endpoint.tls]
        deadline = monotonic() + (endpoint.timeout if endpoint.timeout > 0 else _NO_LIMIT)
        first = request = GoRequest(url=endpoint.url, headers=question.headers, body=question.body)
        for _ in range(MOST_REQUESTS):
            reply = await transport.send(request, max(deadline - monotonic(), 0.0))
            following = redirected(first, request, reply)
            if following is None:
                return reply
            request = following
        raise UsageError(f"{endpoint.shown} redirects more than {MOST_REQUESTS - 1} times")


class ProxyTransport(AwaitingTransport):
    """Transport with Go's requests and the TLS options of one proxy."""

    def __init__(self, tls: TLS | None) -> None:
        if tls is None:
            super().__init__(max_connections=_MOST_IDLE, max_idle=None, max_response_bytes=_LONGEST)
        else:
            context = _context(tls)
            super().__init__(
                max_connections=_MOST_IDLE, max_idle=None, max_response_bytes=_LONGEST, ssl_context=context
            )
        self._writer = GoRequestWriter()


# ---- TLS


class _NamedContext(ssl.SSLContext):
    """TLS settings that expect the certificate of another name than the URL's host."""

    name = ""

    def wrap_socket(self, sock: Any, *args: Any, **options: Any) -> ssl.SSLSocket:
        return super().wrap_socket(sock, *args, **{**options, "server_hostname": self.name})


def _context(tls: TLS) -> ssl.SSLContext:
    if tls.server_name:
        context: ssl.SSLContext = _NamedContext(ssl.PROTOCOL_TLS_CLIENT)
        assert isinstance(context, _NamedContext)
        context.name = tls.server_name
    else:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    try:
        if tls.server_ca_pem:
            context.load_verify_locations(cadata=_pem(tls.server_ca_pem, "server_ca_pem").decode("ascii", "ignore"))
        else:
            context.load_default_certs()
        if tls.cert_pem and tls.key_pem:
            _load_pair(context, _pem(tls.cert_pem, "cert_pem"), _pem(tls.key_pem, "key_pem"))
    except ssl.SSLError as error:
        raise UsageError(f"the TLS options of a proxy cannot be used: {error.reason or error}") from None
    if tls.insecure_skip_verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _pem(value: str, name: str) -> bytes:
    """Return the PEM text in *value*: itself, its base64, or the file that it names, in the real server's order."""
    text = value.encode()
    if _PEM in text:
        return text
    with suppress(ValueError):
        if _PEM in (decoded := base64.b64decode(text, validate=True)):
            return decoded
    try:
        content = Path(value).read_bytes()
    except (OSError, ValueError):
        content = b""
    if _PEM not in content:
        raise UsageError(f"http.tls.{name} of a proxy must be PEM text, PEM text in base64, or the path of a PEM file")
    return content


def _load_pair(context: ssl.SSLContext, certificate: bytes, key: bytes) -> None:
    # The module ssl reads certificates with keys only from files.
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder, name) for name in ("certificate.pem", "key.pem")]
        for path, content in zip(paths, (certificate, key), strict=True):
            path.touch(mode=0o600)
            path.write_bytes(content)
        context.load_cert_chain(*map(os.fspath, paths))
