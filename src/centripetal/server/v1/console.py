"""A 1.x server as the console sees it: PURE."""

from collections.abc import Callable, Mapping

import msgspec

from centripetal.server.console.backend import ChannelView, Member, everybody, view
from centripetal.server.console.explain import Explain
from centripetal.server.v1.api import VERSION, Node
from centripetal.server.v1.channels import ChannelOptions, NamespaceNotFoundError
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
        return view(
            self._node.engine,
            self._node.hub,
            channel,
            limit,
            self._now(),
            presence=options.presence,
            history=options.history.is_kept,
            advice=_advice(options),
        )

    def connections(self) -> list[Member]:
        return everybody(self._node.hub)

    def publish(self, channel: str, data: bytes) -> str:
        return self._run("publish", channel=channel, data=msgspec.Raw(data))

    def unsubscribe(self, channel: str, user: str) -> str:
        return self._run("unsubscribe", channel=channel, user=user)

    def disconnect(self, user: str) -> str:
        return self._run("disconnect", user=user)

    def _run(self, method: str, **params: object) -> str:
        """What the API says to this command; as for any other request, who listens is told."""
        body = msgspec.json.encode({"method": method, "params": params})
        (reply,) = msgspec.json.decode(self._node.run(body, self._now()))
        return str(reply["error"] or "")


def _advice(options: ChannelOptions) -> str:
    off = [] if options.presence else ["`presence`"]
    off += [] if options.history.is_kept else ["`history_size` and `history_lifetime`"]
    return f"To have more of this channel, turn on {' and '.join(off)} in the configuration." if off else ""
