"""Creating clients: arguments, the environment, and no output that contains the key."""

import pickle
import traceback
from collections.abc import Callable
from typing import Any

import pytest

from centripetal import AsyncClient, Client, Info, Retry, v1
from centripetal.errors import CentripetalError, UsageError
from centripetal.protocol.http import HTTPReply
from tests.client.facades import API_KEY, LOST, kinds
from tests.dialects.current.conversations import URL
from tests.stubs import Stub


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


Case = tuple[tuple[Any, ...], dict[str, Any], type[Exception]]
BAD: list[Case] = [
    (("localhost:8000", API_KEY), {}, UsageError),
    ((None, API_KEY), {}, UsageError),
    ((URL, ""), {}, UsageError),
    ((URL, API_KEY.encode()), {}, UsageError),
    ((URL, API_KEY), {"timeout": 0}, UsageError),
    ((URL, API_KEY), {"timeout": "5"}, UsageError),
    ((URL, API_KEY), {"timeout": None}, UsageError),
    ((URL, API_KEY), {"max_response_bytes": 0}, UsageError),
    ((URL, API_KEY), {"time_out": 5}, TypeError),
    ((URL, API_KEY), {"verify": False}, TypeError),
    ((URL, API_KEY, 5.0), {}, TypeError),
    ((), {}, TypeError),
]
BAD_ONLY_IN_CURRENT: list[Case] = [
    ((f"{URL}/api/api", API_KEY), {}, UsageError),
    ((URL, API_KEY), {"max_payload_bytes": 0}, UsageError),
    ((URL, API_KEY), {"handler_prefix": 5}, UsageError),
]
BAD_ONLY_IN_V1: list[Case] = [((URL, None), {}, UsageError), ((URL,), {}, TypeError)]  # no secret


@pytest.mark.parametrize(
    ("kind", "arguments", "options", "error"),
    [
        *((kind, *case) for kind in (Client, AsyncClient) for case in BAD + BAD_ONLY_IN_CURRENT),
        *((kind, *case) for kind in (v1.Client, v1.AsyncClient) for case in BAD + BAD_ONLY_IN_V1),
    ],
)
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


@pytest.mark.parametrize("kind", [Client, v1.Client])
@pytest.mark.parametrize(
    "reaction",
    [
        *(HTTPReply(401, b""), HTTPReply(401, b"Unauthorized\n"), HTTPReply(400, b"Bad Request\n")),
        *(HTTPReply(200, b"nonsense"), LOST),
    ],
)
def test_no_error_contains_the_key(kind: Callable[..., Any], reaction: Any) -> None:
    """The API key or secret is not in an error's text, its traceback or its pickled form."""
    client = kind(URL, API_KEY, transport=Stub(reaction))
    with pytest.raises(CentripetalError) as caught:
        client.publish("a", 1)
    error = caught.value
    assert API_KEY not in "".join(traceback.format_exception(error))
    assert API_KEY not in repr(vars(error))
    assert API_KEY.encode() not in pickle.dumps(error)
