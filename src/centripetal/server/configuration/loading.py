"""Choice of the server's generation, and loading of its configuration, from the arguments of `EmbeddedServer`.

A secret selects 1.x, an API key a current server. If both are missing, the keys of the configuration decide: 1.x has
flat keys, Centrifugo 6 groups them in sections. If there is no configuration, `development.py` has completed the
arguments.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from centripetal.errors import UsageError
from centripetal.protocol.json_text import unique_members, without_mark
from centripetal.server.current.config import SECTIONS, with_keys
from centripetal.server.current.config import read_config as read_current
from centripetal.server.current.service import settings_of as settings_of_current
from centripetal.server.service import ServerSettings
from centripetal.server.v1.config import KEYS as KEYS_V1
from centripetal.server.v1.config import read_config as read_v1
from centripetal.server.v1.service import settings_of as settings_of_v1

__all__ = ["ConfigSource", "choose", "load", "which"]

ConfigSource = Mapping[str, Any] | str | os.PathLike[str]

_SAY_WHICH = "pass secret=… or server=1 for a 1.x server, api_key=… or server=6 for a current server"
# Common keys of Centrifugo 2 to 5 that neither 1.x nor 6 has at the top level.
_KEYS_BETWEEN = frozenset(("api_key", "token_hmac_secret_key", "allowed_origins", "v3_use_offset", "api_insecure"))


def choose(
    server: int | None,
    secret: str | None,
    api_key: str | None,
    token_secret: str | None,
    config: ConfigSource | None,
) -> tuple[ServerSettings, list[str]]:
    """Return the settings of the server, and a sentence for each key of *config* that has no effect here.

    Raises:
        UsageError: the generation is ambiguous, or the real server would not start with *config* either.
    """
    for name, value in (("secret", secret), ("api_key", api_key), ("token_secret", token_secret)):
        if value is not None and (not isinstance(value, str) or not value):
            raise UsageError(f"{name} must be non-empty text")
    raw = load(config)
    if which(server, secret, api_key or token_secret, raw) == 1:
        config_v1, unhonoured = read_v1(raw)
        config_v1 = config_v1 if secret is None else msgspec.structs.replace(config_v1, secret=secret)
        return settings_of_v1(config_v1), unhonoured
    current, unhonoured = read_current(raw, os.environ)
    return settings_of_current(with_keys(current, api_key=api_key, token_secret=token_secret)), unhonoured


def which(server: int | None, secret: str | None, key: str | None, raw: Mapping[str, Any]) -> int:
    """Return the generation of the server: 1 or 6.

    Args:
        server: the generation if the caller gave it.
        secret: the secret of a 1.x server.
        key: the API key or token secret of a current server.
        raw: the configuration, which decides if the other arguments are None.

    Raises:
        UsageError: the arguments do not determine the generation, or contradict each other.
    """
    if server not in (None, 1, 6):
        raise UsageError(f"server must be the number 1 (Centrifugo 1.x) or 6 (Centrifugo 6), not {server!r}")
    if (secret is not None and key is not None) or (server == 1 and key is not None):
        raise UsageError(
            "a secret is for a 1.x server, an API key or token secret for a current server: pass only one kind of key"
        )
    if server == 6 and secret is not None:
        raise UsageError("secret is for 1.x servers: for a current server, pass api_key")
    if server is not None:
        return server
    if secret is not None or key is not None:
        return 1 if key is None else 6
    return _generation_of(raw)


def _generation_of(raw: Mapping[str, Any]) -> int:
    """Return the generation that the keys in *raw* belong to."""
    keys = {str(key).lower(): value for key, value in raw.items()}
    # A section is an object or a list of objects; 1.x keys with the same names have other types.
    current = {key for key, value in keys.items() if key in SECTIONS and isinstance(value, Mapping | list)}
    flat = (keys.keys() & KEYS_V1) - current
    between = keys.keys() & _KEYS_BETWEEN
    if between and not current:
        raise UsageError(
            f"{min(between)!r} is a key of Centrifugo 2 to 5, which this server does not emulate: it emulates 1.x and "
            "6, and the configuration of 6 has sections such as http_api and client"
        )
    if current and flat:
        raise UsageError(
            f"the configuration mixes a key of 1.x, {min(flat)!r}, with a key of a current server, {min(current)!r}: "
            f"{_SAY_WHICH}"
        )
    if not current and not flat:
        raise UsageError(f"cannot detect the server's generation from the configuration: {_SAY_WHICH}")
    return 6 if current else 1


def load(source: ConfigSource | None) -> Mapping[str, Any]:
    """Return the configuration in *source*: a mapping, or the path of a JSON file; empty for None.

    Raises:
        UsageError: the file cannot be read, or does not hold a JSON object, or holds an object with a member twice.
    """
    if source is None or isinstance(source, Mapping):
        return source or {}
    if not isinstance(source, str | os.PathLike):
        raise UsageError(f"config must be a dict or the path of a JSON file, not {type(source).__name__}")
    path = Path(source)
    try:
        text = without_mark(path.read_bytes(), "the file").decode()
        value = json.loads(text, object_pairs_hook=unique_members)
    except UsageError as error:
        raise UsageError(f"the configuration {path} cannot be used: {error}") from None
    except OSError as error:
        raise UsageError(f"cannot read the configuration {path}: {error.strerror or error}") from None
    except (ValueError, RecursionError) as error:
        hint = "" if path.suffix == ".json" else " (the embedded server reads only JSON)"
        raise UsageError(f"the configuration {path} is not JSON{hint}: {error}") from None
    if not isinstance(value, dict):
        raise UsageError(f"the configuration {path} must be a JSON object")
    return value
