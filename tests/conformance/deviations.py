"""Where the embedded server answers otherwise than the real one, and why that is accepted."""

import enum
from collections.abc import Callable, Mapping
from typing import NamedTuple

from tests.conformance.raw import RawReply, RawRequest

__all__ = ["DEVIATIONS_V1", "NOT_EMULATED", "Deviation", "Leeway", "accepted"]


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


NOT_EMULATED: Mapping[str, str] = {
    "keeps_maps": "map channels need a protocol of their own on the side of clients",
    "refuses_what_is_no_map": "their kinds are not told apart where there are none",
}
"""Scenarios of the current API that are not for the embedded server, and why."""


class Leeway(enum.Enum):
    """What the real server leaves to chance with live connections: there, the embedded one does any one of these."""

    ORDER_OF_CHANNELS = (
        "Go goes through the channels of a connection in any order: when it ends or leaves all of them, what is said "
        "of one channel is in order, but not what is said of several"
    )
    ORDER_OF_CONNECTIONS = (
        "Go goes through the connections of a user in any order, and closes them at the same time: which of them still "
        "sees another one leave is chance"
    )
    LOST_AT_THE_END = (
        "what waits for a connection when it is closed may be lost; the embedded server sends it before the close frame"
    )
    ANSWERED_AFTER_THE_END = (
        "a refresh or a token may be the reason to end a connection; Centrifugo 6 does that in the background, and may "
        "answer what follows in the same message, or not; the embedded server does not"
    )
