"""Answers of an application, byte for byte the same in the embedded server and in a real one: what a client gets."""

import base64
import contextlib
import json
import re
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import pytest
from websockets.frames import Frame, Opcode

from centripetal.server import EmbeddedServer
from tests.conformance import servers_v6
from tests.needs import needs
from tests.wire.websocket import Client

pytestmark = needs("centrifugo-v6")

KINDS = ("connect", "subscribe", "publish", "rpc")
NO_JSON = base64.b64encode(b"no json").decode()
OVERRIDES: tuple[Any, ...] = ({}, None, {"presence": True}, {"force_recovery": {"value": True}})


def results(name: str, *values: Any) -> list[Any]:
    """Return an answer with each value of the member *name* of `result`."""
    return [{"result": {name: value}} for value in values]


ANSWERS: list[Any] = [
    *(
        b"",
        b"x",
        b"null",
        b"[]",
        b"1",
        b'"x"',
        b"{}",
        b'{"result":null}',
        b'{"result":{}}',
        b'{"Result":{}}',
        b'{"result":{}} x',
    ),
    *(
        b'\xef\xbb\xbf{"result":{}}',
        b'{"result":{}}\n',
        b'{"result":[]}',
        b'{"result":"x"}',
        b'{"error":null,"result":{}}',
    ),
    *(
        b'{"result":{"a":\xff}}',
        b'{"result":{"unknown":{"x":[1]}}}',
        b'{"result":{},"result":{"user":"2"}}',
        b'{"x":1e999,"result":{}}',
    ),
    *({"error": {}}, {"error": {"code": 0, "message": "m"}}, {"error": {"code": 401}}, {"error": {"code": 4294967295}}),
    *({"error": {"code": 4294967296}}, {"error": {"code": -1}}, {"error": {"code": 1.0}}, {"error": {"code": "1"}}),
    *(
        {"error": {"code": 1, "message": "<é&\u2028" + "x" * 400, "temporary": True}},
        {"error": {"code": 1, "message": 5}},
    ),
    *({"error": {"code": 1}, "disconnect": {"code": 4501}}, {"error": {"code": 1}, "disconnect": None}),
    *({"disconnect": {"code": code, "reason": "r"}} for code in (0, 1, 999, 1000, 1005, 2999, 3000, 3500, 4000, 4501)),
    *({"disconnect": {"code": code, "reason": "r"}} for code in (5000, 65535, 65536, 70000, 4294967295, 4294967296)),
    *({"disconnect": {"code": 4501, "reason": reason}} for reason in ("r" * 123, "r" * 124, "é" * 61, "é" * 62)),
    *({"disconnect": {}}, {"disconnect": {"reason": "r"}}, {"disconnect": []}),
    *(each for name in ("info", "data", "meta") for each in results(name, None, 1, "x", {"a": [1.50]}, [])),
    *(
        each
        for name in ("b64info", "b64data")
        for each in results(name, "", "MQ==", "MQ", "M\nQ==", "?", NO_JSON, None, 1)
    ),
    {"result": {"data": 1, "b64data": "Mg=="}},
    *results("user", "é<", "", 42, None, ["a"]),
    *results("expire_at", 0, -1, 1, 1.5, "1", None, 4102444800, 1900000000000, 2**63 - 1, 2**63),
    *results("channels", [], ["a"], ["none:a"], [""], None, "a", [1]),
    *results("subs", {}, {"a": {}}, {"none:a": {}}, {"": {}}, [], {"a": 1}),
    *(
        {"result": {"subs": {"a": {name: value}}}}
        for name, value in [("info", 1), ("data", {"x": 1}), ("expire_at", 1), ("b64info", "?")]
    ),
    *results("subs", *({"a": {"override": value}} for value in OVERRIDES)),
    *results("override", {}, {"force_positioning": {"value": True}}, {"force_recovery": {}}, {"presence": True}),
    *({"result": {name: {"a": "b"}}} for name in ("labels", "tags")),
    *({"result": {name: {"a": 1}}} for name in ("labels", "tags")),
    *results("caps", [], [{}], [{"channels": ["a"], "allow": ["b"]}], {}),
    *results("skip_history", True, "x", 1),
    *results("version", 1, -1, 2**64 - 1, 2**64),
    *(
        {"result": {"allow": ["sub"]}},
        {"result": {"server_tags_filter": {"op": "x"}}},
        {"result": {"idempotency_key": "k", "delta": True}},
    ),
]
STATUSES = (200, 201, 204, 299, 302, 304, 400, 403, 404, 418, 500, 503, 599)


