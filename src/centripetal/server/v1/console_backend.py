"""The console's access to a 1.x server: PURE."""

from functools import partial

import msgspec

from centripetal.dialects.v1.advice import ADVICE
from centripetal.protocol.records import Record
from centripetal.server.console.backend import BaseConsoleBackend, KeptPublication
from centripetal.server.console.problems import explain
from centripetal.server.console.token_checks import TokenCheck
from centripetal.server.engine.engine import NOTHING, Position, Publication
from centripetal.server.engine.events import TokenSent
from centripetal.server.v1.api import API
from centripetal.server.v1.node import VERSION, Node
from centripetal.server.v1.token_check import check

__all__ = ["ConsoleBackend"]


class ConsoleBackend(BaseConsoleBackend):
    """Runs the console's commands on a node."""

    version = VERSION
    generation = "1.x"
    history_options = "`history_size` and `history_lifetime`"
    explain = staticmethod(partial(explain, ADVICE))

    def __init__(self, node: Node) -> None:
        super().__init__(node, f"{node.config.http_prefix}/connection/websocket")
        self._api = API(node)
        self._config = node.config

    def check_token(self, sent: TokenSent, *, pasted: bool = False) -> TokenCheck:  # noqa: ARG002 - no difference in 1.x
        return check(sent, self._config.secret, self._config.connection_lifetime)

    def publish(self, channel: str, data: bytes) -> str:
        return self._run("publish", channel=channel, data=msgspec.Raw(data))

    def unsubscribe(self, channel: str, user: str) -> str:
        return self._run("unsubscribe", channel=channel, user=user)

    def disconnect(self, user: str) -> str:
        return self._run("disconnect", user=user)

    def _run(self, method: str, **params: object) -> str:
        """Run a command like the HTTP API, including events, and return its error, or an empty string."""
        record = Record(method, msgspec.json.encode(params))
        (reply,) = msgspec.json.decode(self._api.run(record.encode(), self._now()))
        return str(reply["error"] or "")

    def _kept(self, publication: Publication, position: Position) -> KeptPublication:  # noqa: ARG002
        """Return a stored message for display; 1.x has neither offsets nor epochs, only the engine."""
        return msgspec.structs.replace(super()._kept(publication, NOTHING), offset=0)
