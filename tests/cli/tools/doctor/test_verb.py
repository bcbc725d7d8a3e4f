"""`doctor`: what it says of servers that work, and of each thing that doesn't."""

import datetime
import email.utils
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from centripetal.server import EmbeddedServer
from centripetal.tokens import connection_token, subscription_token
from tests.cli.conftest import API_KEY, SECRET, TOKEN_KEY, Ran, Run
from tests.conformance.servers import Server
from tests.conformance.servers_v1 import SECRET as REAL_SECRET
from tests.conformance.servers_v1 import start as start_v1
from tests.conformance.servers_v6 import start as start_v6
from tests.needs import needs
from tests.transport.certificates import Authority, server_context


def checks(ran: Ran) -> Mapping[str, Mapping[str, Any]]:
    """The checks of a run with --json by their names."""
    return {check["name"]: check for check in json.loads(ran.out)["checks"]}


def states(ran: Ran) -> dict[str, str]:
    return {name: check["state"] for name, check in checks(ran).items()}


WAY = dict.fromkeys(("url", "dns", "tcp", "http", "clock", "credentials", "version"), "ok")


def test_a_current_server_that_works(current: Run) -> None:
    """Every check is ok, and the exit code 0."""
    ran = current("doctor", "--channel", "news", "--json")
    assert ran.code == 0
    names = ("namespace", "presence", "history", "clients", "subscribe")
    assert states(ran) == WAY | dict.fromkeys(names, "ok")
    assert "6.9" in checks(ran)["version"]["text"]


def test_a_server_of_1x_that_works(api: Run) -> None:
    """Every check of a healthy 1.x server is ok, too."""
    ran = api("doctor", "--channel", "news", "--json")
    assert ran.code == 0
    names = ("namespace", "presence", "history", "clients", "subscribe")
    assert states(ran) == WAY | dict.fromkeys(names, "ok")


def test_people_get_a_line_for_each_check(current: Run) -> None:
    """Each check is a line, and below it stands what to do, if there is anything."""
    lines = current("doctor", "--channel", "bare:x").out.splitlines()
    assert lines[0].split()[:2] == ["ok", "url"]
    (line,) = [number for number, line in enumerate(lines) if line.startswith("warning presence")]
    assert "off for the namespace 'bare'" in lines[line]
    assert (
        lines[line + 1].strip()
        == "Presence is off: set `presence` of the channel's namespace, or in `channel.without_namespace`."
    )


@pytest.mark.parametrize("run", ["api", "current"])
def test_a_namespace_without_anything(run: str, request: pytest.FixtureRequest) -> None:
    """Presence and history that are off are warnings with the options to set."""
    ran = request.getfixturevalue(run)("doctor", "--channel", "bare:x", "--json")
    assert ran.code == 0
    found = checks(ran)
    assert (found["presence"]["state"], found["history"]["state"]) == ("warning", "warning")
    assert "history_size" in found["history"]["advice"]


@pytest.mark.parametrize("run", ["api", "current"])
def test_a_namespace_that_is_not_there(run: str, request: pytest.FixtureRequest) -> None:
    """An unknown namespace fails, and so does subscribing to a channel in it."""
    ran = request.getfixturevalue(run)("doctor", "--channel", "no-such:x", "--json")
    assert ran.code == 1
    found = states(ran)
    assert (found["namespace"], found["subscribe"]) == ("failed", "failed")
    assert "presence" not in found


@pytest.mark.parametrize(
    ("channel", "words"), [("$desk", "private"), ("news#42", "only for the users 42"), ("news", "")]
)
def test_what_a_name_demands_is_said(api: Run, channel: str, words: str) -> None:
    """Private channels, and those for some users, are told by their names."""
    check = checks(api("doctor", "--channel", channel, "--json")).get("name")
    assert (words in check["text"]) if check else not words


def test_a_name_that_nobody_can_subscribe_to(current: Run) -> None:
    """A channel whose name the current API does not allow fails."""
    ran = current("doctor", "--channel", "ü", "--json")
    assert checks(ran)["channel"]["state"] == "failed"


