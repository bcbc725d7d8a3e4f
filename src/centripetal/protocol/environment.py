"""Names of the environment variables, and how to look them up in a given mapping."""

import re
from collections.abc import Mapping

from centripetal.errors import UsageError
from centripetal.protocol.exact import exact_text

__all__ = ["API_KEY", "API_URL", "environment_value", "split_urls"]

API_URL = ("CENTRIFUGO_HTTP_API_URL", "CENTRIFUGO_API_URL")
API_KEY = ("CENTRIFUGO_HTTP_API_KEY", "CENTRIFUGO_API_KEY")


def environment_value(environment: Mapping[str, str], *names: str) -> str | None:
    """Return the value of the variables *names*, or None. Variables that are set must agree; empty counts as not set.

    Raises:
        UsageError: two of the variables have different values, or a value is not text.
    """
    values = {name: _text(name, environment[name]) for name in names if environment.get(name)}
    if len(set(values.values())) > 1:
        raise UsageError(f"{' and '.join(values)} are both set and differ: unset one of them, or pass the option")
    return next(iter(values.values()), None)


def _text(name: str, value: object) -> str:
    text = exact_text(value)
    if text is None:
        raise UsageError(f"the variable {name} must be text, not {type(value).__name__}")
    return text


def split_urls(value: str) -> list[str]:
    """Return the URLs in *value*, which are separated by commas; a path may contain commas too."""
    return re.split(r"\s*,\s*(?=(?i:https?://))", value.strip().removesuffix(","))
