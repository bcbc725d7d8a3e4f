"""The server to call, the credential and the time limit, as one frozen value per run of the program.

Each part is a `Setting`, which records whether it came from an option, the environment or a default.
"""

import dataclasses
import enum
from collections.abc import Mapping, Sequence
from typing import Any, Generic, TypeVar

from centripetal import v1
from centripetal.cli.generation import Generation
from centripetal.cli.profiles import NO_PROFILE, Profile
from centripetal.client import current
from centripetal.client.environment import environment_variable
from centripetal.dialects.current import watcher as current_watcher
from centripetal.dialects.v1 import watcher as v1_watcher
from centripetal.errors import UsageError
from centripetal.protocol.environment import split_urls
from centripetal.protocol.watching import Watcher
from centripetal.tokens.issuing import signer
from centripetal.transport.base import TransportOptions

__all__ = ["DEFAULT_TIMEOUT", "DEFAULT_URL", "Address", "Setting", "Source", "Target", "find_setting"]

DEFAULT_URL = "http://localhost:8000"
DEFAULT_TIMEOUT = 5.0

T = TypeVar("T")


class Source(enum.Enum):
    """Origin of a setting, in order of precedence."""

    OPTION = "option"
    ENVIRONMENT = "environment variable"
    PROFILE = "profile"
    DEFAULT = "default"


@dataclasses.dataclass(frozen=True)
class Setting(Generic[T]):
    """A value and its origin. The repr omits the value, because it may be a secret.

    Attributes:
        value: the value.
        source: the kind of origin.
        name: the option, the environment variable or the place in a profile that holds the value; empty for a default.
        in_file: whether the value is the content of a file.
    """

    value: T = dataclasses.field(repr=False)
    source: Source
    name: str = ""
    in_file: bool = False


def find_setting(
    option: str,
    given: T | None,
    default: T,
    environment: Mapping[str, str],
    variables: Sequence[str] = (),
    profile: Profile = NO_PROFILE,
) -> Setting[T]:
    """Return the value given by the option, otherwise by the environment, the profile, or *default*.

    Raises:
        UsageError: if two of the variables are set to different values, or a file that one names is unusable.
    """
    if given is not None:
        return Setting(given, Source.OPTION, option)
    found: Any = environment_variable(environment, *variables)
    if found is not None:
        return Setting(found.value, Source.ENVIRONMENT, found.name, found.names_file)
    key = option.removeprefix("--").replace("-", "_")
    if key in profile.values:
        of_profile = profile.values[key]
        return Setting(of_profile.value, Source.PROFILE, profile.source(key), of_profile.in_file)
    return Setting(default, Source.DEFAULT)


@dataclasses.dataclass(frozen=True)
class Address:
    """Address of the server and the options to connect with, without a credential.

    Attributes:
        url: the address, or several addresses separated by commas.
        timeout: the time limit of a call, in seconds.
        ca_file: a file of CA certificates; None means the system's certificates.
        headers: additional headers of every request; only a profile sets them.
        http_proxy: the URL of a proxy; only a profile sets it.
    """

    url: Setting[str]
    timeout: Setting[float]
    ca_file: Setting[str | None]
    headers: Setting[Mapping[str, str]]
    http_proxy: Setting[str | None]

    @property
    def urls(self) -> list[str]:
        """The addresses, one per server."""
        return split_urls(self.url.value)

    @property
    def servers(self) -> str | list[str]:
        """The address, or a list of the addresses if there are several."""
        return self.urls if len(self.urls) > 1 else self.url.value

    @property
    def transport(self) -> TransportOptions:
        """Options for transports."""
        options: TransportOptions = {} if self.ca_file.value is None else {"ca_file": self.ca_file.value}
        if self.headers.value:
            options["headers"] = self.headers.value
        if self.http_proxy.value is not None:
            options["http_proxy"] = self.http_proxy.value
        return options


@dataclasses.dataclass(frozen=True)
class Target(Address):
    """A server and the credential to call it with.

    Attributes:
        generation: the generation of the server; None if neither options nor environment select one.
        credential: the secret or API key; empty if none is given.
        insecure: whether to call the server without a credential.
        handler_prefix: the path of the current API; None means /api.
    """

    generation: Generation | None
    credential: Setting[str]
    insecure: bool = False
    handler_prefix: Setting[str | None] = Setting(None, Source.DEFAULT)

    def required_generation(self) -> Generation:
        """Return the generation of the server.

        Raises:
            UsageError: if neither options nor environment select one.
        """
        if self.generation is None and self.insecure:
            return Generation.V1
        if self.generation is None:
            raise UsageError(
                "no API key or secret given. For Centrifugo 3 and later, set CENTRIFUGO_HTTP_API_KEY (or --api-key) to "
                "the `http_api.key` of the server; for 1.x, set CENTRIFUGO_SECRET (or --secret) to its `secret`; for a "
                "server that requires no credentials, add --insecure"
            )
        return self.generation

    def sent_credential(self) -> str | None:
        """Return the secret or API key to call the server with; None with `--insecure`.

        Raises:
            UsageError: if the generation is unknown, the credential is missing, or an option contradicts it.
        """
        generation = self.required_generation()
        if self.insecure and self.credential.source is Source.OPTION:
            raise UsageError(
                f"--insecure and --{generation.option} cannot be combined: --insecure sends no credentials"
            )
        if not self.insecure and not self.credential.value:
            raise UsageError(
                f"{generation.credential} is missing: {generation.selected_by}. For a server that requires no "
                "credentials, add --insecure"
            )
        if generation is Generation.V1 and self.handler_prefix.value is not None:
            raise UsageError(
                "--handler-prefix is for Centrifugo 3 and later. For 1.x, end --url with the server's `http_prefix`"
            )
        return None if self.insecure else self.credential.value

    @property
    def api_path(self) -> str:
        """The path of the current API."""
        return "/api" if self.handler_prefix.value is None else self.handler_prefix.value

    def client(self) -> v1.Client | current.Client:
        """Return a client for the server.

        Raises:
            UsageError: in the same cases as `sent_credential`, or if the URL, the timeout or another option is invalid.
        """
        servers, timeout, options = self.servers, self.timeout.value, self.transport
        credential = self.sent_credential()
        if self.generation is Generation.CURRENT:
            return current.Client(servers, credential, timeout=timeout, handler_prefix=self.api_path, **options)
        if credential is None:
            return v1.Client.insecure(servers, timeout=timeout, **options)
        return v1.Client(servers, credential, timeout=timeout, **options)

    def watcher_v1(self, channels: Sequence[str], user: str) -> Watcher:
        """Return a watcher that connects to a 1.x server as *user* with a token signed with the secret."""
        return v1_watcher.Watcher(channels, secret=self.sent_credential(), user=user, patience=self.timeout.value)

    def watcher_current(
        self, channels: Sequence[str], user: str, key: str | None = None, token: str | None = None
    ) -> Watcher:
        """Return a watcher that connects to a current server as *user* with *token*, one signed with *key*, or none."""
        sign = None if key is None else signer(key, user)
        return current_watcher.Watcher(channels, sign=sign, token=token, patience=self.timeout.value)
