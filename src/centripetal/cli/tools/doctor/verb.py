"""`centripetal doctor`: checks of everything between this machine and a server, with advice on problems."""

import os
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Annotated

from centripetal.cli.generation import Generation
from centripetal.cli.registration import option
from centripetal.cli.settings import Settings
from centripetal.cli.target import Target
from centripetal.cli.tokens.token_key import KeyOption, given_key, verification_key
from centripetal.cli.tools.doctor import client_checks, server_checks, settings_check
from centripetal.cli.tools.doctor.check import Check, failed
from centripetal.cli.tools.doctor.report import report
from centripetal.cli.tools.proxy.verb import checks_of
from centripetal.errors import CentripetalError, UsageError

__all__ = ["doctor"]

_USER = "doctor"


def doctor(
    settings: Settings,
    channel: Annotated[
        str | None,
        option(
            "--channel",
            "CHANNEL",
            "Also check this channel: its namespace, presence, history, and whether a client can subscribe.",
        ),
    ] = None,
    token: Annotated[str | None, option("--token", "TOKEN", "Also check this token (Centrifugo 3 and later).")] = None,
    token_key: KeyOption = None,
    config: Annotated[
        Path | None,
        option("--config", "FILE", "Also check proxies and outboxes in this configuration of the server."),
    ] = None,
) -> None:
    """Find problems between this machine and the server, and suggest fixes.

    Lists where each setting comes from. Checks the URL, DNS, the connection, TLS and its certificate, HTTP, the clocks,
    the secret or key, the version of the server, a channel and its namespace, a token, and whether clients can connect.
    Changes nothing on the server. With several servers, it checks each of them.

    The exit code is 1 if a check failed; warnings do not count. `--json` prints an object with `ok` and `checks`.

    Examples:
        centripetal doctor --url https://centrifugo.example.com --channel news
        centripetal doctor --api-key k3y --token-key t0ken --json
    """
    report(_everything(settings, channel, token, token_key, config), as_json=settings.json)


def _everything(
    settings: Settings, channel: str | None, token: str | None, token_key: str | None, config: Path | None
) -> Iterator[Check]:
    yield from _all_checks(settings, channel, token, token_key)
    if config is not None:
        try:
            yield from _of_config(config, settings.address().timeout.value)
        except UsageError as error:
            yield failed("config", error)


def _of_config(config: Path, timeout: float) -> Iterator[Check]:
    """Check what the server asks and what it reads, according to its configuration."""
    # Imported here, so that other verbs start faster.
    from centripetal.cli.tools.outbox.checks import outbox_checks
    from centripetal.cli.tools.proxy.settings_checks import used_proxies
    from centripetal.server.configuration.loading import load
    from centripetal.server.current.config import read_config

    raw = load(config)
    found, _ = read_config(raw, os.environ)
    yield from outbox_checks(found.consumers, timeout)
    if not found.consumers or any(used_proxies(found)):
        yield from checks_of(found, raw, None, ask=True)


def _all_checks(settings: Settings, channel: str | None, token: str | None, token_key: str | None) -> Iterator[Check]:
    """Run the checks of each server in order, after a list of the origins of all settings."""
    checks: list[Check] = []
    try:
        urls = settings.address().urls
        with suppress(UsageError):  # the check of the credentials fails for the same reason
            checks.append(settings_check.settings(settings, token_key))
    except UsageError as error:
        yield failed("url", error)
        return
    yield from checks
    for url in urls:
        one = settings if len(urls) == 1 else settings.and_then({"url": url})
        yield from _of_server(one, channel, token, token_key)


def _of_server(settings: Settings, channel: str | None, token: str | None, token_key: str | None) -> Iterator[Check]:
    """Run the checks of one server in order; skip checks that depend on a failed check."""
    last = None
    try:
        for last in server_checks.network(settings.address()):
            yield last
    except UsageError as error:
        last = failed("url", error)
        yield last
    if last is None or last.state == "failed":
        return
    try:
        target = settings.target()
        client = target.client()
    except UsageError as error:
        yield failed("credentials", error)
        return
    with closing(client):
        good = True
        for check in server_checks.server(target, client):
            good = good and check.state != "failed"
            yield check
        if not good:
            return
        if channel is not None:
            yield from client_checks.channel(client, channel, target.required_generation())
    yield from _of_clients(settings, target, channel, token, token_key)


def _of_clients(
    settings: Settings, target: Target, channel: str | None, token: str | None, token_key: str | None
) -> Iterator[Check]:
    is_v1, key = target.required_generation() is Generation.V1, given_key(settings, token_key)
    source = settings.token_key(token_key).name
    if token is not None and key is not None and not is_v1:
        found, check = client_checks.token(token, verification_key(settings, token_key), channel)
        yield check
        if not found.accepted:
            return
        if found.kind == "subscription":
            token = None  # clients do not connect with a subscription token
    elif token is not None and is_v1:
        yield Check(
            "token", "warning", "not used: --token is for Centrifugo 3 and later", "Remove it, or give --api-key."
        )
    elif token is not None:
        advice = "To see what it contains and whether its signature is right, give --token-key."
        yield Check("token", "warning", "not checked: the token key is unknown", advice)
    channels = [channel or "doctor"]  # without --channel, the check ends before the subscription
    signing_key = None if token else _private_key(key)
    try:
        if is_v1:
            watcher = target.watcher_v1(channels, _USER)
        else:
            watcher = target.watcher_current(channels, _USER, signing_key, token)
        credential = _credential(is_v1, token, signing_key, key, source)
        yield from client_checks.clients(target, watcher, credential, subscribes=channel is not None)
    except CentripetalError as error:
        yield failed("clients", error)


def _credential(
    is_v1: bool, token: str | None, signing_key: str | None, key: str | None, source: str
) -> client_checks.Credential:
    """Return the token of the client for the checks, with advice that fits the given keys.

    Args:
        is_v1: whether the server is a 1.x server.
        token: the token to connect with.
        signing_key: the key that signs the token if there is none.
        key: the given key, which may only verify tokens.
        source: where the given key comes from.
    """
    if is_v1:
        return client_checks.Credential(True)
    if token is not None:
        if key is not None:
            advice = f"The token is right for the key from {source}, so the server has another key: compare them."
        else:
            advice = "Give --token-key to see why, or run `centripetal token explain` with the token."
        return client_checks.Credential(True, rejected=advice)
    if signing_key is not None:
        advice = (
            f"`doctor` signed the token with the key from {source}: set it to the `client.token.hmac_secret_key` of "
            "the server, or to its private key. A server without a token key rejects every token."
        )
        return client_checks.Credential(True, rejected=advice)
    if key is not None:
        advice = f"The key from {source} can verify tokens but not sign them: add --token to check with a token."
        return client_checks.Credential(False, missing=advice)
    return client_checks.Credential(False)


def _private_key(key: str | None) -> str | None:
    """Return *key* if it can sign tokens; None for a public key or a key set, which can only verify them."""
    if key is None or key.lstrip().startswith("{") or "PUBLIC KEY" in key:
        return None
    return key
