"""Tests of the public clients of the current API: every method, every option, and no output that contains the key."""

import asyncio
import contextlib
import inspect
import json
import pickle
import pydoc
import traceback
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

import centripetal as door
from centripetal import (
    AsyncClient,
    Broadcast,
    BroadcastResult,
    Client,
    HistoryGapError,
    HistoryResult,
    Info,
    Limits,
    Publish,
    PublishResult,
    Retry,
    StreamPosition,
)
from centripetal.dialects.current.commands import COMMANDS
from centripetal.dialects.v1.commands import Channels as OtherChannels
from centripetal.errors import (
    AuthenticationError,
    CentripetalError,
    ConnectionLostError,
    HTTPStatusError,
    MalformedResponseError,
    ServerError,
    TimeoutError,
    UsageError,
)
from centripetal.protocol.http import HTTPReply, HTTPRequest
from centripetal.transport.mapping import out_of_time
from tests.dialects.current.commands.definition import METHODS, Listed, field_types, make_command, sample
from tests.stubs import AsyncStub, Reaction, Stub

URL = "http://localhost:8000"
API_KEY = "a-key-that-nobody-may-see"
JSON = (("content-type", "application/json"),)
NOT_FOUND = HTTPReply(404, b"404 page not found\n", (("content-type", "text/plain; charset=utf-8"),))

kinds = pytest.mark.parametrize("kind", [Client, AsyncClient], ids=["blocking", "awaiting"])
every_method = pytest.mark.parametrize("listed", METHODS, ids=lambda listed: listed.name)


def good(request: HTTPRequest) -> HTTPReply:
    """Return a successful reply to each command, and error 102 for a channel in the namespace "no"."""
    path, body = request.url.rpartition("/")[2], json.loads(request.body)
    if path != "batch":
        return _reply(_answer(path, body, "result"))
    return _reply(
        {"replies": [_answer(name, fields, name) for one in body["commands"] for name, fields in one.items()]}
    )


def _answer(name: str, fields: Mapping[str, Any], member: str) -> Any:
    if str(fields.get("channel", "")).startswith("no:"):
        return {"error": {"code": 102, "message": "unknown channel"}}
    listed = next((one for one in METHODS if one.name == name), None)
    result = {} if listed is None else {field: sample(of, field) for field, of in field_types(listed.result).items()}
    return {member: result}


def _reply(value: Any) -> HTTPReply:
    return HTTPReply(200, json.dumps(value).encode(), JSON)


class Facades:
    """A blocking and an asyncio client over stubs, with a helper that makes the same call on both."""

    def __init__(self, *reactions: Reaction, **options: Any) -> None:
        self.stubs = Stub(*reactions), AsyncStub(*reactions)
        for stub in self.stubs:
            stub.usual = good
        self.blocking = Client(URL, API_KEY, transport=self.stubs[0], **options)
        self.awaiting = AsyncClient(URL, API_KEY, transport=self.stubs[1], **options)

    async def both(self, call: Callable[[Any], Any]) -> Any:
        """Make *call* on both clients, check that the outcomes are equal, and return or raise the outcome."""
        came = []
        for client in (self.blocking, self.awaiting):
            try:
                value = call(client)
                came.append(await value if inspect.isawaitable(value) else value)
            except CentripetalError as error:
                came.append(error)
        assert repr(came[0]) == repr(came[1])
        assert [request.body for request in self.stubs[0].requests] == [r.body for r in self.stubs[1].requests]
        if isinstance(came[0], CentripetalError):
            raise came[0]
        return came[0]

    async def both_with_keys(self, call: Callable[[Any], Any]) -> list[str]:
        """Make a call on both clients, check that all attempts share an idempotency key, and return the paths."""
        for stub in self.stubs:
            stub.requests.clear()
        call(self.blocking)
        await call(self.awaiting)
        for stub in self.stubs:
            bodies = [json.loads(request.body) for request in stub.requests]
            keys = [body["idempotency_key"] for body in bodies if body]
            assert len(keys) > 1
            assert len(set(keys)) == 1
        assert self.paths == [request.url.rpartition("/")[2] for request in self.stubs[1].requests]
        return self.paths

    @property
    def paths(self) -> list[str]:
        return [request.url.rpartition("/")[2] for request in self.stubs[0].requests]

    @property
    def bodies(self) -> list[Any]:
        return [json.loads(request.body) for request in self.stubs[0].requests]


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


