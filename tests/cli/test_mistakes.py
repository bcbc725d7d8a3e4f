"""Messages of mistakes on the command line: each says what to type instead, and none shows a key or much data."""

from collections.abc import Iterator
from typing import Any

import pytest

from centripetal.cli.app import command_line
from centripetal.cli.mistakes import explained
from centripetal.cli.target import Target
from centripetal.server import EmbeddedServer
from tests.cli.conftest import Run

PUBLISH = """`centripetal publish news '{"text": "hello"}'`"""
CONNECTION = "`centripetal token connection 42`"
TOO_MANY = (
    "there are too many words after `publish`, which takes CHANNEL DATA: put a value with spaces or quotes in single "
    f"quotes, for example {PUBLISH}"
)

MISTAKES: list[tuple[str, tuple[str, ...], str]] = [
    (
        "token without user",
        ("token", "connection", "--info", "Ann"),
        "USER is missing after `token connection`, and --info takes JSON, for example `centripetal token connection 42 "
        """--info '{"name": "Ann"}'`""",
    ),
    (
        "info that is text",
        ("token", "connection", "42", "--info", "Ann"),
        """--info: 'Ann' is not JSON. Type JSON, for example --info '"Ann"' or '{"text": "hello"}'""",
    ),
    (
        "empty user",
        ("disconnect", ""),
        "disconnect: user is empty, which addresses every anonymous connection: give the user's id, or --anonymous to "
        "confirm",
    ),
    (
        "token key before the verb",
        ("--token-key", "KEY", "token", "connection", "42"),
        "--token-key must come after `token connection`, for example `centripetal token connection 42 --token-key "
        "SECRET`",
    ),
    (
        "token key inside the verb",
        ("token", "--token-key", "KEY", "connection", "42"),
        "--token-key must come after `token connection`, for example `centripetal token connection 42 --token-key "
        "SECRET`",
    ),
    (
        "token key of another verb",
        ("publish", "news", "1", "--token-key=KEY"),
        "--token-key is an option of `watch`, `token connection`, `token subscription`, `token explain` and others, "
        "not of `publish`: remove it, or type it after such a verb",
    ),
    (
        "option before its verb",
        ("--limit", "5", "history", "news"),
        "--limit must come after `history`, for example `centripetal history news --limit NUMBER`",
    ),
    ("unknown option", ("history", "news", "--lmit", "3"), "`history` has no option --lmit: did you mean --limit?"),
    ("underscores", ("--api_key", "KEY", "info"), "there is no option --api_key: type --api-key"),
    (
        "arguments as options",
        ("publish", "--channel", "news", "--data", "{}"),
        "--channel is not an option of `publish`, but an argument: type its value without --channel, for example "
        + PUBLISH,
    ),
    (
        "data as an option",
        ("broadcast", "a", "--data={}"),
        "--data is not an option of `broadcast`, but an argument: type its value without --data, for example "
        """`centripetal broadcast news sport '{"text": "hello"}'`""",
    ),
    (
        "user as an option",
        ("disconnect", "--user", "42"),
        "--user is not an option of `disconnect`, but an argument: type its value without --user, for example "
        "`centripetal disconnect 42`",
    ),
    ("timeout before the verb", ("--timeout", "abc", "info"), "--timeout: 'abc' is not a number: type --timeout 2.5"),
    ("timeout after the verb", ("info", "--timeout", "5s"), "--timeout: '5s' is not a number: type --timeout 2.5"),
    ("negative timeout", ("info", "--timeout=-1"), "--timeout: -1 is not above 0: type --timeout 2.5"),
    ("not a number", ("history", "a", "--limit", "many"), "--limit: 'many' is not a whole number: type --limit 10"),
    ("number in digits", ("history", "a", "--limit", "1_0"), "--limit: '1_0' is not a whole number: type --limit 10"),
    ("no port", ("serve", "--port", "70000"), "--port: 70000 is not from 0 to 65535: type --port 8000"),
    ("server in words", ("--server", "six", "info"), "--server: 'six' is not a whole number: type --server 6"),
    (
        "number out of bounds",
        ("history", "a", "--limit", "9999999999"),
        "--limit must be from -2147483648 to 2147483647, not 9999999999",
    ),
    (
        "array of channels",
        ("broadcast", '["a"]', "{}"),
        "channels: a JSON array would be a single name: type the names as separate words, for example `centripetal "
        """broadcast news sport '{"text": "hello"}'`""",
    ),
    (
        "array in an option",
        ("token", "connection", "42", "--channel", '["a"]'),
        "--channel: a JSON array would be a single name: type the names as separate words, for example `--channel a "
        "--channel b`",
    ),
    (
        "array for watch",
        ("watch", '["a", "b"]'),
        "CHANNEL: a JSON array would be a single name: type the names as separate words, for example `centripetal "
        "watch news sport`",
    ),
    (
        "broadcast without data",
        ("broadcast", '["a","b"]'),
        "broadcast: give at least one CHANNEL, then the data (- reads the data from standard input), for example "
        """`centripetal broadcast news sport '{"text": "hello"}'`""",
    ),
    (
        "no quotes",
        ("publish", "news", "{id:1}"),
        "data: '{id:1}' is not JSON. The shell removes double quotes that are not inside single quotes. Type '{"
        """"id":1}'""",
    ),
    (
        "single quotes",
        ("publish", "news", "{'id':1}"),
        """data: "{'id':1}" is not JSON. JSON has double quotes. Type '{"id":1}'""",
    ),
    ("JSON in several words", ("publish", "news", '{"text":', '"hello', 'you"}'), TOO_MANY),
    ("text in several words", ("publish", "news", "hello", "world", "--text"), TOO_MANY),
    (
        "text",
        ("publish", "news", "hello"),
        """data: 'hello' is not JSON. For plain text, add --text; otherwise type JSON such as '"hello"'""",
    ),
    ("missing channel", ("publish",), f"CHANNEL is missing after `publish`, for example {PUBLISH}"),
    (
        "too many arguments",
        ("presence", "a", "b"),
        "there are too many words: `presence` takes only CHANNEL, for example `centripetal presence news`",
    ),
    (
        "no arguments",
        ("channels", "a"),
        "there are too many words: `channels` takes no arguments, only options, for example `centripetal channels`",
    ),
    ("misspelled verb", ("publsh", "a", "1"), "there is no verb publsh: did you mean `publish` or `map_publish`?"),
    ("verb of a group", ("connection", "42"), "there is no verb connection: did you mean `token connection` or `con"),
    (
        "help of nothing",
        ("help", "presense"),
        "there is no verb presense: did you mean `presence` or `presence_stats`?",
    ),
    ("nonsense", ("--json", "--url", "x", "nonsense"), "there is no verb nonsense"),
    (
        "misspelled token verb",
        ("token", "conection", "42"),
        "there is no verb `token conection`: did you mean `token connection`?",
    ),
    (
        "group without verb",
        ("sign",),
        "`sign` needs a verb: type `sign channel` or `sign api`",
    ),
    (
        "option without value",
        ("publish", "a", "1", "--idempotency-key"),
        "--idempotency-key needs a value: type --idempotency-key IDEMPOTENCY_KEY",
    ),
    ("switch with a value", ("history", "a", "--reverse=yes"), "--reverse takes no value: type only --reverse"),
    (
        "time",
        ("refresh", "42", "--expire-at", "tomorrow"),
        "--expire-at: 'tomorrow' is not a time: use Unix seconds, or a time such as 2026-01-31T12:00:00Z",
    ),
    (
        "position",
        ("history", "a", "--since", "abc"),
        "--since: 'abc' is neither OFFSET:EPOCH, for example 12:xyz, nor a JSON object",
    ),
    (
        "tags",
        ("publish", "a", "1", "--tags", "en"),
        "--tags: 'en' is neither NAME=TEXT nor a JSON object, for example --",
    ),
    (
        "data twice",
        ("publish", "a", "1", "--b64data", "AAE="),
        "publish: data and --b64data exclude each other: give one of them (the server would ignore data)",
    ),
]


