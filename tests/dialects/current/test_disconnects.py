"""Codes and reasons with which the real server ends connections."""

from centripetal.dialects.current import disconnects
from centripetal.dialects.current.client_protocol.objects import Disconnect


def test_every_disconnect_has_a_code_of_its_own() -> None:
    """Below 3500 for those after which client libraries come back."""
    found = [value for value in vars(disconnects).values() if isinstance(value, Disconnect)]
    assert len({each.code for each in found}) == len(found) == 16
    assert {each.reason for each in found if not each.reconnects} == {
        *("invalid token", "bad request", "stale", "connection limit", "channel limit", "inappropriate protocol"),
        *("permission denied", "not available", "force disconnect"),
    }
