"""Tests of the public 1.x clients: every method, every option, and no output that contains the secret."""

import inspect
import pydoc
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

import centripetal.v1 as door
from centripetal.dialects.v1.commands import COMMANDS, Node
from centripetal.dialects.v1.credentials import generate_api_sign
from centripetal.errors import CentripetalError, TimeoutError
from centripetal.protocol.http import HTTPReply
from centripetal.transport.awaiting import AwaitingTransport
from centripetal.transport.blocking import BlockingTransport
from centripetal.transport.mapping import out_of_time
from centripetal.v1 import AsyncClient, ClientInfo, Message, NodeInfo, Stats
from centripetal.v1 import Client as BlockingClient
from tests.stubs import NODE, AsyncStub, Stub, commands_in

URL = "http://localhost:8000"
SECRET = "hunter2"
AnyClient = BlockingClient | AsyncClient
KINDS: list[Callable[..., Any]] = [BlockingClient, AsyncClient]
kinds = pytest.mark.parametrize("kind", KINDS)

NODE_INFO = NodeInfo(NODE["uid"], NODE["name"], NODE["started_at"], NODE["metrics"], NODE["version"])  # type: ignore[arg-type]
METHODS: list[tuple[str, tuple[Any, ...], dict[str, Any], dict[str, Any], Callable[[Any], bool]]] = [
    # method, arguments -> params, expected result
    ("publish", ("x", {"a": 1}), {}, {"channel": "x", "data": {"a": 1}}, lambda value: value is True),
    (
        "publish",
        ("x", None),
        {"client": "c"},
        {"channel": "x", "data": None, "client": "c"},
        lambda value: value is True,
    ),
    ("publish", ("x", b"[1]"), {"uid": "u"}, {"channel": "x", "data": [1], "uid": "u"}, lambda value: value is True),
    ("broadcast", (["x", "y"], 1), {}, {"channels": ["x", "y"], "data": 1}, lambda value: value is True),
    (
        "broadcast",
        (("x",), 1),
        {"client": "c"},
        {"channels": ["x"], "data": 1, "client": "c"},
        lambda value: value is True,
    ),
    ("unsubscribe", ("x", "42"), {}, {"channel": "x", "user": "42"}, lambda value: value is True),
    ("disconnect", ("42",), {}, {"user": "42"}, lambda value: value is True),
    ("presence", ("x",), {}, {"channel": "x"}, lambda value: value == {"c1": ClientInfo("42", "c1")}),
    (
        "history",
        ("x",),
        {},
        {"channel": "x"},
        lambda value: isinstance(value[0], Message) and value[0].data == {"n": 1},
    ),
    ("channels", (), {}, {}, lambda value: value == ["a", "b"]),
    ("stats", (), {}, {}, lambda value: value == Stats([NODE_INFO], 60)),
    ("node", (), {}, {}, lambda value: value == NODE_INFO),
]
methods = pytest.mark.parametrize(("method", "arguments", "options", "params", "good"), METHODS)


@methods
async def test_each_method_sends_its_parameters_and_returns_its_type(
    method: str,
    arguments: tuple[Any, ...],
    options: dict[str, Any],
    params: dict[str, Any],
    good: Callable[[Any], bool],
) -> None:
    """Each method of either client sends its parameters and returns its declared type."""
    stub, async_stub = Stub(), AsyncStub()
    assert good(getattr(BlockingClient(URL, SECRET, transport=stub), method)(*arguments, **options))
    assert good(await getattr(AsyncClient(URL, SECRET, transport=async_stub), method)(*arguments, **options))
    for request in (*stub.requests, *async_stub.requests):
        assert commands_in(request) == [{"uid": "0", "method": method, "params": params}]
        assert dict(request.headers)["X-API-Sign"] == generate_api_sign(SECRET, request.body)


def test_every_command_is_a_method() -> None:
    """Every command has a method, and every method has a test."""
    assert {method for method, *_ in METHODS} == {command.name for command in COMMANDS}
    for command in COMMANDS:
        assert inspect.isfunction(getattr(BlockingClient, command.name))
        assert inspect.iscoroutinefunction(getattr(AsyncClient, command.name))


@kinds
@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_help_and_signature_work_for_every_method(kind: Callable[..., Any], command: Any) -> None:
    """Each method, direct or buffered, has documentation and named parameters."""
    client = kind(URL, SECRET)
    for name in (command.name, f"add_{command.name}"):
        method = getattr(client, name)
        assert set(inspect.signature(method).parameters) == set(inspect.signature(command).parameters)
        text = pydoc.render_doc(method, renderer=pydoc.plaintext)  # type: ignore[attr-defined]
        assert (inspect.getdoc(command) or "?").splitlines()[0] in text


@kinds
def test_help_of_a_client_works(kind: Any) -> None:
    """`help(Client)` shows methods and properties."""
    text = pydoc.render_doc(kind, renderer=pydoc.plaintext)  # type: ignore[attr-defined]
    assert all(word in text for word in ("add_publish", "publish", "send", "batch", "pending", "endpoint", "insecure"))


