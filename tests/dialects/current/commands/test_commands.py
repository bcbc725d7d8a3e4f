"""Commands have every method and field of the published API, and invalid arguments are refused before sending."""

import datetime
import inspect
import json
from typing import Any

import pytest

from centripetal.dialects.current.commands import (
    COMMANDS,
    RPC,
    BlockUser,
    Broadcast,
    Channels,
    DeviceRemove,
    DeviceUpdate,
    Disconnect,
    DisconnectReason,
    GetUserStatus,
    History,
    Presence,
    Publish,
    Refresh,
    Subscribe,
    Unsubscribe,
    custom,
)
from centripetal.dialects.current.commands.maps import MapPublish, SharedPollPublish
from centripetal.dialects.current.objects import FilterNode, StreamPosition, SubscribeOptionOverride
from centripetal.errors import UsageError
from centripetal.protocol.command import Command
from tests.dialects.current.commands.definition import (
    METHODS,
    Listed,
    field_types,
    make_command,
    message_class,
    names_of,
    sample,
)

every_method = pytest.mark.parametrize("listed", METHODS, ids=lambda listed: listed.name)
# Our own fields, which are never sent.
OURS = {"timeout", "anonymous"}
# Alternatives: a call has one of the two fields.
EITHER = {"b64data": "data", "b64info": "info", "b64stream_data": "stream_data"}


def sent(command: Command[Any]) -> Any:
    return json.loads(command.body())


def test_there_is_a_command_for_each_method() -> None:
    """The commands cover exactly the methods of the server."""
    assert {listed.name for listed in METHODS} == {command.name for command in COMMANDS}
    assert len(COMMANDS) == len(METHODS) == 39


@every_method
def test_a_command_has_every_field_of_the_definition(listed: Listed) -> None:
    """A command has exactly the fields of the server, with the same names."""
    assert names_of(listed.command) - OURS == field_types(listed.request).keys()


@every_method
def test_every_field_is_sent_with_its_type(listed: Listed) -> None:
    """A value of each type is sent under its field's name; objects are sent with all their fields."""
    fields = {name: sample(kind, name) for name, kind in field_types(listed.request).items()}
    for left_out in (EITHER.keys(), EITHER.values()):
        some = {name: value for name, value in fields.items() if name not in left_out}
        if "anonymous" in names_of(listed.command):
            some["user"] = "42"
        assert sent(make_command(listed, some)) == some


@every_method
def test_options_are_keyword_only_and_documented(listed: Listed) -> None:
    """Required arguments come first and are positional, channel before user; the docstring names each field."""
    parameters = list(inspect.signature(listed.command).parameters.values())
    positional = [one.name for one in parameters if one.kind is not inspect.Parameter.KEYWORD_ONLY]
    required = [one.name for one in parameters if one.default is inspect.Parameter.empty]
    assert required == [name for name in positional if name != "data"]
    if {"channel", "user"} <= set(positional):
        assert positional[:2] == ["channel", "user"]
    text = inspect.getdoc(listed.command) or ""
    assert [one.name for one in parameters if one.name not in text] == []
    make: Any = listed.command
    with pytest.raises(TypeError):
        make(**dict.fromkeys(required, "x"), no_such_option=1)


@pytest.mark.parametrize("listed", METHODS, ids=lambda listed: listed.name)
def test_options_that_are_not_given_are_not_sent(listed: Listed) -> None:
    """Only required fields are sent if no option is given."""
    required = [one.name for one in inspect.signature(listed.command).parameters.values() if one.default is one.empty]
    types = field_types(listed.request)
    fields = {name: sample(types[name], name) for name in required}
    some = dict(fields)
    if listed.name in ("publish", "broadcast"):
        some["data"] = None
    if listed.name in ("device_update", "device_remove"):
        some["ids"] = ["d"]
    assert sent(make_command(listed, some)) == some


