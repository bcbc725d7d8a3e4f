"""The two server generations that the command line supports, and how options and environment select one.

A secret selects Centrifugo 1.x, an API key the current API. `--server` selects the generation if the environment has
both or neither.
"""

import enum
from collections.abc import Mapping
from typing import Any

from centripetal.cli.profiles import NO_PROFILE, Profile
from centripetal.client.environment import environment_value
from centripetal.dialects.current import commands as current
from centripetal.dialects.v1 import commands as v1
from centripetal.errors import UsageError
from centripetal.protocol.command import Command
from centripetal.protocol.environment import API_KEY, SECRET, TOKEN_KEY

__all__ = ["TOKEN_KEY", "Generation", "chosen_generation"]


class Generation(enum.Enum):
    """A server generation.

    Attributes:
        number: the value of `--server` that selects this generation.
        title: the name used in help texts and messages.
        commands: the API commands by name.
        option: the option for the credential, without the dashes.
        credential: the credential and its key in the server's configuration, for messages.
        variables: the environment variables that hold the credential.
    """

    V1 = (1, "1.x", v1.COMMANDS, "secret", "the `secret` of the server", SECRET)
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
        """The instruction to select this generation, for messages."""
        return f"give --{self.option} (or {self.variables[0]})"


def chosen_generation(
    options: Mapping[Generation, str | None],
    server: int | None,
    environment: Mapping[str, str],
    profile: Profile = NO_PROFILE,
) -> Generation | None:
    """Return the generation selected by the options, otherwise by the environment or the profile; None if none does.

    Args:
        options: for each generation, the credential given by its option; None if the option was not given.
        server: the value of `--server`.
        environment: the environment variables.
        profile: the profile; its `server` also decides if the environment has the credentials of both generations.

    Raises:
        UsageError: if the options or the environment variables contradict each other.
    """
    given = [generation for generation, credential in options.items() if credential is not None]
    if len(given) > 1:
        raise UsageError(
            "--secret (Centrifugo 1.x) and --api-key (Centrifugo 3 and later) cannot be combined: give the credential "
            "of your server"
        )
    named = _numbered(server)
    if server is not None and named is None:
        raise UsageError(
            f"--server {server} is invalid: give 1 for Centrifugo 1.x or 6 for the current API (Centrifugo 3 to 6)"
        )
    if named is not None and named.other in given:
        option = f"--{named.other.option}"
        raise UsageError(
            f"--server {server} and {option} cannot be combined: {option} is for Centrifugo {named.other.title}"
        )
    if named is not None or given:
        return named or given[0]
    found = [generation for generation in Generation if environment_value(environment, *generation.variables)]
    if len(found) == 1:
        return found[0]
    of_profile = _numbered(profile.get("server"))
    if len(found) > 1 and of_profile is None:
        secret, keys = (generation.variables for generation in Generation)
        raise UsageError(
            f"the environment has both a secret ({secret[0]}, for Centrifugo 1.x) and an API key "
            f"({' or '.join(keys)}, for 3 and later): unset one of them, or choose with --server 1 or --server 6"
        )
    in_profile = (generation for generation in Generation if profile.get(generation.option.replace("-", "_")))
    return of_profile or next(in_profile, None)


def _numbered(number: int | None) -> Generation | None:
    return next((generation for generation in Generation if generation.number == number), None)
