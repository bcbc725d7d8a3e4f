"""The connections that are open at one place, and their end."""

import asyncio

import pytest

from centripetal.server.listening.connections import OpenConnections


class Connection:
    """One that closes when it is told to, or only when it is cut off."""

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
async def test_the_end_waits_and_cuts_off_what_stays(stubborn: bool) -> None:
    """Who closes in time is not cut off, who does not is; afterwards none is open."""
    place = OpenConnections[Connection]()
    polite, other = Connection(place), Connection(place, stubborn=stubborn)
    assert set(place) == {polite, other}
    await place.end(Connection.close, 0.05)
    assert (polite.aborted, other.aborted, len(place)) == (False, stubborn, 0)
    await place.end(Connection.close, 0.05)
