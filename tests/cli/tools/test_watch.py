"""Tests of `watch`: its output for people and for programs, its exit codes, and complete runs as a process."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

import centripetal
from centripetal.client import watching
from centripetal.dialects.current import watcher as current
from centripetal.dialects.v1 import watcher as v1
from centripetal.errors import ConnectionLostError, MalformedResponseError, ServerError
from centripetal.protocol.watching import (
    Connected,
    Event,
    Gap,
    Joined,
    Left,
    Lost,
    Person,
    Published,
    Refused,
    Subscribed,
    Unreadable,
    Unsubscribed,
)
from centripetal.server import EmbeddedServer
from centripetal.v1 import Client
from tests.cli.conftest import API_KEY, SECRET, TOKEN_KEY, Run

ANN = Person("id-1", "ann", b'{ "n": "Ann" }', b"[1]")
EVENTS: list[tuple[Event, dict[str, Any], str]] = [
    (Connected("id", "1.8.0"), {"event": "connected", "client": "id", "version": "1.8.0"}, ""),
    (
        Subscribed("news"),
        {"event": "subscribed", "channel": "news", "recovered": False},
        "watching news",
    ),
    (
        Subscribed("news", recovered=True),
        {"event": "subscribed", "channel": "news", "recovered": True},
        "watching news, all missed publications recovered",
    ),
    (
        Gap("news", "why"),
        {"event": "gap", "channel": "news", "reason": "why"},
        "publications in news may be missing: why",
    ),
    (
        Published("news", b'{"a":\n [1]}', uid="m1"),
        {"event": "published", "channel": "news", "data": {"a": [1]}, "uid": "m1", "recovered": False},
        'news       published  {"a":  [1]}',
    ),
    (
        Published("news", b"1", ANN, "m2", recovered=True),
        {
            "event": "published",
            "channel": "news",
            "data": 1,
            "client": "id-1",
            "user": "ann",
            "conn_info": {"n": "Ann"},
            "chan_info": [1],
            "uid": "m2",
            "recovered": True,
        },
        "news       published  1  (by ann, connection id-1, recovered)",
    ),
    (
        Published("news", b"1", Person("id-2"), "m3"),
        {"event": "published", "channel": "news", "data": 1, "client": "id-2", "uid": "m3", "recovered": False},
        "news       published  1  (by connection id-2)",
    ),
    (
        Joined("long name", Person("id-3", "")),
        {"event": "joined", "channel": "long name", "client": "id-3", "user": ""},
        "long name  joined     anonymous, connection id-3",
    ),
    (
        Left("news", Person("id-3", "\x1b[31m")),
        {"event": "left", "channel": "news", "client": "id-3", "user": "\x1b[31m"},
        r"news       left       \x1b[31m, connection id-3",
    ),
    (
        Refused("news", ServerError("no", hint="do this")),
        {"event": "refused", "channel": "news", "error": "the server says: no (do this)"},
        "error: the server says: no (do this)",
    ),
    (
        Unsubscribed("news"),
        {"event": "unsubscribed", "channel": "news"},
        "the back end unsubscribed this connection from news",
    ),
    (
        Unreadable(MalformedResponseError("what?")),
        {"event": "unreadable", "error": "what?"},
        "the server sent an invalid message: what?",
    ),
    (
        Lost(ConnectionLostError("gone"), 1.23456),
        {"event": "lost", "error": "gone", "pause": 1.235},
        "connection lost: gone; reconnecting in 1.2 s",
    ),
]
OF_CHANNELS = Published | Joined | Left


@pytest.fixture
def happening(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Make every watcher receive the given events, or raise the given errors."""

    def happen(*events: Event | BaseException) -> None:
        def play(*_: Any, **__: Any) -> Iterator[Event]:
            for event in events:
                if isinstance(event, BaseException):
                    raise event
                yield event

        monkeypatch.setattr(watching, "Watching", play)

    return happen


def test_json_prints_an_object_a_line(api: Run, happening: Callable[..., None]) -> None:
    """With --json, each event is an object with its time on standard output, and data is unchanged."""
    happening(*(event for event, _, _ in EVENTS))
    ran = api("watch", "news", "long name", "--json")
    assert (ran.code, ran.err) == (0, "")
    objects = [json.loads(line) for line in ran.out.splitlines()]
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", each.pop("time")) for each in objects)
    for each in objects:
        if "error" in each:
            each["error"] = each["error"]["message"]  # an object like every error
    assert objects == [expected for _, expected, _ in EVENTS]


