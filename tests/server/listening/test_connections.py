"""The open connections of a listener and their shutdown."""

import asyncio

import pytest

from centripetal.server.listening.connections import OpenConnections


class Connection:
    """A connection that closes when asked, or only when it is aborted."""

    def __init__(self, place: "OpenConnections[Connection]", *, stubborn: bool = False) -> None:
        self.place, self.stubborn, self.aborted = place, stubborn, False
        place.opened(self)

    def close(self) -> None:
        if not self.stubborn:
            asyncio.get_running_loop().call_soon(self.place.closed, self)

    def abort(self) -> None:
        self.aborted = True
        self.place.closed(self)


@pytest.mark.parametrize("stubborn", [False, True])
async def test_closing_waits_and_aborts_the_rest(stubborn: bool) -> None:
    """Closing waits for connections that close in time, aborts the others, and leaves no connection open."""
    place = OpenConnections[Connection]()
    polite, other = Connection(place), Connection(place, stubborn=stubborn)
    assert set(place) == {polite, other}
    await place.end(Connection.close, 0.05)
    assert (polite.aborted, other.aborted, len(place)) == (False, stubborn, 0)
    await place.end(Connection.close, 0.05)
