"""The configuration of a server that is started without one: options for development, and generated keys.

With this configuration, the examples of the documentation work as they are: channels keep a history, presence and the
position of interrupted clients, and pages on this machine may connect. Clients still need tokens.
"""

import secrets
import string
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from centripetal.errors import UsageError
from centripetal.server.configuration.loading import ConfigSource, load, which
from centripetal.server.configuration.proxy_sections import (
    USUAL_OPTIONS,
    has_proxies,
    namespace_names,
    proxy_sections,
    with_sections,
)

if TYPE_CHECKING:
    from centripetal.handling.dispatcher import Dispatcher

__all__ = ["Arguments", "asking", "completed"]

_IN_PROCESS = "http://in-process.invalid"
"""Stands for handlers in this process in the configuration, where the real server has the address of endpoints."""

_LOCAL = ("localhost", "127.0.0.1", r"\[::1\]")
_HISTORY_SIZE = 100

_CONFIGS: Mapping[int, Mapping[str, Any]] = {
    1: {
        "presence": True,
        "history_size": _HISTORY_SIZE,
        "history_lifetime": 24 * 3600,
        "recover": True,
    },
    6: {
        "client": {
            "allowed_origins": [
                f"{scheme}://{host}{port}" for scheme in ("http", "https") for host in _LOCAL for port in ("", ":*")
            ]
        },
        "channel": {
            "without_namespace": {
                "presence": True,
                "join_leave": True,
                "history_size": _HISTORY_SIZE,
                "history_ttl": "24h",
                "force_recovery": True,
                "allow_subscribe_for_client": True,
                "allow_presence_for_subscriber": True,
                "allow_history_for_subscriber": True,
            }
        },
    },
}


class Arguments(NamedTuple):
    """Arguments of `EmbeddedServer` that select its generation, its keys and its configuration.

    Attributes:
        generated: names of the keys that were generated, such as "api_key".
    """

    server: int | None
    secret: str | None
    api_key: str | None
    token_secret: str | None
    config: ConfigSource | None
    generated: frozenset[str] = frozenset()


def completed(given: Arguments) -> Arguments:
    """Return *given*; without a configuration, with the configuration for development and keys for those missing.

    Raises:
        UsageError: the arguments contradict each other.
    """
    server, secret, api_key, token_secret, config, _ = given
    if config is not None:
        return given
    keys = {"secret": secret, "api_key": api_key, "token_secret": token_secret}
    is_bare = server is None and all(key is None for key in keys.values())
    generation = 6 if is_bare else which(server, secret, api_key if api_key is not None else token_secret, {})
    used = ("secret",) if generation == 1 else ("api_key", "token_secret")
    missing = frozenset(name for name in used if keys[name] is None)
    keys |= {name: _generated() for name in missing}
    return Arguments(generation, **keys, config=_CONFIGS[generation], generated=missing)


def asking(dispatcher: "Dispatcher", chosen: Arguments) -> Arguments:
    """Return *chosen*, with proxies for the handlers of *dispatcher* in its configuration unless it has proxies itself.

    Raises:
        UsageError: the server is a 1.x server, which has no proxies.
    """
    if chosen.server == 1 or chosen.secret is not None:
        raise UsageError("proxy needs a current server: Centrifugo 1.x asks the application nothing")
    config = load(chosen.config)
    if not has_proxies(config):
        patterns = {kind: [route.pattern for route in routes] for kind, routes in dispatcher.routes.items()}
        sections = proxy_sections(patterns, _IN_PROCESS, USUAL_OPTIONS, namespaces=namespace_names(config))
        config = with_sections(config, sections)
    return chosen._replace(server=6, config=config)


_LETTERS = string.ascii_letters + string.digits


def _generated() -> str:
    """Return a key of 32 bytes with 190 random bits. Letters and digits need no quotes in a shell."""
    return "".join(secrets.choice(_LETTERS) for _ in range(32))
