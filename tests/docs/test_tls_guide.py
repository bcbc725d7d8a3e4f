"""The guide to TLS, sockets and proxies: its code runs, and its configurations run if the programs are installed."""

import asyncio
import contextlib
import json
import os
import re
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, Self

import pytest
from websockets.asyncio.client import connect

from centripetal import CentripetalError, Client, HTTPStatusError
from centripetal.server import EmbeddedServer
from centripetal.tokens import connection_token
from tests.conformance.servers import running
from tests.docs.pages import DOCS, ROOT, blocks
from tests.needs import find, needs
from tests.ports import free_port
from tests.transport.certificates import Authority, server_context
from tests.transport.proxies import LoopbackProxy

PAGE = DOCS / "howto" / "tls.md"
TEXT = PAGE.read_text()
CONFIGS: dict[str, str] = dict(re.findall(r"<!-- config: (\w+) -->\n```\w+\n(.*?)```", TEXT, re.S))
SOCKET = "/run/centrifugo.sock"


class Fronts:
    """Forwards connections to a server: from TLS, from TLS with client certificates, and from a Unix socket."""

    def __init__(self, backend: int) -> None:
        self._backend = backend
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._main()))
        self._thread.start()
        self._ready.wait(5)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(5)

    def tcp(self, context: ssl.SSLContext) -> int:
        """Listen, and return the port."""
        server = self._listen(asyncio.start_server(self._pass, "127.0.0.1", 0, ssl=context))
        return int(server.sockets[0].getsockname()[1])

    def unix(self, path: str) -> None:
        self._listen(asyncio.start_unix_server(self._pass, path))

    def _listen(self, starting: Coroutine[Any, Any, asyncio.Server]) -> asyncio.Server:
        server = asyncio.run_coroutine_threadsafe(starting, self._loop).result(5)
        self._servers.append(server)
        return server

    async def _main(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        self._servers: list[asyncio.Server] = []
        self._ready.set()
        await self._stop.wait()
        for server in self._servers:
            server.close()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner, outer = await asyncio.open_connection("127.0.0.1", self._backend)
        try:
            await asyncio.gather(self._pump(reader, outer), self._pump(inner, writer))
        except asyncio.CancelledError:
            pass  # the test ended
        finally:
            for each in (outer, writer):
                each.transport.abort()  # close() would wait for the other end of a TLS connection

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
        writer.close()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Create the page's certificates in the folder where its code runs."""
    authority = Authority(tmp_path, "ca")
    server, client = authority.issue("localhost", "127.0.0.1"), authority.issue("backend")
    (tmp_path / "server.pem").write_bytes(server.read_bytes())
    (tmp_path / "server.key").write_bytes(server.read_bytes())
    (tmp_path / "client.pem").write_bytes(client.read_bytes())
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(ROOT))
    return tmp_path


def run(ports: dict[str, int], socket_path: str = SOCKET, last: str = "") -> None:
    """Run the page's Python with other ports, up to the first block that contains *last*."""
    names: dict[str, Any] = {"__name__": "__main__"}
    for block in blocks(PAGE):
        if block.language == "python":
            code = block.code.replace(SOCKET, socket_path)
            for written, port in ports.items():
                code = code.replace(f"localhost:{written}", f"localhost:{port}")
            exec(compile("\n" * (block.line - 1) + code, "docs/howto/tls.md", "exec"), names)
            if last and last in block.code:
                break


