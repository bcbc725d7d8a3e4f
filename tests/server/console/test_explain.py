"""What the console says of things that went wrong in a 1.x server."""

import re
from typing import Any

import pytest

from centripetal.server.console.explain import Problem, Problems
from centripetal.server.events import (
    CommandRefused,
    CommandRun,
    Connected,
    Disconnected,
    Event,
    Joined,
    RequestRefused,
)
from centripetal.server.v1 import disconnects as link
from centripetal.server.v1.explanations import explain

CLIENT: dict[str, Any] = {"at": 1, "client": "c", "user": "ada"}
SUBSCRIBE: dict[str, Any] = {**CLIENT, "method": "subscribe"}
DENIED = "permission denied"


@pytest.mark.parametrize(
    ("event", "what", "fix"),
    [
        (RequestRefused(at=1, status=401, reason="invalid sign"), "does not fit its body", "same secret"),
        (RequestRefused(at=1, status=400, reason="no sign found in API request"), "without a sign", "X-API-Sign"),
        (RequestRefused(at=1, status=400, reason="no data found in API request"), "nothing in it", "JSON body"),
        (RequestRefused(at=1, status=400, reason="no secret set in config"), "no secret", "--secret"),
        (RequestRefused(at=1, status=400, reason="unknown method 'x'"), "unknown method 'x'", "publish, broadcast"),
        (RequestRefused(at=1, status=400, reason="params of publish: x"), "params of publish: x", '{"method": …'),
        (RequestRefused(at=1, status=500, reason="a reply cannot be printed: x"), "no JSON", "`info`"),
        (
            CommandRun(at=1, method="publish", channels=("$n:x",), error="namespace not found"),
            "no namespace “n”",
            '{"name": "n"}',
        ),
        (
            CommandRun(at=1, method="presence", channels=("x",), error="not available"),
            "`presence` of “x”",
            "history_size",
        ),
        (CommandRun(at=1, method="broadcast", error="invalid message"), "`broadcast`", "before an empty one"),
        (CommandRefused(**SUBSCRIBE, channel="x#y", error=DENIED), "users named after the #", "one of them"),
        (CommandRefused(**SUBSCRIBE, channel="x&y", error=DENIED), "named after the &", "connect"),
        (CommandRefused(**{**SUBSCRIBE, "user": ""}, channel="x", error=DENIED), "An anonymous client", "`anonymous`"),
        (CommandRefused(**SUBSCRIBE, channel="$x", error=DENIED), "private", "generate_channel_sign"),
        (CommandRefused(**CLIENT, method="publish", channel="x", error=DENIED), "publish into “x”", "`publish`"),
        (
            CommandRefused(**CLIENT, method="history", channel="x", error=DENIED),
            "without a subscription",
            "Subscribe first",
        ),
        (CommandRefused(**SUBSCRIBE, channel="n:x", error="namespace not found"), "no namespace “n”", "namespaces"),
        (CommandRefused(**SUBSCRIBE, channel="x", error="already subscribed"), "twice", "once"),
        (CommandRefused(**SUBSCRIBE, channel="x", error="limit exceeded"), "too long", "`max_channel_length`"),
        (CommandRefused(**SUBSCRIBE, error="something new"), "“something new”", "documentation"),
        (Disconnected(**CLIENT, code=3000, reason="invalid token"), "token", "generate_client_token"),
        (Disconnected(**CLIENT, code=3000, reason="stale"), "in time", "stale_connection_close_delay"),
        (Disconnected(**CLIENT, code=3000, reason="expired"), "connection_lifetime", "refreshEndpoint"),
        (Disconnected(**CLIENT, code=3000, reason="slow"), "slowly", "client_queue_max_size"),
    ],
)
def test_what_went_wrong_has_a_way_out(event: Event, what: str, fix: str) -> None:
    """One sentence says what happened, in the words of the case, the other what to do."""
    problem = explain(event)
    assert problem is not None
    assert what in problem.what
    assert fix in problem.fix
    assert problem.what[0] == problem.what[0].upper()
    assert not re.search(r"\{\w*\}", problem.what + problem.fix)


@pytest.mark.parametrize(
    "event",
    [
        CommandRun(at=1, method="publish", channels=("news",)),
        Connected(at=1, client="c", user="ada"),
        Joined(at=1, channel="news", client="c", user="ada"),
        Disconnected(**CLIENT),
        Disconnected(**CLIENT, code=3000, reason="disconnect"),
        Disconnected(**CLIENT, code=3000, reason="shutting down"),
    ],
)
def test_what_went_well_is_no_problem(event: Event) -> None:
    """Nor is what was asked for."""
    assert explain(event) is None


def test_every_way_to_be_disconnected_is_known() -> None:
    """Each reason that the server has is explained in words of its own, or nothing to explain."""
    reasons = [getattr(link, name).reason for name in link.__all__ if name.isupper()]
    problems = {reason: explain(Disconnected(**CLIENT, code=3000, reason=reason)) for reason in reasons}
    assert {reason for reason, problem in problems.items() if problem is None} == {"disconnect", "shutting down"}
    assert all("documentation" not in problem.fix for problem in problems.values() if problem)


def problem(reason: str, at: float) -> Problem:
    return Problem(reason, "where", "what", "fix", at)


def test_equal_problems_are_counted() -> None:
    """The latest comes first, with the time of the last one; forgetting ends it."""
    problems = Problems()
    for reason, at in (("a", 1.0), ("b", 2.0), ("a", 3.0)):
        problems.add(problem(reason, at))
    assert [(each.reason, each.count, each.at) for each in problems.latest()] == [("a", 2, 3.0), ("b", 1, 2.0)]
    problems.clear()
    assert problems.latest() == []


def test_problems_of_too_many_kinds_are_forgotten() -> None:
    """Those that were not seen for longest; a caller cannot fill the memory."""
    problems = Problems()
    for number in range(1000):
        problems.add(problem(str(number), number))
        problems.add(problem("always", number))
    latest = problems.latest()
    assert len(latest) == 100
    assert (latest[0].reason, latest[0].count) == ("always", 1000)
    assert latest[1].reason == "999"
