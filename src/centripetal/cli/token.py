"""`centripetal token`: what a browser needs to connect as a user."""

import time
from typing import Annotated

import typer

from centripetal.cli.data import check_json_text
from centripetal.cli.output import show_fields, show_json
from centripetal.cli.settings import Settings, register
from centripetal.v1 import generate_client_token

__all__ = ["register_in"]


def token(
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
    """Make the token with which a browser connects as USER.

    With `--json`: exactly the members that Centrifugo's JavaScript client takes, as it takes them.
    """
    now = str(int(time.time()) if timestamp is None else timestamp)
    signed = generate_client_token(settings.signing_secret(), user, now, check_json_text(info, "--info"))
    credentials = {"user": user, "timestamp": now, "info": info, "token": signed}
    if settings.json:
        show_json(credentials)
    else:
        show_fields({name: value for name, value in credentials.items() if value or name == "user"})


def register_in(app: typer.Typer) -> None:
    """Add the verb to *app*."""
    register(
        app,
        token,
        shared=("secret", "json"),
        examples=["centripetal token 42", """centripetal token 42 --info '{"name": "Zoë"}' --json"""],
    )