SENT: list[tuple[Command[Any], dict[str, Any]]] = [
    (Publish("a", None), {"channel": "a", "data": None}),
    (Publish("a", b'{"ready": 1}'), {"channel": "a", "data": {"ready": 1}}),
    (Publish("a", b64data=b"\x00\xff"), {"channel": "a", "b64data": "AP8="}),
    (Publish("a", b64data="AP8="), {"channel": "a", "b64data": "AP8="}),
    (Publish("a", b64data=b""), {"channel": "a", "b64data": ""}),
    (Publish("a", 1, version=0, delta=False), {"channel": "a", "data": 1}),
    (Publish("a", 1, version=2**64 - 1), {"channel": "a", "data": 1, "version": 2**64 - 1}),
    (Publish("é", 1), {"channel": "é", "data": 1}),
    (Broadcast(("a", "b"), 1, tags={"x": "y"}), {"channels": ["a", "b"], "data": 1, "tags": {"x": "y"}}),
    (Broadcast(["é"], 1), {"channels": ["é"], "data": 1}),
    (Unsubscribe("a", 42), {"channel": "a", "user": "42"}),
    (Unsubscribe("a", "", anonymous=True), {"channel": "a", "user": ""}),
    (Unsubscribe("a", "", all_users=True), {"channel": "a", "user": "", "all_users": True}),
    (Disconnect(42, whitelist=("c",)), {"user": "42", "whitelist": ["c"]}),
    (Disconnect("", anonymous=True), {"user": ""}),
    (Subscribe("a", "", info=None), {"channel": "a", "user": "", "info": None}),
    (
        Subscribe("a", 1, override=SubscribeOptionOverride(presence=False, join_leave=True)),
        {"channel": "a", "user": "1", "override": {"presence": {"value": False}, "join_leave": {"value": True}}},
    ),
    (Subscribe("a", 1, b64info=b"x"), {"channel": "a", "user": "1", "b64info": "eA=="}),
    (Refresh(7, expire_at=100, info={"a": 1}), {"user": "7", "expire_at": 100, "info": {"a": 1}}),
    (
        Refresh(7, expire_at=datetime.datetime(2030, 1, 1, tzinfo=datetime.UTC)),
        {"user": "7", "expire_at": 1893456000},
    ),
    (History("a", limit=-1, since=StreamPosition(0)), {"channel": "a", "limit": -1, "since": {"offset": 0}}),
    (RPC("m", params=b"[1]"), {"method": "m", "params": [1]}),
    (GetUserStatus([1, "b"]), {"users": ["1", "b"]}),
]


@pytest.mark.parametrize(("command", "fields"), SENT, ids=lambda value: repr(value)[:60])
def test_values_are_sent_in_the_form_of_the_server(command: Command[Any], fields: dict[str, Any]) -> None:
    """None as data is sent as null, int user ids as text, bytes as base64, and dates as Unix seconds."""
    assert sent(command) == fields


def test_a_custom_method_sends_its_params() -> None:
    """Fields are sent unchanged; bytes are ready-made JSON."""
    command = custom("new_method", {"a": b"[1]", "b": None})
    assert command.name == "new_method"
    assert json.loads(command.body()) == {"a": [1], "b": None}
    assert type(custom("new_method")) is type(command)
    assert json.loads(custom("new_method").body()) == {}


