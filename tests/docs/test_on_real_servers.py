"""Guides whose code also runs on real servers, so that they hold not only for the embedded server."""

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Self

import pytest

import centripetal.server
from tests.conformance import servers_v1, servers_v6
from tests.docs.pages import ROOT, blocks
from tests.needs import needs

GUIDES = {
    "howto/from-cent.md": ["centrifugo-v6"],
    "howto/from-gocent.md": ["centrifugo-v1"],
    "howto/from-1-to-6.md": ["centrifugo-v1", "centrifugo-v6"],
    "howto/private-channels-v1.md": ["centrifugo-v1"],
    "howto/client.md": ["centrifugo-v6"],
    "howto/client-v1.md": ["centrifugo-v1"],
}
"""Pages with the servers that their code talks to."""


class RealServer:
    """Replacement for `EmbeddedServer` that runs the real server, with the part of its interface that the pages use."""

    folder: Path
    started: list["RealServer"]

    def __init__(
        self,
        *,
        secret: str | None = None,
        api_key: str | None = None,
        token_secret: str | None = None,
        config: Mapping[str, Any] | None = None,
    ) -> None:
        self._stack = contextlib.ExitStack()
        self._config: dict[str, Any] = dict(config or {})
        self._module = servers_v1 if secret else servers_v6
        if secret:
            self._config["secret"] = secret
        if api_key:
            self._config["http_api"] = {"key": api_key, **self._config.get("http_api", {})}
        if token_secret:
            token = {"hmac_secret_key": token_secret}
            self._config["client"] = {"token": token, **self._config.get("client", {})}
        self.url = ""

    @property
    def websocket_url(self) -> str:
        return self.url.replace("http", "ws", 1) + "/connection/websocket"

    def start(self) -> Self:
        folder = self.folder / str(len(self.started))
        folder.mkdir()
        self.started.append(self)
        self.url = self._stack.enter_context(self._module.start("real", self._config, folder)).url
        return self

    def stop(self) -> None:
        self._stack.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *exc: object) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        return self.start()

    async def __aexit__(self, *exc: object) -> None:
        self.stop()


@pytest.fixture
def real(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[RealServer]]:
    """Replace the embedded server with the real server."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(ROOT))
    monkeypatch.setattr(RealServer, "folder", tmp_path, raising=False)
    monkeypatch.setattr(RealServer, "started", [], raising=False)
    monkeypatch.setattr(centripetal.server, "EmbeddedServer", RealServer)
    yield RealServer
    for server in RealServer.started:
        server.stop()


@pytest.mark.parametrize(
    "page", [pytest.param(page, id=page, marks=[needs(need) for need in found]) for page, found in GUIDES.items()]
)
def test_a_guide_runs_with_the_real_server(page: str, real: type[RealServer]) -> None:
    """The page's Python, including its assertions, runs with a real Centrifugo instead of the embedded server."""
    names: dict[str, Any] = {"__name__": "__main__"}
    for block in blocks(ROOT / "docs" / page):
        if block.language == "python" and not block.not_run:
            exec(compile("\n" * (block.line - 1) + block.code, page, "exec"), names)
    assert real.started
