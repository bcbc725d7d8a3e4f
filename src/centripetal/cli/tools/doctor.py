"""`centripetal doctor`: what works between here and a server, and what to do about what does not."""

from collections.abc import Iterator
from contextlib import closing
from typing import Annotated, Any

import typer
from rich.text import Text

from centripetal.cli.generation import Generation
from centripetal.cli.output.errors import ExitCode, printable
from centripetal.cli.output.printing import console, show_json
from centripetal.cli.settings import DEFAULT_URL, TOOLS, Settings, register
from centripetal.cli.tokens.token_key import KeyOption, given_key, verification_key
from centripetal.cli.tools.diagnosis import Check, explained, failed, network, server, token
from centripetal.cli.tools.diagnosis_channel import channel, clients
from centripetal.dialects.current import watcher as watching_current
from centripetal.dialects.v1 import watcher as watching_v1
from centripetal.errors import CentripetalError, UsageError
from centripetal.protocol.watching import Watcher
from centripetal.tokens.issuing import signer

__all__ = ["register_in"]

_STYLES = {"ok": ("ok", "green"), "warning": ("warning", "yellow"), "failed": ("FAILED", "red")}
_USER = "doctor"


def doctor(
    settings: Settings,
    channel: Annotated[
        str | None,
        typer.Option(
            "--channel",
            metavar="CHANNEL",
            help="Look at this channel, too: its namespace, presence, history, and whether a client can subscribe.",
            show_default=False,
        ),
    ] = None,
    token: Annotated[
        str | None,
        typer.Option(
            "--token", metavar="TOKEN", help="A token of a client of Centrifugo 3 or later.", show_default=False
        ),
    ] = None,
    token_key: KeyOption = None,
) -> None:
    """Say what works between here and the server, and what to do about what does not.

    It looks at the URL, DNS, the connection, TLS and its certificate, HTTP, clocks, the secret or key, the version of
    the server, a channel and its namespace, a token, and whether clients can connect. Nothing is changed on the server.

    The exit code is 1 if something failed; a warning is no failure. With `--json`: an object with `ok` and `checks`.
    """
    checks: list[Check] = []
    for check in _all_checks(settings, channel, token, token_key):
        checks.append(check)
        if not settings.json:
            _show(check)
    bad = any(check.state == "failed" for check in checks)
    if settings.json:
        show_json({"ok": not bad, "checks": [check._asdict() for check in checks]})
    if bad:
        raise typer.Exit(ExitCode.REFUSED)


def _all_checks(settings: Settings, name: str | None, text: str | None, token_key: str | None) -> Iterator[Check]:
    way = list[Check]()
    try:
        for check in network(settings):
            way.append(check)
            yield check
    except UsageError as error:
        yield failed("url", error)
        return
    if any(check.state == "failed" for check in way):
        return
    good = True
    for check in server(settings):
        good = good and check.state != "failed"
        yield check
    if not good:
        return
    generation = settings.generation()
    if name is not None:
        with closing(settings.client()) as client:
            yield from channel(client, name, generation)
    yield from _of_clients(settings, generation, name, text, token_key)


def _of_clients(
    settings: Settings, generation: Generation, name: str | None, text: str | None, token_key: str | None
) -> Iterator[Check]:
    key = given_key(settings, token_key)
    if text is not None and key is not None and generation is Generation.CURRENT:
        found = explained(text, verification_key(settings, token_key), name)
        yield token(found)
        if not found.accepted:
            return
        if found.kind == "subscription":
            text = None  # nobody connects with it
    elif text is not None:
        why = "it is of Centrifugo 3 and later" if generation is Generation.V1 else "the token key is not known"
        yield Check("token", "warning", f"not looked into: {why}", "Give --token-key, of Centrifugo 3 and later.")
    try:
        watcher = _watcher(settings, generation, name, text, key)
        url, seconds = settings.server_url() or DEFAULT_URL, settings.seconds()
        has_token = generation is Generation.V1 or bool(text or _private_key(key))
        yield from clients(
            watcher, url, seconds, subscribes=name is not None, has_token=has_token, options=settings.transport()
        )
    except CentripetalError as error:
        yield failed("clients", error)


def _watcher(
    settings: Settings, generation: Generation, name: str | None, text: str | None, key: str | None
) -> Watcher:
    channels = [name or "doctor"]  # without a name, nothing is subscribed to
    if generation is Generation.V1:
        secret = None if settings.insecure else settings.credentials().secret
        return watching_v1.Watcher(channels, secret=secret, user=_USER, patience=settings.seconds())
    private = _private_key(key)
    sign = signer(private, _USER) if private is not None and not text else None
    return watching_current.Watcher(channels, sign=sign, token=text, patience=settings.seconds())


def _private_key(key: str | None) -> Any:
    """*key*, if tokens can be signed with it: for checking, a public one or a key set is enough."""
    if key is None or key.lstrip().startswith("{") or "PUBLIC KEY" in key:
        return None
    return key


def _show(check: Check) -> None:
    word, style = _STYLES[check.state]
    out = console()
    out.print(Text.assemble((f"{word:<8}", style), f"{check.name:<12}", printable(check.text)), soft_wrap=True)
    if check.advice and check.state != "ok":
        out.print(Text(f"{'':<20}{printable(check.advice)}"), soft_wrap=True)


def register_in(app: typer.Typer) -> None:
    """Add the verb to *app*."""
    register(
        app,
        doctor,
        examples=[
            "centripetal doctor --url https://centrifugo.example.com --channel news",
            "centripetal doctor --api-key k3y --token-key t0ken --json",
        ],
        panel=TOOLS,
    )
