"""`centripetal token connection|subscription|explain`: JSON Web Tokens of the current Centrifugo."""

import json
import re
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from centripetal.cli.generation import TOKEN_KEY
from centripetal.cli.input import STDIN, read_json, read_text, refuse_array
from centripetal.cli.output.exit_code import ExitCode
from centripetal.cli.output.printing import show_json
from centripetal.cli.output.text import printable
from centripetal.cli.registration import option, register
from centripetal.cli.settings import Settings
from centripetal.cli.tokens.token_key import key_set
from centripetal.errors import UsageError
from centripetal.tokens import Explanation, SigningKey, connection_token, explain, subscription_token

__all__ = ["register_in"]

VARIABLE = TOKEN_KEY[0]


_SECRET_HELP = f"The server's `hmac_secret_key`. Prefer {VARIABLE}: other users can see command-line arguments."
SecretKey = Annotated[str | None, option("--token-key", "SECRET", _SECRET_HELP, "--secret-key")]
KeyFile = Annotated[Path | None, option("--key-file", "FILE", "File with a private key in PEM, instead of a secret.")]
_PUBLIC_HELP = "File with the server's public key in PEM or key set in JSON."
PublicKeyFile = Annotated[Path | None, option("--key-file", "FILE", _PUBLIC_HELP)]
_ALGORITHM_HELP = "HS512, RS384, … Default: the usual algorithm for the key."
AlgorithmName = Annotated[str | None, option("--algorithm", "NAME", _ALGORITHM_HELP)]
Kid = Annotated[str | None, option("--kid", "ID", "ID of the key in the server's key set.")]
ExpiresIn = Annotated[
    str,
    option(
        "--expires-in",
        "TIME",
        "Lifetime of the token: seconds, a number with a unit (30m, 12h, 7d), or never.",
        show_default=True,
    ),
]
Info = Annotated[str | None, option("--info", "JSON", "JSON about the user, visible in presence.")]
_CLAIM_HELP = "The `{}` claim, if the server's configuration sets `{}`."
Audience = Annotated[str | None, option("--audience", "TEXT", _CLAIM_HELP.format("aud", "audience"))]
Issuer = Annotated[str | None, option("--issuer", "TEXT", _CLAIM_HELP.format("iss", "issuer"))]
User = Annotated[str, typer.Argument(metavar="USER", help="User ID; '' is the anonymous user.")]


def connection(
    settings: Settings,
    user: User,
    expires_in: ExpiresIn = "1h",
    info: Info = None,
    channel: Annotated[
        list[str] | None, option("--channel", "CHANNEL", "Subscribe the connection to this channel; can be repeated.")
    ] = None,
    meta: Annotated[str | None, option("--meta", "JSON", "JSON for the back end, hidden from clients.")] = None,
    audience: Audience = None,
    issuer: Issuer = None,
    secret_key: SecretKey = None,
    key_file: KeyFile = None,
    algorithm: AlgorithmName = None,
    kid: Kid = None,
) -> None:
    """Create a connection token for USER (Centrifugo 3 and later).

    Examples:
        centripetal token connection 42
        centripetal token connection 42 --channel news --expires-in 7d
    """
    refuse_array("--channel", channel or (), "--channel a --channel b")
    key = _signing_key(settings, secret_key, key_file, algorithm, kid)
    options = {**_json("info", info), **_json("meta", meta)}
    token = connection_token(
        key, user, expires_in=_seconds(expires_in), channels=channel or (), audience=audience, issuer=issuer, **options
    )
    _show(settings, token)


def subscription(
    settings: Settings,
    channel: Annotated[str, typer.Argument(metavar="CHANNEL", help="Full channel name, including the namespace.")],
    user: User,
    expires_in: ExpiresIn = "1h",
    info: Info = None,
    data: Annotated[str | None, option("--data", "JSON", "JSON for the client, sent with the subscription.")] = None,
    audience: Audience = None,
    issuer: Issuer = None,
    secret_key: SecretKey = None,
    key_file: KeyFile = None,
    algorithm: AlgorithmName = None,
    kid: Kid = None,
) -> None:
    """Create a subscription token that lets USER subscribe to CHANNEL, regardless of the channel's options.

    Examples:
        centripetal token subscription news 42
        centripetal token subscription news 42 --key-file k.pem
    """
    key = _signing_key(settings, secret_key, key_file, algorithm, kid)
    options = {**_json("info", info), **_json("data", data)}
    token = subscription_token(
        key, channel, user, expires_in=_seconds(expires_in), audience=audience, issuer=issuer, **options
    )
    _show(settings, token)