REFUSED: list[tuple[Any, str]] = [
    (lambda: Publish("a"), "data is missing: pass data= .* or b64data="),
    (lambda: Publish("a", 1, b64data=b"x"), "data and b64data exclude each other"),
    (lambda: Publish("a", None, b64data=b"x"), "data and b64data exclude each other"),
    (lambda: Publish("", 1), "channel must not be empty"),
    (lambda: Publish(5, 1), "channel must be text, not int: write '5'"),  # type: ignore[arg-type]
    (lambda: Publish("a\ud800", 1), "lone surrogate"),
    (lambda: Publish("a", float("nan")), "data is nan"),
    (lambda: Publish("a", {"b": [float("inf")]}), r"data\.b\[0\] is inf"),
    (lambda: Publish("a", b"no json"), "must be encoded JSON"),
    (lambda: Publish("a", b64data="no base64!"), "b64data is not valid base64"),
    (lambda: Publish("a", b64data="AP8"), "b64data is not valid base64"),
    (lambda: Publish("a", b64data=5), "b64data must be bytes"),  # type: ignore[arg-type]
    (lambda: Publish("a", 1, tags={"n": 5}), r"tags\['n'\] must be text, not int: write '5'"),  # type: ignore[dict-item]
    (lambda: Publish("a", 1, tags={5: "n"}), "tags has the key 5: keys must be text"),  # type: ignore[dict-item]
    (lambda: Publish("a", 1, tags=["n"]), "tags must be a dict"),  # type: ignore[arg-type]
    (lambda: Publish("a", 1, version=-1), "version must be from 0"),
    (lambda: Publish("a", 1, version=True), "version must be an integer"),
    (lambda: Publish("a", 1, version=1.0), r"version must be an integer, not float: write int\(version\)"),  # type: ignore[arg-type]
    (lambda: Publish("a", 1, version=2**64), "version must be from 0"),
    (lambda: Publish("a", 1, skip_history=1), "skip_history must be True or False, not 1"),  # type: ignore[arg-type]
    (lambda: Publish("a", 1, delta="yes"), "delta must be True or False"),  # type: ignore[arg-type]
    (lambda: Publish("a", 1, idempotency_key=5), "idempotency_key must be text"),  # type: ignore[arg-type]
    (lambda: Broadcast([], 1), "channels must contain at least one name"),
    (lambda: Broadcast("abc", 1), "channels must be a list of names"),
    (lambda: Broadcast(["a", ""], 1), r"channels\[1\] must not be empty"),
    (lambda: Broadcast(["a", 5], 1), r"channels\[1\] must be text"),  # type: ignore[list-item]
    (lambda: Broadcast(["a"]), "data is missing"),
    (lambda: Disconnect(""), "user is empty, which addresses every anonymous connection: .* anonymous=True"),
    (lambda: Unsubscribe("a", ""), "user is empty, which addresses every anonymous connection"),
    (lambda: Disconnect(True), "user must be a user's id"),
    (lambda: Disconnect(None), "user must be a user's id, text or an int, not NoneType"),  # type: ignore[arg-type]
    (lambda: Disconnect(b"42"), "user must be a user's id"),  # type: ignore[arg-type]
    (lambda: Disconnect(1, disconnect=DisconnectReason(-1)), r"disconnect\.code must be from 0"),
    (lambda: Disconnect(1, disconnect={"code": 4000}), r"disconnect must be created with DisconnectReason\(…\)"),  # type: ignore[arg-type]
    (lambda: Disconnect(1, whitelist="c"), "whitelist must be a list"),
    (lambda: Unsubscribe("", 42), "channel must not be empty"),
    (lambda: Subscribe("a", 1, data=1, b64data=b"x"), "data and b64data exclude each other"),
    (lambda: Subscribe("a", 1, info=1, b64info=b"x"), "info and b64info exclude each other"),
    (lambda: Subscribe("a", 1, expire_at=datetime.datetime(2030, 1, 1)), "datetime without a time zone"),
    (lambda: Subscribe("a", 1, expire_at=1_900_000_000_000), "expire_at must be Unix seconds"),
    (lambda: Subscribe("a", 1, expire_at="soon"), "expire_at must be an integer"),  # type: ignore[arg-type]
    (lambda: Subscribe("a", 1, override=SubscribeOptionOverride(presence=1)), r"override\.presence must be True"),  # type: ignore[arg-type]
    (lambda: Subscribe("a", 1, recover_since=StreamPosition(-1)), r"recover_since\.offset must be from 0"),
    (lambda: Subscribe("a", 1, label_filter=FilterNode(nodes=[5])), r"label_filter\.nodes\[0\] must be created with"),  # type: ignore[list-item]
    (lambda: Refresh(1, info={"a": 1}), "info without expire_at is ignored"),
    (lambda: Presence(""), "channel must not be empty"),
    (lambda: History("a", limit=2**31), "limit must be from"),
    (lambda: History("a", reverse=True, since=StreamPosition(0, "e")), "there is nothing before offset 0"),
    (lambda: Channels(pattern=None), "pattern must be text"),  # type: ignore[arg-type]
    (lambda: RPC(""), "method must not be empty"),
    (lambda: RPC("m", params={1, 2}), "params is a set"),
    (lambda: MapPublish("a", "", 1), "key must not be empty"),
    (lambda: MapPublish("a", "k", 1, key_mode="if_old"), "key_mode must be 'if_new' or 'if_exists', not 'if_old'"),
    (
        lambda: MapPublish("a", "k", 1, stream_data=1, b64stream_data=b""),
        "stream_data and b64stream_data exclude each other",
    ),
    (lambda: SharedPollPublish("a", "k", 0, 1), "version must be from 1"),
    (lambda: BlockUser(""), "user must not be empty"),
    (lambda: DeviceUpdate(), "neither ids nor users are given"),
    (lambda: DeviceRemove(), "neither ids nor users are given"),
    (lambda: GetUserStatus("42"), "users must be a list"),
]


@pytest.mark.parametrize(("make", "text"), REFUSED, ids=[text[:40] for _, text in REFUSED])
def test_invalid_arguments_are_refused_with_advice(make: Any, text: str) -> None:
    """The error names the field and the fix."""
    with pytest.raises(UsageError, match=text):
        make().body()


@pytest.mark.parametrize("name", ["", "Publish", "../x", "batch", "a b", 5, "x" * 65])
def test_a_custom_method_needs_a_valid_name(name: Any) -> None:
    """The name becomes part of a URL, so only plausible method names are accepted."""
    with pytest.raises(UsageError, match="is not a method name"):
        custom(name)


def test_a_custom_method_needs_a_dict() -> None:
    """Params other than a mapping with text keys are refused."""
    for params in ([1], {1: 2}, "x"):
        with pytest.raises(UsageError, match="params must be a dict"):
            custom("x", params).body()  # type: ignore[arg-type]


def test_messages_of_the_definition_are_exported() -> None:
    """The messages of the published API are exported under their names."""
    assert message_class("StreamPosition") is StreamPosition
    assert message_class("Disconnect") is DisconnectReason


def test_channels_of_a_command_are_known() -> None:
    """Calls on one channel keep their order because commands name their channels."""
    assert list(Publish("a", 1).touches()) == ["a"]
    assert list(Broadcast(["a", "b"], 1).touches()) == ["a", "b"]
    assert list(Disconnect("42").touches()) == []
    without = {
        command.name
        for command in COMMANDS
        if "channel" in inspect.signature(command).parameters and command.touches is Command.touches
    }
    assert without == {"invalidate_user_tokens"}
