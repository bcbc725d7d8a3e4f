"""Tests of the API verbs, which are generated from the table of commands."""

import inspect
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import centripetal as c
from centripetal.cli.api.help import describe
from centripetal.cli.api.verbs import VERBS, Verb, parameters
from centripetal.cli.generation import Generation
from centripetal.cli.target import Target
from centripetal.dialects.v1.commands import COMMANDS
from centripetal.protocol.command import Command
from centripetal.protocol.fields import Field, fields_of
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
    """Every command in the table can be called from the command line and prints its result as JSON."""
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
    """The help of each verb contains the summary of its commands, an example and a text for every parameter."""
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
    """Generating a verb raises TypeError for a field whose type has no kind."""

    class Odd(Command[bool], frozen=True):
        """Odd.

        Args:
            when: a set.
        """

        name = "odd"
        when: set[int]

    with pytest.raises(TypeError, match=r"Odd\.when has a type without a kind"):
        list(parameters(Verb("odd", {Generation.V1: Odd})))


def test_new_command_needs_no_code() -> None:
    """The fields of a command become arguments, options and flags, and the help texts come from its docstring."""

    class Poll(Command[bool], frozen=True, kw_only=True):
        """Ask *user* (protocol 1: commands); the result is True.

        Args:
            limit: how many
                answers.
            urgent: at once.
        """

        name = "poll"
        limit: int | None = None
        urgent: bool = False

    class PollUser(Poll, frozen=True):
        """Ask *user* (protocol 1: commands); the result is True.

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


def test_publish_prints_ok(api: Run) -> None:
    """A command whose result is True prints "ok"."""
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
def test_data_from_argument_or_stdin(api: Run, arguments: Sequence[str], stdin: bytes, stored: object) -> None:
    """Data is JSON, or text with --text, and comes from the argument, or from standard input for "-" or no argument."""
    assert api("publish", "given", *arguments, stdin=stdin).code == 0
    assert json.loads(api("history", "given", "--json").out)[0]["data"] == stored


def test_numbers_keep_every_digit(api: Run) -> None:
    """Numbers are sent and printed with every digit that was typed."""
    api("publish", "digits", "3.1415926535897932384626433832795028841971")
    assert '"data":3.1415926535897932384626433832795028841971' in api("history", "digits", "--json").out


def test_options_of_a_command_reach_the_server(api: Run) -> None:
    """`publish --client` and `publish --uid` set the fields of the command."""
    assert api("publish", "options", "1", "--client", "me", "--uid", "u1").code == 0
    (message,) = json.loads(api("history", "options", "--json").out)
    assert (message["client"], message["uid"]) == ("me", "u1")


@pytest.mark.parametrize("arguments", [("plain",), ("{'a': 1}",), ("NaN",), ("1 2",), ("",)])
def test_data_that_is_not_json_is_explained(api: Run, arguments: Sequence[str]) -> None:
    """Data that is not JSON is rejected before anything is sent, with advice on what to type instead."""
    ran = api("publish", "refused", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert "--text" in ran.err or "null is valid" in ran.err or """Type '{"a": 1}'""" in ran.err
    assert api("history", "refused", "--json").out == "[]\n"


def test_input_that_is_not_utf8_is_rejected(api: Run) -> None:
    """Input that is not UTF-8 is a usage error, both as JSON and as text."""
    assert api("publish", "news", stdin=b'"\xff"').code == 2
    assert api("publish", "news", "--text", stdin=b"\xff").code == 2


def test_broadcast_never_takes_a_channel_for_data(api: Run) -> None:
    """`broadcast` requires data: without it, the last channel name is an error and is not sent as data."""
    assert "'sport' is not JSON" in api("broadcast", "news", "sport", stdin=b"1").err
    assert api("broadcast", "one", "two", "-", stdin=b"[7]").code == 0
    for channel in ("one", "two"):
        assert json.loads(api("history", channel, "--json").out)[0]["data"] == [7]


def test_history_is_printed_as_a_table(api: Run) -> None:
    """`history` prints a table with the data, and reports an empty history on standard error."""
    api("publish", "table", '{"n": 1}', "--uid", "first")
    api("publish", "table", '{"n": 2}', "--uid", "second")
    lines = api("history", "table").out.splitlines()
    assert lines[0].split() == ["uid", "channel", "data"]
    assert [line.split()[0] for line in lines[1:]] == ["second", "first"]
    assert '{"n":2}' in lines[1].replace(" ", "")
    assert api("history", "empty") == (0, "", "(none)\n")


def test_stats_and_node_print_lines(api: Run, server: EmbeddedServer) -> None:
    """`stats` and `node` print names and values on separate lines, with the metrics sorted."""
    for verb in ("stats", "node"):
        out = api(verb).out
        assert "metrics.node_num_clients" in out
        names = [line.split()[0] for line in out.splitlines() if line.startswith("metrics.")]
        assert names == sorted(names)
        assert names


def test_control_characters_are_escaped(api: Run) -> None:
    """Control characters in published data are escaped in the output."""
    api("publish", "escape", '"\\u001b[2J\\u009b2J"')
    out = api("history", "escape").out
    assert "\x1b" not in out
    assert "\x9b" not in out


# Input for each field and the expected value. Keys are field names, or "command.field" where commands differ.
# differ.
SAMPLES: Mapping[str, tuple[Sequence[str], Any]] = {
    "channel": (["news"], "news"),
    "channels": (["news", "sport"], ["news", "sport"]),
    "user": (["42"], "42"),
    "users": (["42", "43"], ["42", "43"]),
    "data": (['{"n": 1.10}'], b'{"n": 1.10}'),
    "params": (["[1]"], b"[1]"),
    "info": (['{"i": 1}'], b'{"i": 1}'),
    "stream_data": (["2"], b"2"),
    "b64data": (["aGk="], "aGk="),
    "b64info": (["aGk="], "aGk="),
    "b64stream_data": (["aGk="], "aGk="),
    "tags": (["a=b", '{"c": "d=e"}'], {"a": "b", "c": "d=e"}),
    "meta": (["a=b"], {"a": "b"}),
    "idempotency_key": (["key"], "key"),
    "client": (["c1"], "c1"),
    "session": (["s1"], "s1"),
    "uid": (["u1"], "u1"),
    "version": (["7"], 7),
    "version_epoch": (["v"], "v"),
    "limit": (["5"], 5),
    "since": (["12:abc"], c.StreamPosition(12, "abc")),
    "recover_since": (['{"offset": 3}'], c.StreamPosition(3)),
    "override": (['{"presence": true, "join_leave": null}'], c.SubscribeOptionOverride(presence=True)),
    "label_filter": (
        ['{"op": "and", "nodes": [{"key": "a", "cmp": "eq", "val": "b"}]}'],
        c.FilterNode(op="and", nodes=[c.FilterNode(key="a", cmp="eq", val="b")]),
    ),
    "disconnect": (['{"code": 4000, "reason": "bye"}'], c.DisconnectReason(4000, "bye")),
    "whitelist": (["c1", "c2"], ["c1", "c2"]),
    "expire_at": (["2030-01-01T00:00:00Z"], datetime(2030, 1, 1, tzinfo=UTC)),
    "issued_before": (["1700000000"], 1700000000),
    "send_at": (["1700000000"], 1700000000),
    "pattern": (["n*"], "n*"),
    "method": (["m"], "m"),
    "key": (["k"], "k"),
    "key_mode": (["if_new"], "if_new"),
    "score": (["-3"], -3),
    "cursor": (["k9"], "k9"),
    "revision_offset": (["1"], 1),
    "revision_epoch": (["e"], "e"),
    "since_offset": (["1"], 1),
    "since_epoch": (["e"], "e"),
    "epoch": (["e"], "e"),
    "expression": (["true"], "true"),
    "state": (["away"], "away"),
    "provider": (["fcm"], "fcm"),
    "token": (["t"], "t"),
    "platform": (["ios"], "ios"),
    "id": (["d1"], "d1"),
    "ids": (["d1", "d2"], ["d1", "d2"]),
    "device_id": (["d1"], "d1"),
    "topics": (["x", "y"], ["x", "y"]),
    "timezone": (["Europe/Berlin"], "Europe/Berlin"),
    "locale": (["de"], "de"),
    "user_update": (['{"user": 7}'], c.DeviceUserUpdate(7)),
    "meta_update": (['{"meta": {"a": "b"}}'], c.DeviceMetaUpdate({"a": "b"})),
    "topics_update": (['{"op": "add", "topics": ["x"]}'], c.DeviceTopicsUpdate("add", ["x"])),
    "timezone_update": (['{"timezone": "UTC"}'], c.DeviceTimezoneUpdate("UTC")),
    "locale_update": (['{"locale": "de"}'], c.DeviceLocaleUpdate("de")),
    "op": (["add"], "add"),
    "status": (["delivered"], "delivered"),
    "analytics_uid": (["a1"], "a1"),
    "msg_id": (["m1"], "m1"),
    "recipient": (['{"filter": {"users": [1, "2"]}}'], c.PushRecipient(filter=c.DeviceFilter(users=[1, "2"]))),
    "notification": (
        ['{"fcm": {"message": {"n": 1.10}}, "expire_at": 5}'],
        c.PushNotification(fcm=c.FcmPushNotification(b'{"n": 1.10}'), expire_at=5),
    ),
    "limit_strategy": (
        ['{"rate_limit": {"policies": [{"rate": 1, "interval_ms": 2}]}}'],
        c.PushLimitStrategy(rate_limit=c.PushRateLimitStrategy(policies=[c.RateLimitPolicy(1, 2)])),
    ),
    "localizations": (['{"de": {"translations": {"a": "b"}}}'], {"de": c.PushLocalization({"a": "b"})}),
    "device_list.filter": (['{"ids": ["d"]}'], c.DeviceFilter(ids=["d"])),
    "device_topic_list.filter": (['{"topic_prefix": "x"}'], c.DeviceTopicFilter(topic_prefix="x")),
    "user_topic_list.filter": (['{"users": [1]}'], c.UserTopicFilter(users=[1])),
}


TABLE = [(generation, command) for generation in Generation for command in generation.commands.values()]


class Seen(Exception):
    """Exception that carries the command built by a verb."""


class Catcher:
    """Client that sends nothing."""

    def call(self, command: Command[Any]) -> None:
        """Raise the command in a `Seen` exception."""
        raise Seen(command)


def sample(command: type[Command[Any]], field: Field) -> tuple[Sequence[str], Any]:
    if field.kind.typed is bool:
        return (), True
    return SAMPLES.get(f"{command.name}.{field.name}") or SAMPLES[field.name]


@pytest.mark.parametrize(("generation", "command"), TABLE, ids=[f"{g.name}-{command.name}" for g, command in TABLE])
def test_every_field_can_be_typed(
    cli: Run, monkeypatch: pytest.MonkeyPatch, generation: Generation, command: type[Command[Any]]
) -> None:
    """Arguments and options set every field of every command, in both generations."""
    monkeypatch.setattr(Target, "client", lambda _: Catcher())
    options, arguments, expected = [f"--server={1 if generation is Generation.V1 else 6}"], list[str](), {}
    for field in fields_of(command):
        typed, value = sample(command, field)
        if field.name == "b64data" and "data" in command.__match_args__:
            continue  # alternative to data
        expected[field.name] = value
        if field.name in command.__match_args__:
            arguments += typed
        elif field.kind.typed is bool:
            options.append("--" + field.name.replace("_", "-"))
        else:
            options += [f"--{field.name.replace('_', '-')}={text}" for text in typed]
    with pytest.raises(Seen) as seen:
        cli(command.name, *options, "--", *arguments)
    (made,) = seen.value.args
    assert type(made) is command
    assert {name: getattr(made, name) for name in expected} == expected


def test_no_verb_is_missing() -> None:
    """Every command of either table is a verb."""
    assert set(VERBS) == {command.name for _, command in TABLE}


def made_by(cli: Run, monkeypatch: pytest.MonkeyPatch, *arguments: str, stdin: bytes = b"") -> Command[Any]:
    monkeypatch.setattr(Target, "client", lambda _: Catcher())
    with pytest.raises(Seen) as seen:
        cli("--server", "6", *arguments, stdin=stdin)
    (made,) = seen.value.args
    assert isinstance(made, Command)
    return made


def test_b64data_replaces_data(cli: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """--b64data takes base64, a file or standard input, and replaces the data argument."""
    file = tmp_path / "picture"
    file.write_bytes(b"\x00\xff")
    made = made_by(cli, monkeypatch, "broadcast", "a", "b", f"--b64data=@{file}")
    assert made == c.Broadcast(["a", "b"], b64data=b"\x00\xff")
    assert made_by(cli, monkeypatch, "publish", "a", "--b64data", "-", stdin=b"\x01") == c.Publish("a", b64data=b"\x01")
    assert made_by(cli, monkeypatch, "map_publish", "a", "k") == c.MapPublish("a", "k")


def test_json_from_files(cli: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """@FILE reads JSON from a file for data and for objects, but --text publishes it literally."""
    file = tmp_path / "data.json"
    file.write_text('{"n": 1.10}\n')
    assert made_by(cli, monkeypatch, "publish", "a", f"@{file}") == c.Publish("a", b'{"n": 1.10}')
    file.write_text('{"code": 4001}')
    made = made_by(cli, monkeypatch, "disconnect", "7", f"--disconnect=@{file}")
    assert made == c.Disconnect("7", disconnect=c.DisconnectReason(4001))
    assert made_by(cli, monkeypatch, "publish", "a", "@all", "--text") == c.Publish("a", "@all")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--server", "1", "publish", "a", "1", "--tags", "a=b"), "publish: --tags is for Centrifugo 3 and later"),
        (("--server", "6", "publish", "a", "1", "--uid", "x"), "publish: --uid is for Centrifugo 1.x"),
        (("--server", "1", "info"), "info is a command of Centrifugo 3 and later"),
        (("--server", "6", "stats"), "stats is a command of Centrifugo 1.x"),
        (("--server", "1", "call", "info"), "call is only for Centrifugo 3 and later"),
        (("--server", "6", "publish", "a", "1", "--tags", "ab"), "NAME=TEXT"),
        (("--server", "6", "publish", "a", "1", "--tags", '{"a": 1}'), "values are strings"),
        (("--server", "6", "history", "a", "--since", "abc"), "OFFSET:EPOCH"),
        (("--server", "6", "refresh", "7", "--expire-at", "soon"), "is not a time"),
        (("--server", "6", "refresh", "7", "--expire-at", "2030-01-01"), "time zone"),
        (("--server", "6", "subscribe", "a", "7", "--override", '{"presenc": true}'), "unknown field `presenc`"),
        (("--server", "6", "disconnect", "7", "--disconnect", '{"code": "x"}'), "code"),
        (("--server", "6", "disconnect", "7", "--disconnect", "@nowhere.json"), "nowhere.json"),
        (("--server", "6", "send_push_notification", "{}", "[]"), "object"),
        (("--server", "6", "send_push_notification", "{}", "{}", "--localizations", "[]"), "not a JSON object"),
        (("--server", "6", "broadcast", "a"), "then the data"),
        (("--server", "6", "call", "publish", "[]"), "not a JSON object"),
        (("--server", "6", "call", "Publish"), "not a method name"),
        (("--server", "2", "channels"), "--server 2"),
        (("--server", "6", "--secret", "s", "channels"), "--server 6 and --secret cannot be combined"),
        (("--server", "1", "--api-key", "s", "channels"), "--server 1 and --api-key cannot be combined"),
        (
            ("--secret", "s", "--api-key", "k", "channels"),
            "--secret (Centrifugo 1.x) and --api-key (Centrifugo 3 and later) cannot be combined",
        ),
        (("--server", "6", "--insecure", "--api-key", "k", "channels"), "--insecure and --api-key cannot be combined"),
        (("channels",), "no API key or secret given"),
        (("--server", "6", "channels"), "http_api.key"),
    ],
)
def test_invalid_options_are_explained(cli: Run, arguments: tuple[str, ...], words: str) -> None:
    """An option of the other generation or an invalid value is an error that names the problem, and nothing is sent."""
    ran = cli(*arguments)
    assert (ran.code, ran.out) == (2, "")
    assert words in ran.err


def test_a_verb_may_be_typed_with_hyphens(cli: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """`presence-stats` is an alias of `presence_stats`."""
    assert made_by(cli, monkeypatch, "presence-stats", "a") == c.PresenceStats("a")


def test_call_prints_the_server_reply(current: Run) -> None:
    """`call` prints the result unchanged, and an error of the server exits with the usual code."""
    assert json.loads(current("call", "channels").out) == {"channels": {}}
    assert json.loads(current("call", "publish", '{"channel": "called", "data": 1}').out)["offset"] == 1
    assert current("call", "publish", "-", stdin=b'{"channel": "no-such:x", "data": 1}').code == 1
    assert current("call", "no_such_method").code == 5
