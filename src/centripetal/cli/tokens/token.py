"""`centripetal token`: tokens with which browsers connect to Centrifugo 1.x and to later versions.

`jwt.py` has the verbs for later versions. `token USER` still works as `token v1 USER`, because it existed first.
"""

import difflib
import re
import time
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from centripetal.cli.input import check_json_text
from centripetal.cli.output.printing import show_fields, show_json
from centripetal.cli.registration import group, option, register
from centripetal.cli.settings import Settings
from centripetal.cli.tokens import jwt
from centripetal.protocol.environment import SECRET
from centripetal.v1 import generate_client_token

__all__ = ["register_in"]


_V1 = "v1"
_HELP = """
Create client tokens, or explain why a server rejects one.

`token USER` is short for `token v1 USER`: it creates a token for Centrifugo 1.x.
"""


class _Verbs(TyperGroup):
    """The verbs of `token`; any other first argument is a user for `v1`."""

    ignore_unknown_options = True

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return the verb, its name and its arguments."""
        known = bool(args) and args[0] in self.commands
        return super().resolve_command(ctx, args if known else [_V1, *args])


def v1(
    settings: Settings,
    user: Annotated[str, typer.Argument(metavar="USER", help="User ID; '' is the anonymous user.")],
    info: Annotated[str, option("--info", "JSON", "JSON about the user, visible in presence.")] = "",
    timestamp: Annotated[
        int | None, option("--timestamp", "SECONDS", "Unix time at which the token is created. Default: now.")
    ] = None,
) -> None:
    """Create the token with which a browser connects as USER to Centrifugo 1.x.

    `token USER` does the same, unless USER is the name of another verb.

    `--json` prints the options for Centrifugo's JavaScript client.

    Examples:
        centripetal token v1 42
        centripetal token 42 --info '{"name": "Zoë"}' --json
    """
    secret = settings.signing_secret(_no_secret(user))
    now = str(int(time.time()) if timestamp is None else timestamp)
    signed = generate_client_token(secret, user, now, check_json_text(info, "--info"))
    credentials = {"user": user, "timestamp": now, "info": info, "token": signed}
    if settings.json:
        show_json(credentials)
    else:
        show_fields({name: value for name, value in credentials.items() if value or name == "user"})


def _no_secret(user: str) -> str:
    """Explain that `token USER` is for Centrifugo 1.x, and what to type for later versions."""
    if user.count(".") == 2 and user.startswith("ey"):
        return "no secret given. To see what is in a token, type `centripetal token explain TOKEN`"
    close = difflib.get_close_matches(user, ("connection", "subscription", "explain"), 1)
    if close:
        return f"there is no verb `token {user}`: did you mean `token {close[0]}`?"
    shown = user if re.fullmatch(r"\w{1,20}", user) else "USER"
    return (
        f"no secret given, and `token USER` is for Centrifugo 1.x: set {SECRET[0]} (or --secret) to the `secret` of "
        f"the server. For Centrifugo 3 and later, type `centripetal token connection {shown}`"
    )


def register_in(app: typer.Typer) -> None:
    """Add the verbs to *app*."""
    below = group(app, "token", _HELP, _Verbs)
    jwt.register_in(below)
    register(below, v1, shared=("secret", "json", "profile"))
