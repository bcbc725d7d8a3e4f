"""Tests of exit codes and of error output."""

import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from centripetal import BulkError, PublishSummary, errors
from centripetal.cli.output.errors import DOCTOR, explain
from centripetal.cli.output.exit_code import ExitCode
from centripetal.server import EmbeddedServer
from centripetal.server.current.refusals import ProxyRefusal
from centripetal.tokens import TokenRefused
from centripetal.tokens.faults import Fault
from tests.cli.conftest import Run
from tests.ports import kept_port


@pytest.fixture
def unused_url() -> Iterator[str]:
    """Return a URL on whose port no server listens."""
    with kept_port() as port:
        yield f"http://127.0.0.1:{port}"


def test_refused_command_exits_1(api: Run) -> None:
    """A command that the server rejects exits with 1 and prints the server's message."""
    ran = api("publish", "no-such:channel", "1")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("error: publish: the server says: namespace not found")


def test_no_connection_exits_3(api: Run, unused_url: str) -> None:
    """A refused connection exits with 3 and explains how to start a server."""
    ran = api("channels", "--url", unused_url)
    assert ran.code == 3
    assert "centripetal serve" in ran.err


def test_timeout_exits_3(api: Run) -> None:
    """A timeout exits with 3, says that the outcome is unknown and names --timeout."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        ran = api("channels", "--timeout", "0.2", "--url", f"http://127.0.0.1:{silent.getsockname()[1]}")
    assert ran.code == 3
    assert "unknown" in ran.err
    assert "--timeout" in ran.err


def test_wrong_secret_exits_4(api: Run, server: EmbeddedServer) -> None:
    """A rejected secret exits with 4."""
    ran = api("channels", "--secret", "wrong")
    assert ran.code == 4
    assert "CENTRIFUGO_SECRET" in ran.err


def test_unknown_method_does_not_suggest_another_url(cli: Run) -> None:
    """An unknown method is reported as such, without advice to check the URL."""
    with EmbeddedServer(api_key="key") as server:
        ran = cli("call", "nonsense", "{}", "--url", server.url, "--api-key", "key")
    assert ran.code == 5
    assert "needs Centrifugo PRO or a newer server" in ran.err
    assert "--url" not in ran.err


@pytest.mark.parametrize("answering", [(200, b"hello"), (500, b"oops"), (404, b""), (200, b"[]")], indirect=True)
def test_invalid_reply_exits_5(api: Run, answering: str) -> None:
    """A reply that does not come from Centrifugo or does not match the command exits with 5."""
    assert api("channels", "--url", answering).code == 5


@pytest.mark.parametrize(
    "arguments",
    [
        ("nonsense",),
        ("publish",),
        ("publish", "a", "1", "2"),
        ("channels", "--nonsense"),
        ("disconnect", ""),
        ("channels", "--url", "localhost"),
        ("sign",),
        (),
    ],
)
def test_invalid_command_line_exits_2(api: Run, arguments: tuple[str, ...]) -> None:
    """An invalid command line exits with 2 and prints nothing but help to standard output."""
    ran = api(*arguments)
    assert ran.code == 2
    assert not ran.out or "Usage" in ran.out


def test_usage_error_names_the_help_page(api: Run) -> None:
    """A usage error is one sentence followed by the command that shows the help page."""
    assert api("publish").err.endswith("See `centripetal publish --help`.\n")
    assert "put -- before" in api("publish", "news", "-5").err


def test_error_as_json(api: Run, unused_url: str) -> None:
    """With --json, an error is a JSON object on standard error, regardless of the position of --json."""
    refused = json.loads(api("--json", "publish", "no-such:channel", "1").err)["error"]
    assert refused["type"] == "ServerError"
    assert refused["server_message"] == "namespace not found"
    assert (refused["method"], refused["executed"], refused["exit_code"]) == ("publish", "no", 1)
    unconnected = json.loads(api("channels", "--url", unused_url, "--json").err)["error"]
    assert (unconnected["type"], unconnected["retryable"]) == ("ConnectError", True)


def test_advice_to_start_a_server_only_without_one() -> None:
    """An error of a running server, such as an untrusted certificate, leads to `doctor` instead of `serve`."""
    assert "centripetal serve" in explain(errors.ConnectError("connection refused"))[1]
    assert explain(errors.ConnectError("the certificate", retryable=False))[1] == DOCTOR


def test_a_reply_of_a_gateway_is_not_blamed_on_the_key() -> None:
    """A 401 of something in front of the server has the exit code of an unexpected reply, and no advice on the key."""
    error = errors.AuthenticationError("401: a login in front of the server", status=401)
    assert (explain(error)[0], "--api-key" in explain(error)[1]) == (ExitCode.AUTHENTICATION, True)
    error.in_front = True
    assert explain(error)[:2] == (ExitCode.RESPONSE, DOCTOR)


def leaves(kind: type[errors.CentripetalError]) -> Iterator[type[errors.CentripetalError]]:
    yield kind
    for below in kind.__subclasses__():
        yield from leaves(below)


@pytest.mark.parametrize("kind", sorted(set(leaves(errors.CentripetalError)), key=str))
def test_every_error_has_an_exit_code(kind: type[errors.CentripetalError]) -> None:
    """Each error class has an exit code that the help documents, and its details can be serialized to JSON."""
    more: dict[str, Any] = {"status": 500} if issubclass(kind, errors.HTTPStatusError) else {}
    what: Any = Fault("connection", "signature") if issubclass(kind, TokenRefused) else "it went wrong"
    if issubclass(kind, errors.BroadcastError):
        what, more = {"news": errors.ServerError("unknown channel", code=102)}, {"total": 2}
    if issubclass(kind, BulkError):
        more = {"summary": PublishSummary(0, 1, (), 0.1)}
    if issubclass(kind, ProxyRefusal):
        what, more = 403, {"message": "not a member", "temporary": False}
    code, _, details = explain(kind(what, **more))
    assert code in set(ExitCode) - {ExitCode.OK}
    assert json.loads(json.dumps(details))["exit_code"] == code


def test_help_documents_exit_codes(cli: Run) -> None:
    """`--help-all` lists every exit code with its meaning."""
    out = " ".join(cli("--help-all").out.split())
    for code in ExitCode:
        assert f"{code:d} {code.text}" in out


BASIC = {"type", "code", "method", "channel", "message", "advice", "executed", "retryable", "exit_code"}
ERRORS: list[tuple[tuple[str, ...], dict[str, Any]]] = [
    (("publish", "no-such:x", "1"), {"type": "ServerError", "method": "publish", "channel": "no-such:x", "code": None}),
    (("publish", "news", "{bad"), {"type": "UsageError", "method": "publish", "channel": "news", "executed": "no"}),
    (("publish", "news", "1", "--timeout", "x"), {"type": "UsageError", "method": "publish"}),
    (("publish",), {"type": "UsageError", "method": "publish", "channel": None}),
    (("publish", "news", "@nowhere.json"), {"type": "UsageError", "method": "publish", "channel": "news"}),
    (("publish", "news", "1", "--url", "http://127.0.0.1:1"), {"type": "ConnectError", "channel": "news"}),
    (("publish", "news", "1", "--url", "nonsense"), {"type": "UsageError", "method": "publish", "channel": "news"}),
    (("publish", "news", "1", "--secret", "wrong"), {"type": "AuthenticationError", "exit_code": 4, "executed": "no"}),
    (("broadcast", "a", "b", "{"), {"type": "UsageError", "method": "broadcast", "channel": None}),
    (("call", "later", "{}"), {"type": "UsageError", "method": "later", "channel": None}),
    (("stats", "extra"), {"type": "UsageError", "method": "stats", "channel": None}),
    (("nonsense",), {"type": "UsageError", "method": None}),
    (("--nonsense",), {"type": "UsageError", "method": None}),
    (("load", "nowhere"), {"type": "UsageError", "method": None}),
    (("load", "nowhere.csv", "--channel", "{"), {"type": "UsageError", "method": None}),
    (("watch", "news", "--count", "0"), {"type": "UsageError", "method": None}),
    (("watch", "news", "--secret", "wrong", "--count", "1"), {"method": None}),
    (("serve", "--config", "nowhere.json"), {"method": None, "exit_code": 2}),
    (("demo", "--secret", "wrong"), {"type": "AuthenticationError"}),
    (("token", "connection", "42"), {"type": "UsageError", "method": None}),
    (("token", "explain", "x", "--key-file", "nowhere"), {"type": "UsageError", "method": None}),
    (("token", "publish", "42"), {"type": "UsageError", "method": None}),
    (("sign",), {"type": "UsageError"}),
]


@pytest.mark.parametrize(("arguments", "expected"), ERRORS, ids=[" ".join(each) for each, _ in ERRORS])
def test_every_error_has_one_form(api: Run, arguments: tuple[str, ...], expected: dict[str, Any]) -> None:
    """Every way out of the program with an error prints one object with the same members, and its exit code."""
    ran = api(*arguments, "--json")
    (line,) = [line for line in ran.err.splitlines() if "warning" not in line]
    error = json.loads(line)["error"]
    assert error.keys() >= BASIC
    assert {name: error[name] for name in expected} == expected
    assert (error["exit_code"], error["message"] != "") == (ran.code, True)


def test_a_server_error_has_its_code(current: Run) -> None:
    """The code of the current API is a number, and the channel of a custom call is known too."""
    error = json.loads(current("--json", "publish", "no-such:x", "1").err)["error"]
    assert (error["code"], error["channel"], error["executed"]) == (102, "no-such:x", "no")
    error = json.loads(current("--json", "call", "publish", '{"channel": "no-such:x", "data": 1}').err)["error"]
    assert (error["code"], error["method"], error["channel"]) == (102, "publish", "no-such:x")


@pytest.mark.parametrize(("during", "executed", "said"), [("call", "unknown", True), ("prepare", "no", False)])
def test_ctrl_c_during_a_command(
    current: Run, monkeypatch: pytest.MonkeyPatch, during: str, executed: str, said: bool
) -> None:
    """Ctrl-C exits with 130; if the command may have run, or with --json, a message says whether it did."""

    def interrupt(*_: object) -> Any:
        raise KeyboardInterrupt

    place = "client.current.Client.call" if during == "call" else "cli.settings.Settings.target"
    monkeypatch.setattr(f"centripetal.{place}", interrupt)
    ran = current("publish", "news", "1")
    assert (ran.code, "It is unknown whether the server executed" in ran.err) == (130, said)
    error = json.loads(current("publish", "news", "1", "--json").err)["error"]
    assert (error["type"], error["executed"], error["exit_code"]) == ("Interrupted", executed, 130)