@pytest.mark.parametrize(
    ("arguments", "name", "words", "advice"),
    [
        (("--url", "nonsense"), "url", "http", ""),
        (("--url", "http://no-such-host.invalid"), "dns", "has no address", "name servers"),
        (("--url", "http://127.0.0.1:1"), "tcp", "no connection", "listens there"),
        (("--api-key", "wrong"), "credentials", "401", "http_api.key"),
        (("--secret", "s"), "credentials", "404", "give --api-key"),
    ],
)
def test_what_is_wrong_ends_it(current: Run, arguments: tuple[str, ...], name: str, words: str, advice: str) -> None:
    """The last check says what was found and what to do; what depends on it is left out."""
    ran = current("doctor", *arguments, "--json")
    assert ran.code == 1
    *others, last = json.loads(ran.out)["checks"]
    assert (last["name"], last["state"]) == (name, "failed")
    assert words in last["text"]
    assert advice in last["advice"]
    assert "doctor" not in last["advice"]
    assert all(check["state"] == "ok" for check in others)


def test_a_server_of_1x_called_by_an_api_key(api: Run, server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The credentials fail, and the advice names the option of the other generation."""
    monkeypatch.delenv("CENTRIFUGO_SECRET")
    ran = api("doctor", "--url", server.url, "--api-key", "k", "--json")
    assert "give --secret (or CENTRIFUGO_SECRET)" in checks(ran)["credentials"]["advice"]


def test_without_credentials_the_way_is_looked_at_all_the_same(cli: Run, server: EmbeddedServer) -> None:
    """Without credentials the network is checked, and then it says what is missing."""
    ran = cli("doctor", "--url", server.url, "--json")
    assert states(ran) == {"url": "ok", "dns": "ok", "tcp": "ok", "credentials": "failed"}


# ---- tokens and clients


def test_tokens_are_looked_into(current: Run) -> None:
    """A token is checked with the key; one of a subscription also for the channel."""
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


def test_nobody_connects_with_a_token_of_a_subscription(current: Run) -> None:
    """A token that is for subscribing is not connected with, also where it is accepted with a warning."""
    eternal = subscription_token(TOKEN_KEY, "news", "42", expires_in=None)
    ran = current("doctor", "--token", eternal, "--channel", "news", "--json")
    assert (ran.code, states(ran)["token"], states(ran)["clients"]) == (0, "warning", "ok")


def test_a_token_without_the_key_is_tried(current: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A token that cannot be checked for want of the key is connected with."""
    monkeypatch.delenv("CENTRIFUGO_CLIENT_TOKEN_HMAC_SECRET_KEY")
    ran = current("doctor", "--token", connection_token("another", "42"), "--json")
    assert (ran.code, states(ran)["token"], states(ran)["clients"]) == (1, "warning", "failed")
    ran = current("doctor", "--json")
    assert (ran.code, states(ran)["clients"]) == (0, "warning")
    assert "--token-key" in checks(ran)["clients"]["advice"]


def test_a_key_that_only_checks(current: Run, tmp_path: Path) -> None:
    """A key set looks into tokens; to connect, there is the token itself."""
    file = tmp_path / "set.json"
    file.write_text('{"keys": []}')
    ran = current("doctor", "--token-key", f"@{file}", "--json")
    assert states(ran)["clients"] == "warning"
    ran = current("doctor", "--token", connection_token(TOKEN_KEY, "1"), "--token-key", f"@{file}", "--json")
    assert states(ran)["token"] == "failed"


# ---- clocks and versions


@contextmanager
def answering(*, ahead: float = 0.0, versions: tuple[str, ...] = ("6.9.1 OSS",)) -> Iterator[str]:
    """A server whose clock is ahead, with nodes of these versions; its URL."""
    nodes = [{"name": f"n{number}", "version": version} for number, version in enumerate(versions)]
    body = json.dumps({"result": {"nodes": nodes}}).encode()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            moment = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=ahead)
            self.send_response_only(200)
            self.send_header("Date", email.utils.format_datetime(moment, usegmt=True))
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            """Print nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as stub:
        threading.Thread(target=stub.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{stub.server_address[1]}"
        stub.shutdown()


@pytest.mark.parametrize(
    ("ahead", "state", "words"),
    [(0.0, "ok", "same time"), (2.0, "ok", "same time"), (600.0, "warning", "ahead"), (-600.0, "warning", "behind")],
)
def test_clocks_are_compared(cli: Run, ahead: float, state: str, words: str) -> None:
    """A few seconds are no matter; more is a warning, because of tokens."""
    with answering(ahead=ahead) as url:
        check = checks(cli("doctor", "--url", url, "--api-key", "k", "--json"))["clock"]
    assert (check["state"], words in check["text"]) == (state, True)


@pytest.mark.parametrize(
    ("versions", "state", "words"),
    [
        (("6.9.1 OSS",), "ok", "6.9.1"),
        (("0.0.0",), "warning", "it lacks"),
        (("",), "ok", "of unknown version"),
        (("5.3.0",), "warning", "it lacks deltas, versions of publications, maps"),
        (("6.9.1", "6.8.0"), "warning", "different versions"),
    ],
)
def test_versions_are_looked_at(cli: Run, versions: tuple[str, ...], state: str, words: str) -> None:
    """A version is a warning if it lacks something, or if nodes differ in it."""
    with answering(versions=versions) as url:
        check = checks(cli("doctor", "--url", url, "--api-key", "k", "--json"))["version"]
    assert (check["state"], words in check["text"]) == (state, True)


# ---- TLS


@contextmanager
def secured(context: ssl.SSLContext) -> Iterator[int]:
    """A port that speaks TLS, and nothing else."""
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
        ("issue", 20, "ok", "the certificate is good until"),
        ("issue", 10, "warning", "days from now"),
        ("self_signed", 20, "failed", "not trusted"),
    ],
)
def test_certificates_are_looked_at(
    cli: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    made: str,
    days: int,
    state: str,
    words: str,
) -> None:
    """A certificate must be trusted, and a warning says when it ends soon."""
    authority = Authority(tmp_path)
    make: Callable[..., Path] = getattr(authority, made)
    monkeypatch.setenv("SSL_CERT_FILE", authority.ca_file)
    with secured(server_context(make("localhost", days=days))) as port:
        check = checks(cli("doctor", "--url", f"https://localhost:{port}", "--api-key", "k", "--json"))["tls"]
    assert (check["state"], words in check["text"]) == (state, True)


def test_a_certificate_needs_no_dot_at_the_end(cli: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A host with the root's dot is looked at by the name that the client checks, which has none."""
    look_up = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda _, *arguments, **more: look_up("127.0.0.1", *arguments, **more))
    authority = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", authority.ca_file)
    with secured(server_context(authority.issue("localhost"))) as port:
        check = checks(cli("doctor", "--url", f"https://localhost.:{port}", "--api-key", "k", "--json"))["tls"]
    assert "the certificate is good until" in check["text"]


def test_plain_http_is_told_from_tls(cli: Run, server: EmbeddedServer) -> None:
    """A server without TLS fails, and the advice says which URL to write instead."""
    url = server.url.replace("http://", "https://")
    check = checks(cli("doctor", "--url", url, "--secret", SECRET, "--json"))["tls"]
    assert (check["state"], "http://" in check["advice"]) == ("failed", True)


# ---- real servers


@needs("centrifugo-v1")
def test_a_real_server_of_1x(cli: Run, tmp_path: Path) -> None:
    """A real 1.x server is found as healthy as the embedded one."""
    config = {"secret": REAL_SECRET, "presence": True, "history_size": 5, "history_lifetime": 60}
    with start_v1("real", config, tmp_path) as real:
        ran = cli("doctor", "--url", real.url, "--secret", REAL_SECRET, "--channel", "$news", "--json")
    assert (ran.code, {check["state"] for check in checks(ran).values()}) == (0, {"ok"})


@needs("centrifugo-v6")
def test_a_real_current_server(cli: Run, tmp_path: Path) -> None:
    """A real current server is found as healthy as the embedded one."""
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
