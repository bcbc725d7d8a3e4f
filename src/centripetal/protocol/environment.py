"""What the variables of an environment say; the environment itself is for others to read."""

from collections.abc import Mapping

from centripetal.errors import UsageError

__all__ = ["API_KEY", "API_URL", "environment_value"]

API_URL = ("CENTRIFUGO_HTTP_API_URL", "CENTRIFUGO_API_URL")
API_KEY = ("CENTRIFUGO_HTTP_API_KEY", "CENTRIFUGO_API_KEY")


def environment_value(environment: Mapping[str, str], *names: str) -> str | None:
    """The value of the variables *names*, of which those that are set must agree; empty ones count as not set.

    Raises:
        UsageError: two that differ.
    """
    values = {name: environment[name] for name in names if environment.get(name)}
    if len(set(values.values())) > 1:
        raise UsageError(f"{' and '.join(values)} are both set and differ: unset one, or give the option")
    return next(iter(values.values()), None)