async def test_a_batch_is_one_request_with_separate_outcomes() -> None:
    """A failed command does not affect other results of the batch, which can also contain methods by name."""
    facades = Facades()
    with facades.blocking.batch() as batch:
        slots: list[Any] = [batch.publish("a", 1), batch.publish("no:a", 1), batch.info(), batch.call("new", {"x": 1})]
    async with facades.awaiting.batch(timeout=3) as other:
        others: list[Any] = [other.publish("a", 1), other.publish("no:a", 1), other.info(), other.call("new", {"x": 1})]
    for some in (slots, others):
        assert isinstance(some[0].result(), PublishResult)
        with pytest.raises(ServerError, match=r"^publish \(command 1 of the request\): .*102"):
            some[1].result()
        assert isinstance(some[2].result(), door.InfoResult)
        assert some[3].result() == {}
    assert facades.paths == ["batch"]
    assert facades.stubs[0].requests[0].body == facades.stubs[1].requests[0].body


def test_errors_in_a_batch_of_one_have_their_index() -> None:
    """A batch with one command is sent to the path of its method, and its error still has the index in the batch."""
    stub = Stub()
    stub.usual = good
    with Client(URL, API_KEY, transport=stub).batch() as batch:
        slot = batch.publish("no:a", 1)
    with pytest.raises(ServerError, match=r"publish \(command 0 of the request\)") as caught:
        slot.result()
    assert (caught.value.command, caught.value.index) == (Publish("no:a", 1), 0)


async def test_an_empty_batch_sends_nothing() -> None:
    """A batch that is empty or whose block raises sends no request."""
    facades = Facades()
    with facades.blocking.batch():
        pass
    async with facades.awaiting.batch(parallel=True):
        pass
    with contextlib.suppress(RuntimeError), facades.blocking.batch() as batch:
        batch.info()
        raise RuntimeError
    assert facades.stubs[0].requests == facades.stubs[1].requests == []


async def test_a_parallel_batch() -> None:
    """With `parallel`, the request asks the server to run its commands in parallel."""
    facades = Facades()
    with facades.blocking.batch(parallel=True) as batch:
        batch.publish("a", 1)
        batch.publish("b", 1)
    async with facades.awaiting.batch(parallel=True) as other:
        other.publish("a", 1)
        other.publish("b", 1)
    for stub in facades.stubs:
        assert json.loads(stub.requests[0].body)["parallel"] is True


@pytest.mark.parametrize("replies", [{}, {"replies": []}, {"replies": [{"publish": {}}]}])
def test_missing_replies_are_malformed(replies: Any) -> None:
    """If replies are missing, every slot has the error."""
    client = Client(URL, API_KEY, transport=Stub(_reply(replies)))
    with pytest.raises(MalformedResponseError), client.batch() as batch:
        slots = [batch.publish("a", 1), batch.publish("b", 1)]
    for slot in slots:
        with pytest.raises(MalformedResponseError, match=r"command [01] of the request"):
            slot.result()


async def together(stub: AsyncStub, *calls: Any) -> list[Any]:
    """Start calls concurrently while the first request is in flight."""
    stub.gate.clear()
    gathered = asyncio.gather(*calls, return_exceptions=True)
    for _ in range(5):
        await asyncio.sleep(0)
    stub.gate.set()
    return list(await gathered)


async def test_concurrent_calls_share_requests() -> None:
    """The first call is sent alone, calls made during it are sent as a batch, and each has its own outcome."""
    sizes: list[int] = []
    stub = AsyncStub()
    stub.usual = good
    client = AsyncClient(URL, API_KEY, transport=stub, on_request=sizes.append)
    outcomes = await together(stub, *(client.publish("no:a" if n % 10 == 5 else "a", n) for n in range(50)))
    assert sizes == [1, 49]
    assert [n for n, one in enumerate(outcomes) if isinstance(one, ServerError)] == [5, 15, 25, 35, 45]
    assert [one.index for one in outcomes if isinstance(one, ServerError)] == [None] * 5
    assert isinstance(outcomes[6], PublishResult)


