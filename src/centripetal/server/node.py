"""Base class of the nodes of both generations: PURE. `v1/node.py` and `current/node.py` add the differences."""

from abc import ABC, abstractmethod
from typing import Generic, TypeVar

import msgspec

from centripetal.server.engine.engine import NOTHING, Engine, Position, Publication
from centripetal.server.engine.events import Events, Published
from centripetal.server.engine.hub import Connection, Hub
from centripetal.server.environment import Environment

__all__ = ["BaseNode"]

ConfigT = TypeVar("ConfigT")
ConnectionT = TypeVar("ConnectionT", bound=Connection)


class BaseNode(ABC, Generic[ConfigT, ConnectionT]):
    """The state of one server process.

    Args:
        config: the server's configuration.
        environment: provides the time, randomness and ids.
        events: receives the events of the server.
    """

    def __init__(self, config: ConfigT, environment: Environment, events: Events | None = None) -> None:
        self.config = config
        self.environment = environment
        self.now = environment.now
        self.events = Events() if events is None else events
        self.engine = Engine(environment.new_epoch)
        self.hub: Hub[ConnectionT] = Hub()

    @abstractmethod
    def tick(self) -> None:
        """Do the periodic work that is due; call this about once a second."""

    def _emit_published(
        self, publication: Publication, receivers: int, now: float, position: Position = NOTHING
    ) -> None:
        if self.events:
            author = publication.info
            self.events.emit(
                Published(
                    at=now,
                    channel=publication.channel,
                    data=msgspec.Raw(publication.data),
                    client=publication.client,
                    user="" if author is None else author.user,
                    by_client=author is not None,
                    tags=publication.tags,
                    receivers=receivers,
                    offset=position.offset,
                    epoch=position.epoch,
                )
            )
