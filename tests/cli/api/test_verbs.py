"""The verbs of the API: derived from the table of commands, for people and for programs."""

import inspect
import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from centripetal.cli.api.help import describe
from centripetal.cli.api.verbs import VERBS, Verb, parameters
from centripetal.cli.generation import Generation
from centripetal.dialects.v1.commands import COMMANDS
from centripetal.protocol.command import Command
from centripetal.server import EmbeddedServer
from tests.cli.conftest import Run

CALLS: Mapping[str, Sequence[str]] = {
    "publish": ("news", '{"text": "hello"}'),
    "broadcast": ("news", "sport", "[1, 2]"),
    "unsubscribe": ("news", "42"),
    "disconnect": ("42",),
    "presence": ("news",),
    "history": ("quiet",),
    "channels": (),
    "stats": (),
    "node": (),
}


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_command_is_a_verb(api: Run, command: type[Command[Any]]) -> None:
    """Every command of the table can be called from the command line, and prints its result as JSON."""
    ran = api(command.name, *CALLS[command.name], "--json")
    assert (ran.code, ran.err) == (0, "")
    expected = {"publish": True, "broadcast": True, "unsubscribe": True, "disconnect": True}
    empty: dict[str, object] = {"presence": {}, "history": [], "channels": []}
    result = json.loads(ran.out)
    if command.name in ("stats", "node"):
        assert result["nodes" if command.name == "stats" else "uid"]
    else:
        assert result == {**expected, **empty}[command.name]


@pytest.mark.parametrize("verb", VERBS.values(), ids=lambda verb: verb.name)
def test_verb_has_help(api: Run, verb: Verb) -> None:
    """The help of each verb has what the docstrings of its commands say, an example, and a text for every parameter."""
    ran = api(verb.name, "--help")
    assert ran.code == 0
    for command in verb.commands.values():
        assert describe(command).text.split("\n")[0][:60] in ran.out
    assert f"centripetal {verb.name}" in ran.out
    for parameter in parameters(verb):
        (annotation,) = parameter.annotation.__metadata__
        assert annotation.help, parameter.name
    assert "(spec" not in ran.out
    assert "datetime" not in ran.out


def test_unknown_kind_of_field_is_an_error() -> None:
    """A command with a field of a type that has no kind is noticed when verbs are made."""

    class Odd(Command[bool], frozen=True):
        """Odd.

        Args:
            when: a set.
        """

        name = "odd"
        when: set[int]

    with pytest.raises(TypeError, match=r"no kind yet for Odd\.when"):
        list(parameters(Verb("odd", {Generation.V1: Odd})))


def test_new_command_needs_no_code() -> None:
    """Fields of a command become arguments, options and flags, with the words of its docstring."""

    class Poll(Command[bool], frozen=True, kw_only=True):
        """Ask *user* (spec v1 §6.9); the result is True.

        Args:
            limit: how many
                answers.
            urgent: at once.
        """

        name = "poll"
        limit: int | None = None
        urgent: bool = False

    class PollUser(Poll, frozen=True):
        """Ask *user* (spec v1 §6.9); the result is True.

        Args:
            user: whom to ask.
            limit: how many
                answers.
            urgent: at once.
        """

        user: str

    described = describe(PollUser)
    assert described.text == "Ask USER."
    assert described.arguments == {"user": "Whom to ask.", "limit": "How many answers.", "urgent": "At once."}
    made = list(parameters(Verb("poll", {Generation.V1: PollUser})))
    assert [(p.name, p.default) for p in made] == [
        ("user", inspect.Parameter.empty),
        ("limit", None),
        ("urgent", False),
    ]


def test_publish_says_ok_to_people(api: Run) -> None:
    """A command whose result is True prints ok."""
    assert api("publish", "news", '"hello"') == (0, "ok\n", "")