def test_people_get_aligned_lines(api: Run, happening: Callable[..., None]) -> None:
    """Channel events are printed to standard output with the time, and all other events to standard error."""
    happening(*(event for event, _, _ in EVENTS))
    ran = api("watch", "news", "long name")
    out = [line[10:] for line in ran.out.splitlines() if re.match(r"\d\d:\d\d:\d\d  ", line)]
    assert out == [line for event, _, line in EVENTS if isinstance(event, OF_CHANNELS)]
    assert ran.err.splitlines() == [line for event, _, line in EVENTS if line and not isinstance(event, OF_CHANNELS)]


def test_numbers_keep_every_digit(api: Run, happening: Callable[..., None]) -> None:
    """Numbers are printed with every digit that was published."""
    happening(Published("c", b'{"n": 123456789012345678901234567890.10, "e": 1E+400}'))
    assert '"data":{"n":123456789012345678901234567890.10,"e":1E+400}' in api("watch", "c", "--json").out


def test_count_ends_after_publications(api: Run, happening: Callable[..., None]) -> None:
    """--count counts publications and no other events."""
    publication = Published("c", b"1")
    happening(Subscribed("c"), publication, Gap("c", "why"), publication, publication, ServerError("never"))
    ran = api("watch", "c", "--count", "2")
    assert (ran.code, len(ran.out.splitlines())) == (0, 2)


@pytest.mark.parametrize(
    ("failure", "code", "words"),
    [
        (ServerError("invalid token"), 4, "invalid token"),
        (ServerError("namespace not found"), 1, "namespace not found"),
        (ConnectionLostError("gone", executed="no"), 3, "gone"),
        (MalformedResponseError("what?", executed="no"), 5, "what?"),
        (KeyboardInterrupt(), 130, ""),
    ],
)
def test_exit_codes(api: Run, happening: Callable[..., None], failure: BaseException, code: int, words: str) -> None:
    """`watch` prints the events it has received and then exits with the usual exit codes."""
    happening(Published("c", b"1"), failure)
    ran = api("watch", "c")
    assert (ran.code, len(ran.out.splitlines())) == (code, 1)
    assert words in ran.err
    assert "unknown" not in ran.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "CHANNEL"),
        (("c", "--count", "0"), "--count 0"),
        (("",), "must not be empty"),
        (("c", "--url", "localhost:1"), "http"),
        (("c", "--timeout", "0"), "timeout"),
    ],
)
def test_an_invalid_command_line_is_explained(api: Run, arguments: tuple[str, ...], words: str) -> None:
    """An invalid option is rejected before the connection is opened."""
    ran = api("watch", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert words in ran.err


def test_without_websockets_the_extra_is_named(api: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without websockets, `watch` names the extra to install, and other verbs work."""
    for name in ("centripetal.client.watching", "centripetal.transport.websocket"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setitem(sys.modules, "websockets.client", None)
    ran = api("watch", "c")
    assert ran.code == 2
    assert "pip install 'centripetal[cli]'" in ran.err
    assert api("channels").code == 0


# ---- as a process


@contextmanager
def program(*arguments: str, **environment: str) -> "Iterator[subprocess.Popen[str]]":
    command = [sys.executable, "-m", "centripetal", "watch", *arguments]
    env: Mapping[str, str] = {**os.environ, "CENTRIFUGO_SECRET": SECRET, **environment}
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def next_object(process: "subprocess.Popen[str]", event: str) -> dict[str, Any]:
    """Return the next object about an event of this kind as soon as it is printed."""
    assert process.stdout is not None
    for line in process.stdout:
        found: dict[str, Any] = json.loads(line)
        if found["event"] == event:
            return found
    raise AssertionError(f"no {event}: {process.stderr.read() if process.stderr else ''}")


def test_a_pipe_gets_each_line_at_once(server: EmbeddedServer) -> None:
    """A pipe receives each event at once, also in a private channel and as another user, until --count is reached."""
    arguments = ("$desk#42", "desk", "--user", "42", "--count", "2", "--json")
    with program(*arguments, CENTRIFUGO_API_URL=server.url) as process, Client(server.url, SECRET) as client:
        for _ in range(2):
            next_object(process, "subscribed")
        client.publish("$desk#42", {"n": 1})
        assert next_object(process, "published")["data"] == {"n": 1}
        assert [info.user for info in client.presence("desk").values()] == ["42"]
        client.publish("desk", {"n": 2})
        assert next_object(process, "published")["channel"] == "desk"
        assert process.wait(60) == 0


def test_ctrl_c_and_a_closed_pipe_end_watch(server: EmbeddedServer) -> None:
    """Ctrl-C exits with 130 without a message, and a closed pipe with 141 and one line."""
    with program("c", "--json", CENTRIFUGO_API_URL=server.url) as process:
        next_object(process, "subscribed")
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=60) == ("", "")
        assert process.returncode == 130
    with program("c", "--json", CENTRIFUGO_API_URL=server.url) as process, Client(server.url, SECRET) as client:
        next_object(process, "subscribed")
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        client.publish("c", 1)
        assert process.wait(60) == 141
        error = json.loads(process.stderr.read())["error"]
        assert (error["type"], error["exit_code"]) == ("SystemFailure", 141)


# ---- which server it watches


@pytest.fixture
def watchers(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, str]]:
    """Return the watchers that were created, with their addresses."""
    seen: list[tuple[Any, str]] = []

    def watch(watcher: Any, url: str, **_: Any) -> Iterator[Event]:
        seen.append((watcher, url))
        return iter(())

    monkeypatch.setattr(watching, "Watching", watch)
    return seen


@pytest.mark.parametrize(
    ("environment", "arguments", "kind"),
    [
        ({"CENTRIFUGO_SECRET": "s"}, (), v1.Watcher),
        ({}, ("--insecure",), v1.Watcher),
        ({"CENTRIFUGO_API_KEY": "k"}, (), current.Watcher),
        ({"CENTRIFUGO_CLIENT_TOKEN_HMAC_SECRET_KEY": "t"}, (), current.Watcher),
        ({}, ("--token", "t"), current.Watcher),
        ({}, ("--token-key", "t"), current.Watcher),
        ({}, ("--server", "6"), current.Watcher),
        ({"CENTRIFUGO_SECRET": "s", "CENTRIFUGO_CLIENT_TOKEN_HMAC_SECRET_KEY": "t"}, (), v1.Watcher),
    ],
)
def test_credentials_select_the_generation(
    cli: Run,
    watchers: list[tuple[Any, str]],
    monkeypatch: pytest.MonkeyPatch,
    environment: dict[str, str],
    arguments: tuple[str, ...],
    kind: type,
) -> None:
    """A secret selects 1.x; an API key, a token key, a token or --server 6 selects a later server."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    ran = cli("watch", "news", "--url", "http://localhost:1", *arguments)
    assert (ran.code, ran.err.count("\n")) == (0, int("--token-key" in arguments))  # a warning about the key
    ((watcher, url),) = watchers
    assert type(watcher) is kind
    assert url.startswith("http://localhost:1")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "no API key or secret given"),
        (("--token", "t", "--token-key", "k"), "--token and --token-key cannot be combined"),
        (("--secret", "s", "--token", "t"), "for Centrifugo 3 and later"),
        (("--secret", "s", "--token-key", "t"), "for Centrifugo 3 and later"),
        (("--token-key", "@nowhere.pem"), "nowhere.pem"),
    ],
)
def test_conflicting_credentials_are_rejected(
    cli: Run, watchers: list[tuple[Any, str]], arguments: tuple[str, ...], words: str
) -> None:
    """Conflicting credentials are rejected before the connection is opened."""
    ran = cli("watch", "news", *arguments)
    assert (ran.code, words in ran.err, watchers) == (2, True, [])


