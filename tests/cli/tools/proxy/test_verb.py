"""`centripetal proxy`: the configuration for handlers, and what the checks find."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from centripetal.server.current.config import read_config
from tests.cli.conftest import Ran, Run

APP = """
from centripetal.proxy import *

proxy = Handlers(secret="never-shown")

@proxy.connect
def connect(event: ConnectEvent) -> ConnectReply:
    raise Close(4501, "log in")

@proxy.subscribe("rooms:{room}")
def enter(event: SubscribeEvent, room: int) -> SubscribeReply: ...

@proxy.rpc("add")
def add(event: RPCEvent): ...

anyone = Handlers(secret=None)
"""


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "app_of_proxy_tests.py").write_text(APP)
    monkeypatch.syspath_prepend(tmp_path)
    return "app_of_proxy_tests:proxy"


def test_the_configuration_asks_exactly_the_handlers(cli: Run, app: str) -> None:
    """The printed configuration turns on what has handlers, with the secret as a reference to the environment."""
    ran = cli("proxy", "config", app, "--url", "https://api.internal/centrifugo")
    assert ran.code == 0
    assert "never-shown" not in ran.out
    config, unhonoured = read_config(json.loads(ran.out), {"CENTRIFUGO_VAR_PROXY_SECRET": "s"})
    assert unhonoured == []
    proxies = config.proxies
    assert proxies.connect is not None
    assert proxies.connect.endpoint.url == "https://api.internal/centrifugo/connect"
    assert proxies.connect.static_headers == {"x-api-key": "s"}
    assert proxies.refresh is None
    assert config.channels.options_of("rooms:7").proxy_of("subscribe") == "default"
    assert config.channels.options_of("rooms:7").proxy_of("publish") is None
    assert config.rpc.without_namespace.proxy_enabled
    compact = cli("proxy", "config", app, "--url", "https://api.internal/centrifugo", "--json").out
    assert json.loads(compact) == json.loads(ran.out)
    open_to_all = cli("proxy", "config", app.replace(":proxy", ":anyone"), "--url", "http://a").out
    assert json.loads(open_to_all) == {}


@pytest.mark.parametrize(
    "arguments",
    [
        ("config", "nowhere", "--url", "http://a"),
        ("config", "no_such_module_here:proxy", "--url", "http://a"),
        ("config", "app_of_proxy_tests:proxy", "--url", "api.internal"),
        ("config", "app_of_proxy_tests:proxy", "--url", "http://a", "--secret-variable", "SECRET"),
        ("check", "--config", "no-such-file.json"),
    ],
)
def test_wrong_arguments_are_named(cli: Run, app: str, arguments: tuple[str, ...]) -> None:
    """A wrong name, address, variable or file is an error of usage."""
    ran = cli("proxy", *arguments)
    assert (ran.code, ran.out) == (2, "")


# ---- checks


def found(ran: Ran) -> list[tuple[str, str, str]]:
    return [(check["name"], check["state"], check["text"]) for check in json.loads(ran.out)["checks"]]


def checked(cli: Run, folder: Path, config: Mapping[str, Any], *arguments: str) -> Ran:
    file = folder / "config.json"
    file.write_text(json.dumps(config))
    return cli("proxy", "check", "--config", str(file), "--json", *arguments)


def connect(**options: Any) -> dict[str, Any]:
    return {"client": {"proxy": {"connect": {"enabled": True, "endpoint": "http://127.0.0.1:1/connect", **options}}}}


HERE = {"endpoint": "http://127.0.0.1:1/x"}


@pytest.mark.parametrize(
    ("config", "name", "state", "text"),
    [
        ({"client": {}}, "proxies", "failed", "the server asks nothing"),
        (connect(enabled=False), "never asked", "warning", "client.proxy.connect has an endpoint"),
        ({"channel": {"proxy": {"subscribe": HERE}}}, "never asked", "warning", "channel.proxy.subscribe"),
        ({"rpc": {"proxy": HERE}}, "never asked", "warning", "rpc.proxy"),
        ({"proxies": [{"name": "other", **HERE}]}, "never asked", "warning", "proxies: other"),
        (connect(), "secret", "warning", "nothing tells the application"),
        (connect(http_headers=["Cookie"]), "origins", "failed", "client.allowed_origins is missing"),
        (
            connect(http={"static_headers": {"X-Key": "k"}}, emulated_headers=["x-key"]),
            "headers",
            "failed",
            "replaces the static header X-Key",
        ),
    ],
)
def test_mistakes_in_the_configuration_are_found(
    cli: Run, tmp_path: Path, config: dict[str, Any], name: str, state: str, text: str
) -> None:
    """Proxies that are never asked, cookies without origins, and secrets that clients replace are found."""
    ran = checked(cli, tmp_path, config, "--no-ask")
    assert any((check[0], check[1]) == (name, state) and text in check[2] for check in found(ran)), ran.out
    assert ran.code == (1 if any(check[1] == "failed" for check in found(ran)) else 0)


@pytest.mark.parametrize(("origins", "state"), [(["https://app.example"], "ok"), (["*"], "failed")])
def test_cookies_need_origins(cli: Run, tmp_path: Path, origins: list[str], state: str) -> None:
    """Cookies are safe only if the origins of the application's own pages are listed."""
    config = connect(http_headers=["Cookie"], http={"static_headers": {"a": "b"}})
    config["client"]["allowed_origins"] = origins
    assert ("origins", state) in {check[:2] for check in found(checked(cli, tmp_path, config, "--no-ask"))}


