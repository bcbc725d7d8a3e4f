"""What scenarios are made of: calls, what is expected of each, and the facades on which the calls are made.

A scenario is a generator function under `@scenario`; it is given a `Namer` (channel names that nobody else uses) and
yields requests. Facades that make single calls (`sync`, `async`) make the calls of a request one after the other, the
others all at once; what each call comes to must be the same, whatever the facade and whatever the server.
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
"""The facades that send the calls of a request as one."""

GENERATED = "an id that the server made"


class Kept(NamedTuple):
    """A message in a history, as scenarios write it down."""

    channel: str
    data: bytes
    client: str | None = None
    uid: str = GENERATED


class Expected(NamedTuple):
    """What a call comes to: a value, a check of the value, or an error.

    Attributes:
        what: for people.
        value: the result, as `plain` in `facades_v1.py` writes it down.
        check: says whether the result is as it should be, where no one value is.
        error: the class of the error, exactly.
        executed, retryable: what the error says.
        together: what it says of `executed` if several commands were sent in one request; None: the same.
        message, advice: a `ServerError`'s words.
        status: an `HTTPStatusError`'s.
        text: what the error's text holds.
        at_once: the call itself fails, before anything is sent, and does not touch the calls beside it.
        of_request: the request fails, so that all of its calls do.
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
    """A method of a facade and its arguments; what it is expected to come to makes it an `Ask`."""

    method: str
    args: tuple[Any, ...]
    options: dict[str, Any]

    def returns(self, value: Any) -> "Ask":
        return Ask(self, Expected(f"{value!r:.200}", value=value))

    def satisfies(self, what: str, check: Callable[[Any], bool]) -> "Ask":
        return Ask(self, Expected(what, check=check))

    def is_refused(self, message: str, *, advice: str = "", executed: Executed = "no") -> "Ask":
        """The server answers with an error of this one command."""
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
        """The client refuses to send it."""
        return Ask(self, Expected("a UsageError", error=v1.UsageError, executed="no", text=text, at_once=True))

    def fails(self, error: type[v1.HTTPStatusError], status: int, together: Executed | None = None) -> "Ask":
        """The server refuses the whole request."""
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
    """A call and what is expected of it."""

    call: Call
    expected: Expected


class Request(NamedTuple):
    """Calls that batches and buffers send as one; with *patience*, made again until all is as expected."""

    asks: tuple[Ask, ...]
    patience: float = 0


def ask(method: str, *args: Any, **options: Any) -> Call:
    return Call(method, args, options)


def request(*asks: Ask) -> Request:
    return Request(asks)


def until(*asks: Ask, seconds: float = 20) -> Request:
    """A request that is made again until its answer is as expected, for what takes the server a while."""
    return Request(asks, seconds)


class Namer:
    """Makes names that no other run of a scenario uses: `name("public:x")` is `public:x-7`."""

    _numbers = itertools.count(1)

    def __init__(self) -> None:
        self._suffix = f"-{next(self._numbers)}"

    def __call__(self, name: str) -> str:
        return name + self._suffix


class Scenario(NamedTuple):
    """A scenario; `requests(Namer())` tells it."""

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
    """Put a generator function on the list.

    Args:
        config: which of `CONFIGS` the server has.
        secret: the client's; None signs nothing.
        facades: on which it makes sense.
        alone: it needs a server that nobody else has used.
        slow: it waits for seconds.
    """

    def add(requests: Callable[[Namer], Iterator[Request]]) -> Callable[[Namer], Iterator[Request]]:
        name, claim = requests.__name__, (requests.__doc__ or "").strip()
        assert claim, f"{name} claims nothing"
        SCENARIOS.append(Scenario(name, claim, requests, config, secret, facades, alone, slow))
        return requests

    return add
