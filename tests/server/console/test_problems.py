"""The console's explanations of problems in servers of all generations."""

import re
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from centripetal.dialects.current import disconnects as current_ends
from centripetal.dialects.current import error_codes
from centripetal.dialects.current.advice import ADVICE as CURRENT_ADVICE
from centripetal.dialects.v1 import disconnects as v1_ends
from centripetal.dialects.v1.advice import ADVICE as V1_ADVICE
from centripetal.dialects.v1.disconnects import CLOSE_CODE
from centripetal.server.console.problems import Problem, Problems, explain
from centripetal.server.engine.events import (
    ApplicationAsked,
    CommandRefused,
    CommandRun,
    Connected,
    Disconnected,
    Event,
    Joined,
    RequestRefused,
)

Explain = Callable[[Event], Problem | None]
explain_v1 = partial(explain, V1_ADVICE)
explain_current = partial(explain, CURRENT_ADVICE)

CLIENT: dict[str, Any] = {"at": 1, "client": "c", "user": "ada"}
SUBSCRIBE: dict[str, Any] = {**CLIENT, "method": "subscribe"}
DENIED = "permission denied"

V1: list[tuple[Event, str, str]] = [
    (RequestRefused(at=1, status=401, reason="invalid sign"), "does not match its body", "`secret` in the client"),
    (RequestRefused(at=1, status=400, reason="no sign found in API request"), "was not signed", "X-API-Sign"),
    (RequestRefused(at=1, status=400, reason="no data found in API request"), "was empty", "JSON body"),
    (RequestRefused(at=1, status=400, reason="no secret set in config"), "no secret", "--secret"),
    (RequestRefused(at=1, status=400, reason="unknown method 'x'"), "unknown method 'x'", "publish, broadcast"),
    (RequestRefused(at=1, status=400, reason="params of publish: x"), "params of publish: x", '{"method": …'),
    (RequestRefused(at=1, status=500, reason="a reply cannot be printed: x"), "invalid JSON", "`info`"),
    (
        CommandRun(at=1, method="publish", channels=("$n:x",), error="namespace not found"),
        "no namespace “n”",
        '{"name": "n"}',
    ),
    (
        CommandRun(at=1, method="presence", channels=("x",), error="not available"),
        "`presence` was called for “x”",
        "`presence`",
    ),
    (
        CommandRun(at=1, method="history", channels=("x",), error="not available"),
        "`history` was called for “x”",
        "history_size",
    ),
    (CommandRun(at=1, method="broadcast", error="invalid message"), "`broadcast`", "before the empty name"),
    (CommandRefused(**SUBSCRIBE, channel="x#y", error=DENIED), "users named after the #", "one of these users"),
    (CommandRefused(**SUBSCRIBE, channel="x&y", error=DENIED), "named after the &", "connect"),
    (CommandRefused(**{**SUBSCRIBE, "user": ""}, channel="x", error=DENIED), "An anonymous client", "`anonymous`"),
    (CommandRefused(**SUBSCRIBE, channel="$x", error=DENIED), "private", "generate_channel_sign"),
    (CommandRefused(**CLIENT, method="publish", channel="x", error=DENIED), "publish into “x”", "`publish`"),
    (
        CommandRefused(**CLIENT, method="history", channel="x", error=DENIED),
        "without a subscription",
        "Subscribe to the channel first",
    ),
    (CommandRefused(**SUBSCRIBE, channel="n:x", error="namespace not found"), "no namespace “n”", "namespaces"),
    (CommandRefused(**SUBSCRIBE, channel="x", error="already subscribed"), "twice", "once"),
    (CommandRefused(**SUBSCRIBE, channel="x", error="limit exceeded"), "too long", "`max_channel_length`"),
    (CommandRefused(**SUBSCRIBE, error="something new"), "“something new”", "documentation"),
    (Disconnected(**CLIENT, code=3000, reason="invalid token"), "token", "generate_client_token"),
    (Disconnected(**CLIENT, code=3000, reason="stale"), "in time", "stale_connection_close_delay"),
    (Disconnected(**CLIENT, code=3000, reason="expired"), "connection_lifetime", "refreshEndpoint"),
    (Disconnected(**CLIENT, code=3000, reason="slow"), "fast enough", "client_queue_max_size"),
]
CURRENT: list[tuple[Event, str, str]] = [
    (
        ApplicationAsked(**CLIENT, event="rpc", method="m", problem="status 500", meaning="error 100, temporary"),
        "error 100, temporary",
        "Open the event",
    ),
    (RequestRefused(at=1, status=401, reason="no API key, or a wrong one"), "without the API key", "X-API-Key"),
    (
        RequestRefused(at=1, status=403, reason="the origin is not in client.allowed_origins"),
        "origin that is not allowed",
        "`client.allowed_origins`",
    ),
    (RequestRefused(at=1, status=400, reason="not JSON"), "could not be read: not JSON", "`{}`"),
    (
        CommandRun(at=1, method="publish", channels=("x:y",), error="unknown channel"),
        "namespace “x”",
        '"name": "x"',
    ),
    (CommandRun(at=1, method="presence", channels=("x",), error="not available"), "is disabled", "`presence`"),
    (CommandRun(at=1, method="publish", error="bad request"), "missing", "base64"),
    (CommandRun(at=1, method="send_push", error="not found"), "does not have the method", "PRO"),
    (
        CommandRefused(at=1, method="subscribe", channel="$x", error="permission denied", client="c", user="ada"),
        "private",
        "subscription_token",
    ),
    (
        CommandRefused(at=1, method="subscribe", channel="x", error="permission denied", client="c", user="ada"),
        "may not subscribe to “x”",
        "`allow_subscribe_for_client`",
    ),
    (
        CommandRefused(at=1, method="publish", channel="x", error="permission denied", client="c", user="ada"),
        "may not publish",
        "`allow_publish_for_client`",
    ),
    (CommandRefused(at=1, method="connect", error="token expired", client="c", user="ada"), "has expired", "getToken"),
]
# Close reasons of each generation, and the reasons that an application caused on purpose.
GENERATIONS = pytest.mark.parametrize(
    ("explain", "ends", "asked_for"),
    [
        pytest.param(explain_v1, v1_ends, {"disconnect", "shutting down"}, id="1.x"),
        pytest.param(explain_current, current_ends, {"shutdown", "force disconnect"}, id="6"),
    ],
)


