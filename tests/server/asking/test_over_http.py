"""Asking over HTTP: one question, one answer, within the time limit, with connections that are reused."""

import asyncio
import base64
import contextlib
import gzip
import ssl
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from centripetal.errors import UsageError
from centripetal.server.asking.over_http import HTTPAsker
from centripetal.server.questions import TLS, Endpoint, Question, Reply
from tests.transport.certificates import Authority, server_context

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


class App:
    """An application that sends prepared responses, and notes the requests and the connections."""

    def __init__(self, *responses: bytes | None) -> None:
        self.responses = list(responses)
        self.requests: list[tuple[str, bytes]] = []
        self.connections = 0
        self.port = 0
        self._asked = asyncio.Event()
        self._ended = asyncio.Event()
        self._writers: dict[asyncio.StreamWriter, asyncio.Task[Any] | None] = {}

    async def end(self) -> None:
        """Close all connections."""
        self._ended.set()
        for writer in self._writers:
            writer.transport.abort()
        await asyncio.gather(*filter(None, self._writers.values()), return_exceptions=True)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers[writer] = asyncio.current_task()
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                size = next((int(line[15:]) for line in head.split("\r\n") if line.startswith("Content-Length:")), 0)
                self.requests.append((head.partition("\r\n")[0], await reader.readexactly(size)))
                self._asked.set()
                response = self.responses.pop(0) if self.responses else OK
                if response is None:
                    await self._ended.wait()
                elif not response:
                    break
                else:
                    writer.write(response.replace(b"PORT", b"%d" % self.port))
        writer.close()

    async def asked(self) -> None:
        """Wait until a request has arrived."""
        await asyncio.wait_for(self._asked.wait(), 10)

    @property
    def lines(self) -> list[str]:
        return [line for line, _ in self.requests]


@contextlib.asynccontextmanager
async def running(*responses: bytes | None, tls: ssl.SSLContext | None = None) -> AsyncIterator[App]:
    app = App(*responses)
    server = await asyncio.start_server(app.serve, "127.0.0.1", 0, ssl=tls)
    app.port = server.sockets[0].getsockname()[1]
    try:
        yield app
    finally:
        server.close()
        await app.end()


def question(url: str, timeout: float = 5.0, tls: TLS | None = None, **headers: str) -> Question:
    endpoint = Endpoint(url=url, timeout=timeout, tls=tls)
    return Question(endpoint, "connect", (("Content-Type", "application/json"), *headers.items()), b'{"a":1}')


async def ask(asked: Question, asker: HTTPAsker | None = None) -> Reply:
    reply: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
    (asker or HTTPAsker([asked.endpoint])).ask(asked, reply.set_result)
    return await reply


def redirect(status: int, location: str) -> bytes:
    return f"HTTP/1.1 {status} x\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode()


async def test_a_question_is_a_post_and_connections_are_reused() -> None:
    """Each question is a POST with the event; the connection stays open for the next one."""
    async with running() as app:
        url = f"http://127.0.0.1:{app.port}/connect?key=1"
        asker = HTTPAsker([Endpoint(url=url)])
        for _ in range(3):
            assert await ask(question(url), asker) == Reply(200, b"{}")
        assert app.requests == [("POST /connect?key=1 HTTP/1.1", b'{"a":1}')] * 3
        assert app.connections == 1


@pytest.mark.parametrize(
    ("response", "reply"),
    [
        (b"HTTP/1.1 500 x\r\nContent-Length: 2\r\n\r\nno", Reply(500, b"no")),
        (b"HTTP/1.1 204 x\r\n\r\n", Reply(204)),
        (b"HTTP/1.1 302 x\r\nContent-Length: 0\r\n\r\n", Reply(302)),
        (b"HTTP/1.1 103 x\r\n\r\n" + OK, Reply(200, b"{}")),
        (b"HTTP/1.1 200 x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", Reply(200, b"{}")),
        (
            b"HTTP/1.1 200 x\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%b"
            % (len(gzip.compress(b"{}", mtime=0)), gzip.compress(b"{}", mtime=0)),
            Reply(200, b"{}"),
        ),
    ],
)
async def test_any_status_and_encoding_is_an_answer(response: bytes, reply: Reply) -> None:
    """The answer has status and body, decompressed and without chunks."""
    async with running(response) as app:
        assert await ask(question(f"http://127.0.0.1:{app.port}/")) == reply


@pytest.mark.parametrize(
    ("response", "problem"),
    [
        (b"nonsense\r\n\r\n", "is not HTTP/1.1"),
        (b"", "closed the connection"),
        (b"HTTP/1.1 200 x\r\nContent-Length: 20000000\r\n\r\n" + b"x" * 17_000_000, "longer than 16777216 bytes"),
        (redirect(302, "ftp://app/"), "cannot be used"),
        (b"HTTP/1.1 200 x\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\x1f\x8bxx", "gzip"),
    ],
)
async def test_garbage_is_no_answer(response: bytes, problem: str) -> None:
    """A reply that is not HTTP, is too long, or leads nowhere, is no answer, and the request is not repeated."""
    async with running(response) as app:
        reply = await ask(question(f"http://127.0.0.1:{app.port}/"))
        assert (reply.status, problem in reply.problem) == (0, True), reply.problem
        assert len(app.requests) == 1


async def test_a_connection_that_breaks_is_not_tried_again() -> None:
    """If the application closes a kept connection after it has read the request, it does not get the request twice."""
    async with running(OK, b"") as app:
        url = f"http://127.0.0.1:{app.port}/"
        asker = HTTPAsker([Endpoint(url=url)])
        assert (await ask(question(url), asker)).status == 200
        assert "closed the connection" in (await ask(question(url), asker)).problem
        assert len(app.requests) == 2


