"""The clients of the current API as users see them: every method, every option, and a key that shows nowhere."""

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
    Limits,
    Publish,
    PublishResult,
    Retry,
    StreamPosition,
)
from centripetal.dialects.current.commands import COMMANDS
from centripetal.dialects.v1.commands import Channels as OtherChannels
from centripetal.errors import (
    CentripetalError,
    ConnectionLostError,
    HTTPStatusError,
    MalformedResponseError,
    ServerError,
    UsageError,
)
from centripetal.protocol.http import HTTPReply, HTTPRequest
from tests.dialects.current.commands.definition import METHODS, Listed, field_types, make_command, sample
from tests.stubs import AsyncStub, Reaction, Stub

URL = "http://localhost:8000"
API_KEY = "a-key-that-nobody-may-see"
JSON = (("content-type", "application/json"),)
NOT_FOUND = HTTPReply(404, b"404 page not found\n", (("content-type", "text/plain; charset=utf-8"),))

kinds = pytest.mark.parametrize("kind", [Client, AsyncClient], ids=["blocking", "awaiting"])
every_method = pytest.mark.parametrize("listed", METHODS, ids=lambda listed: listed.name)


def good(request: HTTPRequest) -> HTTPReply:
    """A success for each command; a channel in the namespace "no" is unknown."""
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
    """A client of each kind over stubs, and one way to make a call on either."""

    def __init__(self, *reactions: Reaction, **options: Any) -> None:
        self.stubs = Stub(*reactions), AsyncStub(*reactions)
        for stub in self.stubs:
            stub.usual = good
        self.blocking = Client(URL, API_KEY, transport=self.stubs[0], **options)
        self.awaiting = AsyncClient(URL, API_KEY, transport=self.stubs[1], **options)

    async def both(self, call: Callable[[Any], Any]) -> Any:
        """What *call* comes to on both, which must be the same."""
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
        """Make a call on both, which have keys of their own; the paths of it, and all of its tries have one key."""
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
async def test_a_method_sends_its_fields_and_returns_its_type(listed: Listed) -> None:
    """Blocking or awaited, a call goes to its method's own path, with the key."""
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
    """People and editors see parameters and documentation of each method."""
    method = getattr(kind(URL, API_KEY), command.name)
    assert set(inspect.signature(method).parameters) == set(inspect.signature(command).parameters)
    assert (inspect.getdoc(command) or "?").splitlines()[0] in pydoc.render_doc(method, renderer=pydoc.plaintext)  # type: ignore[attr-defined]


async def test_any_method_can_be_called_by_its_name() -> None:
    """The fields of a method called by its name go out as they are, and the reply's result comes back."""
    facades = Facades()
    assert await facades.both(lambda client: client.call("new_method", {"a": [1], "b": None})) == {}
    result = await facades.both(lambda client: client.call("presence_stats", {"channel": "a"}, timeout=3))
    assert result == {"num_clients": 2**32 - 1, "num_users": 2**32 - 1}
    assert isinstance(await facades.both(lambda client: client.call(Publish("a", 1))), PublishResult)
    assert facades.paths == ["new_method", "presence_stats", "publish"]
    assert facades.bodies[0] == {"a": [1], "b": None}
    with pytest.raises(UsageError, match="no name of a method"):
        await facades.both(lambda client: client.call("../admin"))
    with pytest.raises(UsageError, match="no command of the current API"):
        await facades.both(lambda client: client.call(OtherChannels()))


async def test_a_batch_is_one_request_with_an_outcome_each() -> None:
    """A failed command leaves its neighbours' results intact; methods by name are among them."""
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


def test_errors_in_a_batch_of_one_know_their_place() -> None:
    """A batch of one travels by its method's own path, and its slot does not show that."""
    stub = Stub()
    stub.usual = good
    with Client(URL, API_KEY, transport=stub).batch() as batch:
        slot = batch.publish("no:a", 1)
    with pytest.raises(ServerError, match=r"publish \(command 0 of the request\)") as caught:
        slot.result()
    assert (caught.value.command, caught.value.index) == (Publish("no:a", 1), 0)


