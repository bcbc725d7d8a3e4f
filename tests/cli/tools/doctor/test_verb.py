"""Tests of `doctor`: its output for healthy servers and for each problem."""

import datetime
import email.utils
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from websockets.frames import Opcode

from centripetal.cli.settings import Settings
from centripetal.cli.tools.doctor import client_checks
from centripetal.server import EmbeddedServer
from centripetal.tokens import connection_token, subscription_token
from tests.cli.conftest import API_KEY, SECRET, TOKEN_KEY, Ran, Run
from tests.conformance.servers import Server
from tests.conformance.servers_v1 import SECRET as REAL_SECRET
from tests.conformance.servers_v1 import start as start_v1
from tests.conformance.servers_v6 import start as start_v6
from tests.needs import needs
from tests.ports import free_port
from tests.transport.certificates import Authority, server_context
from tests.transport.scripted import Peer, ScriptedServer
from tests.transport.test_websocket import accept, frame


def checks(ran: Ran) -> Mapping[str, Mapping[str, Any]]:
    """Return the checks of a run with --json, by name."""
    return {check["name"]: check for check in json.loads(ran.out)["checks"]}


def states(ran: Ran) -> dict[str, str]:
    return {name: check["state"] for name, check in checks(ran).items()}


WAY = dict.fromkeys(("settings", "url", "dns", "tcp", "http", "clock", "credentials", "version"), "ok")


def test_a_healthy_current_server(current: Run) -> None:
    """Every check passes on a healthy current server, and the exit code is 0."""
    ran = current("doctor", "--channel", "news", "--json")
    assert ran.code == 0
    names = ("namespace", "presence", "history", "clients", "subscribe")
    assert states(ran) == WAY | dict.fromkeys(names, "ok")
    assert "6.9" in checks(ran)["version"]["text"]


def test_a_healthy_1x_server(api: Run) -> None:
    """Every check passes on a healthy 1.x server, and the exit code is 0."""
    ran = api("doctor", "--channel", "news", "--json")
    assert ran.code == 0
    names = ("namespace", "presence", "history", "clients", "subscribe")
    assert states(ran) == WAY | dict.fromkeys(names, "ok")


def test_checks_are_printed_as_lines(current: Run) -> None:
    """Each check is a line, followed by advice if there is a problem."""
    lines = current("doctor", "--channel", "bare:x").out.splitlines()
    assert [line.split()[:2] for line in lines[:2]] == [["ok", "settings"], ["ok", "url"]]
    (line,) = [number for number, line in enumerate(lines) if line.startswith("warning presence")]
    assert "off for the namespace 'bare'" in lines[line]
    assert (
        lines[line + 1].strip() == "Presence is disabled: set `presence` in the entry “bare” of `channel.namespaces`."
    )


def test_each_of_several_servers_is_checked(current: Run) -> None:
    """`doctor` checks every server of a list, also after one that cannot be reached."""
    unused = f"http://127.0.0.1:{free_port()}"
    with EmbeddedServer(api_key=API_KEY) as server:
        ran = current("doctor", "--json", "--url", f"{unused},{server.url}")
    found = [(check["name"], check["state"]) for check in json.loads(ran.out)["checks"]]
    assert ran.code == 1
    assert found[:4] == [("settings", "ok"), ("url", "ok"), ("dns", "ok"), ("tcp", "failed")]
    assert found[4:10] == list(WAY.items())[1:7]


@pytest.mark.parametrize("run", ["api", "current"])
def test_a_namespace_without_presence_and_history(run: str, request: pytest.FixtureRequest) -> None:
    """Disabled presence and history are warnings that name the options to set."""
    ran = request.getfixturevalue(run)("doctor", "--channel", "bare:x", "--json")
    assert ran.code == 0
    found = checks(ran)
    assert (found["presence"]["state"], found["history"]["state"]) == ("warning", "warning")
    assert "history_size" in found["history"]["advice"]


