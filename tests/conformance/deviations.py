"""Where the embedded server answers otherwise than the real one, and why that is accepted."""

from collections.abc import Callable
from typing import NamedTuple

from tests.conformance.raw_v1 import RawReply, RawRequest

__all__ = ["DEVIATIONS_V1", "Deviation", "accepted"]


class Deviation(NamedTuple):
    """A difference that stays.

    Attributes:
        reason: why.
        covers: whether this is it, given the request, the real server's reply and the embedded server's.
    """

    reason: str
    covers: Callable[[RawRequest, RawReply, RawReply], bool]


DEVIATIONS_V1: tuple[Deviation, ...] = ()


def accepted(request: RawRequest, real: RawReply, embedded: RawReply) -> str | None:
    """The reason why these replies may differ, or None if they may not."""
    return next((one.reason for one in DEVIATIONS_V1 if one.covers(request, real, embedded)), None)