@pytest.mark.parametrize(
    ("explain", "event", "what", "fix"),
    [(explain, *case) for explain, cases in ((explain_v1, V1), (explain_current, CURRENT)) for case in cases],
)
def test_a_problem_has_an_explanation_and_a_fix(explain: Explain, event: Event, what: str, fix: str) -> None:
    """A problem has one sentence about this case and one about the fix."""
    problem = explain(event)
    assert problem is not None
    assert what in problem.what
    assert fix in problem.fix
    assert problem.what[0] == problem.what[0].upper()
    assert not re.search(r"\{\w+\}", problem.what + problem.fix)


@GENERATIONS
def test_every_close_reason_is_known(explain: Explain, ends: Any, asked_for: set[str]) -> None:
    """Each close reason of the server has its explanation, except reasons that the application caused."""
    named = [getattr(ends, name) for name in ends.__all__ if name.isupper() and name != "CLOSE_CODE"]
    # Reasons of subscriptions have other codes.
    codes = {each.reason: getattr(each, "code", CLOSE_CODE) for each in named if not hasattr(each, "resubscribes")}
    assert codes
    problems = {reason: explain(Disconnected(**CLIENT, code=code, reason=reason)) for reason, code in codes.items()}
    assert {reason for reason, problem in problems.items() if problem is None} == asked_for
    assert all("documentation" not in problem.fix for problem in problems.values() if problem)


@pytest.mark.parametrize("explain", [explain_v1, explain_current])
@pytest.mark.parametrize(
    "event",
    [
        CommandRun(at=1, method="publish", channels=("news",)),
        Connected(at=1, client="c", user="ada"),
        Joined(at=1, channel="news", client="c", user="ada"),
        Disconnected(**CLIENT),
    ],
)
def test_successful_events_are_not_problems(explain: Explain, event: Event) -> None:
    """Successful events are not problems, in any generation."""
    assert explain(event) is None


@pytest.mark.parametrize(
    ("explain", "code", "reason"),
    [
        (explain_v1, 3000, "disconnect"),
        (explain_v1, 3000, "shutting down"),
        (explain_current, 3503, "force disconnect"),
        (explain_current, 4001, "stale"),
        (explain_current, 4500, "bye"),
    ],
)
def test_a_requested_close_is_not_a_problem(explain: Explain, code: int, reason: str) -> None:
    """A close that the application asked for is not a problem, whatever its reason."""
    assert explain(Disconnected(**CLIENT, code=code, reason=reason)) is None


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        *((CommandRun, message) for message in error_codes.API_MESSAGES.values()),
        *((CommandRefused, message) for message in error_codes.MESSAGES.values() if "internal" not in message),
    ],
)
@pytest.mark.parametrize("method", ["subscribe", "publish", "history", "presence", "connect", "rpc"])
def test_every_error_of_the_current_server_is_known(
    kind: type[CommandRun] | type[CommandRefused], message: str, method: str
) -> None:
    """Each error message has a complete explanation without placeholders."""
    event = (
        CommandRun(at=1, method=method, channels=("a:b",), error=message)
        if kind is CommandRun
        else CommandRefused(**CLIENT, method=method, channel="a:b", error=message)
    )
    problem = explain_current(event)
    assert problem is not None
    assert "documentation" not in problem.fix
    assert not re.search(r"\{\w+\}", problem.what + problem.fix)


def problem(reason: str, at: float) -> Problem:
    return Problem(reason, "where", "what", "fix", at)


def test_equal_problems_are_counted() -> None:
    """Equal problems are counted and have the time of the last one; the latest problem comes first."""
    problems = Problems()
    for reason, at in (("a", 1.0), ("b", 2.0), ("a", 3.0)):
        problems.add(problem(reason, at))
    assert [(each.reason, each.count, each.at) for each in problems.latest()] == [("a", 2, 3.0), ("b", 1, 2.0)]
    problems.clear()
    assert problems.latest() == []


def test_the_number_of_problems_is_limited() -> None:
    """Above the limit, the problems that were not seen for longest are dropped, so memory is bounded."""
    problems = Problems()
    for number in range(1000):
        problems.add(problem(str(number), number))
        problems.add(problem("always", number))
    latest = problems.latest()
    assert len(latest) == 100
    assert (latest[0].reason, latest[0].count) == ("always", 1000)
    assert latest[1].reason == "999"