async def test_possibly_unknown_methods_are_sent_alone() -> None:
    """A PRO or newer method is sent alone until it has succeeded once, and a method called by name always is."""
    stub = AsyncStub()
    stub.usual = good
    client = AsyncClient(URL, API_KEY, transport=stub, group=Limits(commands=100))

    async def several() -> list[str]:
        stub.requests.clear()
        calls = [client.publish("a", 1), client.block_user("u"), client.call("new"), client.publish("a", 2)]
        reads = [client.presence("b"), client.device_list(), client.map_stats("m")]
        await together(stub, *calls, *reads)
        return sorted(request.url.rpartition("/")[2] for request in stub.requests)

    assert await several() == ["block_user", "device_list", "map_stats", "new", "presence", "publish", "publish"]
    assert await several() == ["batch", "block_user", "new", "presence", "publish", "publish"]


def test_threads_share_a_client() -> None:
    """Calls from many threads on one client each receive their own result."""
    stub = Stub()
    stub.usual = good
    client = Client(URL, API_KEY, transport=stub)
    with ThreadPoolExecutor(8) as pool:
        values = list(pool.map(lambda n: client.publish(f"c{n}", n), range(50)))
    assert all(isinstance(value, PublishResult) for value in values)


async def test_pro_methods_need_pro() -> None:
    """The open-source server replies 404 to a PRO method, and the error explains the reason."""
    facades = Facades(good, NOT_FOUND)
    await facades.both(lambda client: client.info())
    with pytest.raises(HTTPStatusError, match="needs Centrifugo PRO or a newer server") as caught:
        await facades.both(lambda client: client.block_user("42"))
    assert caught.value.command == door.BlockUser("42")


# ---- pages of a history


def _page(*offsets: int, top: int = 5, epoch: str = "e") -> HTTPReply:
    publications = [{"offset": offset, "data": offset} for offset in offsets]
    return _reply({"result": {"publications": publications, "offset": top, "epoch": epoch}})


async def _pages(facades: Facades, **options: Any) -> tuple[list[list[int]], list[list[int]]]:
    blocking = [[one.offset for one in page.publications] for page in facades.blocking.history_pages("a", **options)]
    awaiting = []
    async for page in facades.awaiting.history_pages("a", **options):
        assert isinstance(page, HistoryResult)
        awaiting.append([one.offset for one in page.publications])
    return blocking, awaiting


async def test_a_history_is_read_page_by_page() -> None:
    """`history_pages` returns a generator or an async generator, and sends nothing before the first page is read."""
    facades = Facades(_page(1, 2), _page(3, 4), _page(5))
    assert await _pages(facades, limit=2, timeout=3) == ([[1, 2], [3, 4], [5]],) * 2
    assert [body.get("since") for body in facades.bodies] == [
        None,
        {"offset": 2, "epoch": "e"},
        {"offset": 4, "epoch": "e"},
    ]
    assert [request.body for request in facades.stubs[0].requests] == [r.body for r in facades.stubs[1].requests]
    Facades(ConnectionLostError("never asked")).blocking.history_pages("a")


async def test_a_gap_in_a_history_is_an_error() -> None:
    """The pages before a gap are yielded, and then HistoryGapError is raised."""
    for answers in ((_page(1, 2), _page(4, 5)), (_page(1, 2), _reply({"error": {"code": 112, "message": "m"}}))):
        facades = Facades(*answers)
        pages, others = facades.blocking.history_pages("a", limit=2), facades.awaiting.history_pages("a", limit=2)
        assert next(pages) == await anext(others)
        with pytest.raises(HistoryGapError) as caught:
            next(pages)
        with pytest.raises(HistoryGapError) as other:
            await anext(others)
        assert str(caught.value) == str(other.value)


@kinds
def test_invalid_arguments_of_pages_are_rejected_at_once(kind: Any) -> None:
    """`history_pages` rejects an invalid argument when it is called, not when the first page is read."""
    with pytest.raises(UsageError, match="limit is the size of a page"):
        kind(URL, API_KEY).history_pages("a", limit=0)
    with pytest.raises(UsageError, match="nothing before offset 0"):
        kind(URL, API_KEY).history_pages("a", reverse=True, since=StreamPosition(0))


# ---- retries

QUICK = Retry(attempts=3, base=0.001, cap=0.002)
LOST = ConnectionLostError("gone")


