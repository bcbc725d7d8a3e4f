"""A Centrifugo 6 server as the console sees it: PURE."""

from collections.abc import Callable, Mapping

import msgspec

from centripetal.dialects.current.serving import requests
from centripetal.errors import ServerError
from centripetal.server.console.backend import ChannelView, Member, everybody, view
from centripetal.server.console.explain import Explain
from centripetal.server.current.api import API
from centripetal.server.current.channels import ChannelOptions
from centripetal.server.current.explanations import explain
from centripetal.server.current.node import VERSION, Node

__all__ = ["NodeBackend"]

# To the API, "" is all anonymous clients: more than whoever sees one of them would mean to hit.
_NOBODY = "an anonymous client cannot be told from the others: say which user is meant"


class NodeBackend:
    """The console's side of a node.

    Args:
        node: the server.
        now: the clock, Unix seconds.
    """

    def __init__(self, node: Node, now: Callable[[], float]) -> None:
        self._node = node
        self._api = API(node)
        self._now = now

    @property
    def name(self) -> str:
        return f"Centrifugo {VERSION}"

    @property
    def websocket_path(self) -> str:
        return self._node.config.websocket.handler_prefix

    @property
    def explain(self) -> Explain:
        return explain

    def channels(self) -> Mapping[str, int]:
        return self._node.engine.sizes()

    def channel(self, channel: str, limit: int) -> ChannelView:
        try:
            options = self._node.options(channel)
        except ServerError:
            namespace = channel.removeprefix("$").partition(":")[0]
            return ChannelView(advice=f"The configuration has no namespace “{namespace}”: nobody can use this channel.")
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
        return self._run(requests.Publish(channel=channel, data=msgspec.Raw(data)))

    def unsubscribe(self, channel: str, user: str) -> str:
        return self._run(requests.Unsubscribe(channel=channel, user=user)) if user else _NOBODY

    def disconnect(self, user: str) -> str:
        return self._run(requests.Disconnect(user=user)) if user else _NOBODY

    def _run(self, request: requests.Request) -> str:
        """What the API says to this; as for any other request, who listens is told."""
        outcome = self._api.outcome(request, self._now())
        return outcome.message if isinstance(outcome, ServerError) else ""


def _advice(options: ChannelOptions) -> str:
    off = [] if options.presence else ["`presence`"]
    off += [] if options.history.is_kept else ["`history_size` and `history_ttl`"]
    return f"To have more of this channel, turn on {' and '.join(off)} in the configuration." if off else ""
