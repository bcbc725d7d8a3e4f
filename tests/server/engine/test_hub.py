"""The registry of connections, and delivery to them."""

import dataclasses
from typing import Any

from centripetal.server.engine.hub import Hub


@dataclasses.dataclass
class Client:
    """A connection that records the calls made to it."""

    id: str
    user: str
    told: list[Any] = dataclasses.field(default_factory=list)

    def push(self, payload: bytes) -> None:
        self.told.append(payload)

    def unsubscribe(self, channel: str) -> None:
        self.told.append(channel)

    def disconnect(self) -> None:
        self.told.append(None)


def test_connections_are_found_by_user_until_they_are_removed() -> None:
    """A user may have several connections, and a removed connection is no longer found."""
    hub: Hub[Client] = Hub()
    one, two, other = Client("1", "u"), Client("2", "u"), Client("3", "v")
    for client in (one, two, other):
        hub.add(client)
    assert hub.of_user("u") == [one, two]
    assert (hub.count_connections(), hub.count_users()) == (3, 2)
    hub.remove(one)
    hub.remove(one)
    hub.remove(other)
    assert (hub.of_user("u"), hub.of_user("v")) == ([two], [])
    assert (hub.count_connections(), hub.count_users()) == (1, 1)


def test_a_payload_reaches_the_remaining_connections() -> None:
    """A payload goes to the subscribers in the given order and skips connections that have left."""
    hub: Hub[Client] = Hub()
    one, two = Client("1", "u"), Client("2", "u")
    for client in (one, two):
        hub.add(client)
    hub.send(b"x", ("gone", "2"))
    assert (one.told, two.told) == ([], [b"x"])
    assert (hub.count_of_user("u"), hub.count_of_user("v")) == (2, 0)