@kinds
@pytest.mark.parametrize(
    ("url", "endpoint"),
    [
        ("http://localhost:8000", "http://localhost:8000/api/"),
        ("http://localhost:8000/api", "http://localhost:8000/api/"),
        ("https://example.com/push/api/", "https://example.com/push/api/"),
        ("http://api", "http://api/api/"),
    ],
)
def test_read_only_properties_of_a_client(kind: Callable[..., Any], url: str, endpoint: str) -> None:
    """The endpoint, the secret and the limit can be read, as in gocent, but not set."""
    client = kind(url, SECRET, timeout=7)
    assert (client.endpoint, client.secret, client.timeout, client.pending) == (endpoint, SECRET, 7, 0)
    assert kind(url, SECRET).timeout == 5
    for name in ("endpoint", "secret", "pending"):
        with pytest.raises(AttributeError):
            setattr(client, name, "x")


async def test_an_insecure_client_sends_no_signature() -> None:
    """A client for `insecure_api` has no secret and sends no signature, and is otherwise the same."""
    stub, async_stub = Stub(), AsyncStub()
    client = BlockingClient.insecure(f"{URL}/api", timeout=7, transport=stub)
    async_client = AsyncClient.insecure(f"{URL}/api", timeout=7, transport=async_stub)
    assert type(client) is BlockingClient
    assert type(async_client) is AsyncClient
    assert client.secret is async_client.secret is None
    assert client.timeout == async_client.timeout == 7
    client.publish("a", 1)
    await async_client.publish("a", 1)
    client.add_publish("b", 1)
    client.send()
    assert client.endpoint == async_client.endpoint == f"{URL}/api/"
    assert all("X-API-Sign" not in dict(request.headers) for request in (*stub.requests, *async_stub.requests))


def test_a_subclass_has_insecure() -> None:
    """`insecure` creates an instance of the class that it is called on."""

    class Mine(BlockingClient):
        pass

    assert type(Mine.insecure(URL)) is Mine


@kinds
def test_unknown_options_of_an_insecure_client_are_rejected(kind: Any) -> None:
    """`insecure` rejects the options that the constructor rejects."""
    with pytest.raises(TypeError):
        kind.insecure(URL, verify=False)
    with pytest.raises(TypeError):
        kind.insecure(URL, SECRET)


def test_a_client_has_a_default_transport() -> None:
    """Without `transport=`, a client creates its transport, which needs no running event loop."""
    assert isinstance(BlockingClient(URL, SECRET)._transport, BlockingTransport)
    assert isinstance(AsyncClient(URL, SECRET)._transport, AwaitingTransport)


@pytest.mark.filterwarnings("ignore:a batch of 1 was never sent")
@kinds
def test_no_text_contains_the_secret(kind: type[Any]) -> None:
    """The secret is in no repr, no error text and no traceback."""
    client = kind(URL, SECRET)
    client.add_publish("a", 1)
    batch = client.batch()
    slot = batch.publish("a", 1)
    shown = [client, batch, slot, client._dialect, client._dialect.request([]), client._transport, client.publish]
    assert SECRET not in "".join(f"{thing!r}{thing!s}" for thing in shown)
    assert repr(client) == f"<{kind.__name__} of Centrifugo 1.x at {URL}/api/, 1 commands waiting>"
    assert repr(object.__new__(kind)) == f"<{kind.__name__}, not set up>"  # in tracebacks of invalid arguments


def test_a_client_is_shared_by_threads() -> None:
    """Calls from many threads on one client each receive their own result."""
    client = BlockingClient(URL, SECRET, transport=Stub())
    with ThreadPoolExecutor(8) as pool:
        values = list(pool.map(lambda channel: client.history(channel)[0].data, ["x"] * 50))
    assert values == [{"n": 1}] * 50
    assert threading.active_count() >= 1


async def test_async_with_closes_the_transport() -> None:
    """An `async with` block closes the transport, and a client also works without a block."""
    stub = AsyncStub()
    async with AsyncClient(URL, SECRET, transport=stub) as client:
        await client.publish("a", 1)
    assert stub.closed == 1


def test_all_lists_the_public_names() -> None:
    """Every name in `__all__` exists, and every error class is listed."""
    assert all(hasattr(door, name) for name in door.__all__)
    errors = {
        name
        for name in vars(door)
        if isinstance(getattr(door, name), type) and issubclass(getattr(door, name), CentripetalError)
    }
    assert errors <= set(door.__all__)


@kinds
async def test_a_time_out_names_the_limit_of_the_caller(kind: Callable[..., Any]) -> None:
    """The message contains the limit of the client, the call, or `send()`, and not what was left of it."""

    def left(*_: object) -> HTTPReply:
        raise out_of_time("h:1", 0.1234, connected=True, executed="unknown")

    stub = Stub() if kind is BlockingClient else AsyncStub()
    stub.usual = left
    client = kind(URL, SECRET, timeout=9, transport=stub)

    async def times_out(limit: str, call: Callable[[], Any]) -> None:
        async def finished() -> None:
            came = call()
            if inspect.isawaitable(came):
                await came

        with pytest.raises(TimeoutError, match=f"within {limit} \\(the call's timeout\\)"):
            await finished()

    await times_out("9 s", client.node)
    await times_out("8 s", lambda: client.call(Node(), timeout=8))
    client.add_node()
    await times_out("9 s", client.send)
    await times_out("7 s", lambda: client.send(timeout=7))
