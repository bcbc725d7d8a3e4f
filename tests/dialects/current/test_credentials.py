"""The API key of a client: a text, or a function that is asked again after a 401."""

import traceback
from collections.abc import Callable
from typing import Any

import pytest

from centripetal.dialects.current.credentials import Credentials
from centripetal.errors import AuthenticationError, UsageError

KEY = "a-key-that-nobody-may-see"
REFUSED = AuthenticationError("401 from http://h/api: refused", status=401)


def failing() -> str:
    raise ValueError(f"cannot decrypt {KEY}")


async def later() -> str:
    return KEY


WRONG: dict[str, tuple[Callable[..., Any], str]] = {
    "none": (lambda: None, "must be text, not NoneType"),
    "bytes": (lambda: KEY.encode(), "must be text, not bytes"),
    "empty": (lambda: "", "is empty"),
    "line break": (lambda: f"{KEY}\n", "printable ASCII"),
    "raises": (failing, "raised ValueError"),
    "coroutine": (later, "not async"),
    "arguments": (lambda argument: argument, "raised TypeError"),
}


def test_the_key_is_sent_in_two_headers() -> None:
    """The headers contain the key for old and for new servers; without a key, there is only the content type."""
    content = ("Content-Type", "application/json")
    assert Credentials("k").headers == (content, ("Authorization", "apikey k"), ("X-API-Key", "k"))
    assert Credentials(lambda: "k").headers == Credentials("k").headers
    assert Credentials(None).headers == (content,)
    assert [Credentials(each).given for each in ("k", lambda: "k", None)] == [True, True, False]


@pytest.mark.parametrize("name", WRONG)
def test_a_function_without_a_key_is_refused(name: str) -> None:
    """A function that raises or returns something else gives a clear error without the key."""
    function, problem = WRONG[name]
    with pytest.raises(UsageError, match=problem) as caught:
        Credentials(function)
    assert KEY not in str(caught.value)


@pytest.mark.parametrize("name", WRONG)
def test_a_refusal_tells_why_there_is_no_other_key(name: str) -> None:
    """If the function fails after a 401, the error of the 401 says so, and the old key stays."""
    function, problem = WRONG[name]
    answers: list[Callable[[], Any]] = [lambda: "old", function]
    credentials = Credentials(lambda: answers.pop(0)())
    refusal = REFUSED.about(None)  # type: ignore[arg-type]
    problem = "raised TypeError" if name == "arguments" else problem
    with pytest.raises(AuthenticationError, match=f"refused; asking for another key failed: .*{problem}") as caught:
        credentials.renew(refusal)
    assert KEY not in str(caught.value)
    assert ("X-API-Key", "old") in credentials.headers


@pytest.mark.parametrize("key", [f"{KEY}\n", f" {KEY}", f"{KEY}é"])
def test_no_variable_of_the_traceback_contains_the_key(key: str) -> None:
    """Tools that show the variables of a traceback do not show the key in the frames of the credentials' checks."""
    with pytest.raises(UsageError) as caught:
        Credentials(key)
    frames = traceback.StackSummary.extract(traceback.walk_tb(caught.tb), capture_locals=True)
    assert KEY not in str([frame.locals for frame in frames if frame.name == "_headers"])


def test_a_function_that_calls_the_client_is_not_asked_again() -> None:
    """If the function itself gets a 401, it is not asked within itself."""
    depth = 0

    def ask() -> str:
        nonlocal depth
        depth += 1
        if depth > 1:
            credentials.renew(REFUSED)
        return "k"

    credentials = Credentials(ask)
    with pytest.raises(AuthenticationError, match="AuthenticationError"):
        credentials.renew(AuthenticationError("401", status=401))
    assert depth == 2