async def test_no_application_is_no_answer() -> None:
    """If nothing listens at the address, the problem says so; so does an address that is not HTTP."""
    async with running() as app:
        port = app.port
    reply = await ask(question(f"http://127.0.0.1:{port}/secret?key=hidden"))
    assert "refused" in reply.problem
    assert "hidden" not in reply.problem
    assert "http:// or https://" in (await ask(question("grpc://127.0.0.1:1"))).problem


async def test_the_time_limit_covers_everything() -> None:
    """The answer must be complete, after all redirects, within the time limit; other questions are not delayed."""
    async with running(redirect(307, "/slow"), None) as app, running() as other:
        url, fast = f"http://127.0.0.1:{app.port}/x?key=hidden", f"http://127.0.0.1:{other.port}/"
        asker = HTTPAsker([Endpoint(url=url), Endpoint(url=fast)])
        slow, quick = await asyncio.gather(ask(question(url, 0.1), asker), ask(question(fast, 0.1), asker))
        assert slow.problem == f"http://127.0.0.1:{app.port}/x did not answer within 0.1 s"
        assert quick.status == 200
        assert app.lines == ["POST /x?key=hidden HTTP/1.1", "POST /slow HTTP/1.1"]


async def test_redirects_are_followed_as_by_go() -> None:
    """A redirect may lose the body; after ten requests, the redirect is no answer."""
    async with running(redirect(302, "/y"), redirect(307, "http://127.0.0.1:PORT/z")) as app:
        assert (await ask(question(f"http://127.0.0.1:{app.port}/x"))).status == 200
        assert app.requests == [
            ("POST /x HTTP/1.1", b'{"a":1}'),
            ("GET /y HTTP/1.1", b""),
            ("GET /z HTTP/1.1", b""),
        ]
    async with running(*[redirect(307, "/again")] * 20) as app:
        assert "redirects more than 9 times" in (await ask(question(f"http://127.0.0.1:{app.port}/x"))).problem
        assert len(app.requests) == 10


async def test_a_cancelled_question_gets_no_reply() -> None:
    """A question that is cancelled ends its request, and its reply is dropped."""
    async with running(None) as app:
        asked = question(f"http://127.0.0.1:{app.port}/")
        replies: list[Reply] = []
        pending = HTTPAsker([asked.endpoint]).ask(asked, replies.append)
        await app.asked()
        pending.cancel()
        await asyncio.sleep(0.01)
        assert replies == []


# ---- TLS


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


def text(path: str) -> str:
    return Path(path).read_text()


def base64_text(path: str) -> str:
    return base64.b64encode(Path(path).read_bytes()).decode()


@pytest.mark.parametrize("form", [str, text, base64_text])
async def test_certificates_are_verified_as_configured(authority: Authority, form: Callable[[str], str]) -> None:
    """The certificate must be of the configured authority, which is given as a file, as text or in base64."""
    tls = TLS(server_ca_pem=form(authority.ca_file))
    async with running(tls=server_context(authority.issue("127.0.0.1"))) as app:
        assert (await ask(question(f"https://127.0.0.1:{app.port}/", tls=tls))).status == 200
        assert "certificate" in (await ask(question(f"https://127.0.0.1:{app.port}/"))).problem


@pytest.mark.parametrize(
    ("options", "works"),
    [
        ({}, False),
        ({"server_name": "app.internal"}, True),
        ({"server_name": "other"}, False),
        ({"insecure_skip_verify": True}, True),
    ],
)
async def test_the_name_in_the_certificate(authority: Authority, options: dict[str, Any], works: bool) -> None:
    """`server_name` is the name that the certificate must contain; `insecure_skip_verify` accepts any."""
    tls = TLS(server_ca_pem=authority.ca_file, **options)
    async with running(tls=server_context(authority.issue("app.internal"))) as app:
        reply = await ask(question(f"https://127.0.0.1:{app.port}/", tls=tls))
        assert (reply.status == 200) is works, reply.problem


async def test_the_server_shows_its_certificate(authority: Authority) -> None:
    """An application that demands a certificate of an authority is asked with `cert_pem` and `key_pem`."""
    context = server_context(authority.issue("127.0.0.1"))
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(authority.ca_file)
    pair = str(authority.issue("centrifugo"))
    async with running(tls=context) as app:
        url = f"https://127.0.0.1:{app.port}/"
        tls = TLS(server_ca_pem=authority.ca_file, cert_pem=pair, key_pem=pair)
        assert (await ask(question(url, tls=tls))).status == 200
        assert (await ask(question(url, tls=TLS(server_ca_pem=authority.ca_file)))).status == 0


@pytest.mark.parametrize("name", ["server_ca_pem", "cert_pem"])
async def test_certificates_that_cannot_be_read_are_an_error(name: str) -> None:
    """A missing file, or one without PEM, is an error when the server starts."""
    options: dict[str, Any] = {"key_pem": "x", name: "nowhere.pem"}
    with pytest.raises(UsageError, match=f"http.tls.{name} of a proxy must be PEM"):
        HTTPAsker([Endpoint(url="https://app", tls=TLS(**options))])
    nonsense = "-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n"
    options = dict.fromkeys(options, nonsense)
    with pytest.raises(UsageError, match="TLS options of a proxy cannot be used"):
        HTTPAsker([Endpoint(url="https://app", tls=TLS(**options))])
