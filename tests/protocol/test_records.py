"""Records of commands: JSON in both dialects that keeps every digit, and the notes about failures."""

import json
from typing import Any

import pytest

from centripetal.dialects.current import commands as current
from centripetal.dialects.v1 import commands as v1
from centripetal.errors import ConnectionLostError, ServerError, UsageError
from centripetal.protocol.command import Command
from centripetal.protocol.records import (
    Record,
    command_of,
    failed_broadcast,
    failed_record,
    params_of,
    read_record,
    record_of,
)

CURRENT: dict[str, type[Command[Any]]] = {command.name: command for command in current.COMMANDS}
V1: dict[str, type[Command[Any]]] = {command.name: command for command in v1.COMMANDS}


@pytest.mark.parametrize(
    ("command", "commands"), [(v1.Publish("a", b"[1.10]"), V1), (current.Publish("a", b"[1.10]"), CURRENT)]
)
def test_a_command_becomes_a_record_and_a_command_again(
    command: Command[Any], commands: dict[str, type[Command[Any]]]
) -> None:
    """In both dialects, a record keeps the user's data as written."""
    record = record_of(command)
    text = record.encode()
    assert text == b'{"method":"publish","params":{"channel":"a","data":[1.10]}}'
    assert read_record(text) == record
    assert command_of(read_record(text), commands) == command


def test_any_method_has_a_record() -> None:
    """The record of a method that this library does not know contains the given parameters."""
    command = current.custom("later", {"x": b"1.10", "text": "é"})
    assert record_of(command) == Record("later", '{"x":1.10,"text":"é"}'.encode())


def test_a_command_that_cannot_be_sent_has_no_record() -> None:
    """A command is checked before it becomes a record, as before a request."""
    with pytest.raises(UsageError, match="channel"):
        record_of(current.Publish("", 1))


def test_an_id_comes_first() -> None:
    """The single endpoint of Centrifugo 3 and 4 requires the id first; reading a record ignores the id."""
    text = Record("info", b"{}").encode(7)
    assert text == b'{"id":7,"method":"info","params":{}}'
    assert read_record(text) == Record("info", b"{}")


@pytest.mark.parametrize(
    ("text", "record"),
    [
        (b'{"publish":{"data":1.10}}', Record("publish", b'{"data":1.10}')),
        (b' { "params": {"data": 1.10}, "uid": "7", "method": "publish" } ', Record("publish", b'{"data": 1.10}')),
        (b'{"method":"stats"}', Record("stats", b"{}")),
        (b'{"stats":{},"executed":"unknown","error":{"code":1}}', Record("stats", b"{}", doubtful=True)),
        (b'{"stats":{},"executed":"no"}', Record("stats", b"{}")),
        (b'{"error":{}}', Record("error", b"{}")),
        (b'{"later":7}', Record("later", b"7")),
    ],
)
def test_a_record_is_read_in_either_form(text: bytes, record: Record) -> None:
    """A record can have the form of the single endpoint or of a batch; its notes may state that it may have run."""
    assert read_record(text) == record


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"nonsense", "not a JSON object"),
        (b"\xff", "not a JSON object"),
        (b"[" * 100_000, "not a JSON object"),
        (b"[1]", "not a JSON object"),
        (b"{}", "use {"),
        (b'{"publish":{},"stats":{}}', "use {"),
        (b'{"method":"publish","param":{}}', "'param'"),
        (b'{"method":7}', "method is not a string"),
    ],
)
def test_an_invalid_record_is_explained(text: bytes, words: str) -> None:
    """The error describes the mistake in the text."""
    with pytest.raises(UsageError) as error:
        read_record(text)
    assert words in str(error.value)


def test_only_methods_of_the_table_are_commands() -> None:
    """Another method is refused with the list of allowed methods, or passed to the caller's function."""
    record = Record("presence", b'{"channel":"a"}')
    queueable: dict[str, type[Command[Any]]] = {"publish": current.Publish, "broadcast": current.Broadcast}
    with pytest.raises(UsageError, match="'presence' is not one of publish, broadcast"):
        command_of(record, queueable)
    command = command_of(record, queueable, lambda record: current.custom(record.method, params_of(record)))
    assert (command.name, command.body()) == ("presence", b'{"channel":"a"}')


