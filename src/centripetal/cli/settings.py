"""The options shared by all verbs, combined with the environment."""

import dataclasses
import os
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from centripetal.cli.generation import TOKEN_KEY, Generation, chosen_generation
from centripetal.cli.profiles import NO_PROFILE, Profile, chosen_profile
from centripetal.cli.target import DEFAULT_TIMEOUT, DEFAULT_URL, Address, Setting, Source, Target, find_setting
from centripetal.client.environment import environment_variable
from centripetal.errors import UsageError
from centripetal.protocol.environment import API_URL

__all__ = ["Settings"]

T = TypeVar("T")


def _shared(metavar: str | None, text: str, default: Any = None, *, repr: bool = True) -> Any:  # noqa: A002
    """Return a settings field that is also an option of verbs, with the help *text*."""
    return dataclasses.field(default=default, repr=repr, metadata={"metavar": metavar, "text": text})


_MISSING = "no secret given: set CENTRIFUGO_SECRET (or --secret) to the `secret` of the server"


@dataclasses.dataclass(frozen=True)
class Settings:
    """Values of the shared options and the environment. None or False means that the option was not given."""

    url: str | None = _shared(
        "URL",
        "Address of the server, with or without /api; separate several servers by commas. "
        f"Default: CENTRIFUGO_HTTP_API_URL, CENTRIFUGO_API_URL or {DEFAULT_URL}.",
    )
    # Excluded from the repr, so that logs and tracebacks do not show the secret or the key.
    secret: str | None = _shared(
        "SECRET",
        "Secret of a Centrifugo 1.x server (`secret`). Prefer CENTRIFUGO_SECRET: other users can see command-line "
        "arguments.",
        repr=False,
    )
    api_key: str | None = _shared(
        "KEY",
        "API key of a Centrifugo 3 or later server (`http_api.key`). Prefer CENTRIFUGO_HTTP_API_KEY or "
        "CENTRIFUGO_API_KEY.",
        repr=False,
    )
    server: int | None = _shared(
        "1|6", "Server generation: 1 for Centrifugo 1.x, 6 for 3 and later. Only needed if no secret or key selects it."
    )
    insecure: bool = _shared(
        None,
        "Send no credentials, for a server with `insecure_api` (1.x) or `http_api.insecure` (with --server 6).",
        default=False,
    )
    timeout: float | None = _shared(
        "SECONDS", f"Time limit of the call, including connecting. Default: {DEFAULT_TIMEOUT:g} seconds."
    )
    ca_file: str | None = _shared("FILE", "CA certificates (PEM) to verify the server with, instead of the system's.")
    handler_prefix: str | None = _shared(
        "PATH", "The `http_api.handler_prefix` of a Centrifugo 3 or later server, if it is not /api."
    )
    json: bool = _shared(None, "Print results and errors as JSON.", default=False)
    profile: str | None = _shared(
        "NAME",
        "Profile in ~/.config/centripetal/config.toml (or CENTRIPETAL_CONFIG) for settings that neither options nor "
        "the environment give. Default: CENTRIPETAL_PROFILE, otherwise `default` if it exists.",
    )
    loaded: Profile = dataclasses.field(default=NO_PROFILE, repr=False)
    environment: Mapping[str, str] = dataclasses.field(default_factory=lambda: os.environ, repr=False)

    def and_then(self, later: Mapping[str, Any]) -> "Settings":
        """Return these settings updated with the options given in *later*."""
        given = {name: value for name, value in later.items() if value is not None and value is not False}
        return dataclasses.replace(self, **given)

    def with_profile(self) -> "Settings":
        """Return these settings with the values of the chosen profile.

        Raises:
            UsageError: if the profile does not exist or is not valid.
        """
        return dataclasses.replace(self, loaded=chosen_profile(self.profile, self.environment))

    def overridden(self) -> list[str]:
        """Return a warning for each value of an explicitly chosen profile that an environment variable replaces."""
        if self.profile is None:
            return []
        found = []
        for key, variables in _VARIABLES.items():
            if key not in self.loaded.values or getattr(self, key, None) is not None:
                continue
            variable = environment_variable(self.environment, *variables)
            if variable is not None and variable.value != self.loaded.get(key):
                overridden = f"`{key}` of {self.loaded.source(key)}"
                found.append(f"{variable.name} takes precedence over {overridden}: unset it to use the profile")
        return found

    def credential(self) -> tuple[Generation | None, Setting[str]]:
        """Return the generation of the server and its secret or API key; the credential is empty if none is given.

        Raises:
            UsageError: if options or environment variables contradict each other.
        """
        options = {Generation.V1: self.secret, Generation.CURRENT: self.api_key}
        generation = chosen_generation(options, self.server, self.environment, self.loaded)
        if generation is None:
            return None, Setting("", Source.DEFAULT)
        return generation, self._find(generation.option, options[generation], "", generation.variables)

    def address(self) -> Address:
        """Return the address of the server and the options to connect with.

        Raises:
            UsageError: if two environment variables for the same setting differ.
        """
        return Address(
            self._find("url", self.url or None, DEFAULT_URL, API_URL),
            self._find("timeout", self.timeout, DEFAULT_TIMEOUT),
            self._find("ca-file", self.ca_file, None),
            self._find("headers", None, {}),
            self._find("http-proxy", None, None),
        )

    def target(self) -> Target:
        """Return the server and the credential to call it with.

        Raises:
            UsageError: if options or environment variables contradict each other.
        """
        generation, credential = self.credential()
        prefix = self._find("handler-prefix", self.handler_prefix, None)
        return Target(
            **vars(self.address()),
            generation=generation,
            credential=credential,
            insecure=self.insecure or self._insecure_by_profile(credential),
            handler_prefix=prefix,
        )

    def _insecure_by_profile(self, credential: Setting[str]) -> bool:
        """Return whether the profile says to send no credentials, and none is given elsewhere."""
        return bool(self.loaded.get("insecure")) and not credential.value

    def token_key(self, given: str | None) -> Setting[str | None]:
        """Return the key for client tokens; *given* is the value of the verb's option."""
        return self._find("token-key", given, None, TOKEN_KEY)

    def signing_secret(self, missing: str = _MISSING) -> str:
        """Return the secret of a 1.x server for signing.

        Args:
            missing: the message if no secret is given.

        Raises:
            UsageError: if no secret is given, or if `--insecure` is given.
        """
        if self.insecure:
            raise UsageError("--insecure cannot be combined with this verb: creating a signature requires the secret")
        secret = self._find("secret", self.secret, "", Generation.V1.variables).value
        if not secret:
            raise UsageError(missing)
        return secret

    def _find(self, option: str, given: T | None, default: T, variables: Sequence[str] = ()) -> Setting[T]:
        return find_setting(f"--{option}", given, default, self.environment, variables, self.loaded)


_VARIABLES = {
    "url": API_URL,
    "token_key": TOKEN_KEY,
    **{generation.option.replace("-", "_"): generation.variables for generation in Generation},
}