def info(version: str) -> HTTPReply:
    return _reply({"result": {"nodes": [{"version": version}]}})


@pytest.mark.filterwarnings("ignore::centripetal.testing.UnreadErrorWarning")  # the broadcasts fail on purpose
async def test_a_lost_publication_is_retried_with_its_key() -> None:
    """If the server supports idempotency keys, which the client asks once, a lost publication is retried."""
    facades = Facades(LOST, info("6.9.1"), good, LOST, good, retry=QUICK)
    assert (await facades.both_with_keys(lambda client: client.publish("a", 1))) == ["publish", "info", "publish"]
    assert (await facades.both_with_keys(lambda client: client.broadcast(["a"], 1))) == ["broadcast", "broadcast"]


async def test_no_retry_by_default() -> None:
    """By default, a call has one attempt and no idempotency key."""
    facades = Facades(LOST)
    with pytest.raises(ConnectionLostError) as caught:
        await facades.both(lambda client: client.publish("a", 1))
    assert caught.value.executed == "unknown"
    assert facades.bodies == [{"channel": "a", "data": 1}]


async def test_unsafe_retries_raise_with_unknown_outcome() -> None:
    """Without support for idempotency keys, and for unknown methods and RPC, a lost call is not retried."""
    cases: list[tuple[Callable[[Any], Any], tuple[Reaction, ...]]] = [
        (lambda client: client.publish("a", 1, timeout=3), (LOST, info("5.1.0"))),
        (lambda client: client.call("new"), (LOST,)),
        (lambda client: client.rpc("m"), (LOST,)),
    ]
    for call, answers in cases:
        facades = Facades(*answers, retry=QUICK)
        with pytest.raises(ConnectionLostError) as caught:
            call(facades.blocking)
        with pytest.raises(ConnectionLostError) as other:
            await call(facades.awaiting)
        assert caught.value.executed == other.value.executed == "unknown"
        assert len(facades.stubs[0].requests) == len(facades.stubs[1].requests) == len(answers)


async def test_reads_and_repeatable_commands_are_retried() -> None:
    """Reads and repeatable commands are retried without a key and without asking the server about keys."""
    for call in (
        lambda client: client.presence("a"),
        lambda client: client.disconnect("u"),
        lambda client: client.unsubscribe("a", "u"),
        lambda client: client.history_remove("a"),
    ):
        facades = Facades(LOST, HTTPReply(503, b""), retry=QUICK)
        await facades.both(call)
        assert len(facades.paths) == 3


async def test_a_patient_call_uses_its_whole_time_limit() -> None:
    """Without a number of attempts, pauses become shorter near the time limit, so that attempts go on until its end."""
    facades = Facades(retry=Retry(base=1000, cap=1000), timeout=0.4)
    for stub in facades.stubs:
        stub.usual = lost

    async def presence(client: Any) -> None:
        came = client.presence("a")
        if inspect.isawaitable(came):
            await came

    for client in (facades.blocking, facades.awaiting):
        with pytest.raises(ConnectionLostError, match=r"gone \(tried \d+ times in \S+ s\)") as caught:
            await presence(client)
        assert caught.value.attempts > 1
    for stub in facades.stubs:
        assert stub.timeouts[0] == 0.4
        assert stub.timeouts[1] < 0.21


def lost(_: object) -> HTTPReply:
    raise ConnectionLostError("gone")


async def test_no_retry_after_the_deadline() -> None:
    """If the pause is longer than the remaining time, the error is raised at once."""
    facades = Facades(LOST, retry=Retry(attempts=9, base=1000, cap=1000))
    for client in (facades.blocking, facades.awaiting):
        client._sources = client._sources._replace(chance=lambda: 0.9)
    with pytest.raises(ConnectionLostError):
        await facades.both(lambda client: client.presence("a"))


@kinds
def test_retry_stays_within_the_lifetime_of_keys(kind: Any) -> None:
    """A server forgets a key after five minutes, so a longer time limit is rejected, per client and per call."""
    with pytest.raises(UsageError, match="with retry, the timeout can be at most 240 seconds"):
        kind(URL, API_KEY, retry=Retry(), timeout=300)
    client = Client(URL, API_KEY, retry=Retry(), timeout=240, transport=Stub())
    with pytest.raises(UsageError, match="with retry, the timeout"):
        client.publish("a", 1, timeout=float("inf"))
    assert kind(URL, API_KEY, timeout=300).timeout == 300
    with pytest.raises(UsageError, match=r"retry must be a Retry\(…\) or None"):
        kind(URL, API_KEY, retry=3)