def test_the_code_of_the_page_runs(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """TLS with a private authority, client certificates, paths, Unix sockets, headers, proxies and httpx all work."""
    mutual = server_context(folder / "server.pem")
    mutual.load_verify_locations("ca.pem")
    mutual.verify_mode = ssl.CERT_REQUIRED
    config = {"http_api": {"key": "key", "handler_prefix": "/push/api"}}
    with (
        EmbeddedServer(api_key="key") as server,
        EmbeddedServer(config=config) as below,
        Fronts(int(server.url.rpartition(":")[2])) as fronts,
        LoopbackProxy(login="user:password") as proxy,
    ):
        fronts.unix("centrifugo.sock")
        ports = {
            "8443": fronts.tcp(server_context(folder / "server.pem")),
            "9443": fronts.tcp(mutual),
            "8080": int(re.findall(r":(\d+)", below.url)[0]),
            "3128": proxy.port,
        }
        monkeypatch.setenv("https_proxy", proxy.url)
        monkeypatch.setenv("no_proxy", "")
        run(ports, "centrifugo.sock")
        assert [head.partition(":")[0] for head in proxy.heads] == ["CONNECT localhost"] * 2


@pytest.fixture
def centrifugo(folder: Path) -> Iterator[Callable[[dict[str, Any]], None]]:
    """Start a real server with a given configuration."""
    with contextlib.ExitStack() as stack:

        def start(config: dict[str, Any]) -> None:
            file = folder / "config.json"
            file.write_text(json.dumps(config))
            program = find("centrifugo-v6")
            assert program
            # The server must run in the folder with the certificates.
            command = [program, "--config", str(file)]
            stack.enter_context(running(command, int(config["http_server"]["port"]), folder))

        yield start


def on_free_ports(text: str) -> tuple[dict[str, Any], dict[str, int]]:
    """Return a configuration of the page with free ports, and the ports by their number on the page."""
    ports = {port: free_port() for port in ("8443", "9443") if port in text}
    for written, port in ports.items():
        text = text.replace(f'"{written}"', f'"{port}"')
    return json.loads(text), ports


@needs("centrifugo-v6")
def test_tls_of_the_real_server(centrifugo: Callable[[dict[str, Any]], None]) -> None:
    """With the page's configuration, a real Centrifugo uses TLS, and the command line reads SSL_CERT_FILE."""
    config, ports = on_free_ports(CONFIGS["tls"])
    centrifugo(config)
    run(ports, last="ca.pem")
    address = f"https://localhost:{ports['8443']}"
    command = [sys.executable, "-m", "centripetal", "--url", address, "--api-key", "key", "publish", "news", "1"]
    for variables, code in (({"SSL_CERT_FILE": "ca.pem"}, 0), (dict[str, str](), 3)):
        done = subprocess.run(command, env={**os.environ, **variables}, capture_output=True, text=True)
        assert done.returncode == code, done.stderr
    with pytest.raises(HTTPStatusError, match="400"):
        Client(address.replace("https", "http"), "key").publish("news", 1)


@needs("centrifugo-v6")
def test_mutual_tls_of_the_real_server(centrifugo: Callable[[dict[str, Any]], None]) -> None:
    """With the page's configuration, the API requires a certificate and is available only on its own port."""
    config, ports = on_free_ports(CONFIGS["mutual"])
    centrifugo(config)
    context = ssl.create_default_context(cafile="ca.pem")
    inner = f"https://localhost:{ports['9443']}"
    with pytest.raises(CentripetalError, match="pass a client certificate with ssl_context"):
        Client(inner, "key", ssl_context=context).publish("news", 1)
    with pytest.raises(HTTPStatusError, match="404"):
        Client(f"https://localhost:{ports['8443']}", "key", ssl_context=context).publish("news", 1)
    context.load_cert_chain("client.pem")
    Client(inner, "key", ssl_context=context).publish("news", 1)

    async def browse() -> None:
        plain = ssl.create_default_context(cafile="ca.pem")
        async with connect(f"wss://localhost:{ports['8443']}/connection/websocket", ssl=plain) as page:
            await page.send(
                json.dumps(
                    {"id": 1, "connect": {"token": connection_token("a-secret-for-tokens-of-32-bytes-or-more", 42)}}
                )
            )
            assert "connect" in json.loads(await page.recv())

    asyncio.run(browse())


@needs("nginx")
def test_nginx(folder: Path) -> None:
    """With the page's nginx configuration, calls and WebSockets pass; a body that is too large gets a 413."""
    program = find("nginx")
    assert program
    port = free_port()
    with EmbeddedServer(api_key="key", token_secret="a-secret-for-tokens-of-32-bytes-or-more") as server:
        http = CONFIGS["nginx"].replace("127.0.0.1:8000", server.url.removeprefix("http://"))
        http = http.replace("127.0.0.1:8080", f"127.0.0.1:{port}").replace("4m", "1m", 1).replace("4m", "100k")
        paths = "".join(
            f"{name}_temp_path {folder}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        file = folder / "nginx.conf"
        file.write_text(
            f"daemon off; master_process off; pid {folder}/pid; error_log stderr;"
            f"events {{}} http {{ access_log off; {paths} {http} }}"
        )
        with running([program, "-c", str(file), "-e", "stderr", "-p", str(folder)], port, folder):
            address = f"http://localhost:{port}/push"
            client = Client(address, "key")
            client.publish("news", {"text": "hello"})
            with pytest.raises(HTTPStatusError, match="413") as caught:
                client.publish("news", "x" * 200_000)
            assert caught.value.executed == "no"

            async def browse() -> None:
                url = address.replace("http", "ws") + "/connection/websocket"
                async with connect(url) as page:
                    await page.send(
                        json.dumps({"id": 1, "connect": {"token": connection_token(server.token_secret, 42)}})
                    )
                    assert "connect" in json.loads(await page.recv())

            asyncio.run(browse())