async def test_an_empty_batch_sends_nothing() -> None:
    """Neither an empty batch nor one whose block raises makes a request."""
    facades = Facades()
    with facades.blocking.batch():
        pass
    async with facades.awaiting.batch(parallel=True):
        pass
    with contextlib.suppress(RuntimeError), facades.blocking.batch() as batch:
        batch.info()
        raise RuntimeError
    assert facades.stubs[0].requests == facades.stubs[1].requests == []


async def test_a_batch_may_run_side_by_side() -> None:
    """With `parallel` the request asks the server to run its commands side by side."""
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
def test_a_short_or_absent_list_of_replies_is_malformed(replies: Any) -> None:
    """If replies are missing, every slot has the error."""
    client = Client(URL, API_KEY, transport=Stub(_reply(replies)))
    with pytest.raises(MalformedResponseError), client.batch() as batch:
        slots = [batch.publish("a", 1), batch.publish("b", 1)]
    for slot in slots:
        with pytest.raises(MalformedResponseError, match=r"command [01] of the request"):
            slot.result()


async def together(stub: AsyncStub, *calls: Any) -> list[Any]:
    """Make calls at one time, while the first request is under way."""
    stub.gate.clear()
    gathered = asyncio.gather(*calls, return_exceptions=True)
    for _ in range(5):
        await asyncio.sleep(0)
    stub.gate.set()
    return list(await gathered)


async def test_calls_made_together_share_requests() -> None:
    """The first goes alone, what comes meanwhile goes as a batch, and each has its own outcome."""
    sizes: list[int] = []
    stub = AsyncStub()
    stub.usual = good
    client = AsyncClient(URL, API_KEY, transport=stub, on_request=sizes.append)
    outcomes = await together(stub, *(client.publish("no:a" if n % 10 == 5 else "a", n) for n in range(50)))
    assert sizes == [1, 49]
    assert [n for n, one in enumerate(outcomes) if isinstance(one, ServerError)] == [5, 15, 25, 35, 45]
    assert [one.index for one in outcomes if isinstance(one, ServerError)] == [None] * 5
    assert isinstance(outcomes[6], PublishResult)


async def test_what_may_be_unknown_to_the_server_goes_alone() -> None:
    """A method of PRO or of a newer server until it was answered once; a method by its name always."""
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
    """Calls of many threads over one client all get their own answers."""
    stub = Stub()
    stub.usual = good
    client = Client(URL, API_KEY, transport=stub)
    with ThreadPoolExecutor(8) as pool:
        values = list(pool.map(lambda n: client.publish(f"c{n}", n), range(50)))
    assert all(isinstance(value, PublishResult) for value in values)


async def test_pro_methods_need_pro() -> None:
    """The open server answers 404, and the error says what that means."""
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
    """A generator, or an asynchronous one; nothing is asked before the first page is wanted."""
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
    """The pages before a gap are given out, and then it is a HistoryGapError."""
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
def test_mistakes_in_pages_show_at_once(kind: Any) -> None:
    """A wrong argument is refused by the call, not only when the first page is asked for."""
    with pytest.raises(UsageError, match="limit is the size of a page"):
        kind(URL, API_KEY).history_pages("a", limit=0)
    with pytest.raises(UsageError, match="nothing before offset 0"):
        kind(URL, API_KEY).history_pages("a", reverse=True, since=StreamPosition(0))


# ---- trying again

QUICK = Retry(attempts=3, base=0.001, cap=0.002)
LOST = ConnectionLostError("gone")


def info(version: str) -> HTTPReply:
    return _reply({"result": {"nodes": [{"version": version}]}})


async def test_a_lost_publication_is_published_again_with_its_key() -> None:
    """Where the server honours idempotency keys, about which it is asked once, a lost publication is repeated."""
    facades = Facades(LOST, info("6.9.1"), good, LOST, good, retry=QUICK)
    assert (await facades.both_with_keys(lambda client: client.publish("a", 1))) == ["publish", "info", "publish"]
    assert (await facades.both_with_keys(lambda client: client.broadcast(["a"], 1))) == ["broadcast", "broadcast"]


