"""Warnings on standard error, such as about keys in arguments, which every user of the machine can read."""

import contextlib
import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from centripetal.cli.generation import TOKEN_KEY, Generation

__all__ = ["warn", "warn_about_keys"]

_VARIABLES = {
    "--secret": Generation.V1.variables[0],
    "--api-key": Generation.CURRENT.variables[0],
    "--token-key": TOKEN_KEY[0],
}


def warn_about_keys(given: Mapping[str, Any], *, as_json: bool) -> None:
    """Print one warning to standard error if an option in *given* contains a key.

    Args:
        given: values of options by name, such as "--api-key"; None for options that were not given.
        as_json: print the warning as a JSON object.
    """
    keys = [name for name in _VARIABLES if (value := given.get(name)) and not value.startswith("@")]
    if not keys:
        return
    variables = " and ".join(_VARIABLES[name] for name in keys)
    text = f"other users can see {' and '.join(keys)} in the list of processes: set {variables} instead"
    warn([text], as_json=as_json)


def warn(texts: Sequence[str], *, as_json: bool) -> None:
    """Print warnings to standard error, each on one line, as JSON objects if *as_json* is set."""
    if sys.stderr is None:
        return
    with contextlib.suppress(OSError, ValueError):  # standard error is closed
        for text in texts:
            print(json.dumps({"warning": text}) if as_json else f"warning: {text}", file=sys.stderr, flush=True)