# ---- creating clients


def test_from_env_reads_address_and_key() -> None:
    """`from_env` reads two names each for the address and the key, and takes the usual options."""
    environment = {"CENTRIFUGO_HTTP_API_URL": f"{URL}/api", "CENTRIFUGO_API_KEY": API_KEY}
    for kind in (Client, AsyncClient):
        client = kind.from_env(environment=environment, timeout=7, check_channels=False)
        assert (client.endpoint, client.timeout) == (f"{URL}/api", 7)
        request = client._dialect.direct_request([client._dialect.prepare(Info())])
        assert request is not None
        assert ("X-API-Key", API_KEY) in request.headers
        assert kind.from_env(environment={"CENTRIFUGO_API_URL": URL}).endpoint == f"{URL}/api"
        with pytest.raises(UsageError, match="no server address: set CENTRIFUGO_HTTP_API_URL"):
            kind.from_env(environment={})
        with pytest.raises(UsageError, match="CENTRIFUGO_HTTP_API_KEY and CENTRIFUGO_API_KEY are both set and differ"):
            kind.from_env(environment=environment | {"CENTRIFUGO_HTTP_API_KEY": "other"})
        with pytest.raises(UsageError, match="CENTRIFUGO_HTTP_API_URL and CENTRIFUGO_API_URL are both set and differ"):
            kind.from_env(environment=environment | {"CENTRIFUGO_API_URL": "http://other"})


def test_from_env_reads_the_process_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """`from_env` reads the environment of this process unless a mapping is given."""
    monkeypatch.setenv("CENTRIFUGO_API_URL", "http://example.com")
    assert Client.from_env().endpoint == "http://example.com/api"


BAD: list[tuple[tuple[Any, ...], dict[str, Any], type[Exception]]] = [
    (("localhost:8000", API_KEY), {}, UsageError),
    ((f"{URL}/api/api", API_KEY), {}, UsageError),
    ((None, API_KEY), {}, UsageError),
    ((URL, ""), {}, UsageError),
    ((URL, API_KEY.encode()), {}, UsageError),
    ((URL, API_KEY), {"timeout": 0}, UsageError),
    ((URL, API_KEY), {"max_payload_bytes": 0}, UsageError),
    ((URL, API_KEY), {"max_response_bytes": 0}, UsageError),
    ((URL, API_KEY), {"handler_prefix": 5}, UsageError),
    ((URL, API_KEY), {"time_out": 5}, TypeError),
    ((URL, API_KEY), {"verify": False}, TypeError),
    ((URL, API_KEY, 5.0), {}, TypeError),
    ((), {}, TypeError),
]


@kinds
@pytest.mark.parametrize(("arguments", "options", "error"), BAD)
def test_invalid_arguments_of_a_client_are_rejected(
    kind: Callable[..., Any], arguments: tuple[Any, ...], options: dict[str, Any], error: type[Exception]
) -> None:
    """The constructor raises for an invalid argument, and raises TypeError for an unknown option."""
    with pytest.raises(error) as caught:
        kind(*arguments, **options)
    assert API_KEY not in str(caught.value)


@kinds
def test_transport_options_with_a_transport_are_rejected(kind: Any) -> None:
    """Options of the default transport are rejected with `transport=`, and unknown options always raise TypeError."""
    with pytest.raises(UsageError, match="max_connections is an option of the built-in transport"):
        kind(URL, API_KEY, transport=Stub(), max_connections=4)
    with pytest.raises(TypeError, match="unexpected keyword argument 'verify'"):
        kind(URL, API_KEY, transport=Stub(), verify=False)


def test_an_unknown_option_of_a_method_is_a_type_error() -> None:
    """An unknown keyword argument of a method raises TypeError."""
    client = Client(URL, API_KEY, transport=Stub())
    with pytest.raises(TypeError):
        client.publish("a", 1, colour="red")  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        client.publish("a", 1, True)  # type: ignore[arg-type, call-arg]


