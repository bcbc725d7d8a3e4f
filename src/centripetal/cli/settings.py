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


def _shared(metavar: str | None, text: str, default: Any = None, *, repr: bool = True) -> Any:  # noqa: A002
    """A field of the settings that is also an option of verbs, with *text* as its help."""
    return dataclasses.field(default=default, repr=repr, metadata={"metavar": metavar, "text": text})


@dataclasses.dataclass(frozen=True)
class Settings:
    """The values of the shared options and the environment; None and False: the option is not given."""

    url: str | None = _shared(
        "URL",
        "Where the server is, with or without /api. "
        f"Otherwise CENTRIFUGO_HTTP_API_URL or CENTRIFUGO_API_URL, or else {DEFAULT_URL}.",
    )
    # No repr, log or traceback shows the secret and the key.
    secret: str | None = _shared(
        "SECRET",
        "The `secret` of a server of Centrifugo 1.x. Better set CENTRIFUGO_SECRET: other users of this machine can see "
        "command lines.",
        repr=False,
    )
    api_key: str | None = _shared(
        "KEY",
        "The `http_api.key` of a server of Centrifugo 3 or later. Better set CENTRIFUGO_HTTP_API_KEY or "
        "CENTRIFUGO_API_KEY.",
        repr=False,
    )
    server: int | None = _shared(
        "1|6", "The generation of the server, where neither secret nor key says it: 1, or 6 for the current API."
    )
    insecure: bool = _shared(
        None,
        "Send no credentials: for a server with `insecure_api` (1.x) or `http_api.insecure` (with --server 6).",
        default=False,
    )
    timeout: float | None = _shared(
        "SECONDS", f"How long the call may take in all. Otherwise {DEFAULT_TIMEOUT:g} seconds."
    )
    ca_file: str | None = _shared(
        "FILE", "Certificates (PEM) to verify the server's against, instead of those that this machine trusts."
    )
    handler_prefix: str | None = _shared(
        "PATH", "The `http_api.handler_prefix` of a server of Centrifugo 3 or later, if it is not /api."
    )
    json: bool = _shared(None, "Print results and errors as JSON.", default=False)
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
