"""No variable in the traceback of an error shows a secret."""

import asyncio
import socket
import sys
import types
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import centripetal
from centripetal import tokens, v1
from centripetal.client.watching import Watching
from centripetal.dialects.current import watcher as current_watcher
from centripetal.dialects.v1 import watcher as v1_watcher
from centripetal.protocol.discreet import discreet

KEY = "-".join(("k3y", "of", "the", "server", "with", "thirty-two", "bytes"))
TOKEN = tokens.connection_token(KEY, "42")


def variables(error: BaseException | None) -> Iterator[tuple[str, object]]:
    """Yield the variables of this library's frames in the tracebacks of *error* and its causes."""
    while error is not None:
        trace: types.TracebackType | None = error.__traceback__
        while trace is not None:
            name = trace.tb_frame.f_globals.get("__name__", "")
            if name.startswith("centripetal"):
                for variable, value in trace.tb_frame.f_locals.items():
                    yield f"{name}.{trace.tb_frame.f_code.co_name}: {variable}", value
            trace = trace.tb_next
        error = error.__cause__ or error.__context__


def showing(error: BaseException) -> list[str]:
    """Return the variables whose repr contains a secret."""
    return [name for name, value in variables(error) if KEY in (text := repr(value)) or TOKEN in text]


@pytest.fixture(scope="module")
def addresses() -> Iterator[dict[str, str]]:
    """Addresses of a server that never replies, one that refuses connections, and others."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        yield {
            "silent": f"http://127.0.0.1:{silent.getsockname()[1]}",
            "TLS to silent": f"https://127.0.0.1:{silent.getsockname()[1]}",
            "refused": "http://127.0.0.1:1",
            "unknown host": "http://nowhere.invalid",
        }


@pytest.mark.parametrize("place", ["silent", "TLS to silent", "refused", "unknown host"])
@pytest.mark.parametrize("module", [centripetal, v1], ids=["current", "v1"])
def test_failed_calls(module: Any, place: str, addresses: dict[str, str]) -> None:
    """Frames of failed calls, blocking and asyncio, and of their causes, do not show the key."""
    with pytest.raises(centripetal.CentripetalError) as blocking:
        module.Client(addresses[place], KEY, timeout=0.2).publish("news", 1)
    with pytest.raises(centripetal.CentripetalError) as awaiting:
        asyncio.run(module.AsyncClient(addresses[place], KEY, timeout=0.2).publish("news", 1))
    assert [showing(each.value) for each in (blocking, awaiting)] == [[], []]
    assert [*variables(blocking.value)]


def test_interrupted_calls(addresses: dict[str, str]) -> None:
    """The frames of a cancelled call do not show the key."""

    async def cancelled() -> None:
        async with asyncio.timeout(0.05):
            await centripetal.AsyncClient(addresses["silent"], KEY).publish("news", 1)

    with pytest.raises(TimeoutError) as caught:
        asyncio.run(cancelled())
    assert isinstance(caught.value.__cause__, asyncio.CancelledError)
    assert showing(caught.value) == []


def watched(watcher: Any, addresses: dict[str, str]) -> None:
    next(iter(Watching(watcher, addresses["silent"], timeout=0.05)))


@pytest.mark.parametrize(
    "mistake",
    [
        lambda _: centripetal.Client("localhost", KEY),
        lambda _: centripetal.Client(f"http://user:{KEY}@localhost/"),
        lambda _: centripetal.Client("http://localhost", KEY + "\n"),
        lambda _: centripetal.Client("http://localhost", [KEY]),  # type: ignore[arg-type]
        lambda _: centripetal.Client("http://localhost", KEY, timeout=-1),
        lambda _: centripetal.Client("http://localhost", KEY, ca_file="/nowhere"),
        lambda _: centripetal.Client("http://localhost", KEY, verify=True),  # type: ignore[call-arg]
        lambda _: centripetal.Client(KEY, "http://localhost"),
        lambda _: centripetal.AsyncClient("localhost", KEY),
        lambda _: centripetal.Client.from_env(environment={"CENTRIFUGO_API_URL": "x", "CENTRIFUGO_API_KEY": KEY}),
        lambda _: centripetal.Client.from_env(
            environment={
                "CENTRIFUGO_API_URL": "http://h",
                "CENTRIFUGO_API_KEY": KEY,
                "CENTRIFUGO_HTTP_API_KEY": f"{KEY}2",
            }
        ),
        lambda _: centripetal.Client.from_env(
            environment={
                "CENTRIFUGO_API_URL": "http://h",
                "CENTRIFUGO_API_KEY": KEY,
                "CENTRIFUGO_HTTP_API_KEY_FILE": __file__,
            }
        ),
        lambda _: centripetal.Client.from_env(environment={"CENTRIFUGO_API_KEY": KEY, "CENTRIFUGO_API_URL_FILE": "/"}),
        lambda _: centripetal.Client("http://localhost", headers={"X-Gateway": f"{KEY}\n"}),
        lambda _: centripetal.Client("http://localhost", http_proxy=f"http://user:{KEY}"),
        lambda _: Watching(
            v1_watcher.Watcher(["a"], secret=None),
            "http://localhost",
            headers={"X-Gateway": KEY},
            http_proxy="socks5://h",
        ),
        lambda _: v1.Client("localhost", KEY),
        lambda _: v1.AsyncClient("http://localhost", KEY + "\ud800"),
        lambda _: v1.Client.insecure(f"http://localhost?{KEY}"),
        lambda _: v1.generate_api_sign(KEY, 1),  # type: ignore[arg-type]
        lambda _: v1.generate_client_token(KEY, "u", "x"),
        lambda _: v1.generate_channel_sign(KEY, "", ""),
        lambda _: tokens.connection_token(KEY, 1.5),  # type: ignore[arg-type]
        lambda _: tokens.connection_token(KEY, "u", info={1, 2}),
        lambda _: tokens.subscription_token(KEY + " ", "c", "u"),
        lambda _: tokens.SigningKey(KEY.encode() + b"\xff"),
        lambda _: tokens.SigningKey(f"-----BEGIN PRIVATE KEY-----\n{KEY}"),
        lambda _: tokens.verify_connection(TOKEN + "x", tokens.TokenKeys(hmac_secret_key=KEY), now=0),
        lambda _: v1_watcher.Watcher([""], secret=KEY),
        lambda _: current_watcher.Watcher(["a"], token=TOKEN, sign=lambda *_: ""),
        lambda addresses: watched(v1_watcher.Watcher(["a"], secret=KEY), addresses),
        lambda addresses: watched(current_watcher.Watcher(["a"], token=TOKEN), addresses),
    ],
)
def test_mistakes_with_secrets(mistake: Callable[[dict[str, str]], object], addresses: dict[str, str]) -> None:
    """Frames of constructors and token functions are not in the traceback, so no argument is visible."""
    with pytest.raises((centripetal.CentripetalError, TypeError, tokens.TokenRefused)) as caught:
        mistake(addresses)
    assert showing(caught.value) == []


def test_other_exceptions_lose_their_frames_too() -> None:
    """Ctrl-C in a function with a secret shows the caller's frames only, and keeps its cause."""

    @discreet
    def sign(key: str) -> None:
        try:
            raise ValueError(len(key))
        except ValueError as error:
            raise KeyboardInterrupt from error

    with pytest.raises(KeyboardInterrupt) as caught:
        sign(KEY)
    assert showing(caught.value) == []
    assert isinstance(caught.value.__cause__, ValueError)
    assert sign.__name__ == "sign"
    assert KEY in repr(sys._getframe().f_globals["KEY"])  # the search would find it