def explain_(
    settings: Settings,
    token: Annotated[
        str,
        typer.Argument(
            metavar="[TOKEN]",
            show_default=False,
            help="The token. If it is missing or -, it is read from standard input.",
        ),
    ] = STDIN,
    channel: Annotated[str | None, option("--channel", "CHANNEL", "The channel that the client subscribes to.")] = None,
    user: Annotated[str | None, option("--user", "USER", "The user that the token must belong to.")] = None,
    connect: Annotated[
        bool,
        option("--connect", None, "Treat the token as a connection token, even if it names a channel."),
    ] = False,
    secret_key: SecretKey = None,
    key_file: PublicKeyFile = None,
) -> None:
    """Tell whether a server would accept a token, and if not, how to fix it. The exit code is then 1.

    Examples:
        centripetal token explain eyJhbGciOi…
        centripetal token explain --channel news <token.txt
    """
    key: Any = _secret_or_file(settings, secret_key, key_file)
    if isinstance(key, bytes) and (keys := key_set(key, "--key-file is not a key set")) is not None:
        key = keys
    explanation = explain(read_text(token), key, channel=channel, user=user, kind="connection" if connect else None)
    if settings.json:
        show_json(_as_object(explanation))
    else:
        typer.echo(printable(str(explanation)))
    if not explanation.accepted:
        raise typer.Exit(ExitCode.REFUSED)


def register_in(app: typer.Typer) -> None:
    """Add the verbs to *app*."""
    for verb, name in ((connection, None), (subscription, None), (explain_, "explain")):
        register(app, verb, name=name, shared=("json", "profile"))


def _signing_key(
    settings: Settings, secret: str | None, file: Path | None, algorithm: Any, kid: str | None
) -> SigningKey:
    return SigningKey(_secret_or_file(settings, secret, file), algorithm=algorithm, kid=kid, allow_weak_key=True)


def _secret_or_file(settings: Settings, secret: str | None, file: Path | None) -> str | bytes:
    if settings.secret is not None:
        raise UsageError("--secret is for Centrifugo 1.x: give --token-key (or --secret-key), or --key-file")
    if file is not None:
        if secret is not None:
            raise UsageError("--token-key and --key-file cannot be combined: give one of them")
        try:
            return file.read_bytes()
        except OSError as error:
            raise UsageError(f"--key-file: cannot read {str(file)!r}: {error.strerror}") from None
    secret = settings.token_key(secret).value
    if not secret:
        raise UsageError(f"no key given: set {VARIABLE} (or --token-key), or give a private key with --key-file")
    return secret


_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400}


def _seconds(text: str) -> float | None:
    if text == "never":
        return None
    found = re.fullmatch(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)([smhd]?)", text)
    if found is None:
        raise UsageError(
            f"--expires-in: {text!r} is not a duration: give seconds, a number with a unit (30m, 12h, 7d), or never"
        )
    return float(found[1]) * _UNITS[found[2]]


def _json(name: str, text: str | None) -> dict[str, Any]:
    return {} if text is None else {name: read_json(text, f"--{name}")}


def _show(settings: Settings, token: str) -> None:
    if settings.json:
        show_json({"token": token})
    else:
        typer.echo(token)


def _as_object(explanation: Explanation) -> dict[str, Any]:
    values = {name: getattr(explanation, name) for name in explanation.__struct_fields__ if name != "described"}
    # Encoded with the standard library, because claims may contain huge numbers and lone surrogates.
    return {**values, "claims": msgspec.Raw(json.dumps(explanation.claims).encode())}