@pytest.mark.parametrize("params", [b"7", b"[1]", b"{", b"\xff", b"null"])
def test_parameters_are_an_object(params: bytes) -> None:
    """Parameters that are not an object are refused, and the error names the method."""
    assert params_of(Record("later", b'{"x": 1.10}')) == {"x": b"1.10"}
    with pytest.raises(UsageError, match="the fields of 'later' are not a JSON object"):
        params_of(Record("later", params))


def test_a_failed_record_can_be_loaded_again() -> None:
    """The written record keeps its members with every digit, and replaces earlier notes by the new outcome."""
    text = b'{"publish":{"channel":"c","data":1.10},"error":1,"executed":"no"}\r\n'
    written = failed_record(text, ConnectionLostError("gone\nfor good"))
    assert written.count(b"\n") == 1
    assert b'"data":1.10' in written
    assert json.loads(written) == {
        "publish": {"channel": "c", "data": 1.1},
        "executed": "unknown",
        "error": {"type": "ConnectionLostError", "message": "gone\nfor good"},
    }
    assert command_of(read_record(written), V1) == v1.Publish("c", b"1.10")
    assert read_record(written).doubtful
    assert failed_record(b"nonsense\r\n", UsageError("x")) == b"nonsense\n"


@pytest.mark.parametrize("form", [b'{"broadcast":%b}', b'{"method":"broadcast","params":%b,"id":1}'])
def test_a_failed_broadcast_keeps_only_its_failed_channels(form: bytes) -> None:
    """The record contains only the failed channels and the code of the server's error; data keeps every digit."""
    text = form % b'{"channels":["a","b","c"],"data":1.10}'
    written = failed_broadcast(text, [0, 2], ServerError("unknown channel", code=102, executed="no"))
    assert read_record(written) == Record("broadcast", b'{"channels":["a","c"],"data":1.10}')
    assert json.loads(written)["error"]["code"] == 102


@pytest.mark.parametrize(
    "line",
    [
        '{"publish": {"channel": "c", "data": 1}, "publish": {"channel": "c", "data": 2}}',
        '{"method": "channels", "m\\u0065thod": "publish", "params": {"channel": "c", "data": 1}}',
        '{"publish": {"channel": "c", "data": 1, "data": 2}}',
        '{"publish":{"channel":"c","tags":{"a":"1","b":"2","a":"3"},"data":1}}',
        '{"subscribe": {"channel": "c", "user": "u", "override": {"presence": {"value": true}, "presence": null}}}',
    ],
)
def test_a_repeated_member_is_rejected(line: str) -> None:
    """A line that contains a member twice is rejected, because the server would use only one of the values."""
    with pytest.raises(UsageError, match=r"the member '(publish|method|data|a|presence)' occurs twice"):
        command_of(read_record(line.encode()), CURRENT)


def test_published_data_may_repeat_members() -> None:
    """Published data is passed on as it is, also if it repeats a member."""
    command: Any = command_of(read_record(b'{"publish":{"channel":"c","data":{"a":1,"a":2}}}'), CURRENT)
    assert command.data == b'{"a":1,"a":2}'


def test_the_message_of_an_error_is_cut() -> None:
    """A record of a failure contains the start of the error message, however long the server's message is."""
    line = failed_record(b'{"stats":{}}', ServerError("x" * 10_000_000))
    assert len(line) < 1_200
    assert "(10,000,017 characters)" in json.loads(line)["error"]["message"]


@pytest.mark.parametrize("commands", [V1, CURRENT], ids=["1", "6"])
def test_deep_data_is_kept(commands: dict[str, type[Command[Any]]]) -> None:
    """A record with data nested more deeply than Python can decode becomes a command, and a record again."""
    data = b"[" * 5_000 + b"]" * 5_000
    text = b'{"method":"broadcast","params":{"channels":["a","b"],"data":%b}}' % data
    command = command_of(read_record(text), commands)
    assert record_of(command).encode() == text
    line = failed_broadcast(text, [1], ServerError("no", executed="no"))
    assert params_of(read_record(line)) == {"channels": b'["b"]', "data": data}
    for bad in (text[:-2], text.replace(b"]]", b"]}", 1)):
        with pytest.raises(UsageError, match="not a JSON object"):
            read_record(bad)
