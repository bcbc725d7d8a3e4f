"""The two generations of servers that the command line talks to, and how a command line says which one is meant.

A secret means Centrifugo 1.x, an API key the current API; `--server` decides where both or neither are there.
"""

import enum
from collections.abc import Mapping
from typing import Any

from centripetal.dialects.current import commands as current
from centripetal.dialects.v1 import commands as v1
from centripetal.errors import UsageError
from centripetal.protocol.command import Command
from centripetal.protocol.environment import API_KEY, environment_value

__all__ = ["SECRET", "TOKEN_KEY", "Credentials", "Generation"]

SECRET = ("CENTRIFUGO_SECRET",)
TOKEN_KEY = ("CENTRIFUGO_CLIENT_TOKEN_HMAC_SECRET_KEY",)


class Generation(enum.Enum):
    """A generation of servers: what the help calls it, its commands by name, and what its credential is called."""

    V1 = ("1.x", v1.COMMANDS, "secret", "the `secret` of the server", SECRET[0])
    CURRENT = ("3 and later", current.COMMANDS, "api-key", "the `http_api.key` of the server", API_KEY[0])

    def __init__(
        self, title: str, commands: tuple[type[Command[Any]], ...], option: str, credential: str, variable: str
    ) -> None:
        self.title = title
        self.commands: Mapping[str, type[Command[Any]]] = {command.name: command for command in commands}
        self.option = option
        self.credential = credential
        self.variable = variable

    @property
    def other(self) -> "Generation":
        """The one that this is not."""
        return Generation.CURRENT if self is Generation.V1 else Generation.V1

    @property
    def how(self) -> str:
        """How to say that this one is meant."""
        return f"give --{self.option} (or {self.variable})"


class Credentials:
    """The secret and the key that options and the environment give, and so the generation.

    Args:
        secret, api_key: what the options say.
        server: what `--server` says.
        environment: the variables.

    Attributes:
        generation: the one that is meant; None: nothing says which.
        secret, api_key: that of this generation, if there is one; the other is None.

    Raises:
        UsageError: they contradict each other.
    """

    def __init__(
        self, secret: str | None, api_key: str | None, server: int | None, environment: Mapping[str, str]
    ) -> None:
        self.secret: str | None = None
        self.api_key: str | None = None
        self.generation = _said(secret, api_key, server) or _set(environment)
        if self.generation is Generation.V1:
            self.secret = secret if secret is not None else environment_value(environment, *SECRET)
        elif self.generation is Generation.CURRENT:
            self.api_key = api_key if api_key is not None else environment_value(environment, *API_KEY)


def _said(secret: str | None, api_key: str | None, server: int | None) -> Generation | None:
    """The generation that the options mean."""
    if secret is not None and api_key is not None:
        raise UsageError(
            "--secret means a server of Centrifugo 1.x, --api-key one of 3 or later: give the one that your server has"
        )
    if server not in (None, 1, 6):
        raise UsageError(f"--server {server}: 1 means Centrifugo 1.x, 6 the current API (Centrifugo 3 to 6)")
    if (server == 1 and api_key is not None) or (server == 6 and secret is not None):
        option = "--api-key" if server == 1 else "--secret"
        raise UsageError(f"--server {server} and {option} exclude each other: {option} means the other generation")
    if secret is not None or server == 1:
        return Generation.V1
    return Generation.CURRENT if api_key is not None or server == 6 else None


def _set(environment: Mapping[str, str]) -> Generation | None:
    """The generation that the environment means."""
    secret, key = environment_value(environment, *SECRET), environment_value(environment, *API_KEY)
    if secret and key:
        raise UsageError(
            f"the environment has a secret ({SECRET[0]}: Centrifugo 1.x) and an API key ({' or '.join(API_KEY)}: "
            "3 and later): unset one, or say which with --server 1 or --server 6"
        )
    if secret:
        return Generation.V1
    return Generation.CURRENT if key else None
