"""Tests of `demo` with an embedded server and with a given server."""

import contextlib
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from centripetal.cli.generation import Generation
from centripetal.cli.settings import Settings
from centripetal.cli.tools.demo.script import PUBLISHES, STEPS, Step
from centripetal.cli.tools.demo.verb import _Session, _stay
from centripetal.client import current
from centripetal.client.watching import Watching
from centripetal.dialects.v1.watcher import Watcher
from centripetal.server import EmbeddedServer
from centripetal.v1 import Client
from tests.cli.conftest import API_KEY, SECRET, TOKEN_KEY, Run
from tests.cli.process import run


def test_demo_shows_each_call() -> None:
    """The demo starts an embedded server, shows each call with its result and exits by itself without a terminal."""
    ran = run("demo", "--server", "1")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert re.search(r"client\.publish\('demo', .*True +\d+\.\d\d ms", ran.stdout)
    assert re.search(r"all\(response\.result\(\) for .*\) +True ", ran.stdout)
    assert "namespace not found" in ran.stdout
    # The server has stopped, so the output does not contain its address.
    assert "://" not in ran.stdout
    assert "127.0.0.1" not in ran.stdout
    assert max(map(len, ran.stdout.splitlines())) <= 80


def test_demo_has_a_live_subscriber(cli: Run) -> None:
    """A live subscriber is in the channels, and its events are printed below the call that caused them."""
    out = cli("demo", "--server", "1").out
    lines = [re.sub(r"connection \S+", "connection …", line).strip() for line in out.splitlines()]
    seen = [line.removeprefix("alice sees  ") for line in lines if line.startswith("alice sees")]
    assert seen == [
        "demo    joined     alice, connection …",
        "demo-2  joined     alice, connection …",
        'demo    published  {"text":"hello"}',
        'demo    published  {"text":"to both"}',
        'demo-2  published  {"text":"to both"}',
        *('demo    published  {"n":0}', 'demo    published  {"n":1}', "… and 98 more") * 2,
    ]
    (published,) = [number for number, line in enumerate(lines) if line.startswith("client.publish('demo',")]
    assert lines[published + 1] == f"alice sees  {seen[2]}"
    assert "ClientInfo(user='alice'" in out
    assert re.search(r"client\.channels\(\) +\['demo', 'demo-2'\]", out)


def test_demo_on_a_given_server(api: Run, server: EmbeddedServer) -> None:
    """With CENTRIFUGO_API_URL set, the demo uses that server, and with --json it prints each call as an object."""
    ran = api("demo", "--json")
    calls = [json.loads(line) for line in ran.out.splitlines()]
    together = "for n in range(100): client.add_publish('demo', {'n': n})\nresponses = client.send()"
    assert {"client.publish('demo', {'text': 'hello'})", together} <= {call["call"] for call in calls}
    error = [call for call in calls if "error" in call][-1]["error"]
    assert (error["type"], error["method"], error["executed"]) == ("ServerError", "publish", "no")
    assert len(Client(server.url, SECRET).history("demo")) == 10
    arrived = [event for call in calls for event in call.get("arrived", ())]
    data = [event["data"] for event in arrived if event["event"] == "published"]
    assert data[-200:] == [{"n": n} for n in range(100)] * 2


