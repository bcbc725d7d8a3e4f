"""The two generations of servers that the command line talks to, and how a command line says which one is meant.

A secret means Centrifugo 1.x, an API key the current API; `--server` decides if both or neither are given.
"""

import enum
from collections.abc import Mapping
from typing import Any

from centripetal.dialects.current import commands as current
from centripetal.dialects.v1 import commands as v1
from centripetal.errors import UsageError
from centripetal.protocol.command import Command
from centripetal.protocol.environment import API_KEY, environment_value

__all__ = ["TOKEN_KEY", "Generation", "chosen_generation"]

TOKEN_KEY = ("CENTRIFUGO_CLIENT_TOKEN_HMAC_SECRET_KEY",)


class Generation(enum.Enum):
    """A generation of servers.

    Attributes:
        number: the value of `--server` that selects it.
        title: its name in help texts and messages.
        commands: its API commands by name.
        option: the option that takes its credential, without the dashes.
        credential: where the server's configuration has the credential.
        variables: the environment variables that hold the credential.
    """

    V1 = (1, "1.x", v1.COMMANDS, "secret", "the `secret` of the server", ("CENTRIFUGO_SECRET",))
    CURRENT = (6, "3 and later", current.COMMANDS, "api-key", "the `http_api.key` of the server", API_KEY)

    def __init__(
        self,
        number: int,
        title: str,
        commands: tuple[type[Command[Any]], ...],
        option: str,
        credential: str,
        variables: tuple[str, ...],
    ) -> None:
        self.number = number
        self.title = title
        self.commands: Mapping[str, type[Command[Any]]] = {command.name: command for command in commands}
        self.option = option
        self.credential = credential
        self.variables = variables

    @property
    def other(self) -> "Generation":
        """The other generation."""
        return Generation.CURRENT if self is Generation.V1 else Generation.V1

    @property
    def selected_by(self) -> str:
        """The instruction that selects this generation, for messages."""
        return f"give --{self.option} (or {self.variables[0]})"


def chosen_generation(
    options: Mapping[Generation, str | None], server: int | None, environment: Mapping[str, str]
) -> Generation | None:
    """The generation that the options select, or else the environment; None if neither does.

    Args:
        options: the credential that each generation's option gives.
        server: the value of `--server`.
        environment: the environment variables.

    Raises:
        UsageError: they contradict each other.
    """
    given = [generation for generation, credential in options.items() if credential is not None]
    if len(given) > 1:
        raise UsageError(
            "--secret means a server of Centrifugo 1.x, --api-key one of 3 or later: give the one that your server has"
        )
    named = next((generation for generation in Generation if generation.number == server), None)
    if server is not None and named is None:
        raise UsageError(f"--server {server}: 1 means Centrifugo 1.x, 6 the current API (Centrifugo 3 to 6)")
    if named is not None and named.other in given:
        option = f"--{named.other.option}"
        raise UsageError(f"--server {server} and {option} exclude each other: {option} means the other generation")
    if named is not None or given:
        return named or given[0]
    found = [generation for generation in Generation if environment_value(environment, *generation.variables)]
    if len(found) > 1:
        secret, keys = (generation.variables for generation in Generation)
        raise UsageError(
            f"the environment has a secret ({secret[0]}: Centrifugo 1.x) and an API key ({' or '.join(keys)}: "
            "3 and later): unset one, or say which with --server 1 or --server 6"
        )
    return found[0] if found else None
