"""A 1.x server as the console sees it: PURE."""

from collections.abc import Callable, Iterable, Mapping
from itertools import islice

import msgspec

from centripetal.server.console.backend import ChannelView, Kept, Member
from centripetal.server.console.explain import Explain
from centripetal.server.engine import ChannelOptions, ClientInfo, Publication
from centripetal.server.v1.api import VERSION, Node
from centripetal.server.v1.channels import NamespaceNotFoundError
from centripetal.server.v1.explanations import explain

__all__ = ["NodeBackend"]


class NodeBackend:
    """The console's side of a node.

    Args:
        node: the server.
        now: the clock, Unix seconds.
    """

    def __init__(self, node: Node, now: Callable[[], float]) -> None:
        self._node = node
        self._now = now

    @property
    def name(self) -> str:
        return f"Centrifugo {VERSION}"

    @property
    def websocket_path(self) -> str:
        return f"{self._node.config.http_prefix}/connection/websocket"

    @property
    def explain(self) -> Explain:
        return explain

    def channels(self) -> Mapping[str, int]:
        return self._node.engine.sizes()

    def channel(self, channel: str, limit: int) -> ChannelView:
        try:
            options = self._node.config.channels.options_of(channel)
        except NamespaceNotFoundError as error:
            return ChannelView(advice=f"The configuration has no namespace “{error}”: nobody can use this channel.")
        subscribers = self._node.engine.subscribers(channel)
        known = self._node.engine.presence(channel)
        members = tuple(islice(self._members(subscribers, known), limit))
        history = tuple(map(_kept, self._node.engine.history(channel, self._now(), limit)))
        return ChannelView(
            len(subscribers), members, options.presence, history if options.has_history else None, _advice(options)
        )

    def connections(self) -> list[Member]:
        return [Member(each.id, each.user) for each in self._node.hub.connections()]

    def publish(self, channel: str, data: bytes) -> str:
        return self._run("publish", channel=channel, data=msgspec.Raw(data))

    def unsubscribe(self, channel: str, user: str) -> str:
        return self._run("unsubscribe", channel=channel, user=user)

    def disconnect(self, user: str) -> str:
        return self._run("disconnect", user=user)

    def _members(self, clients: Iterable[str], known: Mapping[str, ClientInfo]) -> Iterable[Member]:
        for client in clients:
            connection = self._node.hub.get(client)
            if connection is not None:
                info = known.get(client)
                told = b"" if info is None else info.channel_info or info.default_info
                yield Member(client, connection.user, told.decode(errors="replace"))

    def _run(self, method: str, **params: object) -> str:
        """What the API says to this command; as for any other request, who listens is told."""
        body = msgspec.json.encode({"method": method, "params": params})
        (reply,) = msgspec.json.decode(self._node.run(body, self._now()))
        return str(reply["error"] or "")


def _kept(publication: Publication) -> Kept:
    user = "" if publication.info is None else publication.info.user
    return Kept(publication.uid, publication.data.decode(errors="replace"), user)


def _advice(options: ChannelOptions) -> str:
    off = [] if options.presence else ["`presence`"]
    off += [] if options.has_history else ["`history_size` and `history_lifetime`"]
    return f"To have more of this channel, turn on {' and '.join(off)} in the configuration." if off else ""
