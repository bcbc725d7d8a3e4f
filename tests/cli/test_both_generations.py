"""Verbs for both generations: every command and field has a form, and what is of the other one is refused."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

import centripetal as c
from centripetal.cli.api.verbs import VERBS
from centripetal.cli.generation import Generation
from centripetal.cli.settings import Settings
from centripetal.protocol.command import Command
from tests.cli.conftest import Run

# What is typed for a field, and what comes of it; fields are known by their names, in a few commands otherwise.
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
    """Carries the command that a verb made."""


class Catcher:
    """A client that sends nothing."""

    def call(self, command: Command[Any]) -> None:
        """Take the command."""
        raise Seen(command)


def fields(command: type[Command[Any]]) -> list[msgspec.structs.FieldInfo]:
    return [field for field in msgspec.structs.fields(command) if field.name != "timeout"]


def sample(command: type[Command[Any]], field: msgspec.structs.FieldInfo) -> tuple[Sequence[str], Any]:
    if field.type is bool:
        return (), True
    return SAMPLES.get(f"{command.name}.{field.name}") or SAMPLES[field.name]


@pytest.mark.parametrize(("generation", "command"), TABLE, ids=[f"{g.name}-{command.name}" for g, command in TABLE])
def test_every_field_of_every_command_can_be_typed(
    cli: Run, monkeypatch: pytest.MonkeyPatch, generation: Generation, command: type[Command[Any]]
) -> None:
    """Arguments and options become the command with every field as it is meant, in both generations."""
    monkeypatch.setattr(Settings, "client", lambda _: Catcher())
    options, arguments, expected = [f"--server={1 if generation is Generation.V1 else 6}"], list[str](), {}
    for field in fields(command):
        typed, value = sample(command, field)
        if field.name == "b64data" and "data" in command.__match_args__:
            continue  # it stands for data
        expected[field.name] = value
        if field.name in command.__match_args__:
            arguments += typed
        elif field.type is bool:
            options.append("--" + field.name.replace("_", "-"))
        else:
            options += [f"--{field.name.replace('_', '-')}={text}" for text in typed]
    with pytest.raises(Seen) as seen:
        cli(command.name, *options, "--", *arguments)
    (made,) = seen.value.args
    assert type(made) is command
    assert {name: getattr(made, name) for name in expected} == expected


def test_no_verb_is_missing() -> None:
    """Each command of either table is a verb."""
    assert set(VERBS) == {command.name for _, command in TABLE}


def made_by(cli: Run, monkeypatch: pytest.MonkeyPatch, *arguments: str, stdin: bytes = b"") -> Command[Any]:
    monkeypatch.setattr(Settings, "client", lambda _: Catcher())
    with pytest.raises(Seen) as seen:
        cli("--server", "6", *arguments, stdin=stdin)
    (made,) = seen.value.args
    assert isinstance(made, Command)
    return made


def test_bytes_stand_for_data(cli: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """--b64data takes base64, a file or the standard input, and then there are no other data."""
    file = tmp_path / "picture"
    file.write_bytes(b"\x00\xff")
    made = made_by(cli, monkeypatch, "broadcast", "a", "b", f"--b64data=@{file}")
    assert made == c.Broadcast(["a", "b"], b64data=b"\x00\xff")
    assert made_by(cli, monkeypatch, "publish", "a", "--b64data", "-", stdin=b"\x01") == c.Publish("a", b64data=b"\x01")
    assert made_by(cli, monkeypatch, "map_publish", "a", "k") == c.MapPublish("a", "k")


def test_json_comes_from_files(cli: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """@FILE is the JSON in a file, for data and for objects; text is never taken for a file."""
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
        (("--server", "1", "publish", "a", "1", "--tags", "a=b"), "--tags of publish is of Centrifugo 3 and later"),
        (("--server", "6", "publish", "a", "1", "--uid", "x"), "--uid of publish is of Centrifugo 1.x"),
        (("--server", "1", "info"), "info is a command of Centrifugo 3 and later"),
        (("--server", "6", "stats"), "stats is a command of Centrifugo 1.x"),
        (("--server", "1", "call", "info"), "call is for Centrifugo 3 and later"),
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
        (("--server", "6", "call", "Publish"), "no name of a method"),
        (("--server", "2", "channels"), "--server 2"),
        (("--server", "6", "--secret", "s", "channels"), "--server 6 and --secret exclude each other"),
        (("--server", "1", "--api-key", "s", "channels"), "--server 1 and --api-key exclude each other"),
        (("--secret", "s", "--api-key", "k", "channels"), "--secret means a server of Centrifugo 1.x"),
        (("--server", "6", "--insecure", "--api-key", "k", "channels"), "--insecure sends no credentials"),
        (("channels",), "neither a secret nor an API key is given"),
        (("--server", "6", "channels"), "http_api.key"),
    ],
)
def test_what_is_wrong_is_said(cli: Run, arguments: tuple[str, ...], words: str) -> None:
    """What is of the other generation, or has no sense, is an error that says so; nothing is sent."""
    ran = cli(*arguments)
    assert (ran.code, ran.out) == (2, "")
    assert words in ran.err


def test_a_verb_may_be_typed_with_hyphens(cli: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """`presence-stats` is `presence_stats`."""
    assert made_by(cli, monkeypatch, "presence-stats", "a") == c.PresenceStats("a")


# ---- what the environment says


@pytest.mark.parametrize("name", ["CENTRIFUGO_HTTP_API_KEY", "CENTRIFUGO_API_KEY"])
def test_the_environment_has_the_key(current: Run, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Either variable can hold the key; two that differ are an error."""
    key = "the API key of these tests"
    monkeypatch.delenv("CENTRIFUGO_HTTP_API_KEY")
    monkeypatch.setenv(name, key)
    assert current("channels").code == 0
    monkeypatch.setenv("CENTRIFUGO_HTTP_API_KEY", key)
    monkeypatch.setenv("CENTRIFUGO_API_KEY", "another")
    ran = current("channels")
    assert (ran.code, "are both set and differ" in ran.err) == (2, True)
    assert current("channels", "--api-key", key).code == 0


