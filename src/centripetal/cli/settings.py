"""The options that all verbs share, and what is made of them together with the environment."""

import dataclasses
import os
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from centripetal.cli.generation import Generation, chosen_generation
from centripetal.cli.target import DEFAULT_TIMEOUT, DEFAULT_URL, Address, Setting, Source, Target, find_setting
from centripetal.errors import UsageError
from centripetal.protocol.environment import API_URL

__all__ = ["Settings"]

T = TypeVar("T")


@dataclasses.dataclass(frozen=True)
class Settings:
    """The values of the shared options and the environment; None and False: the option is not given."""

    url: str | None = None
    # No repr, log or traceback shows them.
    secret: str | None = dataclasses.field(default=None, repr=False)
    api_key: str | None = dataclasses.field(default=None, repr=False)
    server: int | None = None
    insecure: bool = False
    timeout: float | None = None
    ca_file: str | None = None
    handler_prefix: str | None = None
    json: bool = False
    environment: Mapping[str, str] = dataclasses.field(default_factory=lambda: os.environ, repr=False)

    def and_then(self, later: Mapping[str, Any]) -> "Settings":
        """These settings with the options that *later* gives."""
        given = {name: value for name, value in later.items() if value is not None and value is not False}
        return dataclasses.replace(self, **given)

    def credential(self) -> tuple[Generation | None, Setting[str]]:
        """The generation of the server and its secret or API key, which is empty if it is missing.

        Raises:
            UsageError: options or variables of the environment contradict each other.
        """
        options = {Generation.V1: self.secret, Generation.CURRENT: self.api_key}
        generation = chosen_generation(options, self.server, self.environment)
        if generation is None:
            return None, Setting("", Source.DEFAULT)
        return generation, self._find(generation.option, options[generation], "", generation.variables)

    def address(self) -> Address:
        """Where the server is.

        Raises:
            UsageError: variables of the environment differ.
        """
        return Address(
            self._find("url", self.url or None, DEFAULT_URL, API_URL),
            self._find("timeout", self.timeout, DEFAULT_TIMEOUT),
            self._find("ca-file", self.ca_file, None),
        )

    def target(self) -> Target:
        """The server and the credential to call it with.

        Raises:
            UsageError: options or variables of the environment contradict each other.
        """
        generation, credential = self.credential()
        prefix = self._find("handler-prefix", self.handler_prefix, None)
        return Target(
            **vars(self.address()),
            generation=generation,
            credential=credential,
            insecure=self.insecure,
            handler_prefix=prefix,
        )

    def signing_secret(self) -> str:
        """The secret of a 1.x server, to sign with.

        Raises:
            UsageError: there is none, or `--insecure` is given.
        """
        if self.insecure:
            raise UsageError(
                "--insecure is about unsigned requests: this verb makes a signature, which needs the secret"
            )
        secret = self._find("secret", self.secret, "", Generation.V1.variables).value
        if not secret:
            raise UsageError("no secret is given: set CENTRIFUGO_SECRET (or --secret) to the `secret` of the server")
        return secret

    def _find(self, option: str, given: T | None, default: T, variables: Sequence[str] = ()) -> Setting[T]:
        return find_setting(f"--{option}", given, default, self.environment, variables)
