"""Clients and the command line never show the secret. Errors of calls are covered by test_faults.py."""

import copy
import logging
import pickle
import traceback
import warnings
from collections.abc import Callable
from typing import Any

import pytest

from centripetal.cli.main import main
from centripetal.errors import CentripetalError
from centripetal.v1 import AsyncClient, Client, Publish
from tests.faults.leaks import leaks, reveals
from tests.faults.server import Fault, FaultyServer
from tests.faults.table import FAULTS
from tests.faults.ways import SECRET
from tests.transport.certificates import Authority


@pytest.mark.parametrize(
    "text",
    [SECRET, repr(SECRET), ascii(SECRET), repr(SECRET.encode()), SECRET.encode().hex(), f"x{SECRET[:-1]}y"],
)
def test_the_search_finds_the_secret(text: str) -> None:
    """The search finds the secret escaped, as bytes, in hexadecimal and truncated."""
    assert reveals(text, SECRET)
    assert not reveals("nothing of the kind", SECRET)


@pytest.mark.filterwarnings("ignore:a batch of 1 was never sent")
@pytest.mark.parametrize("make", [Client, AsyncClient])
def test_clients_do_not_show_the_secret(make: Callable[..., Client | AsyncClient]) -> None:
    """The reprs of a client, its parts and its methods do not show the secret."""
    client = make("http://127.0.0.1:1", SECRET)
    client.add_publish("a", 1)
    seen: list[Any] = [client, client.publish, client.batch(), client.batch().publish("a", 1)]
    seen += [value for name, value in vars(client).items() if name != "_secret"]
    for thing in seen:
        assert not reveals(f"{thing!r} {thing} {thing:}", SECRET)


@pytest.mark.parametrize(
    "mistake",
    [
        lambda: Client("localhost", SECRET),
        lambda: Client("http://localhost", SECRET, timeout=-1),
        lambda: Client("http://localhost", SECRET + "\ud800"),
        lambda: Client("http://localhost", SECRET.encode()),  # type: ignore[arg-type]
        lambda: Client("http://localhost", [SECRET]),  # type: ignore[arg-type]
        lambda: Client(f"http://user:{SECRET.split('-')[0]}@localhost", "other"),
        lambda: Client("http://localhost", SECRET, ca_file="/nowhere"),
        lambda: Client("http://localhost", SECRET).publish("", 1),
        lambda: Client("http://localhost", SECRET).publish("a", {1, 2}),
        lambda: Client("http://localhost", SECRET).call("publish"),  # type: ignore[arg-type]
        lambda: AsyncClient("localhost", SECRET),
    ],
)
def test_errors_of_arguments_do_not_show_the_secret(mistake: Callable[[], object]) -> None:
    """The error for an invalid argument, and its traceback, do not show the secret."""
    with pytest.raises(CentripetalError) as caught:
        mistake()
    texts = [repr(caught.value), str(caught.value), *traceback.format_exception_only(caught.value)]
    assert not any(reveals(text, SECRET) for text in texts)


def test_copied_errors_do_not_contain_the_secret() -> None:
    """An error that is copied or pickled, as in task queues, does not contain the secret."""
    with pytest.raises(CentripetalError) as caught:
        Client("http://127.0.0.1:1", SECRET).call(Publish("a", 1))
    for error in (copy.copy(caught.value), pickle.loads(pickle.dumps(caught.value))):
        assert not list(leaks(error, SECRET))
    assert not reveals(repr(pickle.dumps(caught.value)), SECRET)


ONE_OF_EACH = [
    "refused",
    "closed on accept",
    "closed after the request",
    "reset in the body",
    "silence after the request",
    "an endless body",
    "length over 64 bits",
    "garbage: random bytes",
    "status 302",
    "status 400",
    "status 401",
    "status 403",
    "status 500",
    "status 999",
    "body: a web page",
    "body: cut JSON",
    "body: another uid",
    "body: an error",
    "body: a number in the reply",
    "TLS: self-signed",
    "TLS: not spoken",
]


@pytest.mark.parametrize("as_json", [True, False], ids=["json", "text"])
@pytest.mark.parametrize("name", ONE_OF_EACH)
def test_the_command_line_does_not_show_the_secret(
    name: str,
    as_json: bool,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    contexts: dict[str, Any],
    authority: Authority,
) -> None:
    """After any failure of a command, output and logs contain neither the secret nor a traceback."""
    fault: Fault = next(fault for fault in FAULTS if fault.name == name)
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("CENTRIFUGO_SECRET", SECRET)
    with warnings.catch_warnings(record=True) as complaints, FaultyServer(contexts, fault.secure) as server:
        warnings.simplefilter("always")
        monkeypatch.setenv("CENTRIFUGO_API_URL", server.url)
        server.start_fault(fault)
        code = main(["--timeout", "0.3", *(["--json"] if as_json else []), "publish", "a", "1"])
        server.recover()
    assert int(code) not in (0, 2)
    shown = [*capfd.readouterr(), caplog.text, *(str(complaint.message) for complaint in complaints)]
    assert shown[1]
    assert "Traceback" not in shown[1]
    assert not any(reveals(text, SECRET) for text in shown)