def test_watching_a_current_server(current_server: EmbeddedServer) -> None:
    """A process prints publications of a current server with their offsets and tags."""
    keys = {"CENTRIFUGO_API_KEY": API_KEY, "CENTRIFUGO_CLIENT_TOKEN_HMAC_SECRET_KEY": TOKEN_KEY}
    environment = {"CENTRIFUGO_SECRET": "", "CENTRIFUGO_API_URL": current_server.url, **keys}
    with program("$seen", "--user", "42", "--count", "1", "--json", **environment) as process:
        next_object(process, "subscribed")
        with centripetal.Client(current_server.url, API_KEY) as client:
            assert [info.user for info in client.presence("$seen").presence.values()] == ["42"]
            client.publish("$seen", {"n": 1}, tags={"a": "b"})
        seen = next_object(process, "published")
        del seen["time"]
        assert seen == {
            "event": "published",
            "channel": "$seen",
            "data": {"n": 1},
            "recovered": False,
            "offset": 1,
            "tags": {"a": "b"},
        }
        assert process.wait(60) == 0


def test_tags_are_printed(api: Run, happening: Callable[..., None]) -> None:
    """Tags are printed after the data."""
    happening(Published("c", b"1", tags={"a": "b"}, offset=3))
    assert api("watch", "c").out.rstrip().endswith("published  1  (a=b)")
