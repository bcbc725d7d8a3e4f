"""`centripetal token`: what a browser needs to connect or subscribe, and what a server says of a token.

`token USER` is short for `token v1 USER`, the token of Centrifugo 1.x; the other verbs are about JSON Web Tokens.
"""

import time
from collections.abc import Callable
from typing import Annotated, Any

import msgspec
import typer
from typer.core import TyperGroup

from centripetal.cli.data import STDIN, check_json_text, read_bytes
from centripetal.cli.failures import ExitCode
from centripetal.cli.forms import form_of
from centripetal.cli.keys import KeyOption, checking_key, signing_key
from centripetal.cli.output import console, show_fields, show_json
from centripetal.cli.reading import reader
from centripetal.cli.settings import TOOLS, Settings, register
from centripetal.errors import UsageError
from centripetal.protocol.fields import Moment, Payload
from centripetal.v1 import generate_client_token

__all__ = ["register_in"]


class _Tokens(TyperGroup):
    """`token USER` is `token v1 USER`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        words = [word for word in args if not word.startswith("-")]
        if args and not any(word in self.commands for word in words) and not {"--help", "-h"} & set(args):
            args = ["v1", *args]
        return super().parse_args(ctx, args)


def v1(
    settings: Settings,
    user: Annotated[str, typer.Argument(metavar="USER", help="The user's id; '' is the anonymous user.")],
    info: Annotated[
        str, typer.Option("--info", metavar="JSON", help="JSON about the user, shown in presence.", show_default=False)
    ] = "",
    timestamp: Annotated[
        int | None,
        typer.Option("--timestamp", metavar="SECONDS", help="Unix time from which the token counts, instead of now."),
    ] = None,
) -> None:
    """Make the token with which a browser connects to Centrifugo 1.x as USER; `token USER` is the same.

    With `--json`: exactly the members that Centrifugo's JavaScript client takes, as it takes them.
    """
    now = str(int(time.time()) if timestamp is None else timestamp)
    signed = generate_client_token(settings.signing_secret(), user, now, check_json_text(info, "--info"))
    credentials = {"user": user, "timestamp": now, "info": info, "token": signed}
    if settings.json:
        show_json(credentials)
    else:
        show_fields({name: value for name, value in credentials.items() if value or name == "user"})


# ---- JSON Web Tokens

_User = Annotated[str, typer.Argument(metavar="USER", help="The user's id; '' is the anonymous user.")]
_Channel = Annotated[str, typer.Argument(metavar="CHANNEL", help="The channel's full name.")]
_ExpiresIn = Annotated[
    str,
    typer.Option("--expires-in", metavar="SECONDS", help="How long the token counts; `never`: for ever."),
]


def _json_option(name: str, what: str) -> Any:
    return typer.Option(name, metavar="JSON", help=f"{what} JSON, or @FILE.", show_default=False)


def _text_option(name: str, what: str, metavar: str) -> Any:
    return typer.Option(name, metavar=metavar, help=what, show_default=False)


_Info = Annotated[str | None, _json_option("--info", "About the user, shown in presence and with publications:")]
_ExpireAt = Annotated[
    str | None,
    _text_option("--expire-at", "When the connection or subscription ends, if not with the token; 0: never.", "TIME"),
]
_NotBefore = Annotated[str | None, _text_option("--not-before", "When the token begins to count.", "TIME")]
_Jti = Annotated[str | None, _text_option("--jti", "An id of the token.", "TEXT")]
_Audience = Annotated[list[str] | None, _text_option("--audience", "What the server's `audience` must be.", "TEXT")]
_Issuer = Annotated[str | None, _text_option("--issuer", "What the server's `issuer` must be.", "TEXT")]
_UserIdClaim = Annotated[
    str, _text_option("--user-id-claim", "The claim that holds the user. Otherwise `sub`.", "NAME")
]
_Claims = Annotated[str | None, _json_option("--claims", "Further claims: an object as")]
_Algorithm = Annotated[str | None, _text_option("--algorithm", "Such as HS512. Otherwise what suits the key.", "NAME")]
_Kid = Annotated[str | None, _text_option("--kid", "The id of the key in the server's key set.", "TEXT")]


def connection(
    settings: Settings,
    user: _User,
    expires_in: _ExpiresIn = "3600",
    expire_at: _ExpireAt = None,
    info: _Info = None,
    channels: Annotated[
        list[str] | None,
        _text_option("--channel", "A channel to which the server subscribes it; several are possible.", "CHANNEL"),
    ] = None,
    subs: Annotated[
        str | None, _json_option("--subs", "The same with options for each channel (`info`, `data`, `override`):")
    ] = None,
    meta: Annotated[str | None, _json_option("--meta", "For your back end, clients don't see it:")] = None,
    not_before: _NotBefore = None,
    jti: _Jti = None,
    audience: _Audience = None,
    issuer: _Issuer = None,
    user_id_claim: _UserIdClaim = "sub",
    claims: _Claims = None,
    token_key: KeyOption = None,
    algorithm: _Algorithm = None,
    kid: _Kid = None,
) -> None:
    """Make the token with which a browser connects as USER to Centrifugo 3 or later.

    With `--json`: an object with `token`.
    """
    from centripetal.tokens import connection_token

    key = signing_key(settings, token_key, algorithm, kid, user)
    given = _given(info=_json("--info", info), meta=_json("--meta", meta), subs=_subs(subs))
    common = _common(expires_in, expire_at, not_before, jti, audience, issuer, user_id_claim, claims)
    _show(settings, connection_token(key, user, channels=channels or (), **given, **common))


def subscription(
    settings: Settings,
    channel: _Channel,
    user: _User,
    expires_in: _ExpiresIn = "3600",
    expire_at: _ExpireAt = None,
    info: _Info = None,
    data: Annotated[str | None, _json_option("--data", "Goes to the client in the reply:")] = None,
    override: Annotated[
        str | None, _json_option("--override", "Options instead of the namespace's, such as `presence`: an object as")
    ] = None,
    client: Annotated[
        str | None, _text_option("--client", "The connection that may use the token, and no other.", "CLIENT")
    ] = None,
    not_before: _NotBefore = None,
    jti: _Jti = None,
    audience: _Audience = None,
    issuer: _Issuer = None,
    user_id_claim: _UserIdClaim = "sub",
    claims: _Claims = None,
    token_key: KeyOption = None,
    algorithm: _Algorithm = None,
    kid: _Kid = None,
) -> None:
    """Make the token with which USER subscribes to CHANNEL of Centrifugo 3 or later, whatever its namespace permits.

    With `--json`: an object with `token`.
    """
    from centripetal.tokens import subscription_token

    key = signing_key(settings, token_key, algorithm, kid, user)
    given = _given(info=_json("--info", info), data=_json("--data", data), override=_override(override))
    common = _common(expires_in, expire_at, not_before, jti, audience, issuer, user_id_claim, claims)
    _show(settings, subscription_token(key, channel, user, client=client, **given, **common))


def explain(
    settings: Settings,
    token: Annotated[
        str,
        typer.Argument(metavar="[TOKEN]", help="The token; - or none reads it from the standard input."),
    ] = STDIN,
    channel: Annotated[
        str | None, _text_option("--channel", "The channel to subscribe to, of which it must be.", "CHANNEL")
    ] = None,
    user: Annotated[
        str | None, _text_option("--user", "The user of the connection, of whom it must be.", "USER")
    ] = None,
    client: Annotated[str | None, _text_option("--client", "The id of the connection.", "CLIENT")] = None,
    audience: Annotated[str, _text_option("--audience", "The server's `audience`.", "TEXT")] = "",
    issuer: Annotated[str, _text_option("--issuer", "The server's `issuer`.", "TEXT")] = "",
    user_id_claim: Annotated[str, _text_option("--user-id-claim", "The server's `user_id_claim`.", "NAME")] = "",
    token_key: KeyOption = None,
) -> None:
    """Say whether a server of Centrifugo 3 or later would accept TOKEN, why not and what to do, and what is in it.

    The exit code is 1 if it would refuse it.
    """
    from centripetal.tokens import explain as explained

    text = read_bytes(token).decode("utf-8", "replace").strip() if token == STDIN else token
    key = checking_key(settings, token_key)
    if audience or issuer or user_id_claim:
        key = _token_keys(key, audience=audience, issuer=issuer, user_id_claim=user_id_claim)
    found = explained(text, key, channel=channel, user=user, client=client)
    if settings.json:
        show_json(found)
    else:
        console().print(str(found), soft_wrap=True)
    if not found.accepted:
        raise typer.Exit(ExitCode.REFUSED)


def _token_keys(key: Any, **more: Any) -> Any:
    from centripetal.tokens import TokenKeys

    if isinstance(key, dict):
        return TokenKeys(jwks=key, **more)
    if "-----BEGIN" in key:
        raise UsageError("--audience, --issuer and --user-id-claim go with a secret or a key set, not with PEM")
    return TokenKeys(hmac_secret_key=key, **more)


def _show(settings: Settings, token: str) -> None:
    if settings.json:
        show_json({"token": token})
    else:
        typer.echo(token)


def _given(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _common(
    expires_in: str,
    expire_at: str | None,
    not_before: str | None,
    jti: str | None,
    audience: list[str] | None,
    issuer: str | None,
    user_id_claim: str,
    claims: str | None,
) -> dict[str, Any]:
    return {
        "expires_in": _lifetime(expires_in),
        "user_id_claim": user_id_claim,
        **_given(
            expire_at=_time("--expire-at", expire_at),
            not_before=_time("--not-before", not_before),
            jti=jti,
            audience=(audience[0] if len(audience) == 1 else audience) if audience else None,
            issuer=issuer,
            claims=_claims(claims),
        ),
    }


def _lifetime(text: str) -> float | None:
    if text == "never":
        return None
    try:
        return float(text)
    except ValueError:
        raise UsageError(f"--expires-in {text!r}: give seconds, or never") from None


def _time(what: str, text: str | None) -> Any:
    return None if text is None else _read(Moment, what, text)


def _json(what: str, text: str | None) -> Any:
    return None if text is None else _read(Payload, what, text)


def _read(hint: Any, what: str, text: str) -> Any:
    form = form_of(hint)
    assert form is not None, "these are in the table of forms"
    return form.read(what, text)


def _claims(text: str | None) -> dict[str, Any] | None:
    if text is None:
        return None
    try:
        return msgspec.json.decode(_json("--claims", text), type=dict[str, Any])
    except msgspec.DecodeError:
        raise UsageError(f"--claims: {text!r} is no JSON object") from None


def _override(text: str | None) -> Any:
    if text is None:
        return None
    from centripetal.tokens import Override

    try:
        return reader(Override).read(_json("--override", text))
    except UsageError as error:
        raise UsageError(f"--override: {error}") from None


def _subs(text: str | None) -> Any:
    if text is None:
        return None
    from centripetal.tokens import SubscribeOptions

    try:
        members = msgspec.json.decode(_json("--subs", text), type=dict[str, msgspec.Raw])
    except msgspec.DecodeError:
        raise UsageError(f"--subs: {text!r} is no JSON object") from None
    try:
        return {channel: _options(SubscribeOptions, value) for channel, value in members.items()}
    except UsageError as error:
        raise UsageError(f"--subs: {error}") from None


def _options(kind: Any, value: msgspec.Raw) -> Any:
    return reader(kind).read(value)


def register_in(app: typer.Typer) -> None:
    """Add the verbs to *app*."""
    below = typer.Typer(
        cls=_Tokens,
        rich_markup_mode="markdown",
        help="Make the tokens of browsers, and say what a server thinks of one.",
    )
    app.add_typer(below, name="token", no_args_is_help=True, rich_help_panel=TOOLS)
    examples: dict[Callable[..., Any], list[str]] = {
        connection: ['centripetal token connection 42 --info \'{"name": "Zoë"}\''],
        subscription: ["centripetal token subscription '$desk' 42 --expires-in 600"],
        explain: ["centripetal token connection 42 | centripetal token explain"],
    }
    for function, lines in examples.items():
        register(below, function, shared=("secret", "json"), examples=lines)
    lines = ["centripetal token 42", """centripetal token 42 --info '{"name": "Zoë"}' --json"""]
    register(below, v1, shared=("secret", "json"), examples=lines)
