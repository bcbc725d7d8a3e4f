"""Which server, as whom and how long: one frozen value, made once for each run of the program.

Each part is a `Setting`, which knows where it comes from.
"""

import dataclasses
import enum
from collections.abc import Mapping, Sequence
from typing import Any, Generic, TypeVar

from centripetal import v1
from centripetal.cli.generation import Generation
from centripetal.client import current
from centripetal.dialects.current import watcher as current_watcher
from centripetal.dialects.v1 import watcher as v1_watcher
from centripetal.errors import UsageError
from centripetal.protocol.environment import environment_value
from centripetal.protocol.watching import Watcher
from centripetal.tokens.issuing import signer
from centripetal.transport.base import TransportOptions

__all__ = ["DEFAULT_TIMEOUT", "DEFAULT_URL", "Address", "Setting", "Source", "Target", "find_setting"]

DEFAULT_URL = "http://localhost:8000"
DEFAULT_TIMEOUT = 5.0

T = TypeVar("T")


class Source(enum.Enum):
    """Where a setting comes from; the first one that has it counts."""

    OPTION = "option"
    ENVIRONMENT = "environment variable"
    DEFAULT = "default"


@dataclasses.dataclass(frozen=True)
class Setting(Generic[T]):
    """A value and where it comes from. Its repr leaves the value out, because it may be a secret.

    Attributes:
        value: the value.
        source: the kind of place that it comes from.
        name: the option or environment variable that holds it; empty for a default.
    """

    value: T = dataclasses.field(repr=False)
    source: Source
    name: str = ""


def find_setting(
    option: str, given: T | None, default: T, environment: Mapping[str, str], variables: Sequence[str] = ()
) -> Setting[T]:
    """The value of an option, or else of the environment, or else *default*.

    Raises:
        UsageError: two of the variables differ.
    """
    if given is not None:
        return Setting(given, Source.OPTION, option)
    value: Any = environment_value(environment, *variables)
    if value is not None:
        name = next(name for name in variables if environment.get(name))
        return Setting(value, Source.ENVIRONMENT, name)
    return Setting(default, Source.DEFAULT)


@dataclasses.dataclass(frozen=True)
class Address:
    """Where the server is and how to reach it, without any credential.

    Attributes:
        url: the address.
        timeout: the seconds that a call may take.
        ca_file: the file of certificates to trust; None: those that the machine trusts.
    """

    url: Setting[str]
    timeout: Setting[float]
    ca_file: Setting[str | None]

    @property
    def transport(self) -> TransportOptions:
        """The options of transports."""
        return {} if self.ca_file.value is None else {"ca_file": self.ca_file.value}


@dataclasses.dataclass(frozen=True)
class Target(Address):
    """A server and the credential to call it with.

    Attributes:
        generation: the generation of the server; None if nothing says which.
        credential: its secret or API key; empty if it is missing.
        insecure: whether to send no credential.
        handler_prefix: the path of the current API; None: the usual one.
    """

    generation: Generation | None
    credential: Setting[str]
    insecure: bool = False
    handler_prefix: Setting[str | None] = Setting(None, Source.DEFAULT)

    def required_generation(self) -> Generation:
        """The generation of the server.

        Raises:
            UsageError: nothing says which.
        """
        if self.generation is None and self.insecure:
            return Generation.V1
        if self.generation is None:
            raise UsageError(
                "neither a secret nor an API key is given. For Centrifugo 3 and later, set CENTRIFUGO_HTTP_API_KEY (or "
                "--api-key) to the `http_api.key` of the server; for 1.x, set CENTRIFUGO_SECRET (or --secret) to its "
                "`secret`; for a server that wants neither, give --insecure"
            )
        return self.generation

    def sent_credential(self) -> str | None:
        """The secret or API key to call the server with; None with `--insecure`.

        Raises:
            UsageError: the generation is unknown, the credential is missing, or an option contradicts it.
        """
        generation = self.required_generation()
        if self.insecure and self.credential.source is Source.OPTION:
            raise UsageError(f"--insecure sends no credentials, --{generation.option} is one: give one of them")
        if not self.insecure and not self.credential.value:
            raise UsageError(
                f"{generation.credential} is missing: {generation.selected_by}; for a server that wants none, give "
                "--insecure"
            )
        if generation is Generation.V1 and self.handler_prefix.value is not None:
            raise UsageError("--handler-prefix is for Centrifugo 3 and later; a URL for 1.x ends in its `http_prefix`")
        return None if self.insecure else self.credential.value

    @property
    def api_path(self) -> str:
        """The path of the current API."""
        return "/api" if self.handler_prefix.value is None else self.handler_prefix.value

    def client(self) -> v1.Client | current.Client:
        """A client for the server.

        Raises:
            UsageError: as `sent_credential`, or the URL, the timeout or another option is invalid.
        """
        url, timeout, options = self.url.value, self.timeout.value, self.transport
        credential = self.sent_credential()
        if self.generation is Generation.CURRENT:
            return current.Client(url, credential, timeout=timeout, handler_prefix=self.api_path, **options)
        if credential is None:
            return v1.Client.insecure(url, timeout=timeout, **options)
        return v1.Client(url, credential, timeout=timeout, **options)

    def watcher_v1(self, channels: Sequence[str], user: str) -> Watcher:
        """A connection of *user* to a 1.x server, with a token signed by the secret."""
        return v1_watcher.Watcher(channels, secret=self.sent_credential(), user=user, patience=self.timeout.value)

    def watcher_current(
        self, channels: Sequence[str], user: str, key: str | None = None, token: str | None = None
    ) -> Watcher:
        """A connection of *user* to a current server, with *token*, or one signed by *key*, or none."""
        sign = None if key is None else signer(key, user)
        return current_watcher.Watcher(channels, sign=sign, token=token, patience=self.timeout.value)