@pytest.mark.parametrize(("arguments", "message"), [mistake[1:] for mistake in MISTAKES], ids=[m[0] for m in MISTAKES])
def test_the_message_says_what_to_type(current: Run, arguments: tuple[str, ...], message: str) -> None:
    """The message of each mistake names the problem and the correct form, and the exit code is 2."""
    ran = current(*arguments)
    assert ran.code == 2
    shown = ran.err.splitlines()[0]
    if "--json" not in arguments:
        assert shown.startswith("error: " + message)
    else:
        assert message in shown


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("nomethod", "`centripetal --help` lists the methods that it knows."),
        ("publsh", "Did you mean 'publish'?"),
        ("connections", "this method needs Centrifugo PRO or a newer server\n"),
    ],
)
def test_an_unknown_method(current: Run, name: str, words: str) -> None:
    """A method that neither the server nor the program knows leads to a similar name or to the list of names."""
    ran = current("call", name)
    assert ran.code == 5
    assert words in ran.err
    assert ("does not know the method either" in ran.err) == (name != "connections")


def test_an_unknown_namespace(cli: Run) -> None:
    """A misspelled namespace leads to the configured one, because the embedded server tells its namespaces."""
    config = {"http_api": {"key": "k"}, "channel": {"namespaces": [{"name": "orders"}]}}
    with EmbeddedServer(config=config) as server:
        ran = cli("publish", "order:1", "1", "--url", server.url, "--api-key", "k")
    assert ran.code == 1
    assert "The nearest configured namespace is “orders”" in ran.err