def test_demo_continues_without_a_subscriber(cli: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the server accepts no more connections of the user, the demo continues and explains the missing subscriber."""
    config = {"user_connection_limit": 1, "history_size": 5, "history_lifetime": 60, "presence": True}
    with EmbeddedServer(secret=SECRET, config=config) as server:
        events = iter(Watching(Watcher(["elsewhere"], secret=SECRET, user="alice"), server.url))
        next(events)
        monkeypatch.setenv("CENTRIFUGO_SECRET", SECRET)
        ran = cli("demo", "--url", server.url)
    assert (ran.code, ran.err) == (0, "")
    assert "Cannot watch the channels: the server says: limit exceeded" in ran.out
    assert re.search(r"all\(results\) +True ", ran.out)
    assert "alice sees" not in ran.out
    events.close()


def test_demo_shows_no_secret_of_a_server(api: Run) -> None:
    """The demo prints neither the secret of a real server nor a complete token."""
    ran = api("demo")
    assert ran.code == 0
    assert SECRET not in ran.out
    assert not re.search(r"[0-9a-f]{64}", ran.out)


def test_demo_reports_an_unreachable_server(cli: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The demo on an unreachable server exits with the usual error."""
    monkeypatch.setenv("CENTRIFUGO_SECRET", "s")
    ran = cli("demo", "--url", "http://127.0.0.1:1")
    assert ran.code == 3
    assert ran.err.startswith("error: ")


def test_demo_of_a_current_server(cli: Run) -> None:
    """By default, the demo shows the current API: offsets, a deduplicated publication, a batch and a subscriber."""
    out = cli("demo").out
    lines = [line.strip() for line in out.splitlines()]
    assert "from centripetal import Client" in lines
    assert [line for line in lines if line.startswith("alice sees") and "published" in line] == [
        'alice sees  demo    published  {"text":"hello"}',
        'alice sees  demo    published  {"text":"to both"}',
        'alice sees  demo-2  published  {"text":"to both"}',
        'alice sees  demo    published  {"text":"once"}',
        *('alice sees  demo    published  {"n":0}', 'alice sees  demo    published  {"n":1}') * 2,
    ]
    assert re.search(r"slots\[-1\]\.result\(\) .*\n +PublishResult\(offset=203, ", out)
    assert "127.0.0.1" not in out
    assert max(map(len, out.splitlines())) <= 80
    assert "102: unknown channel" in out


def test_demo_on_a_given_current_server(
    cli: Run, current_server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An address and an API key are enough, and the demo has no subscriber if the server requires tokens."""
    monkeypatch.setenv("CENTRIFUGO_HTTP_API_URL", current_server.url)
    monkeypatch.setenv("CENTRIFUGO_HTTP_API_KEY", API_KEY)
    ran = cli("demo")
    assert (ran.code, ran.err) == (0, "")
    assert "Cannot watch the channels: the server says: 3501" in ran.out
    assert "connection_token" not in ran.out
    ran = cli("demo", "--json", "--token-key", TOKEN_KEY)
    calls = [json.loads(line) for line in ran.out.splitlines()]
    arrived = [event["data"] for call in calls for event in call.get("arrived", ()) if event["event"] == "published"]
    assert arrived[-100:] == [{"n": n} for n in range(100)]
    assert TOKEN_KEY not in ran.out


@pytest.mark.parametrize("generation", list(STEPS))
def test_lone_and_batched_calls_do_the_same_work(generation: Generation) -> None:
    """The demo times the same hundred messages in requests of their own and in one request, one after the other."""
    alone, together = STEPS[generation][-3:-1]
    assert PUBLISHES[alone.calls[0]] == PUBLISHES[together.calls[0]] == 100
    for step in (alone, together):
        assert step.calls[0].count("publish('demo', {'n': n})") == step.calls[0].count("for n in range(100)") == 1


@pytest.mark.parametrize("step", [step for steps in STEPS.values() for step in steps], ids=lambda step: step.title)
def test_the_script_fits_into_80_columns(step: Step) -> None:
    """Titles fit into 80 columns, and code leaves room for its duration."""
    assert len(step.title) <= 80
    assert max(len(line) for call in step.calls for line in call.splitlines()) <= 66


def test_a_demo_in_a_terminal_ends_with_its_addresses(capsys: pytest.CaptureFixture[str]) -> None:
    """While the server keeps running, the demo prints its addresses and lines to paste, and at the end that they ended."""
    with EmbeddedServer(api_key=API_KEY) as server, contextlib.closing(current.Client(server.url, API_KEY)) as client:
        target = Settings(url=server.url, api_key=API_KEY).target()
        subscriber: Any = Interrupted()
        _stay(_Session(target, client, "secret", subscriber, "a server", server.console_url))
        out = capsys.readouterr().out
        assert f"  {server.console_url}\n" in out
        assert f"  export CENTRIFUGO_API_URL={server.url}\n  export CENTRIFUGO_API_KEY=" in out
    assert "no longer work" in "".join(out.splitlines()[-2:])
    assert all(len(line) <= 80 for line in out.splitlines() if "centripetal" not in line)


class Interrupted:
    """A subscriber whose reader presses Ctrl-C."""

    def __iter__(self) -> Iterator[Any]:
        raise KeyboardInterrupt
