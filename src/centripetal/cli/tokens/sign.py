"""`centripetal sign`: signatures for private channels and for API requests (Centrifugo 1.x)."""

from typing import Annotated

import typer

from centripetal.cli.input import STDIN, check_json_text, read_bytes
from centripetal.cli.output.printing import show_json
from centripetal.cli.registration import option, register
from centripetal.cli.settings import Settings
from centripetal.v1 import generate_api_sign, generate_channel_sign

__all__ = ["register_in"]


def channel(
    settings: Settings,
    client: Annotated[str, typer.Argument(metavar="CLIENT", help="Connection ID of the client.")],
    channel: Annotated[str, typer.Argument(metavar="CHANNEL", help="Full channel name, including $.")],
    info: Annotated[str, option("--info", "JSON", "JSON about the user, visible in this channel.")] = "",
) -> None:
    """Create the signature that lets connection CLIENT subscribe to the private CHANNEL.

    `--json` prints the members that the client must send to subscribe.

    Examples:
        centripetal sign channel 3f8878ac-6887-45ff-9418-1316153469a3 '$news'
    """
    sign = generate_channel_sign(settings.signing_secret(), client, channel, check_json_text(info, "--info"))
    if settings.json:
        show_json({"client": client, "channel": channel, "info": info, "sign": sign})
    else:
        typer.echo(sign)


def api(
    settings: Settings,
    body: Annotated[
        str,
        typer.Argument(
            metavar="[BODY]",
            help="The exact body. If it is missing or -, it is read from standard input.",
            show_default=False,
        ),
    ] = STDIN,
) -> None:
    """Sign an API request. Prints the value of the header `X-API-Sign`.

    The signature covers every byte of the body, including a line break at the end of a file.

    Examples:
        centripetal sign api '[{"method":"stats"}]'
        centripetal sign api <body.json
    """
    sign = generate_api_sign(settings.signing_secret(), read_bytes(body))
    if settings.json:
        show_json({"sign": sign})
    else:
        typer.echo(sign)


def register_in(app: typer.Typer) -> None:
    """Add the verbs to *app*."""
    register(app, channel, shared=("secret", "json", "profile"))
    register(app, api, shared=("secret", "json", "profile"))