@pytest.mark.parametrize(
    ("user", "words"),
    [
        ("42", "type `centripetal token connection 42`"),
        ("ann@example.org", "type `centripetal token connection USER`"),
        ("explian", "did you mean `token explain`?"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI0MiJ9.c2lnbmF0dXJl", "type `centripetal token explain TOKEN`"),
    ],
)
def test_a_token_without_the_secret(cli: Run, user: str, words: str) -> None:
    """`token USER` without a secret leads to the verb for later servers, and never repeats a token."""
    ran = cli("token", user)
    assert ran.code == 2
    assert words in ran.err
    assert "eyJ" not in ran.err


# ---- no message contains a key, a token or more than 100 characters of data

KEY = "k3yOfTheserver9876543210abcdefXY"
LONG = "x9" * 150


class Unreachable:
    """Client that fails if something is sent."""

    def call(self, command: Any) -> None:
        """Fail the test."""
        raise AssertionError(f"{command} was sent")


def shown_data(text: str) -> int:
    """Return the length of the longest part of `LONG` in *text*."""
    longest, run = 0, 0
    for one, other in zip(text, text[2:] + "  ", strict=True):
        run = run + 1 if one == other and one in "x9" else 0
        longest = max(longest, run + 2 if run else 0)
    return longest


def misplaced() -> Iterator[tuple[str, ...]]:
    """Yield the command lines of `MISTAKES` with a key or long data in each place that the user typed."""
    for _, arguments, _ in MISTAKES:
        for place in range(len(arguments)):
            for value in (KEY, f"{{{LONG}:1}}"):
                before, word, after = arguments[:place], arguments[place], arguments[place + 1 :]
                if word.startswith("--"):
                    name, equals, _ = word.partition("=")
                    yield (*before, f"{name}={value}" if equals else f"--{value}", *after)
                elif word not in ("token", "serve", "watch"):
                    yield (*before, value, *after)


def test_no_mistake_shows_a_key_or_long_data(current: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever word of a wrong command line is a key or long data, its message has neither."""
    monkeypatch.setattr(Target, "client", lambda _: Unreachable())
    monkeypatch.setenv("CENTRIFUGO_CLIENT_TOKEN_HMAC_SECRET_KEY", KEY)
    checked = 0
    for arguments in misplaced():
        try:
            ran = current(*arguments)
        except AssertionError:  # the changed command line is valid
            continue
        if ran.code == 2:
            checked += 1
            assert KEY[:12] not in ran.err, arguments
            assert shown_data(ran.err) <= 100, (arguments, ran.err)
    assert checked > 100


@pytest.mark.parametrize("name", ["publish", "history", "subscribe", "refresh"])
def test_no_option_shows_long_data(current: Run, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """An option with a long invalid value names itself, and shows at most 100 characters of the value."""
    monkeypatch.setattr(Target, "client", lambda _: Unreachable())
    command = command_line().commands[name]
    arguments = {"publish": ("a", "1"), "subscribe": ("a", "42")}
    for option in command.params:
        if option.param_type_name == "argument" or option.is_flag or option.opts[0] in ("--url", "--server"):
            continue
        try:
            ran = current(name, *arguments.get(name, ("42",)), f"{option.opts[0]}={LONG}")
        except AssertionError:
            continue  # any text is valid
        if ran.code == 2:
            assert shown_data(ran.err) <= 100, ran.err


def test_other_errors_are_unchanged() -> None:
    """An error without a better message stays as it is."""
    error = ValueError("something else")
    assert explained(error, command_line(), ()) is error
