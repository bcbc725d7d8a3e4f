"""Tests of the public token functions, which use the system's clock by default."""

import inspect
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest

from centripetal import tokens
from centripetal.tokens import explanation, issuing
from tests.tokens.keys import NOW, SECRET

KEYS = tokens.TokenKeys(hmac_secret_key=SECRET)


def test_now_defaults_to_the_system_clock() -> None:
    """Without `now`, or with None, tokens are made and explained for the current time."""
    for options in ({}, {"now": None}):
        token = tokens.connection_token(SECRET, 42, expires_in=600, **options)  # type: ignore[arg-type]
        assert abs(tokens.verify_connection(token, KEYS, time.time()).expire_at - time.time() - 600) < 60
        assert tokens.explain(token, SECRET, **options).accepted
    token = tokens.subscription_token(SECRET, "a", 42, now=NOW)
    assert tokens.verify_subscription(token, KEYS, NOW).expire_at == NOW + 3600


@pytest.mark.parametrize(
    ("function", "pure"),
    [
        (tokens.connection_token, issuing.connection_token),
        (tokens.subscription_token, issuing.subscription_token),
        (tokens.explain, explanation.explain),
    ],
)
def test_signatures_and_docstrings_equal_the_pure_functions(
    function: Callable[..., Any], pure: Callable[..., Any]
) -> None:
    """`help()` and editors show every argument and the documentation."""
    assert inspect.signature(function) == inspect.signature(pure)
    assert function.__doc__ == pure.__doc__


def test_importing_does_not_load_cryptography() -> None:
    """Importing `centripetal.tokens` and using HMAC loads neither `cryptography` nor networking modules."""
    code = (
        "import sys; before = set(sys.modules);"
        "from centripetal.tokens import *; explain(connection_token('x', 1), 'x');"
        "print([m for m in ('cryptography', 'asyncio', 'socket', 'ssl') if m in sys.modules.keys() - before])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