async def test_nothing_is_repeated_unless_it_is_wanted() -> None:
    """By default there is one try, and no key."""
    facades = Facades(LOST)
    with pytest.raises(ConnectionLostError) as caught:
        await facades.both(lambda client: client.publish("a", 1))
    assert caught.value.executed == "unknown"
    assert facades.bodies == [{"channel": "a", "data": 1}]


async def test_what_cannot_be_repeated_safely_is_an_error_that_says_unknown() -> None:
    """Without a server that honours keys, and for unknown methods and RPC, a lost call is not repeated."""
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


async def test_reads_and_repeatable_commands_are_tried_again() -> None:
    """They are repeated without a key, and without asking the server whether it honours keys."""
    for call in (
        lambda client: client.presence("a"),
        lambda client: client.disconnect("u"),
        lambda client: client.unsubscribe("a", "u"),
        lambda client: client.history_remove("a"),
    ):
        facades = Facades(LOST, HTTPReply(503, b""), retry=QUICK)
        await facades.both(call)
        assert len(facades.paths) == 3


async def test_no_try_is_begun_after_the_deadline() -> None:
    """If the pause is longer than the time that is left, the error comes at once."""
    facades = Facades(LOST, retry=Retry(attempts=9, base=1000, cap=1000))
    facades.blocking._chance = facades.awaiting._chance = lambda: 0.9
    with pytest.raises(ConnectionLostError):
        await facades.both(lambda client: client.presence("a"))


@kinds
def test_retry_keeps_within_the_memory_of_keys(kind: Any) -> None:
    """A server forgets a key after five minutes: a longer limit is refused, per client and per call."""
    with pytest.raises(UsageError, match="with retry, a timeout may be at most 240 seconds"):
        kind(URL, API_KEY, retry=Retry(), timeout=300)
    client = Client(URL, API_KEY, retry=Retry(), timeout=240, transport=Stub())
    with pytest.raises(UsageError, match="with retry, a timeout"):
        client.publish("a", 1, timeout=float("inf"))
    assert kind(URL, API_KEY, timeout=300).timeout == 300
    with pytest.raises(UsageError, match=r"retry must be a Retry\(…\) or None"):
        kind(URL, API_KEY, retry=3)


# ---- making clients


def test_a_client_is_made_from_the_environment() -> None:
    """Either of two names for the address and for the key; options as ever."""
    environment = {"CENTRIFUGO_HTTP_API_URL": f"{URL}/api", "CENTRIFUGO_API_KEY": API_KEY}
    for kind in (Client, AsyncClient):
        client = kind.from_env(environment=environment, timeout=7, check_channels=False)
        assert (client.endpoint, client.timeout) == (f"{URL}/api", 7)
        assert ("X-API-Key", API_KEY) in client._dialect._headers
        assert kind.from_env(environment={"CENTRIFUGO_API_URL": URL}).endpoint == f"{URL}/api"
        with pytest.raises(UsageError, match="no address is given: set CENTRIFUGO_HTTP_API_URL"):
            kind.from_env(environment={})
        with pytest.raises(UsageError, match="CENTRIFUGO_HTTP_API_KEY and CENTRIFUGO_API_KEY are both set and differ"):
            kind.from_env(environment=environment | {"CENTRIFUGO_HTTP_API_KEY": "other"})
        with pytest.raises(UsageError, match="CENTRIFUGO_HTTP_API_URL and CENTRIFUGO_API_URL are both set and differ"):
            kind.from_env(environment=environment | {"CENTRIFUGO_API_URL": "http://other"})


def test_the_environment_is_the_process_s_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """`from_env` reads the variables of this process unless others are given."""
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
def test_a_bad_argument_of_a_client_is_refused(
    kind: Callable[..., Any], arguments: tuple[Any, ...], options: dict[str, Any], error: type[Exception]
) -> None:
    """A mistake shows where the client is made; an option that nobody knows is a TypeError."""
    with pytest.raises(error) as caught:
        kind(*arguments, **options)
    assert API_KEY not in str(caught.value)