@pytest.mark.parametrize("run", ["api", "current"])
def test_an_unknown_namespace(run: str, request: pytest.FixtureRequest) -> None:
    """An unknown namespace fails its check, and so does a subscription to a channel in it."""
    ran = request.getfixturevalue(run)("doctor", "--channel", "no-such:x", "--json")
    assert ran.code == 1
    found = states(ran)
    assert (found["namespace"], found["subscribe"]) == ("failed", "failed")
    assert "presence" not in found


@pytest.mark.parametrize(
    ("channel", "words"), [("$desk", "private"), ("news#42", "only these users can subscribe: 42"), ("news", "")]
)
def test_channel_restrictions_are_explained(api: Run, channel: str, words: str) -> None:
    """The name of a private or user-limited channel is enough to explain who can subscribe."""
    check = checks(api("doctor", "--channel", channel, "--json")).get("name")
    assert (words in check["text"]) if check else not words


def test_an_invalid_channel_name(current: Run) -> None:
    """A channel name that the current API does not allow fails its check."""
    ran = current("doctor", "--channel", "ü", "--json")
    assert checks(ran)["channel"]["state"] == "failed"


@pytest.mark.parametrize(
    ("arguments", "name", "words", "advice"),
    [
        (("--url", "nonsense"), "url", "http", ""),
        (("--url", "http://no-such-host.invalid"), "dns", "cannot resolve no-such-host.invalid", "DNS settings"),
        (("--url", "http://127.0.0.1:1"), "tcp", "cannot connect to 127.0.0.1:1", "listens on this address"),
        (("--api-key", "wrong"), "credentials", "401", "http_api.key"),
        (("--secret", "s"), "credentials", "404", "give --api-key"),
    ],
)
def test_a_failed_check_ends_the_run(
    current: Run, arguments: tuple[str, ...], name: str, words: str, advice: str
) -> None:
    """A failed check names the problem and the fix, and checks that depend on it are skipped."""
    ran = current("doctor", *arguments, "--json")
    assert ran.code == 1
    *others, last = json.loads(ran.out)["checks"]
    assert (last["name"], last["state"]) == (name, "failed")
    assert words in last["text"]
    assert advice in last["advice"]
    assert "doctor" not in last["advice"]
    assert all(check["state"] == "ok" for check in others)


