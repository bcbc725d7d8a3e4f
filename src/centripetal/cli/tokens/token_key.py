"""Keys from options and the environment that sign and verify tokens of Centrifugo 3 and later."""

import json
from typing import Annotated, Any

import msgspec

from centripetal.cli.generation import TOKEN_KEY
from centripetal.cli.input import file_contents
from centripetal.cli.registration import option
from centripetal.cli.settings import Settings
from centripetal.errors import UsageError
from centripetal.protocol.json_text import unique_members, without_mark

__all__ = ["KeyOption", "given_key", "key_set", "verification_key"]

KeyOption = Annotated[
    str | None,
    option(
        "--token-key",
        "KEY",
        "Key for client tokens: the server's `client.token.hmac_secret_key`, or a key in PEM as @FILE. "
        f"Default: {TOKEN_KEY[0]}.",
    ),
]


def given_key(settings: Settings, given: str | None) -> str | None:
    """Return the key given by the option or the environment, or None."""
    found = settings.token_key(given)
    key = found.value
    if found.in_file:
        return key  # the content of a file is never the name of another file
    if key is not None and key.startswith("@"):
        try:
            return without_mark(file_contents("--token-key", key[1:]), f"--token-key: {key[1:]!r}").decode()
        except UnicodeDecodeError:
            raise UsageError(f"--token-key: {key[1:]!r} is not a text file: give a key in PEM") from None
    return key or None


def verification_key(settings: Settings, given: str | None) -> Any:
    """Return the key or key set that verifies tokens.

    Raises:
        UsageError: if no key is given.
    """
    key = given_key(settings, given)
    if key is None:
        raise UsageError(
            f"no token key given: set {TOKEN_KEY[0]} (or --token-key) to the `client.token.hmac_secret_key` of the "
            "server, or --token-key to @FILE with a public key in PEM or a key set in JSON"
        )
    keys = key_set(key, "the key set is not JSON")
    return key if keys is None else keys


def key_set(text: str | bytes, problem: str) -> dict[str, Any] | None:
    """Parse *text* as a key set; return None if it is a key in PEM or a secret.

    Raises:
        UsageError: if *text* starts like a key set but is not JSON. *problem* starts the message.
    """
    if text.lstrip()[:1] not in ("{", b"{"):
        return None
    try:
        keys: dict[str, Any] = msgspec.json.decode(text, type=dict[str, Any])
        json.loads(text, object_pairs_hook=unique_members)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise UsageError(f"{problem}: {error}") from None
    return keys
