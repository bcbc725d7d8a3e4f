"""The messages of usual mistakes, and that none of them shows a key, a token or much data."""

import asyncio
import json
import math
import sys
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import pytest

import centripetal
from centripetal import v1
from centripetal.client.environment import environment_value
from centripetal.testing import Recorder, RecorderV1
from centripetal.tokens import connection_token, subscription_token

URL = "http://localhost:8000"
WS = "ws://localhost:8000"
KEY = "k3y-of-the-server-with-thirty-two-bytes"
HEX = "5f0c" * 16
TOKEN = "t0ken.of.the.gateway"
DATA = "\u00a4" * 500
SECRETS = (KEY, HEX, TOKEN)
CLIENTS: Sequence[tuple[Any, str]] = (
    (centripetal.Client, "api_key"),
    (centripetal.AsyncClient, "api_key"),
    (v1.Client, "secret"),
    (v1.AsyncClient, "secret"),
)
CURRENT = (centripetal.Client, centripetal.AsyncClient)
NO_URL = (
    "the URL does not start with http:// or https://: pass the address of the server, such as 'http://localhost:8000'"
)

Mistake = tuple[Callable[[], object], str]


def of(kind: Any, *arguments: Any, **options: Any) -> Callable[[], object]:
    """Return a function that creates a client."""
    return lambda: kind(*arguments, **options)


def of_addresses() -> list[Mistake]:
    """Return mistakes with the first arguments of clients."""
    found: list[Mistake] = []
    for kind, name in CLIENTS:
        swapped = f"url and {name} are swapped: pass the address of the server first"
        browsers = "the URL {!r} is for WebSocket clients: pass the address of the HTTP API, {!r}"
        found += [
            (of(kind, KEY, URL), swapped),
            (of(kind, KEY, "ws://localhost"), swapped),
            (of(kind, KEY, "localhost:8000"), swapped),
            (of(kind, [KEY], URL), swapped),
            (of(kind, KEY, KEY), NO_URL),
            (
                of(kind, f"{WS}/connection/websocket", KEY),
                browsers.format(f"{WS}/connection/websocket", URL),
            ),
            (
                of(kind, f"wss://push.example.com/x/connection/websocket?token={TOKEN}", KEY),
                browsers.format("wss://push.example.com/x/connection/websocket?…", "https://push.example.com/x"),
            ),
            (
                of(kind, f"{URL}/connection/websocket", KEY),
                browsers.format(f"{URL}/connection/websocket", URL),
            ),
        ]
    return found


def of_options() -> list[Mistake]:
    """Return mistakes with the options of clients."""
    found: list[Mistake] = []
    for kind, _ in CLIENTS:
        found += [
            (
                of(kind, URL, KEY, headers={"Authorization": f"Bearer {TOKEN}"}),
                "headers must not contain 'Authorization': clients send the API key in it, so let the gateway read "
                "another header",
            ),
            (
                of(kind, URL, KEY, http_proxy=f"socks5://user:{KEY}@proxy:1080"),
                "http_proxy names a SOCKS proxy, which is not supported: use an HTTP proxy, or pass a transport of "
                "your own",
            ),
            (of(kind, URL, KEY, timeout=DATA), f"timeout must be a number of seconds above 0, not '{DATA[:99]}"),
        ]
    problem = "retry must be a Retry(…) or None, not "
    for kind in CURRENT:
        found += [
            (of(kind, KEY), NO_URL),
            (of(kind, URL, retry=3), f"{problem}3: for 3 retries, pass Retry(attempts=4)"),
            (of(kind, URL, retry=0), f"{problem}0: pass None"),
            (of(kind, URL, retry=-1), f"{problem}-1"),
            (of(kind, URL, retry=True), f"{problem}True: pass Retry() to retry until the call's time limit"),
            (of(kind, URL, retry=False), f"{problem}False: pass None, which never retries"),
            (of(kind, URL, retry=centripetal.Retry), f"{problem}the class Retry: call it, Retry()"),
            (of(kind, URL, retry=DATA), f"{problem}'{DATA[:99]}"),
        ]
    return found


def of_tokens() -> list[Mistake]:
    """Return mistakes with the arguments of token functions."""
    swapped = (
        "the secret and the user seem to be swapped: the user looks like a key, and the secret like a user's id; write "
    )
    return [
        (lambda: connection_token("42", HEX), f"{swapped}connection_token(secret, user)"),
        (lambda: subscription_token("42", "news", HEX), f"{swapped}subscription_token(secret, channel, user)"),
        (lambda: v1.generate_client_token("42", HEX, 1), f"{swapped}generate_client_token(secret, user, timestamp)"),
        (
            lambda: connection_token(f" {KEY}", "42"),
            "the secret begins or ends with white space, quotation marks or a line break, as after reading a file or "
            "an environment variable: call strip() on it; if these characters belong to the secret, pass bytes",
        ),
    ]