@kinds
def test_options_beside_a_transport_of_ones_own_are_refused(kind: Any) -> None:
    """Ours is not there to be told; and what nobody knows is a TypeError, transport or not."""
    with pytest.raises(UsageError, match="max_connections is an option of our transport"):
        kind(URL, API_KEY, transport=Stub(), max_connections=4)
    with pytest.raises(TypeError, match="no option 'verify'"):
        kind(URL, API_KEY, transport=Stub(), verify=False)


def test_an_unknown_option_of_a_method_is_a_type_error() -> None:
    """A method refuses an unknown keyword as any Python function does."""
    client = Client(URL, API_KEY, transport=Stub())
    with pytest.raises(TypeError):
        client.publish("a", 1, colour="red")  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        client.publish("a", 1, True)  # type: ignore[arg-type, call-arg]


@pytest.mark.filterwarnings("ignore:a batch of 1 was never sent")
@kinds
def test_the_key_shows_nowhere(kind: Callable[..., Any]) -> None:
    """The repr of a client does not hold the API key."""
    client = kind(URL, API_KEY, retry=Retry())
    batch = client.batch()
    slot = batch.publish("a", 1)
    dialect = client._dialect
    shown = [client, batch, slot, dialect, dialect.request(batch._calls), client._transport, client.publish]
    assert API_KEY not in "".join(f"{thing!r}{thing!s}" for thing in shown)
    assert repr(client) == f"<{kind.__name__} of Centrifugo at {URL}/api>"


@pytest.mark.parametrize(
    "reaction", [HTTPReply(401, b""), HTTPReply(400, b"Bad Request\n"), HTTPReply(200, b"nonsense"), LOST]
)
def test_the_key_shows_in_no_error(reaction: Any) -> None:
    """Neither in its text, nor its traceback, nor anything that it carries to another process."""
    client = Client(URL, API_KEY, transport=Stub(reaction))
    with pytest.raises(CentripetalError) as caught:
        client.publish("a", 1)
    error = caught.value
    assert API_KEY not in "".join(traceback.format_exception(error))
    assert API_KEY not in repr(vars(error))
    assert API_KEY.encode() not in pickle.dumps(error)


async def test_with_closes_the_transport() -> None:
    """A `with` block closes the transport; a client works without one, too."""
    stub, other = Stub(), AsyncStub()
    stub.usual = other.usual = good
    with Client(URL, transport=stub) as client:
        client.publish("a", 1)
    async with AsyncClient(URL, transport=other) as another:
        await another.publish("a", 1)
    assert (stub.closed, other.closed) == (1, 1)


async def test_an_old_server_is_found_out_once_for_all_calls() -> None:
    """After the first call its single endpoint is used; a field that it ignores is an error of that call alone."""
    legacy_info = HTTPReply(200, b'{"id":1,"result":{"nodes":[{"version":"4.1.2"}]}}', JSON)
    done = HTTPReply(200, b'{"id":1,"result":{}}', JSON)
    facades = Facades(NOT_FOUND, legacy_info, done, done)
    assert await facades.both(lambda client: client.publish("a", 1)) == PublishResult()
    assert await facades.both(lambda client: client.publish("a", 2)) == PublishResult()
    assert facades.paths == ["publish", "api", "api", "api"]
    with pytest.raises(UsageError, match=r"delta needs Centrifugo 5\.4, and this server is 4\.1\.2"):
        await facades.both(lambda client: client.publish("a", 1, delta=True))


def test_commands_are_values() -> None:
    """A command can be made in one place and sent in another."""
    assert Publish("a", 1) == Publish("a", 1)
    stub = Stub()
    stub.usual = good
    assert isinstance(Client(URL, transport=stub).call(Broadcast(["a"], 1)), BroadcastResult)
