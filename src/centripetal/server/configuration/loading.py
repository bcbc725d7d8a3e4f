"""What `EmbeddedServer` is given: which generation is meant, and how it is configured.

A secret means 1.x, an API key the current API; with neither, the keys of the configuration decide: those of 1.x are
flat, those of 6 stand in sections.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from centripetal.errors import UsageError
from centripetal.server.current.config import SECTIONS, with_keys
from centripetal.server.current.config import read_config as read_current
from centripetal.server.current.service import settings_of as settings_of_current
from centripetal.server.service import ServerSettings
from centripetal.server.v1.config import KEYS as KEYS_V1
from centripetal.server.v1.config import read_config as read_v1
from centripetal.server.v1.service import settings_of as settings_of_v1

__all__ = ["ConfigSource", "choose", "load", "which"]

ConfigSource = Mapping[str, Any] | str | os.PathLike[str]

_SAY_WHICH = "give secret=… or server=1 for a 1.x server, api_key=… or server=6 for a current one"
# Some of what a configuration of Centrifugo 2 to 5 says where 1.x and 6 say something else.
_KEYS_BETWEEN = frozenset(("api_key", "token_hmac_secret_key", "allowed_origins", "v3_use_offset", "api_insecure"))


def choose(
    server: int | None,
    secret: str | None,
    api_key: str | None,
    token_secret: str | None,
    config: ConfigSource | None,
) -> tuple[ServerSettings, list[str]]:
    """The server that is meant, and a sentence for each key of *config* that changes nothing here.

    Raises:
        UsageError: it is not clear which, or the real server would not start with that either.
    """
    for name, value in (("secret", secret), ("api_key", api_key), ("token_secret", token_secret)):
        if value is not None and (not isinstance(value, str) or not value):
            raise UsageError(f"{name} must be text that is not empty")
    if secret is None and api_key is None and config is None:
        raise UsageError(f"{_SAY_WHICH}, or the config=… of either")
    raw = load(config)
    if which(server, secret, api_key or token_secret, raw) == 1:
        config_v1, unhonoured = read_v1(raw)
        config_v1 = config_v1 if secret is None else msgspec.structs.replace(config_v1, secret=secret)
        return settings_of_v1(config_v1), unhonoured
    current, unhonoured = read_current(raw)
    return settings_of_current(with_keys(current, api_key=api_key, token_secret=token_secret)), unhonoured


def which(server: int | None, secret: str | None, key: str | None, raw: Mapping[str, Any]) -> int:
    """The generation that is meant: 1 or 6.

    Args:
        server: said outright.
        secret: of 1.x.
        key: any key of a current server.
        raw: a configuration.

    Raises:
        UsageError: this does not say, or it says both.
    """
    if server not in (None, 1, 6):
        raise UsageError(f"server must be 1, for Centrifugo 1.x, or 6, for Centrifugo 6, as a number, not {server!r}")
    if (secret is not None and key is not None) or (server == 1 and key is not None):
        raise UsageError(
            "a 1.x server has a secret, a current one an API key and a token secret: give only what one of them has"
        )
    if server == 6 and secret is not None:
        raise UsageError("a current server has no secret: give its API key")
    if server is not None:
        return server
    if secret is not None or key is not None:
        return 1 if key is None else 6
    return _generation_of(raw)


def _generation_of(raw: Mapping[str, Any]) -> int:
    """The one that has keys as in *raw*."""
    keys = {str(key).lower(): value for key, value in raw.items()}
    # A section is an object, or the list of them; what 1.x calls the same is none of these.
    current = {key for key, value in keys.items() if key in SECTIONS and isinstance(value, Mapping | list)}
    flat = (keys.keys() & KEYS_V1) - current
    between = keys.keys() & _KEYS_BETWEEN
    if between and not current:
        raise UsageError(
            f"{min(between)!r} is a key of Centrifugo 2 to 5: there are stand-ins for 1.x and for 6, whose "
            "configuration stands in sections such as http_api and client"
        )
    if current and flat:
        raise UsageError(
            f"the configuration has a key of 1.x, {min(flat)!r}, and one of a current server, {min(current)!r}: "
            f"{_SAY_WHICH}"
        )
    if not current and not flat:
        raise UsageError(f"the configuration does not show for which server it is: {_SAY_WHICH}")
    return 6 if current else 1


def load(source: ConfigSource | None) -> Mapping[str, Any]:
    """The configuration itself, if *source* is the path of its file.

    Raises:
        UsageError: it cannot be read.
    """
    if source is None or isinstance(source, Mapping):
        return source or {}
    if not isinstance(source, str | os.PathLike):
        raise UsageError(f"config must be a dict or the path of a JSON file, not {type(source).__name__}")
    path = Path(source)
    try:
        # Editors on Windows may begin a file with a byte order mark.
        value = json.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise UsageError(f"the configuration {path} cannot be read: {error.strerror or error}") from None
    except (ValueError, RecursionError) as error:
        hint = "" if path.suffix == ".json" else " (of the formats that the real server reads, JSON is the one here)"
        raise UsageError(f"the configuration {path} is not JSON{hint}: {error}") from None
    if not isinstance(value, dict):
        raise UsageError(f"the configuration {path} must be a JSON object")
    return value
