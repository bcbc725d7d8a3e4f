"""Accepted differences between the embedded server and the real servers, with their reasons."""

import enum
from collections.abc import Callable, Mapping
from typing import NamedTuple

from tests.conformance.raw import RawReply, RawRequest

__all__ = ["DEVIATIONS_V1", "NOT_EMULATED", "Deviation", "Leeway", "accepted"]


class Deviation(NamedTuple):
    """An accepted difference.

    Attributes:
        reason: why the difference is accepted.
        covers: returns whether a request and the replies of the real and the embedded server show this difference.
    """

    reason: str
    covers: Callable[[RawRequest, RawReply, RawReply], bool]


DEVIATIONS_V1: tuple[Deviation, ...] = ()


def accepted(request: RawRequest, real: RawReply, embedded: RawReply) -> str | None:
    """Return the reason why these replies may differ, or None if they must not."""
    return next((one.reason for one in DEVIATIONS_V1 if one.covers(request, real, embedded)), None)


NOT_EMULATED: Mapping[str, str] = {
    "keeps_maps": "map channels need their own client protocol",
    "refuses_invalid_map_calls": "the embedded server does not distinguish types of map channels",
}
"""Scenarios of the current API that do not run on the embedded server, and the reasons."""


class Leeway(enum.Enum):
    """Random behaviour of the real server with live connections; the embedded server always shows one variant."""

    ORDER_OF_CHANNELS = (
        "Go iterates over the channels of a connection in random order: when it ends or leaves all of them, the pushes "
        "of one channel are in order, but pushes of different channels are not"
    )
    ORDER_OF_CONNECTIONS = (
        "Go iterates over the connections of a user in random order and closes them concurrently, so any of them "
        "may still see another connection leave"
    )
    LOST_AT_THE_END = (
        "queued messages of a closed connection may be lost; the embedded server sends them before the close frame"
    )
    ANSWERED_AFTER_THE_END = (
        "a refresh or a token may end a connection; Centrifugo 6 does that in the background, and may or may not "
        "answer later commands of the same message; the embedded server does not answer them"
    )
