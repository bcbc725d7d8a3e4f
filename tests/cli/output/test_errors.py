"""Exit codes, and what errors say."""

import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from centripetal import errors
from centripetal.cli.output.errors import DOCTOR, ExitCode, explain, printable
from centripetal.server import EmbeddedServer
from centripetal.tokens import TokenRefused
from centripetal.tokens.faults import Fault
from tests.cli.conftest import Run
from tests.ports import kept_port


@pytest.fixture
def nobody() -> Iterator[str]:
    """The URL of a port on which nobody listens."""
    with kept_port() as port:
        yield f"http://127.0.0.1:{port}"


def test_refused_command_exits_1(api: Run) -> None:
    """What the server refuses exits with 1 and shows the server's words."""
    ran = api("publish", "no-such:channel", "1")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("error: publish: the server says: namespace not found")


def test_no_connection_exits_3(api: Run, nobody: str) -> None:
    """No connection exits with 3 and says how to get a server."""
    ran = api("channels", "--url", nobody)
    assert ran.code == 3
    assert "centripetal serve" in ran.err


def test_silence_exits_3(api: Run) -> None:
    """A server that does not answer in time exits with 3, says that the outcome is unknown and how to wait longer."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        ran = api("channels", "--timeout", "0.2", "--url", f"http://127.0.0.1:{silent.getsockname()[1]}")
    assert ran.code == 3
    assert "unknown" in ran.err
    assert "--timeout" in ran.err


def test_wrong_secret_exits_4(api: Run, server: EmbeddedServer) -> None:
    """A secret that the server does not accept exits with 4."""
    ran = api("channels", "--secret", "wrong")
    assert ran.code == 4
    assert "CENTRIFUGO_SECRET" in ran.err


def test_a_method_of_pro_is_not_blamed_on_the_address(cli: Run) -> None:
    """What the server does not have is said, and no other server is advised."""
    with EmbeddedServer(api_key="key") as server:
        ran = cli("call", "nonsense", "{}", "--url", server.url, "--api-key", "key")
    assert ran.code == 5
    assert "needs Centrifugo PRO or a newer server" in ran.err
    assert "--url" not in ran.err


@pytest.mark.parametrize("answering", [(200, b"hello"), (500, b"oops"), (404, b""), (200, b"[]")], indirect=True)
def test_wrong_answer_exits_5(api: Run, answering: str) -> None:
    """An answer that is not Centrifugo's, or not to the command, exits with 5."""
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
def test_wrong_command_line_exits_2(api: Run, arguments: tuple[str, ...]) -> None:
    """A command line that makes no sense exits with 2; the standard output has nothing but help."""
    ran = api(*arguments)
    assert ran.code == 2
    assert not ran.out or "Usage" in ran.out


def test_usage_error_leads_to_help(api: Run) -> None:
    """A wrong command line is answered with one sentence and the way to the right help page."""
    assert api("publish").err.endswith("See `centripetal publish --help`.\n")
    assert "put -- before" in api("publish", "news", "-5").err


def test_error_as_json(api: Run, nobody: str) -> None:
    """With --json an error is an object on the standard error, wherever --json stands."""
    refused = json.loads(api("--json", "publish", "no-such:channel", "1").err)["error"]
    assert refused["type"] == "ServerError"
    assert refused["server_message"] == "namespace not found"
    assert (refused["command"], refused["executed"], refused["exit_code"]) == ("publish", "no", 1)
    unconnected = json.loads(api("channels", "--url", nobody, "--json").err)["error"]
    assert (unconnected["type"], unconnected["retryable"]) == ("ConnectError", True)


def test_advice_to_start_a_server_is_for_those_that_have_none() -> None:
    """Where a certificate is not trusted, for example, a server is there, and `doctor` is what helps."""
    assert "centripetal serve" in explain(errors.ConnectError("nothing listens"))[1]
    assert explain(errors.ConnectError("the certificate", retryable=False))[1] == DOCTOR


def leaves(kind: type[errors.CentripetalError]) -> Iterator[type[errors.CentripetalError]]:
    yield kind
    for below in kind.__subclasses__():
        yield from leaves(below)


@pytest.mark.parametrize("kind", sorted(set(leaves(errors.CentripetalError)), key=str))
def test_every_error_has_an_exit_code(kind: type[errors.CentripetalError]) -> None:
    """Each class of errors has an exit code that the help documents, and its JSON can be printed."""
    more: dict[str, Any] = {"status": 500} if issubclass(kind, errors.HTTPStatusError) else {}
    what: Any = Fault("connection", "signature") if issubclass(kind, TokenRefused) else "it went wrong"
    code, _, details = explain(kind(what, **more))
    assert code in set(ExitCode) - {ExitCode.OK}
    assert json.loads(json.dumps(details))["exit_code"] == code


def test_help_documents_exit_codes(cli: Run) -> None:
    """The help lists every exit code with its meaning."""
    out = " ".join(cli("--help").out.split())
    for code in ExitCode:
        assert f"{code:d} {code.text}" in out


def test_printable_escapes_what_drives_terminals() -> None:
    """Escape sequences become text; letters of any language and line breaks stay."""
    assert printable("é 漢\n\x1b[2J\x9b") == "é 漢\n\\x1b[2J\\x9b"
