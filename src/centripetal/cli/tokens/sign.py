"""`centripetal sign`: the signatures for private channels and for requests to the API."""

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
    client: Annotated[str, typer.Argument(metavar="CLIENT", help="The connection id, which the browser knows.")],
    channel: Annotated[str, typer.Argument(metavar="CHANNEL", help="The channel's full name, $ included.")],
    info: Annotated[str, option("--info", "JSON", "JSON about the user in this channel.")] = "",
) -> None:
    """Sign that connection CLIENT may subscribe to the private CHANNEL.

    With `--json`: the members that the browser's `subscribe` takes.

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
            metavar="[BODY]", help="The body, exactly; - or none reads it from the standard input.", show_default=False
        ),
    ] = STDIN,
) -> None:
    """Sign a request to the API: the value of its header `X-API-Sign`.

    Every byte counts, the line break at the end of a file, too. `printf` adds none.

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
    register(app, channel, shared=("secret", "json"))
    register(app, api, shared=("secret", "json"))
