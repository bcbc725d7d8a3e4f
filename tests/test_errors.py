"""The hierarchy of errors: base classes, attributes, and copies that keep everything."""

import builtins
import copy
import pickle
import traceback
from collections.abc import Callable

import pytest

import centripetal
from centripetal import errors
from centripetal.dialects.v1.commands import Channels, Publish
from centripetal.errors import CentripetalError, HTTPStatusError, ServerError

COMMAND = Publish("news", {"n": 1})

EXAMPLES: dict[type[CentripetalError], CentripetalError] = {
    type(error): error
    for error in (
        CentripetalError("any"),
        errors.UsageError("wrong"),
        errors.ClientNotEmptyError("waiting"),
        errors.TransportError("broken"),
        errors.ConnectError("refused"),
        errors.TimeoutError("late"),
        errors.ConnectionLostError("gone", executed="no"),
        errors.HTTPStatusError("500 from it", status=500, body=b"oh", retryable=True),
        errors.AuthenticationError("401 from it", status=401, body=b"Unauthorized"),
        errors.MalformedResponseError("nonsense", executed="yes"),
        errors.ServerError("not available", code=108, advice="fix", hint="turn it on", executed="no"),
        errors.BroadcastError({"news": errors.ServerError("unknown channel", code=102)}, 2),
        errors.HistoryGapError("a gap", channel="news", expected=3, found=7, epoch="abc"),
    )
}
every_error = pytest.mark.parametrize("error", EXAMPLES.values(), ids=lambda error: type(error).__name__)


def test_every_error_has_an_example() -> None:
    """Every error has an example in this file and is available in `centripetal`."""
    names = {name for name in errors.__all__ if name != "Executed"}
    assert {kind.__name__ for kind in EXAMPLES} == names
    assert all(getattr(centripetal, name) is getattr(errors, name) for name in names)


@pytest.mark.parametrize(
    ("kind", "bases"),
    [
        (errors.UsageError, [ValueError]),
        (errors.ClientNotEmptyError, []),
        (errors.ConnectError, [errors.TransportError]),
        (errors.TimeoutError, [errors.TransportError, builtins.TimeoutError]),
        (errors.ConnectionLostError, [errors.TransportError]),
        (errors.HTTPStatusError, []),
        (errors.AuthenticationError, [errors.HTTPStatusError]),
        (errors.MalformedResponseError, []),
        (errors.ServerError, []),
        (errors.BroadcastError, []),
        (errors.HistoryGapError, []),
    ],
)
def test_an_error_has_its_base_classes(kind: type[CentripetalError], bases: list[type[Exception]]) -> None:
    """Each error is a CentripetalError, and derives from Python's class for the same mistake."""
    assert all(issubclass(kind, base) for base in bases)
    assert CentripetalError in kind.__mro__


@pytest.mark.parametrize(
    ("kind", "executed", "retryable"),
    [
        (CentripetalError, "unknown", False),
        (errors.UsageError, "no", False),
        (errors.ClientNotEmptyError, "no", False),
        (errors.TransportError, "unknown", True),
        (errors.ConnectError, "no", True),
        (errors.TimeoutError, "unknown", True),
        (errors.ConnectionLostError, "unknown", True),
        (errors.MalformedResponseError, "unknown", False),
        (errors.ServerError, "unknown", False),
        (errors.HistoryGapError, "yes", False),
    ],
)
def test_an_error_has_safe_defaults(kind: type[CentripetalError], executed: str, retryable: bool) -> None:
    """Without arguments, `executed` and `retryable` have the values that hold for every error of the class."""
    error = kind("text")
    assert (error.executed, error.retryable, error.command, error.index) == (executed, retryable, None, None)


def test_arguments_replace_the_defaults() -> None:
    """`executed` and `retryable` can be set for one error without changing its class."""
    error = errors.TimeoutError("late", executed="no", retryable=False)
    assert (error.executed, error.retryable) == ("no", False)
    assert (errors.TimeoutError("late").executed, errors.TimeoutError("late").retryable) == ("unknown", True)


def by_pickle(error: CentripetalError) -> CentripetalError:
    """Return the error as another process receives it."""
    there: CentripetalError = pickle.loads(pickle.dumps(error))
    return there


