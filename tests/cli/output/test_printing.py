"""Tests of printing: text from others cannot control a terminal, and JSON stays equivalent."""

import io
import json
import unicodedata
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from typing import Any

import pytest

from centripetal.cli.api.results import show_result
from centripetal.cli.main import main
from centripetal.cli.output import errors, printing
from centripetal.cli.tools.doctor.check import Check
from centripetal.cli.tools.doctor.report import _show as show_check
from centripetal.cli.tools.watch import _show_to_people as show_to_people
from centripetal.dialects.current import commands
from centripetal.dialects.current.results import standard as results
from centripetal.errors import ServerError
from centripetal.protocol import watching

EVIL = "\x1b[2J\x9b1m\u202e\u2066\x7f\r\u2028\u200b"
DANGEROUS = ("Cc", "Cf", "Zl", "Zp")


class Terminal(io.StringIO):
    """A terminal of any width."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def printed_by(show: Callable[[], object], monkeypatch: pytest.MonkeyPatch, columns: str = "200") -> str:
    """Return what *show* prints to a terminal without colors."""
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setenv("COLUMNS", columns)
    terminal = Terminal()
    with redirect_stdout(terminal), redirect_stderr(terminal):
        show()
    return terminal.getvalue()


PERSON = watching.Person(EVIL, EVIL)
INFO = results.ClientInfo(EVIL, EVIL)
NODE = results.NodeResult("uid", EVIL, EVIL, metrics=results.Metrics(1.0, {EVIL: 1.0}))
PRINTED: dict[str, Callable[[], object]] = {
    "an error": lambda: errors.report(ServerError(EVIL), False),
    "an error as JSON": lambda: errors.report(ServerError(EVIL), True),
    "a result as JSON": lambda: printing.show_json({EVIL: [EVIL]}),
    "names and values": lambda: printing.show_fields({EVIL: EVIL}),
    "a table": lambda: printing.show_rows((EVIL,), [(EVIL,)]),
    "a list": lambda: printing.show([EVIL]),
    "nodes": lambda: show_result(commands.Info(), results.InfoResult([NODE]), False),
    "presence": lambda: show_result(commands.Presence("c"), results.PresenceResult({EVIL: INFO}), False),
    "channels": lambda: show_result(commands.Channels(), results.ChannelsResult({EVIL: results.ChannelInfo(1)}), False),
    "a position": lambda: show_result(commands.History("c"), results.HistoryResult([], EVIL, 1), False),
    "a check": lambda: show_check(Check("tls", "failed", EVIL, EVIL)),
    "a publication": lambda: show_to_people(["c"])(
        watching.Published(EVIL, json.dumps(EVIL, ensure_ascii=False).encode(), PERSON, tags={EVIL: EVIL})
    ),
    "a join": lambda: show_to_people(["c"])(watching.Joined(EVIL, PERSON)),
    "a refusal": lambda: show_to_people(["c"])(watching.Refused(EVIL, ServerError(EVIL))),
    "a gap": lambda: show_to_people(["c"])(watching.Gap(EVIL, EVIL)),
    "an unknown command": lambda: main([EVIL]),
    "an unknown option": lambda: main([f"--{EVIL}"]),
    "a file name": lambda: main(["load", EVIL, "--secret", "s"]),
    "a token": lambda: main(["token", "explain", EVIL, "--token-key", "k"]),
}


@pytest.mark.parametrize("show", PRINTED.values(), ids=PRINTED.keys())
def test_text_from_others_cannot_control_the_terminal(
    monkeypatch: pytest.MonkeyPatch, show: Callable[[], object]
) -> None:
    """Nothing that a server or a user writes reaches the terminal as a control or bidirectional character."""
    printed = printed_by(show, monkeypatch)
    assert printed.strip()
    assert not {c for c in printed if unicodedata.category(c) in DANGEROUS} - {"\n"}


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "ascii"])
@pytest.mark.parametrize("is_terminal", [False, True])
def test_json_is_equivalent(monkeypatch: pytest.MonkeyPatch, encoding: str, is_terminal: bool) -> None:
    """JSON means the same in any encoding and in a terminal, also with undecodable bytes of a file name."""
    written = io.BytesIO()
    stream: Any = io.TextIOWrapper(written, encoding=encoding)
    monkeypatch.setattr(stream, "isatty", lambda: is_terminal, raising=False)
    value = {"text": f"é漢😀{EVIL}", "file": "a\udcffb"}
    stream.write(printing.json_line(value, stream))
    stream.flush()
    assert json.loads(written.getvalue().decode(encoding)) == value


@pytest.mark.parametrize("width", ["0", "1", "3"])
def test_a_terminal_without_width(monkeypatch: pytest.MonkeyPatch, width: str) -> None:
    """A terminal that reports no usable width gets narrow tables instead of nothing."""
    rows = [("news" * 10, 1)]
    assert "news" in printed_by(lambda: printing.show_rows(("channel", "clients"), rows), monkeypatch, width)


@pytest.mark.parametrize("name", ["COLUMNS", "TERMINAL_WIDTH"])
@pytest.mark.parametrize("value", ["0", "wide", "-5", ""])
def test_an_invalid_width_in_the_environment(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str, value: str
) -> None:
    """An invalid width in the environment is ignored, and the help is printed."""
    monkeypatch.setenv(name, value)
    assert main(["--help"]) == 0
    assert "Usage: centripetal" in capsys.readouterr().out
