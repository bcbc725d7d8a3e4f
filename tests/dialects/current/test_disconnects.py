"""Codes and reasons of the disconnects of the real server."""

from centripetal.dialects.current import disconnects
from centripetal.dialects.current.client_protocol.objects import Disconnect


def test_every_disconnect_has_a_different_code() -> None:
    """Codes are distinct, and client libraries reconnect after codes below 3500."""
    found = [value for value in vars(disconnects).values() if isinstance(value, Disconnect)]
    assert len({each.code for each in found}) == len(found) == 16
    assert {each.reason for each in found if not each.reconnects} == {
        *("invalid token", "bad request", "stale", "connection limit", "channel limit", "inappropriate protocol"),
        *("permission denied", "not available", "force disconnect"),
    }