def test_handlers_are_compared_with_the_configuration(cli: Run, tmp_path: Path, app: str) -> None:
    """Handlers that are never asked, and questions without a handler, are found."""
    config = {
        **connect(),
        "channel": {
            "proxy": {"publish": HERE},
            "namespaces": [{"name": "rooms", "publish_proxy_enabled": True}],
        },
    }
    texts = [
        check[2]
        for check in found(checked(cli, tmp_path, config, "--no-ask", "--handlers", app))
        if check[0] == "handlers"
    ]
    assert texts == [
        "the server asks about publish, but there is no handler for it",
        "the handler of subscribe is never asked about the namespace 'rooms'",
        "the handler of rpc is never asked about methods without a namespace",
    ]


@contextmanager
def answering(status: int, body: bytes = b"", **headers: str) -> Iterator[str]:
    """Answer every POST like this until the block ends, and return the address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        server_version, sys_version = headers.pop("Server", "test"), ""

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/connect"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("status", "body", "headers", "check", "state", "text"),
    [
        (200, b'{"disconnect":{"code":4501}}', {}, "connect", "ok", "closed with 4501: client libraries stay away"),
        (200, b"hello", {}, "connect", "failed", "the answer is useless"),
        (403, b"", {}, "connect", "failed", "status 403"),
        (302, b"", {"Location": "/x/"}, "connect", "failed", "with a GET without the event"),
        (308, b"", {"Location": "/x/"}, "connect", "warning", "redirects (308)"),
        (200, b"{}", {"Server": "uvicorn"}, "keep-alive", "warning", "after 5 s, unless"),
        (200, b"{}", {"Server": "gunicorn/23"}, "keep-alive", "warning", "after 2 s, unless"),
        (200, b"{}", {"Keep_Alive": "timeout=5"}, "keep-alive", "warning", "after 5 s"),
        (200, b"{}", {"Connection": "close"}, "keep-alive", "ok", "opens a connection for each"),
    ],
)
def test_answers_of_the_application_are_checked(
    cli: Run, tmp_path: Path, status: int, body: bytes, headers: dict[str, str], check: str, state: str, text: str
) -> None:
    """Refusals, redirects that lose the event, useless answers, and short times of idle connections are found."""
    with answering(status, body, **headers) as url:
        checks = found(checked(cli, tmp_path, connect(endpoint=url)))
    assert any(each[:2] == (check, state) and text in each[2] for each in checks), checks


def test_other_endpoints_get_an_empty_event(cli: Run, tmp_path: Path) -> None:
    """Endpoints of other events are only reached: any answer but a refusal is fine."""
    for status, state in ((400, "ok"), (500, "ok"), (404, "failed"), (405, "failed")):
        with answering(status) as url:
            config = {"rpc": {"proxy": {"endpoint": url}, "without_namespace": {"proxy_enabled": True}}}
            assert ("rpc", state) in {each[:2] for each in found(checked(cli, tmp_path, config))}


def test_an_application_that_does_not_run_is_found(cli: Run, tmp_path: Path) -> None:
    """An endpoint that refuses connections is a failed check."""
    assert any(
        each[:2] == ("connect", "failed") and "refused" in each[2] for each in found(checked(cli, tmp_path, connect()))
    )


def test_doctor_checks_the_proxies_too(current: Run, tmp_path: Path) -> None:
    """`doctor --config` runs the same checks after its own."""
    file = tmp_path / "config.json"
    file.write_text(json.dumps(connect(http_headers=["Cookie"])))
    ran = current("doctor", "--config", str(file), "--json")
    assert ("origins", "failed") in {each[:2] for each in found(ran)}
    assert ran.code == 1
    assert ("config", "failed") in {each[:2] for each in found(current("doctor", "--config", "no-such-file", "--json"))}
