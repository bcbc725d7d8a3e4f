"""Operations on two Centrifugo 6 servers with the same live connections, as data.

A step does not depend on the current state: connections, channels and positions are numbers that `duet_v6.Duet` takes
modulo the number of existing items. Any selection of steps is therefore a valid plan, and a failing plan can be shrunk.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from tests.conformance.live_v6 import SECRET

__all__ = ["Arrive", "Ask", "Call", "Leave", "Outlive", "Say", "Signed", "Step", "Utter", "may_end_later", "shorter"]


class Signed(NamedTuple):
    """A token.

    Attributes:
        claims: claims that do not depend on the bearer.
        secret: key of the signature.
        lifetime: seconds; None: as in the claims.
        of_client: bind the token to a connection: the bearer's if the number is even, another if it is odd.
        of_user: a user other than the bearer.
    """

    claims: Mapping[str, Any] = {}
    secret: str = SECRET
    lifetime: int | None = None
    of_client: int | None = None
    of_user: str | None = None


class Ask(NamedTuple):
    """A command of a client.

    Attributes:
        name: name of the request.
        params: parameters that do not depend on the current state.
        familiar: number of one of the client's channels, which replaces the channel in the params.
        token: token for the connection or the subscription.
        epoch: number of one of the known epochs.
    """

    name: str
    params: Mapping[str, Any] = {}
    familiar: int | None = None
    token: Signed | None = None
    epoch: int | None = None


class Arrive(NamedTuple):
    """A client connects and sends more commands in the same message; *user* is the user of its token, if any."""

    connect: Ask
    user: str
    asks: tuple[Ask, ...] = ()


class Say(NamedTuple):
    """A client sends commands in one message, split into frames at *cuts*, which are fractions of its length."""

    number: int
    asks: tuple[Ask, ...]
    cuts: tuple[float, ...] = ()
    binary: bool = False


class Utter(NamedTuple):
    """A client sends raw bytes after valid commands; it is a new client if *number* is None."""

    number: int | None
    message: bytes
    asks: tuple[Ask, ...] = ()
    binary: bool = False


class Call(NamedTuple):
    """The application calls API methods, in a batch if there are several.

    Attributes:
        calls: names and parameters.
        number: number of the connection, for methods about a connection.
        familiar: number of one of that connection's channels, which replaces the channel in the parameters.
    """

    calls: tuple[tuple[str, Mapping[str, Any]], ...]
    number: int
    familiar: int | None = None


class Leave(NamedTuple):
    """A client ends its connection by close, eof or reset, after sending *asks* if there are any."""

    number: int
    way: str
    code: int | None = None
    reason: str = ""
    asks: tuple[Ask, ...] = ()


class Outlive(NamedTuple):
    """Clients whose connection or subscription expires connect, and the step waits for the expiry."""

    channel: str


Step = Arrive | Say | Utter | Call | Leave | Outlive


def shorter(step: Step) -> Iterator[Step]:
    """Yield simpler steps that may fail in the same way."""
    if isinstance(step, Arrive | Say | Utter | Leave):
        for index in range(len(step.asks)):
            yield step._replace(asks=step.asks[:index] + step.asks[index + 1 :])
    if isinstance(step, Call) and len(step.calls) > 1:
        yield from (step._replace(calls=(each,)) for each in step.calls)
    if isinstance(step, Say) and step.cuts:
        yield step._replace(cuts=())


_ENDING_LATER = ("refresh", "sub_refresh")


def may_end_later(ask: Ask) -> bool:
    """Return whether a real server may end the connection in the background because of this command."""
    return ask.name in _ENDING_LATER or ask.token is not None
