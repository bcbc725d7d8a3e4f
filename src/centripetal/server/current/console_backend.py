"""Adapter between the console and a Centrifugo 6 server: PURE."""

from functools import partial
from typing import Any

import msgspec

from centripetal.dialects.current import commands
from centripetal.dialects.current.advice import ADVICE
from centripetal.dialects.current.commands.base import Method
from centripetal.errors import ServerError
from centripetal.server.console.backend import BaseConsoleBackend
from centripetal.server.console.problems import explain
from centripetal.server.console.token_checks import Reason, TokenCheck, check
from centripetal.server.current.api import API
from centripetal.server.current.node import VERSION, Node
from centripetal.server.current.permissions import Permissions
from centripetal.server.current.refusals import FatalError
from centripetal.server.engine.events import TokenSent

__all__ = ["ConsoleBackend"]

_UNKNOWN_CHANNEL = Reason(
    "The token names a channel whose namespace is not configured.",
    "Add the namespace to `channel.namespaces`, or remove the channel from the token.",
)

# In the API, "" means all anonymous clients, but a person who selects a client on the page means only that client.
_NOBODY = "anonymous clients cannot be addressed individually: name a user"


class ConsoleBackend(BaseConsoleBackend):
    """The console's view of a Centrifugo 6 node."""

    version = VERSION
    generation = "6"
    history_options = "`history_size` and `history_ttl`"
    explain = staticmethod(partial(explain, ADVICE))

    def __init__(self, node: Node) -> None:
        super().__init__(node, node.config.websocket.handler_prefix)
        self._api = API(node)
        self._permissions = Permissions(node.config)

    def check_token(self, sent: TokenSent, *, pasted: bool = False) -> TokenCheck:
        keys = self._permissions
        if sent.channel:
            return check(sent, keys.subscription_keys)
        found = check(sent, keys.connection_keys, pasted=pasted)
        if found.kind == "subscription":
            return check(sent, keys.subscription_keys, pasted=True)
        try:
            keys.verified_connection(sent.token, sent.at)
        except ServerError as error:
            if found.accepted:  # only the server knows which namespaces exist
                said = f"the reply is error {error.code}, {error.message}"
                return msgspec.structs.replace(found, accepted=False, said=said, reasons=(_UNKNOWN_CHANNEL,))
        except FatalError:
            pass  # explained by `check`
        return found

    def publish(self, channel: str, data: bytes) -> str:
        return self._run(commands.Publish(channel, msgspec.Raw(data)))

    def unsubscribe(self, channel: str, user: str) -> str:
        return self._run(commands.Unsubscribe(channel, user)) if user else _NOBODY

    def disconnect(self, user: str) -> str:
        return self._run(commands.Disconnect(user)) if user else _NOBODY

    def _run(self, command: Method[Any]) -> str:
        """Execute *command* like the HTTP API, including events, and return its error."""
        outcome = self._api.outcome(command, self._now())
        return outcome.message if isinstance(outcome, ServerError) else ""
