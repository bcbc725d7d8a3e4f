"""Reads that shared a request and failed together, although each may succeed alone.

One read can make the whole reply useless: it is too large, the server answers 500 because one value cannot be encoded,
or a proxy closes the connection. Reads can be repeated without harm, so a client asks for each of them again alone.
"""

from collections.abc import Sequence
from typing import Any

from centripetal.errors import (
    CentripetalError,
    ConnectionLostError,
    HTTPStatusError,
    MalformedResponseError,
)
from centripetal.protocol.command import Failed, Outcome, Prepared

__all__ = ["SHORTEST", "can_separate", "outcomes_apart"]

SHORTEST = 0.001
"""Minimum time limit of a request in seconds, so that a request without time left fails with a timeout."""


def can_separate(calls: Sequence[Prepared[Any]], error: CentripetalError) -> bool:
    """Return whether *calls*, whose shared request failed with *error*, should be sent again one by one.

    Only reads, and not after a timeout, a failure to connect or a wrong key, which do not depend on the calls.
    """
    if len(calls) < 2 or not all(call.command.reads for call in calls):
        return False
    if isinstance(error, HTTPStatusError):
        return error.status != 401
    return isinstance(error, MalformedResponseError | ConnectionLostError)


def outcomes_apart(outcomes: Sequence[Outcome[Any]], failure: CentripetalError) -> Sequence[Outcome[Any]]:
    """Return *outcomes*, the results of separate requests; raise *failure*, the first error, if all failed."""
    if all(isinstance(outcome, Failed) for outcome in outcomes):
        raise failure
    return outcomes