@pytest.mark.parametrize(
    ("arguments", "stdin", "stored"),
    [
        (('{"a": 1.10, "b": "ü"}',), b"", {"a": 1.1, "b": "ü"}),
        (("null",), b"", None),
        (("-",), b" [1,\n 2]\n", [1, 2]),
        ((), b"42\n", 42),
        (("--text", "plain text"), b"", "plain text"),
        (("42", "--text"), b"", "42"),
        (("--text",), "two\nlínes\n".encode(), "two\nlínes"),
        (("--text", "-"), b"a\n\n", "a\n"),
        (("--", "-5"), b"", -5),
    ],
)
def test_data_come_from_argument_or_stdin(api: Run, arguments: Sequence[str], stdin: bytes, stored: object) -> None:
    """Data are JSON or, with --text, text: an argument, or the standard input for - and for nothing."""
    assert api("publish", "given", *arguments, stdin=stdin).code == 0
    assert json.loads(api("history", "given", "--json").out)[0]["data"] == stored


def test_digits_survive(api: Run) -> None:
    """Numbers go out and come back with every digit that was typed."""
    api("publish", "digits", "3.1415926535897932384626433832795028841971")
    assert '"data":3.1415926535897932384626433832795028841971' in api("history", "digits", "--json").out


def test_options_of_a_command_reach_the_server(api: Run) -> None:
    """--client and --uid of publish are the fields of the command."""
    assert api("publish", "options", "1", "--client", "me", "--uid", "u1").code == 0
    (message,) = json.loads(api("history", "options", "--json").out)
    assert (message["client"], message["uid"]) == ("me", "u1")


@pytest.mark.parametrize("arguments", [("plain",), ("{'a': 1}",), ("NaN",), ("1 2",), ("",)])
def test_data_that_are_no_json_are_explained(api: Run, arguments: Sequence[str]) -> None:
    """Data that are not JSON are refused before anything is sent, with a word on how to give text."""
    ran = api("publish", "refused", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert "--text" in ran.err or "null for none" in ran.err
    assert api("history", "refused", "--json").out == "[]\n"


def test_input_that_is_no_text_is_refused(api: Run) -> None:
    """Input that is not UTF-8 is a usage error, as JSON and as text."""
    assert api("publish", "news", stdin=b'"\xff"').code == 2
    assert api("publish", "news", "--text", stdin=b"\xff").code == 2


def test_broadcast_never_takes_a_channel_for_data(api: Run) -> None:
    """Broadcast's data must be given: a last channel name is not sent as data, it is an error."""
    assert "'sport' is not JSON" in api("broadcast", "news", "sport", stdin=b"1").err
    assert api("broadcast", "one", "two", "-", stdin=b"[7]").code == 0
    for channel in ("one", "two"):
        assert json.loads(api("history", channel, "--json").out)[0]["data"] == [7]


def test_people_get_a_table(api: Run) -> None:
    """History for people is a table with the data in it; an empty result says so, but not on the standard output."""
    api("publish", "table", '{"n": 1}', "--uid", "first")
    api("publish", "table", '{"n": 2}', "--uid", "second")
    lines = api("history", "table").out.splitlines()
    assert lines[0].split() == ["uid", "channel", "data"]
    assert [line.split()[0] for line in lines[1:]] == ["second", "first"]
    assert '{"n":2}' in lines[1].replace(" ", "")
    assert api("history", "empty") == (0, "", "(none)\n")


def test_people_get_nodes_in_lines(api: Run, server: EmbeddedServer) -> None:
    """Stats and node print names and values below each other, metrics sorted."""
    for verb in ("stats", "node"):
        out = api(verb).out
        assert "metrics.node_num_clients" in out
        names = [line.split()[0] for line in out.splitlines() if line.startswith("metrics.")]
        assert names == sorted(names)
        assert names


def test_terminal_cannot_be_driven_by_messages(api: Run) -> None:
    """Control characters in what others published are printed escaped."""
    api("publish", "escape", '"\\u001b[2J\\u009b2J"')
    out = api("history", "escape").out
    assert "\x1b" not in out
    assert "\x9b" not in out