def of_calls() -> list[Mistake]:
    """Return mistakes with the arguments of calls, and with assertions about them."""
    client: Any = Recorder().client()
    client_v1: Any = RecorderV1().client()
    recorder: Any = Recorder()
    coroutine = "the coroutine 'AsyncClient.publish' is not a command: await it, or pass a command from centripetal"
    return [
        (lambda: client.call(centripetal.AsyncClient(URL, KEY).publish("news", DATA)), coroutine),
        (lambda: client.batch().call(centripetal.AsyncClient(URL, KEY).publish("news", DATA)), coroutine),
        (lambda: client_v1.call(v1.AsyncClient(URL, KEY).publish("news", DATA)), f"{coroutine}.v1"),
        (lambda: client_v1.add(v1.AsyncClient(URL, KEY).publish("news", DATA)), f"{coroutine}.v1"),
        (
            lambda: client.call({"a": DATA}),
            f"{{'a': '{DATA[:93]} is not a command of the current API: use a command class from centripetal",
        ),
        (lambda: client.publish({"a": DATA}, 1), "publish: channel must be text, not dict: pass its name"),
        (
            lambda: client.publish("news", {DATA}),
            "publish: data is a set, and JSON has no sets: pass a list, for example sorted(…) or list(…)",
        ),
        (
            lambda: client.publish("news", {DATA: math.nan}),
            f"publish: data.{DATA[:25]}…{DATA[:29]} is nan, which JSON does not support: send None or text instead",
        ),
        (
            lambda: client.publish("news", 1, timeout=DATA),
            f"publish: timeout must be a number of seconds above 0, not '{DATA[:99]}",
        ),
        (
            lambda: recorder.assert_published({"a": DATA}),
            "the channel must be a name, not a dict: write assert_published(channel, data)",
        ),
        (
            lambda: environment_value({"A": KEY, "A_FILE": __file__}, "A"),
            "A and A_FILE are both set and differ: unset one of them, or pass the option",
        ),
    ]


@pytest.mark.parametrize("mistakes", [of_addresses, of_options, of_tokens, of_calls])
def test_mistakes_are_explained(mistakes: Callable[[], list[Mistake]]) -> None:
    """Each error shows the correct form, but neither secrets nor more than 100 characters of data."""
    for make, message in mistakes():
        with pytest.raises(centripetal.UsageError) as caught:
            make()
        text = str(caught.value)
        assert text == message
        assert not [secret for secret in SECRETS if secret in text]
        assert text.count(DATA[0]) <= 100


def weak_key() -> None:
    connection_token(KEY[:31], "42")


def blocking_call() -> None:
    async def main() -> None:
        Recorder().client().publish("news", DATA)

    asyncio.run(main())


def forgotten_await() -> None:
    centripetal.AsyncClient(URL, KEY).publish("news", DATA)  # type: ignore[unused-coroutine]


def result_without_await() -> None:
    with pytest.raises(AttributeError, match="'coroutine' object has no attribute 'offset'"):
        str(centripetal.AsyncClient(URL, KEY).publish("news", DATA).offset)  # type: ignore[attr-defined]


def data_without_await() -> None:
    with pytest.raises(TypeError, match="Object of type coroutine is not JSON serializable"):
        json.dumps(centripetal.AsyncClient(URL, KEY).publish("news", DATA))


NEVER_AWAITED = "coroutine 'AsyncClient.publish' was never awaited"


@pytest.mark.parametrize(
    ("mistake", "message"),
    [
        (
            weak_key,
            "the token secret is shorter than 32 bytes, so others may find it by trying: use a longer secret, for "
            "example from secrets.token_hex(), or pass allow_weak_key=True",
        ),
        (
            blocking_call,
            "a call of a blocking Client inside a running event loop: all other tasks wait until the reply. Use "
            "AsyncClient, or a thread: await asyncio.to_thread(client.publish, …). To allow it, ignore the category "
            "BlockingCallWarning",
        ),
        (forgotten_await, NEVER_AWAITED),
        (result_without_await, NEVER_AWAITED),
        (data_without_await, NEVER_AWAITED),
    ],
)
def test_warnings_name_the_line(mistake: Callable[[], None], message: str) -> None:
    """Each mistake causes one warning, for a line of the program, without keys and data."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        mistake()
    (warning,) = caught
    assert str(warning.message) == message
    assert warning.filename == __file__
    first = mistake.__code__.co_firstlineno
    assert first < warning.lineno <= first + 2


def test_the_origin_of_a_forgotten_coroutine() -> None:
    """With origin tracking, as in asyncio's debug mode, the warning names the line that called the method."""
    sys.set_coroutine_origin_tracking_depth(1)
    try:
        kept = [centripetal.AsyncClient(URL, KEY).publish("news", 1)]
        line = sys._getframe().f_lineno - 1
        with pytest.warns(RuntimeWarning) as caught:
            kept.clear()
    finally:
        sys.set_coroutine_origin_tracking_depth(0)
    start, _, origin = str(caught[0].message).partition("\n")
    assert start == NEVER_AWAITED
    assert f'File "{__file__}", line {line}, in test_the_origin_of_a_forgotten_coroutine' in origin