@every_error
@pytest.mark.parametrize("duplicate", [by_pickle, copy.copy, copy.deepcopy])
def test_a_copy_keeps_everything(
    error: CentripetalError, duplicate: Callable[[CentripetalError], CentripetalError]
) -> None:
    """Pickling and copying keep the text and every attribute, so that task queues can report errors."""
    original = error.about(COMMAND, 3)
    there = duplicate(original)
    assert type(there) is type(original)
    assert repr(vars(there)) == repr(vars(original))  # exceptions in attributes have no equality
    assert (str(there), repr(there), there.args) == (str(original), repr(original), original.args)
    assert (there.executed, there.retryable) == (original.executed, original.retryable)


@every_error
def test_about_sets_the_command_and_its_index(error: CentripetalError) -> None:
    """`about` sets a command and its index in a copy; the original still concerns the whole request."""
    about = error.about(COMMAND, 3, executed="yes")
    assert (about.command, about.index, about.executed) == (COMMAND, 3, "yes")
    assert str(about) == f"publish (command 3 of the request): {error}"
    assert str(error.about(Channels())) == f"channels: {error}"
    assert (error.command, error.index) == (None, None)


def test_about_keeps_the_cause() -> None:
    """The copy keeps cause and traceback."""
    cause = OSError("no route")
    with pytest.raises(errors.ConnectError) as caught:
        raise errors.ConnectError("no connection") from cause
    about = caught.value.about(COMMAND)
    assert about.__cause__ is cause
    assert about.__suppress_context__
    assert about.__traceback__ is caught.value.__traceback__
    assert "no route" in "".join(traceback.format_exception(about))


def test_an_error_with_an_invalid_command_has_a_text() -> None:
    """`str` works with any object as the command."""
    error = errors.UsageError("that is not a command")
    error.command = "publish"  # type: ignore[assignment]
    assert str(error) == "that is not a command"


def test_an_error_without_text_is_printable() -> None:
    """A subclass that never called our constructor has an empty text instead of raising."""
    assert str(CentripetalError.__new__(CentripetalError)) == ""


@pytest.mark.parametrize(("size", "kept"), [(0, 0), (4096, 4096), (4097, 4096), (1_000_000, 4096)])
def test_the_body_of_an_http_error_has_a_size_limit(size: int, kept: int) -> None:
    """A huge error page does not stay in memory with the error."""
    error = HTTPStatusError("502", status=502, body=b"x" * size)
    assert error.body == b"x" * kept
    assert error.status == 502


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ServerError("not available"), "the server says: not available"),
        (ServerError("not available", hint="turn it on"), "the server says: not available (turn it on)"),
        (ServerError("unknown channel", code=102), "the server says: 102: unknown channel"),
        (ServerError("", code=0), "the server says: 0: "),
    ],
)
def test_a_server_error_contains_the_servers_text(error: ServerError, text: str) -> None:
    """The text names the server as its source, the code if there is one, the server's message, and our hint."""
    assert str(error) == text


def test_a_server_error_has_attributes() -> None:
    """Code, message and advice can be read without parsing the text."""
    error = ServerError("namespace not found", code=7, advice="fix", hint="look", executed="no", retryable=False)
    assert (error.code, error.message, error.advice) == (7, "namespace not found", "fix")
    assert (ServerError("x").code, ServerError("x").advice) == (None, "")


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda error: pickle.loads(pickle.dumps(error))])
def test_attempts_and_limits_are_part_of_the_text(copied: Callable[[CentripetalError], CentripetalError]) -> None:
    """A copied or pickled error still says how often it was tried, and which time limit the caller set."""
    error = errors.TimeoutError("no reply within the call's timeout. Is it reachable?")
    assert str(error) == "no reply within the call's timeout. Is it reachable?"
    error.limit, error.attempts, error.tried_for = 1.5, 3, 1.4999
    assert str(copied(error)) == "no reply within 1.5 s (the call's timeout). Is it reachable? (tried 3 times in 1.5 s)"


def test_a_message_of_any_length_makes_a_short_text() -> None:
    """A server's message of 10 MB is cut, in the text as well as in the attribute."""
    error = ServerError("x" * 10_000_000, code=107, hint="do this")
    assert error.message == "x" * 300 + "…"
    assert str(error) == f"the server says: 107: {error.message} (do this)"
    assert len(pickle.dumps(error)) < 2000
