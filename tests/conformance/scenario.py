"""Building blocks of scenarios: calls, their expected results, and the facades that make the calls.

A scenario is a generator function under `@scenario`. It gets a `Namer`, which makes unused channel names, and yields
requests. Facades for single calls (`sync`, `async`) make the calls of a request one after the other; other facades send
them together. Each call must have the same result on every facade and every server.
"""

import itertools
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from centripetal import v1
from centripetal.errors import Executed
from tests.conformance.servers_v1 import SECRET

__all__ = [
    "ALL",
    "GENERATED",
    "SCENARIOS",
    "TOGETHER",
    "Ask",
    "Call",
    "Expected",
    "Kept",
    "Namer",
    "Request",
    "Scenario",
    "ask",
    "request",
    "scenario",
    "until",
]

ALL = ("sync", "async", "batch", "async batch", "buffer", "async buffer")
TOGETHER = ("batch", "async batch", "buffer", "async buffer")
"""The facades that send the calls of a request together."""

GENERATED = "an id that the server made"


class Kept(NamedTuple):
    """A message in a history, in the form that scenarios use."""

    channel: str
    data: bytes
    client: str | None = None
    uid: str = GENERATED


class Expected(NamedTuple):
    """The expected result of a call: a value, a check of the value, or an error.

    Attributes:
        what: description for failure messages.
        value: the result, in the form of `plain` in `facades_v1.py`.
        check: returns whether a result is correct; replaces *value*.
        error: the exact class of the error.
        executed, retryable: expected attributes of the error.
        together: expected `executed` if several commands were sent in one request; None: the same.
        message, advice: expected attributes of a `ServerError`.
        status: expected attribute of an `HTTPStatusError`.
        text: text that the error message must contain.
        at_once: the call itself fails before anything is sent, and other calls are not affected.
        of_request: the request fails, and so do all of its calls.
    """

    what: str
    value: Any = None
    check: Callable[[Any], bool] | None = None
    error: type[v1.CentripetalError] | None = None
    executed: Executed = "unknown"
    retryable: bool = False
    together: Executed | None = None
    message: str = ""
    advice: str = ""
    status: int = 0
    text: str = ""
    at_once: bool = False
    of_request: bool = False


class Call(NamedTuple):
    """A method of a facade and its arguments; an expected result turns it into an `Ask`."""

    method: str
    args: tuple[Any, ...]
    options: dict[str, Any]

    def returns(self, value: Any) -> "Ask":
        return Ask(self, Expected(f"{value!r:.200}", value=value))

    def satisfies(self, what: str, check: Callable[[Any], bool]) -> "Ask":
        return Ask(self, Expected(what, check=check))

    def is_refused(self, message: str, *, advice: str = "", executed: Executed = "no") -> "Ask":
        """Expect that the server returns an error for this command."""
        return Ask(
            self,
            Expected(
                f"{message!r} ({advice or 'no advice'})",
                error=v1.ServerError,
                message=message,
                advice=advice,
                executed=executed,
                text=message,
            ),
        )

    def is_unusable(self, text: str) -> "Ask":
        """Expect that the client refuses to send the command."""
        return Ask(self, Expected("a UsageError", error=v1.UsageError, executed="no", text=text, at_once=True))

    def fails(self, error: type[v1.HTTPStatusError], status: int, together: Executed | None = None) -> "Ask":
        """Expect that the server refuses the whole request."""
        expected = Expected(
            f"{error.__name__} {status}",
            error=error,
            status=status,
            executed="no",
            together=together,
            text=str(status),
            of_request=True,
        )
        return Ask(self, expected)


class Ask(NamedTuple):
    """A call and its expected result."""

    call: Call
    expected: Expected


class Request(NamedTuple):
    """Calls that batches and buffers send together; with *patience* the request is repeated until the results fit."""

    asks: tuple[Ask, ...]
    patience: float = 0


def ask(method: str, *args: Any, **options: Any) -> Call:
    return Call(method, args, options)


def request(*asks: Ask) -> Request:
    return Request(asks)


def until(*asks: Ask, seconds: float = 20) -> Request:
    """Return a request that is repeated until its results match, for effects that take the server some time."""
    return Request(asks, seconds)


class Namer:
    """Generator of names that no other run of a scenario uses: `name("public:x")` is `public:x-7`."""

    _numbers = itertools.count(1)

    def __init__(self) -> None:
        self._suffix = f"-{next(self._numbers)}"

    def __call__(self, name: str) -> str:
        return name + self._suffix


class Scenario(NamedTuple):
    """A scenario; `requests(Namer())` yields its requests."""

    name: str
    claim: str
    requests: Callable[[Namer], Iterator[Request]]
    config: str
    secret: str | None
    facades: tuple[str, ...]
    alone: bool
    slow: bool


SCENARIOS: list[Scenario] = []


def scenario(
    *,
    config: str = "usual",
    secret: str | None = SECRET,
    facades: tuple[str, ...] = ALL,
    alone: bool = False,
    slow: bool = False,
) -> Callable[[Callable[[Namer], Iterator[Request]]], Callable[[Namer], Iterator[Request]]]:
    """Register a generator function as a scenario.

    Args:
        config: name of the server's configuration in `CONFIGS`.
        secret: the client's secret; None sends no signs.
        facades: facades to run the scenario on.
        alone: whether the scenario needs a server without other clients.
        slow: whether the scenario waits for seconds.
    """

    def add(requests: Callable[[Namer], Iterator[Request]]) -> Callable[[Namer], Iterator[Request]]:
        name, claim = requests.__name__, (requests.__doc__ or "").strip()
        assert claim, f"{name} has no docstring"
        SCENARIOS.append(Scenario(name, claim, requests, config, secret, facades, alone, slow))
        return requests

    return add
