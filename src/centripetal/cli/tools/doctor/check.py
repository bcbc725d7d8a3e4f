"""The results that `doctor` reports."""

from typing import Literal, NamedTuple

from centripetal.cli.output.errors import DOCTOR, explain
from centripetal.errors import CentripetalError
from centripetal.protocol.records import shortened

__all__ = ["Check", "failed"]


class Check(NamedTuple):
    """The result of one check.

    Attributes:
        name: the subject of the check, for example `tls`.
        state: the outcome; a warning does not make `doctor` fail.
        text: a description of the result.
        advice: how to fix the problem; empty if there is nothing to do.
    """

    name: str
    state: Literal["ok", "warning", "failed"]
    text: str
    advice: str = ""


def failed(name: str, error: CentripetalError) -> Check:
    """Return the failed check for *error*, with the advice on that error."""
    return Check(name, "failed", shortened(str(error)), explain(error)[1].removesuffix(DOCTOR).strip())