def test_a_1x_server_called_with_an_api_key(api: Run, server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """An API key fails on a 1.x server, and the advice names the option for the secret."""
    monkeypatch.delenv("CENTRIFUGO_SECRET")
    ran = api("doctor", "--url", server.url, "--api-key", "k", "--json")
    assert "give --secret (or CENTRIFUGO_SECRET)" in checks(ran)["credentials"]["advice"]


def test_network_checks_without_credentials(cli: Run, server: EmbeddedServer) -> None:
    """Without credentials, `doctor` checks the network and then names the missing credentials."""
    ran = cli("doctor", "--url", server.url, "--json")
    assert states(ran) == {"settings": "ok", "url": "ok", "dns": "ok", "tcp": "ok", "credentials": "failed"}


# ---- tokens and clients


def test_tokens_are_verified(current: Run) -> None:
    """A token is verified with the key, and a subscription token also for the channel."""
    good = connection_token(TOKEN_KEY, "42")
    ran = current("doctor", "--token", good, "--channel", "open:x", "--json")
    assert (ran.code, states(ran)["token"], states(ran)["subscribe"]) == (0, "ok", "ok")
    expired = connection_token(TOKEN_KEY, "42", now=1.0)
    ran = current("doctor", "--token", expired, "--json")
    assert (ran.code, states(ran)["token"]) == (1, "failed")
    assert "clients" not in states(ran)
    other = subscription_token(TOKEN_KEY, "news", "42")
    assert states(current("doctor", "--token", other, "--channel", "news", "--json"))["token"] == "ok"
    assert states(current("doctor", "--token", other, "--channel", "sport", "--json"))["token"] == "failed"


def test_a_subscription_token_is_not_used_to_connect(current: Run) -> None:
    """`doctor` does not connect with a subscription token, even if the server accepts it with a warning."""
    eternal = subscription_token(TOKEN_KEY, "news", "42", expires_in=None)
    ran = current("doctor", "--token", eternal, "--channel", "news", "--json")
    assert (ran.code, states(ran)["token"], states(ran)["clients"]) == (0, "warning", "ok")


def test_a_token_without_the_key_is_used_to_connect(current: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A token that cannot be verified without the key is tested by connecting with it."""
    monkeypatch.delenv("CENTRIFUGO_CLIENT_TOKEN_HMAC_SECRET_KEY")
    ran = current("doctor", "--token", connection_token("another secret of thirty-two bytes", "42"), "--json")
    assert (ran.code, states(ran)["token"], states(ran)["clients"]) == (1, "warning", "failed")
    ran = current("doctor", "--json")
    assert (ran.code, states(ran)["clients"]) == (0, "warning")
    assert "--token-key" in checks(ran)["clients"]["advice"]


def test_a_verification_key(current: Run, tmp_path: Path) -> None:
    """A key set cannot sign tokens, so `doctor` verifies a given token and does not connect without one."""
    file = tmp_path / "set.json"
    file.write_text('{"keys": []}')
    ran = current("doctor", "--token-key", f"@{file}", "--json")
    assert states(ran)["clients"] == "warning"
    ran = current("doctor", "--token", connection_token(TOKEN_KEY, "1"), "--token-key", f"@{file}", "--json")
    assert states(ran)["token"] == "failed"


def test_a_server_that_never_answers_a_client() -> None:
    """The check of client connections ends at the time limit, although messages arrive without end."""

    def script(peer: Peer) -> None:
        accept(peer)
        with suppress(OSError):
            while True:
                peer.sock.sendall(frame(Opcode.TEXT, b'{"push":{"channel":"d"}}') * 100)

    with ScriptedServer(script) as server:
        target = Settings(url=server.url, timeout=0.1, api_key="k").target()
        watcher = target.watcher_current(["c"], "doctor")
        (check,) = client_checks.clients(target, watcher, client_checks.Credential(True), subscribes=True)
    assert (check.name, check.state) == ("clients", "failed")
    assert "within 0.1 s" in check.text


OTHER_KEY = "another key of thirty-two bytes or more"


@pytest.mark.parametrize(
    ("arguments", "state", "advice"),
    [
        ((), "ok", ""),
        (("--token-key", OTHER_KEY), "failed", "`doctor` signed the token with the key from --token-key: set it to"),
        (("--token", "TOKEN"), "failed", "The token is right for the key from CENTRIFUGO_CLIENT_TOKEN_HMAC"),
        (("--token", "TOKEN", "--token-key", OTHER_KEY), "failed", "so the server has another key"),
        (("--token-key", '{"keys": []}'), "warning", "--token-key can verify tokens but not sign them: add --token"),
    ],
)
def test_the_advice_about_token_keys_fits(
    current: Run, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], state: str, advice: str
) -> None:
    """The advice names the key that was used and where it comes from, and never asks for a key that was given."""
    if "TOKEN" in arguments:
        monkeypatch.setenv("CENTRIFUGO_CLIENT_TOKEN_HMAC_SECRET_KEY", OTHER_KEY)
    token = connection_token(OTHER_KEY, "42")
    ran = current("doctor", *(token if each == "TOKEN" else each for each in arguments), "--json")
    check = checks(ran)["clients"]
    assert (check["state"], advice in check["advice"]) == (state, True)
    assert OTHER_KEY not in ran.out


def test_a_token_for_a_1x_server(api: Run) -> None:
    """A token is not used for a 1.x server, and the advice does not ask for a token key."""
    check = checks(api("doctor", "--token", "x", "--json"))["token"]
    assert (check["state"], check["advice"]) == ("warning", "Remove it, or give --api-key.")


def test_an_api_without_a_client_endpoint(cli: Run) -> None:
    """If the API works but WebSocket is not there, the advice is about the endpoint and not about the address."""
    with answering() as url:
        check = checks(cli("doctor", "--url", url, "--api-key", "k", "--json"))["clients"]
    assert (check["state"], check["advice"].startswith("The API works, but clients cannot connect")) == ("failed", True)


# ---- settings


def test_the_origin_of_each_setting(current: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first check names the option, the variable or the profile of each setting, without keys."""
    config = tmp_path / "config.toml"
    config.write_text(f'[profiles.default]\ntimeout = 7\ntoken_key = {{ env = "KEY" }}\nca_file = "{tmp_path}/ca"\n')
    config.chmod(0o600)
    monkeypatch.setenv("CENTRIPETAL_CONFIG", str(config))
    monkeypatch.setenv("KEY", TOKEN_KEY)
    monkeypatch.delenv("CENTRIFUGO_CLIENT_TOKEN_HMAC_SECRET_KEY")
    ran = current("doctor", "--url", "http://127.0.0.1:1", "--handler-prefix", "/x", "--json")
    assert checks(ran)["settings"]["text"].split("; ") == [
        "url from --url",
        "api-key from CENTRIFUGO_HTTP_API_KEY",
        "token-key from the profile 'default' (variable KEY)",
        "timeout 7 s from the profile 'default'",
        "ca-file from the profile 'default'",
        "handler-prefix from --handler-prefix",
        f"profile 'default' in {config}",
    ]
    assert TOKEN_KEY not in ran.out


def test_contradicting_settings_are_reported_once(current: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings that contradict each other fail one check, and the list of origins is left out."""
    monkeypatch.setenv("CENTRIFUGO_SECRET", "s")
    assert states(current("doctor", "--json")) == {"url": "ok", "dns": "ok", "tcp": "ok", "credentials": "failed"}


# ---- clocks and versions


@contextmanager
def answering(*, ahead: float = 0.0, versions: tuple[str, ...] = ("6.9.1 OSS",)) -> Iterator[str]:
    """Start a server whose clock is ahead and whose nodes have these versions, and return its URL."""
    nodes = [{"name": f"n{number}", "version": version} for number, version in enumerate(versions)]
    body = json.dumps({"result": {"nodes": nodes}}).encode()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            moment = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=ahead)
            self.send_response_only(200)
            self.send_header("Date", email.utils.format_datetime(moment, usegmt=True))
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self) -> None:
            self.send_response_only(404)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: object) -> None:
            """Print nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as stub:
        threading.Thread(target=stub.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{stub.server_address[1]}"
        stub.shutdown()


@pytest.mark.parametrize(
    ("ahead", "state", "words"),
    [(0.0, "ok", "agrees"), (2.0, "ok", "agrees"), (600.0, "warning", "ahead"), (-600.0, "warning", "behind")],
)
def test_clocks_are_compared(cli: Run, ahead: float, state: str, words: str) -> None:
    """A clock difference of a few seconds is ignored, and a larger difference is a warning."""
    with answering(ahead=ahead) as url:
        check = checks(cli("doctor", "--url", url, "--api-key", "k", "--json"))["clock"]
    assert (check["state"], words in check["text"]) == (state, True)


@pytest.mark.parametrize(
    ("versions", "state", "words"),
    [
        (("6.9.1 OSS",), "ok", "6.9.1"),
        (("0.0.0",), "ok", "built without a version"),
        (("0.0.0 OSS", "0.0.0 OSS"), "ok", "built without a version"),
        (("dev",), "ok", "dev"),
        (("4.1.5",), "warning", "does not support one path per method"),
        (("v5.3.0-rc.1",), "warning", "does not support deltas"),
        (("6.9.1-dirty",), "ok", "6.9.1-dirty"),
        (("",), "ok", "unknown version"),
        (("5.3.0",), "warning", "does not support deltas, publication versions, maps"),
        (("6.9.1", "6.8.0"), "warning", "different versions"),
    ],
)
def test_versions_are_compared(cli: Run, versions: tuple[str, ...], state: str, words: str) -> None:
    """An old version and nodes with different versions are warnings; a build without a version is not old."""
    with answering(versions=versions) as url:
        check = checks(cli("doctor", "--url", url, "--api-key", "k", "--json"))["version"]
    assert (check["state"], words in check["text"]) == (state, True)


# ---- TLS


@contextmanager
def secured(context: ssl.SSLContext) -> Iterator[int]:
    """Listen on a port that accepts TLS handshakes and nothing else."""
    stop = threading.Event()

    def serve() -> None:
        while not stop.is_set():
            try:
                connection, _ = listener.accept()
                with context.wrap_socket(connection, server_side=True):
                    pass
            except OSError:
                continue

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.1)
        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        stop.set()
        thread.join()


@pytest.mark.parametrize(
    ("made", "days", "state", "words"),
    [
        ("issue", 20, "ok", "the certificate is valid until"),
        ("issue", 10, "warning", "days from now"),
        ("self_signed", 20, "failed", "not trusted"),
    ],
)
def test_certificates_are_checked(
    cli: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    made: str,
    days: int,
    state: str,
    words: str,
) -> None:
    """A certificate must be trusted, and a certificate that expires soon is a warning."""
    authority = Authority(tmp_path)
    make: Callable[..., Path] = getattr(authority, made)
    monkeypatch.setenv("SSL_CERT_FILE", authority.ca_file)
    with secured(server_context(make("localhost", days=days))) as port:
        check = checks(cli("doctor", "--url", f"https://localhost:{port}", "--api-key", "k", "--json"))["tls"]
    assert (check["state"], words in check["text"]) == (state, True)


def test_a_trailing_dot_is_removed_for_the_certificate(
    cli: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The certificate of a host with a trailing dot is checked by the name without the dot, as the client does."""
    look_up = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda _, *arguments, **more: look_up("127.0.0.1", *arguments, **more))
    authority = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", authority.ca_file)
    with secured(server_context(authority.issue("localhost"))) as port:
        check = checks(cli("doctor", "--url", f"https://localhost.:{port}", "--api-key", "k", "--json"))["tls"]
    assert "the certificate is valid until" in check["text"]


def test_plain_http_is_detected(cli: Run, server: EmbeddedServer) -> None:
    """A server without TLS fails its check, and the advice shows the URL with http://."""
    url = server.url.replace("http://", "https://")
    check = checks(cli("doctor", "--url", url, "--secret", SECRET, "--json"))["tls"]
    assert (check["state"], "http://" in check["advice"]) == ("failed", True)


# ---- real servers


@needs("centrifugo-v1")
def test_a_real_server_of_1x(cli: Run, tmp_path: Path) -> None:
    """A real 1.x server passes the same checks as the embedded server."""
    config = {"secret": REAL_SECRET, "presence": True, "history_size": 5, "history_lifetime": 60}
    with start_v1("real", config, tmp_path) as real:
        ran = cli("doctor", "--url", real.url, "--secret", REAL_SECRET, "--channel", "$news", "--json")
    assert (ran.code, {check["state"] for check in checks(ran).values()}) == (0, {"ok"})


@needs("centrifugo-v6")
def test_a_real_current_server(cli: Run, tmp_path: Path) -> None:
    """A real current server passes the same checks as the embedded server."""
    namespace = {"presence": True, "history_size": 5, "history_ttl": "60s"}
    config = {
        "http_api": {"key": API_KEY},
        "client": {"token": {"hmac_secret_key": TOKEN_KEY}},
        "channel": {"without_namespace": namespace},
    }
    with start_v6("real", config, tmp_path) as real:
        assert isinstance(real, Server)
        arguments = ("--url", real.url, "--api-key", API_KEY, "--token-key", TOKEN_KEY, "--channel", "$news", "--json")
        ran = cli("doctor", *arguments)
    assert (ran.code, {check["state"] for check in checks(ran).values()}) == (0, {"ok"})
