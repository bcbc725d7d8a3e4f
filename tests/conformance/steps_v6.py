"""What can be done to two Centrifugo 6 servers with the same live connections, as data.

A step says nothing of how things stand: whose connection it is, in which of its channels and at which position is a
number that `duet_v6.Duet` takes modulo what there is. So any selection of steps is a plan again, and a plan that shows
a difference can be made shorter.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from tests.conformance.live_v6 import SECRET

__all__ = ["Arrive", "Ask", "Call", "Leave", "Outlive", "Say", "Signed", "Step", "Utter", "may_end_later", "shorter"]


class Signed(NamedTuple):
    """A token.

    Attributes:
        claims: what it says besides what depends on its bearer.
        secret: what it is signed with.
        lifetime: seconds; None: what the claims say.
        of_client: whether it is for the one connection only; it is another's, if the number is odd.
        of_user: another user than the bearer.
    """

    claims: Mapping[str, Any] = {}
    secret: str = SECRET
    lifetime: int | None = None
    of_client: int | None = None
    of_user: str | None = None


class Ask(NamedTuple):
    """A command of a client.

    Attributes:
        name: of the request.
        params: what it says besides what depends on how things stand.
        familiar: in which of its own channels, instead of the one in the params.
        token: of the connection or the subscription.
        epoch: which of those that were ever seen.
    """

    name: str
    params: Mapping[str, Any] = {}
    familiar: int | None = None
    token: Signed | None = None
    epoch: int | None = None


class Arrive(NamedTuple):
    """A client connects, and says more in the same message; *user*: who its token says it is, or it has none."""

    connect: Ask
    user: str
    asks: tuple[Ask, ...] = ()


class Say(NamedTuple):
    """A client sends commands in one message, cut into frames at *cuts*, which are parts of its length."""

    number: int
    asks: tuple[Ask, ...]
    cuts: tuple[float, ...] = ()
    binary: bool = False


class Utter(NamedTuple):
    """A client sends bytes after good commands; a new one if *number* is None."""

    number: int | None
    message: bytes
    asks: tuple[Ask, ...] = ()
    binary: bool = False


class Call(NamedTuple):
    """The back end calls methods, all in a batch if there are several.

    Attributes:
        calls: names and parameters.
        number: of whose connection, if a method is of one.
        familiar: in which of the channels of that one, instead of those in the parameters.
    """

    calls: tuple[tuple[str, Mapping[str, Any]], ...]
    number: int
    familiar: int | None = None


class Leave(NamedTuple):
    """A client ends its connection: by close, eof, or reset; right behind commands, if there are some."""

    number: int
    way: str
    code: int | None = None
    reason: str = ""
    asks: tuple[Ask, ...] = ()


class Outlive(NamedTuple):
    """Clients come whose connection or subscription ends by itself, and it is waited for."""

    channel: str


Step = Arrive | Say | Utter | Call | Leave | Outlive


def shorter(step: Step) -> Iterator[Step]:
    """Simpler steps that may do as well."""
    if isinstance(step, Arrive | Say | Utter | Leave):
        for index in range(len(step.asks)):
            yield step._replace(asks=step.asks[:index] + step.asks[index + 1 :])
    if isinstance(step, Call) and len(step.calls) > 1:
        yield from (step._replace(calls=(each,)) for each in step.calls)
    if isinstance(step, Say) and step.cuts:
        yield step._replace(cuts=())


_ENDING_LATER = ("refresh", "sub_refresh")


def may_end_later(ask: Ask) -> bool:
    """Whether a real server may end the connection because of it, but only in the background."""
    return ask.name in _ENDING_LATER or ask.token is not None
