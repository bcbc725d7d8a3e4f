"""The methods of the public clients of the current API, for every method and both clients."""

import inspect
import pydoc
from collections.abc import Callable
from typing import Any

import pytest

import centripetal as door
from centripetal import AsyncClient, Broadcast, BroadcastResult, Client, Publish, PublishResult
from centripetal.dialects.current.commands import COMMANDS
from centripetal.dialects.v1.commands import Channels as OtherChannels
from centripetal.errors import HTTPStatusError, UsageError
from centripetal.protocol.http import HTTPReply
from tests.client.facades import API_KEY, Facades, good, kinds
from tests.dialects.current.commands.definition import METHODS, Listed, field_types, make_command, sample
from tests.dialects.current.conversations import JSON, LEGACY_INFO, NOT_FOUND, URL
from tests.stubs import AsyncStub, Stub

every_method = pytest.mark.parametrize("listed", METHODS, ids=lambda listed: listed.name)


@every_method
@pytest.mark.filterwarnings("ignore::centripetal.testing.UnreadErrorWarning")  # some broadcasts fail on purpose
async def test_a_method_sends_its_fields_and_returns_its_type(listed: Listed) -> None:
    """A method of either client posts its fields to its own path, with the API key."""
    facades = Facades()
    types = field_types(listed.request)
    left_out = {"b64data", "b64info", "b64stream_data"}
    fields = {name: sample(of, name) for name, of in types.items() if name not in left_out}
    command = make_command(listed, fields)
    arguments = {name: getattr(command, name) for name in types if name not in left_out}
    result = await facades.both(lambda client: getattr(client, listed.name)(**arguments))
    assert type(result).__name__ == listed.result
    assert (facades.paths, facades.bodies) == ([listed.name], [fields])
    for stub in facades.stubs:
        assert ("X-API-Key", API_KEY) in stub.requests[0].headers


@kinds
@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_help_and_signature_work_for_every_method(kind: Callable[..., Any], command: Any) -> None:
    """Each method has documentation and named parameters."""
    method = getattr(kind(URL, API_KEY), command.name)
    assert set(inspect.signature(method).parameters) == set(inspect.signature(command).parameters)
    assert (inspect.getdoc(command) or "?").splitlines()[0] in pydoc.render_doc(method, renderer=pydoc.plaintext)  # type: ignore[attr-defined]


async def test_any_method_can_be_called_by_its_name() -> None:
    """A method called by its name sends the fields unchanged and returns the result."""
    facades = Facades()
    assert await facades.both(lambda client: client.call("new_method", {"a": [1], "b": None})) == {}
    result = await facades.both(lambda client: client.call("presence_stats", {"channel": "a"}, timeout=3))
    assert result == {"num_clients": 2**32 - 1, "num_users": 2**32 - 1}
    assert isinstance(await facades.both(lambda client: client.call(Publish("a", 1))), PublishResult)
    assert facades.paths == ["new_method", "presence_stats", "publish"]
    assert facades.bodies[0] == {"a": [1], "b": None}
    with pytest.raises(UsageError, match="not a method name"):
        await facades.both(lambda client: client.call("../admin"))
    with pytest.raises(UsageError, match="not a command of the current API"):
        await facades.both(lambda client: client.call(OtherChannels()))


async def test_pro_methods_need_pro() -> None:
    """The open-source server replies 404 to a PRO method, and the error explains the reason."""
    facades = Facades(good, NOT_FOUND)
    await facades.both(lambda client: client.info())
    with pytest.raises(HTTPStatusError, match="needs Centrifugo PRO or a newer server") as caught:
        await facades.both(lambda client: client.block_user("42"))
    assert caught.value.command == door.BlockUser("42")


async def test_with_closes_the_transport() -> None:
    """A `with` block closes the transport, and a client also works without a block."""
    stub, other = Stub(), AsyncStub()
    stub.usual = other.usual = good
    with Client(URL, transport=stub) as client:
        client.publish("a", 1)
    async with AsyncClient(URL, transport=other) as another:
        await another.publish("a", 1)
    assert (stub.closed, other.closed) == (1, 1)


async def test_an_old_server_is_detected_once() -> None:
    """After the first call, the client uses an old server's single endpoint and rejects unsupported fields."""
    done = HTTPReply(200, b'{"id":1,"result":{}}', JSON)
    facades = Facades(NOT_FOUND, LEGACY_INFO, done, done)
    assert await facades.both(lambda client: client.publish("a", 1)) == PublishResult()
    assert await facades.both(lambda client: client.publish("a", 2)) == PublishResult()
    assert facades.paths == ["publish", "api", "api", "api"]
    with pytest.raises(UsageError, match=r"delta needs Centrifugo 5\.4, and this server is 4\.1\.2"):
        await facades.both(lambda client: client.publish("a", 1, delta=True))


@pytest.mark.filterwarnings("ignore::centripetal.testing.UnreadErrorWarning")  # some broadcasts fail on purpose
def test_commands_are_values() -> None:
    """A command can be created in one place and sent in another."""
    assert Publish("a", 1) == Publish("a", 1)
    stub = Stub()
    stub.usual = good
    assert isinstance(Client(URL, transport=stub).call(Broadcast(["a"], 1)), BroadcastResult)