def test_a_secret_and_a_key_in_the_environment_need_a_word(current: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the environment has both, --server or a credential on the command line must say which is meant."""
    monkeypatch.setenv("CENTRIFUGO_SECRET", "s")
    ran = current("channels")
    assert (ran.code, "--server 1 or --server 6" in ran.err) == (2, True)
    assert current("channels", "--server", "6").code == 0
    assert current("channels", "--server", "1").code == 5  # it is none


# ---- results


def test_people_see_where_a_publication_stands(current: Run) -> None:
    """`publish` shows offset and epoch, or ok where there is no history."""
    lines = current("publish", "places", "1").out.split()
    assert lines[:3] == ["offset", "1", "epoch"]
    assert current("publish", "bare:places", "1").out == "ok\n"
    assert current("unsubscribe", "places", "42").out == "ok\n"


def test_history_is_a_table_and_a_position(current: Run) -> None:
    """Publications up to a hundred unless said otherwise; the position, to go on from, on the standard error."""
    for n in range(3):
        current("publish", "table", str(n), "--tags", "a=b")
    ran = current("history", "table")
    assert [line.split()[:2] for line in ran.out.splitlines()] == [
        ["data", "offset"],
        ["0", "1"],
        ["1", "2"],
        ["2", "3"],
    ]
    position = ran.err.split()[-1]
    assert position.startswith("3:")
    assert json.loads(current("history", "table", "--since", f"1:{position[2:]}", "--json").out)["publications"] == [
        {"data": n, "info": None, "offset": n + 1, "tags": {"a": "b"}} for n in (1, 2)
    ]
    assert current("history", "table", "--limit", "0").out == ""


def test_a_broadcast_that_failed_somewhere_exits_1(current: Run) -> None:
    """Each channel has its line; the exit code says that not all is well."""
    ran = current("broadcast", "fine", "no-such:channel", "1")
    assert ran.code == 1
    assert [line.split()[:2] for line in ran.out.splitlines()[1:]] == [["fine", "ok"], ["no-such:channel", "error"]]
    assert current("broadcast", "fine", "finer", "1").code == 0


def test_info_is_a_table(current: Run) -> None:
    """`info` shows a line for each node, and everything with --json."""
    header, row = current("info").out.splitlines()[:2]
    assert header.split() == ["node", "version", "clients", "users", "channels", "subs", "uptime"]
    assert "6.9" in row
    (node,) = json.loads(current("info", "--json").out)["nodes"]
    assert {"uid", "name", "num_clients", "uptime"} <= node.keys()


def test_call_shows_what_the_server_says(current: Run) -> None:
    """`call` prints the result as it came; what the server refuses is an error as everywhere."""
    assert json.loads(current("call", "channels").out) == {"channels": {}}
    assert json.loads(current("call", "publish", '{"channel": "called", "data": 1}').out)["offset"] == 1
    assert current("call", "publish", "-", stdin=b'{"channel": "no-such:x", "data": 1}').code == 1
    assert current("call", "no_such_method").code == 5
