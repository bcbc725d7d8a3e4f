"""What `doctor` reports: one `Check` for each thing that it looked at."""

from typing import Literal, NamedTuple

from centripetal.cli.output.errors import DOCTOR, explain
from centripetal.errors import CentripetalError

__all__ = ["Check", "failed"]


class Check(NamedTuple):
    """One thing that was looked at.

    Attributes:
        name: what.
        state: how it is.
        text: what was found.
        advice: what to do; empty where there is nothing to do.
    """

    name: str
    state: Literal["ok", "warning", "failed"]
    text: str
    advice: str = ""


def failed(name: str, error: CentripetalError) -> Check:
    """The check that *error* is."""
    return Check(name, "failed", str(error), explain(error)[1].removesuffix(DOCTOR).strip())