@pytest.mark.filterwarnings("ignore:a batch of 1 was never sent")
@kinds
def test_the_repr_does_not_contain_the_key(kind: type[Any]) -> None:
    """The repr of a client does not contain the API key."""
    client = kind(URL, API_KEY, retry=Retry())
    batch = client.batch()
    slot = batch.publish("a", 1)
    dialect = client._dialect
    shown = [client, batch, slot, dialect, dialect.request(batch._calls), client._transport, client.publish]
    assert API_KEY not in "".join(f"{thing!r}{thing!s}" for thing in shown)
    assert repr(client) == f"<{kind.__name__} of Centrifugo at {URL}/api>"
    assert repr(object.__new__(kind)) == f"<{kind.__name__}, not set up>"  # in tracebacks of invalid arguments


@pytest.mark.parametrize(
    "reaction", [HTTPReply(401, b""), HTTPReply(400, b"Bad Request\n"), HTTPReply(200, b"nonsense"), LOST]
)
def test_no_error_contains_the_key(reaction: Any) -> None:
    """The API key is not in an error's text, its traceback or its pickled form."""
    client = Client(URL, API_KEY, transport=Stub(reaction))
    with pytest.raises(CentripetalError) as caught:
        client.publish("a", 1)
    error = caught.value
    assert API_KEY not in "".join(traceback.format_exception(error))
    assert API_KEY not in repr(vars(error))
    assert API_KEY.encode() not in pickle.dumps(error)


# ---- keys from a function


class Rotating:
    """Clients whose key comes from a function that returns *keys* in turn, and a server that accepts only *valid*."""

    def __init__(self, *keys: str, valid: str, old_server: bool = False, **options: Any) -> None:
        self.asked = 0
        self._keys = keys
        self._valid = valid
        self._old = old_server
        self.stubs = Stub(), AsyncStub()
        for stub in self.stubs:
            stub.usual = self._answer
        self.blocking = Client(URL, self.key, transport=self.stubs[0], **options)
        self.asked = 0
        self.awaiting = AsyncClient(URL, self.key, transport=self.stubs[1], **options)
        self.asked = 1

    def key(self) -> str:
        self.asked += 1
        return self._keys[min(self.asked, len(self._keys)) - 1]

    def _answer(self, request: HTTPRequest) -> HTTPReply:
        if dict(request.headers)["X-API-Key"] != self._valid:
            return HTTPReply(401, b"")
        if not self._old:
            return good(request)
        return HTTPReply(200, b'{"id":1,"result":{}}', JSON) if request.url.endswith("/api") else NOT_FOUND


def batch_of(client: Any) -> Any:
    with client.batch() as batch:
        slots = [batch.publish("a", 1), batch.info()]
    return [slot.result() for slot in slots]


async def async_batch_of(client: Any) -> Any:
    async with client.batch(parallel=True) as batch:
        slots = [batch.publish("a", 1), batch.info()]
    return [slot.result() for slot in slots]


ROTATING_CALLS: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any], dict[str, Any]]] = {
    "a call": (lambda client: client.publish("a", 1), lambda client: client.publish("a", 1), {}),
    "without grouping": (lambda client: client.info(), lambda client: client.info(), {"group": False}),
    "with retry": (lambda client: client.publish("a", 1), lambda client: client.publish("a", 1), {"retry": QUICK}),
    "an unknown method": (lambda client: client.call("new"), lambda client: client.call("new"), {}),
    "a batch": (batch_of, async_batch_of, {}),
    "an old server": (
        lambda client: client.publish("a", 1),
        lambda client: client.publish("a", 1),
        {"old_server": True},
    ),
}


@pytest.mark.parametrize("name", ROTATING_CALLS)
async def test_a_new_key_is_asked_for_after_a_401(name: str) -> None:
    """A call that gets 401 asks the function once more and is repeated once; later calls use the new key."""
    call, other, options = ROTATING_CALLS[name]
    server = Rotating("old", "new", valid="new", **options)
    for _ in range(2):
        call(server.blocking)
        assert server.asked == 2
    server.asked = 1
    for _ in range(2):
        await other(server.awaiting)
        assert server.asked == 2
    for stub in server.stubs:
        keys = [dict(request.headers)["X-API-Key"] for request in stub.requests]
        assert keys[0] == "old"
        assert set(keys[1:]) == {"new"}


