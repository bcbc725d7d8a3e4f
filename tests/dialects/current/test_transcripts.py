"""Encoding and decoding, compared with recorded requests and replies of a real 6.9.1 server."""

import inspect
import json
from collections.abc import Mapping
from typing import Any

import msgspec
import pytest

from centripetal.dialects.current.commands import DisconnectReason, custom
from centripetal.dialects.current.objects import FilterNode, StreamPosition, SubscribeOptionOverride
from centripetal.errors import AuthenticationError, HTTPStatusError, ServerError, UsageError
from centripetal.protocol.command import Command, Prepared
from centripetal.protocol.http import HTTPReply
from tests.dialects.current.conversations import KINDS, URL, codec
from tests.wire.golden import load, names


def steps_of(*patterns: str) -> list[Any]:
    """Return each recorded request to the API as a test parameter."""
    return [
        pytest.param(step, id=f"{name}-{index}")
        for name in names("current", "http", *patterns)
        for index, step in enumerate(load("current", name)["steps"])
        if step["request"]["path"].startswith("/api/") and step["request"]["method"] == "POST"
    ]


def as_command(method: str, fields: Any) -> Command[Any] | None:
    """Return our command for a recorded command, or None if ours cannot express the recorded fields."""
    kind = KINDS.get(method)
    if kind is None or not isinstance(fields, dict):
        return None
    needed = {one.name for one in inspect.signature(kind).parameters.values() if one.default is one.empty}
    if not needed <= fields.keys() <= {field.name for field in msgspec.structs.fields(kind)}:
        return None
    given = {name: _argument(name, value) for name, value in fields.items()}
    if given.get("user") == "" and method in ("unsubscribe", "disconnect"):
        given["anonymous"] = True
    made: Command[Any] = kind(**given)
    return made


def _argument(name: str, value: Any) -> Any:
    if name in ("data", "info", "params"):
        return json.dumps(value).encode()
    if not isinstance(value, dict):
        return value
    makers: dict[str, Any] = {
        "since": StreamPosition,
        "recover_since": StreamPosition,
        "disconnect": DisconnectReason,
        "label_filter": FilterNode,
    }
    if name == "override":
        return SubscribeOptionOverride(**{key: flag["value"] for key, flag in value.items()})
    return makers[name](**value) if name in makers else value


def recorded_commands(step: Mapping[str, Any]) -> list[tuple[str, Any]] | None:
    """Return names and fields of the commands of a recorded request, or None if the request is malformed."""
    method = step["request"]["path"].partition("?")[0].removeprefix("/api/")
    try:
        body = json.loads(step["request"].get("body", ""))
    except ValueError:
        return None
    if method != "batch":
        return [(method, body)]
    commands = body.get("commands") if isinstance(body, dict) else None
    if not isinstance(commands, list) or not all(isinstance(one, dict) and len(one) == 1 for one in commands):
        return None
    return [next(iter(one.items())) for one in commands]


def as_reply(step: Mapping[str, Any]) -> HTTPReply:
    response = step["response"]
    headers = tuple((name.lower(), value) for name, value in response["headers"].items())
    return HTTPReply(response["status"], response.get("body", "").encode(), headers)


def normal(value: Any) -> Any:
    """Return *value* without empty fields, and with user ids as text."""
    if not isinstance(value, dict):
        return value
    said = {name: normal(item) for name, item in value.items() if item not in (False, 0, "", None) or name == "data"}
    return said | {name: str(said[name]) for name in ("user",) if name in said}


def test_there_are_transcripts() -> None:
    """The transcripts contain steps for the tests below."""
    assert len(steps_of("http_*")) > 100


# Commands that a 6.9 server accepts, but that we refuse because they do harm or are mistakes.
REFUSED_ON_PURPOSE = (
    '"channels":["plain","nosuch:x",""]',  # an empty channel name
    '{"channels":["plain"]}',  # no data: an error for each channel
    '"expired":false,"info"',
    '"info":{"v":',  # without expire_at, and then the server ignores info
    '{"user":"nobody","info"',
    '"channel":"","user"',  # matches no subscription
)


@pytest.mark.parametrize("step", steps_of("http_*"))
def test_recorded_commands_can_be_sent_or_the_server_refuses_them_too(step: Mapping[str, Any]) -> None:
    """A command that a real server accepts encodes to the same JSON; a command that we refuse, the server refused."""
    commands = recorded_commands(step)
    ours = [as_command(*command) for command in commands or ()]
    if not commands or None in ours:
        return
    whole, status = step["request"]["body"], step["response"]["status"]
    spoken = codec(check_channels=False)
    try:
        calls = [spoken.prepare(command) for command in ours if command is not None]
        request = spoken.request(calls)
    except UsageError:
        refused = status != 200 or '"error"' in step["response"]["body"]
        assert refused or any(text in whole for text in REFUSED_ON_PURPOSE), whole
        return
    assert [call.keys for call in calls] == [tuple(call.command.touches()) for call in calls]
    body = json.loads(request.body)
    if len(commands) == 1:
        assert request.url == f"{URL}/api/{commands[0][0]}"
        assert normal(body) == normal(commands[0][1])
    else:
        assert request.url == f"{URL}/api/batch"
        assert [normal(next(iter(one.values()))) for one in body["commands"]] == [normal(one) for _, one in commands]


@pytest.mark.parametrize("step", steps_of("http_*"))
@pytest.mark.filterwarnings("ignore::centripetal.testing.UnreadErrorWarning")  # some broadcasts fail on purpose
def test_every_recorded_reply_is_understood(step: Mapping[str, Any]) -> None:
    """Each recorded reply becomes a value or an error for each command, or an HTTPStatusError for all of them."""
    commands = recorded_commands(step)
    came, answer = as_reply(step), step["response"].get("body", "")
    ours = [
        (as_command(name, fields) if name in ("broadcast", "history") else None) or dummy(name)
        for name, fields in commands or [("info", {})]
    ]
    calls = [Prepared(command, b"{}") for command in ours]
    whole_batch = step["request"]["path"] == "/api/batch"
    if came.status == 200 and (not commands or (whole_batch and len(commands) == 1)):
        return  # we never send an empty batch or a batch of a single command
    spoken = codec()
    spoken.server.single = False
    if came.status != 200 and not answer.startswith("{"):
        with pytest.raises(HTTPStatusError) as caught:
            spoken.outcomes(calls, came)
        assert caught.value.status == came.status
        assert isinstance(caught.value, AuthenticationError) == (came.status == 401)
        return
    outcomes = spoken.outcomes(calls, came)
    value = json.loads(answer)
    replies = value.get("replies", [value if came.status == 200 else {"error": value}])
    for outcome, one in zip(outcomes, replies, strict=True):
        if "error" not in one:
            assert "Malformed" not in repr(outcome.result())
            continue
        with pytest.raises(ServerError) as refusal:
            outcome.result()
        assert (refusal.value.code, refusal.value.message) == (one["error"]["code"], one["error"]["message"])


def dummy(method: str) -> Command[Any]:
    kind = KINDS.get(method)
    if kind is None:
        return custom(method if method.isidentifier() else "strange")
    needed = [one.name for one in inspect.signature(kind).parameters.values() if one.default is one.empty]
    made: Command[Any] = kind(**dict.fromkeys(needed, "x"))
    return made