class Application:
    """An application whose next answer to each kind of event is prepared."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[int, bytes]] = {}
        self.bodies: list[bytes] = []

    def take(self, kind: str, body: bytes) -> tuple[int, bytes]:
        self.bodies.append(body)
        return self.answers.get(kind, (200, b'{"result":{"user":"42"}}'))


@contextlib.contextmanager
def running(application: Application) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status, answer = application.take(urlsplit(self.path).path.rpartition("/")[2], body)
            self.send_response(status)
            if status not in (204, 304):
                self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            if status not in (204, 304):
                self.wfile.write(answer)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()


def config(address: str) -> dict[str, Any]:
    def proxy(kind: str) -> dict[str, Any]:
        transforms = [{"status_code": 418, "to_error": {"code": 418, "message": "teapot"}}]
        transforms.append({"status_code": 599, "to_disconnect": {"code": 4599, "reason": "gone"}})
        http = {"status_to_code_transforms": transforms}
        return {"endpoint": f"http://{address}/{kind}", "http": http, "include_connection_meta": True}

    return {
        "client": {"proxy": {"connect": {"enabled": True, **proxy("connect")}}},
        "channel": {
            "proxy": {kind: proxy(kind) for kind in ("subscribe", "publish")},
            "without_namespace": {"subscribe_proxy_enabled": True, "publish_proxy_enabled": True},
        },
        "rpc": {"proxy": proxy("rpc"), "without_namespace": {"proxy_enabled": True}},
    }


COMMANDS: Mapping[str, bytes] = {
    "subscribe": b'{"id":2,"subscribe":{"channel":"z","data":{"a": [1.50]},"recoverable":true}}',
    "publish": b'{"id":2,"publish":{"channel":"z","data":"\\u00e9<"}}',
    "rpc": b'{"id":2,"rpc":{"method":"m"}}',
}


def seen(websocket: str, application: Application, kind: str, answer: tuple[int, bytes]) -> list[str]:
    """Return what the application and the client get if the application answers about *kind* like this."""
    application.answers, application.bodies = {kind: answer}, []
    found: list[str] = []
    with Client(websocket) as client:
        client.send(b'{"id":1,"connect":{"data":{"a":null}}}')
        if kind != "connect":
            client.receive()
            client.send(COMMANDS[kind])
        while isinstance(frame := client.receive(), Frame):
            text = bytes(frame.data)
            if frame.opcode is Opcode.TEXT:
                found += _masked(text).split("\\n")
                if b'"id":' in text:
                    break
            else:
                found.append(f"close {text!r}")
                break
        else:
            found.append("the end")
    return [*(_masked(body) for body in application.bodies), *found]


def _masked(text: bytes) -> str:
    masked = re.sub(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}", "ID", text.decode("utf-8", "backslashreplace"))
    masked = re.sub(r'"epoch":"[A-Za-z]{8}"', '"epoch":"E"', masked)
    return re.sub(r'"ttl":\d+', '"ttl":N', re.sub(r'"version":"[^"]*OSS"', '"version":"V"', masked))


DATA = [
    *(b'"\xff"', b'"\\ud800"', b"[" * 300 + b"]" * 300, b"123456789012345678901234567890", b"1.50", b"1e999", b"-0"),
    *(
        b'{"a":1,"a":2}',
        b'"\\u003c<>&\\u2028\xe2\x80\xa8"',
        b'{ "a" : [ 1 , 2 ] }',
        b"null",
        b'"\\/"',
        b'"' + b"x" * 50_000 + b'"',
    ),
]
"""Data of clients that JSON libraries like to change."""


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Application, str, str]]:
    """Return an application, and the addresses of an embedded and a real server that ask it."""
    application = Application()
    with (
        running(application) as address,
        EmbeddedServer(config=config(address)) as embedded,
        servers_v6.serving(config(address), tmp_path_factory.mktemp("server")) as real,
    ):
        yield application, embedded.websocket_url, real


@pytest.mark.parametrize("kind", KINDS)
def test_every_answer_means_the_same(kind: str, both: tuple[Application, str, str]) -> None:
    """The question, the reply and the close frame are the same for each answer and each status."""
    application, embedded, real = both
    answers = [(200, each if isinstance(each, bytes) else json.dumps(each).encode()) for each in ANSWERS]
    answers += [(status, b'{"result":{}}') for status in STATUSES]
    different = []
    for answer in answers:
        ours, theirs = (seen(websocket, application, kind, answer) for websocket in (embedded, real))
        if ours != theirs:
            different.append((answer, ours, theirs))
    assert different == []


@pytest.mark.parametrize("data", DATA, ids=range(len(DATA)))
def test_data_of_clients_arrives_unchanged(data: bytes, both: tuple[Application, str, str]) -> None:
    """The application gets the data of clients as from a real server, also if it is not valid UTF-8."""
    application, *servers = both
    bodies = []
    for websocket in servers:
        application.answers, application.bodies = {}, []
        with Client(websocket) as client:
            name = data if data.startswith(b'"') and len(data) < 1000 else b'"js"'
            client.send(b'{"id":1,"connect":{"data":%b,"name":%b}}' % (data, name))
            client.receive_text()
            client.send(b'{"id":2,"rpc":{"method":"<\xc3\xa9","data":%b}}' % data)
            assert client.receive_text() == b'{"id":2,"rpc":{}}'
        bodies.append([_masked(body) for body in application.bodies])
    assert bodies[0] == bodies[1]