async def test_a_call_is_repeated_only_once_with_another_key() -> None:
    """If the next key is refused too, the error of the 401 is raised; with a text as key, there is one request."""
    cases: list[dict[str, Any]] = [{}, {"retry": QUICK}]
    for options in cases:
        server = Rotating("old", "older", valid="new", **options)
        with pytest.raises(AuthenticationError, match="the api_key is not the server's"):
            server.blocking.publish("a", 1)
        with pytest.raises(AuthenticationError, match="the api_key is not the server's"):
            await server.awaiting.publish("a", 1)
        assert [len(stub.requests) for stub in server.stubs] == [2, 2]
    stub = Stub(HTTPReply(401, b""))
    with pytest.raises(AuthenticationError):
        Client(URL, API_KEY, transport=stub).publish("a", 1)
    assert len(stub.requests) == 1


def test_a_function_may_call_its_own_client() -> None:
    """No lock is held while the function runs: it can make calls with the same client and from other threads."""
    found: list[Any] = []

    def key() -> str:
        if found:
            found.append(found[0].info())
            with ThreadPoolExecutor(1) as pool:
                found.append(pool.submit(found[0].info).result(5))
        return API_KEY

    stub = Stub()
    stub.usual = good
    client = Client(URL, key, transport=stub)
    found.append(client)
    stub.reactions = [HTTPReply(401, b"")]
    client.publish("a", 1)
    assert len(stub.requests) == 4


# ---- time limits in messages


def left(*_: object) -> HTTPReply:
    """Fail like a transport that had 0.1234 s left for its step."""
    raise out_of_time("h:1", 0.1234, connected=True, executed="unknown")


def batch_within(client: Any) -> None:
    with client.batch(timeout=7) as batch:
        batch.info()


async def async_batch_within(client: Any) -> None:
    async with client.batch(timeout=7) as batch:
        batch.info()


@pytest.mark.parametrize("options", [{}, {"group": False}, {"retry": Retry(attempts=2, base=0)}])
async def test_a_time_out_names_the_limit_of_the_caller(options: dict[str, Any]) -> None:
    """The message contains the limit of the client, the call or the batch, and not what was left of it."""
    cases: list[tuple[str, Callable[[Any], Any], Callable[[Any], Any]]] = [
        ("9 s", lambda client: client.info(), lambda client: client.info()),
        ("7 s", lambda client: client.info(timeout=7), lambda client: client.info(timeout=7)),
        ("8 s", lambda client: client.call(Info(), timeout=8), lambda client: client.call(Info(), timeout=8)),
        ("7 s", batch_within, async_batch_within),
        ("7 s", lambda client: next(client.history_pages("a", timeout=7)),
         lambda client: anext(client.history_pages("a", timeout=7))),
    ]  # fmt: skip
    stub, other = Stub(), AsyncStub()
    stub.usual = other.usual = left
    blocking = Client(URL, API_KEY, timeout=9, transport=stub, **options)
    awaiting = AsyncClient(URL, API_KEY, timeout=9, transport=other, **options)
    for limit, call, call_async in cases:
        expected = f"no complete reply from h:1 within {limit} \\(the call's timeout\\)"
        with pytest.raises(TimeoutError, match=expected):
            call(blocking)
        with pytest.raises(TimeoutError, match=expected):
            await call_async(awaiting)


def test_a_time_out_of_one_command_of_a_batch_names_the_limit_of_the_batch() -> None:
    """A command that was repeated alone and timed out names the limit of the whole batch, too."""
    failed = {"error": {"code": 100, "message": "internal"}}
    stub = Stub(_reply({"replies": [failed, {"info": {"nodes": []}}]}))
    stub.usual = left
    client = Client(URL, API_KEY, transport=stub, retry=Retry(attempts=2, base=0))
    with client.batch(timeout=7) as batch:
        slot, _ = batch.channels(), batch.info()
    with pytest.raises(TimeoutError, match=r"within 7 s \(the call's timeout\).*tried 2 times"):
        slot.result()


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
    legacy_info = HTTPReply(200, b'{"id":1,"result":{"nodes":[{"version":"4.1.2"}]}}', JSON)
    done = HTTPReply(200, b'{"id":1,"result":{}}', JSON)
    facades = Facades(NOT_FOUND, legacy_info, done, done)
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
