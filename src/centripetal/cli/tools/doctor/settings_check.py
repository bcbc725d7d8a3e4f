"""The origin of each setting, without keys and secrets."""

from typing import Any

from centripetal.cli.settings import Settings
from centripetal.cli.target import Setting, Source
from centripetal.cli.tools.doctor.check import Check

__all__ = ["settings"]


def settings(given: Settings, token_key: str | None) -> Check:
    """Return where each setting comes from. The result contains neither keys nor secrets.

    Args:
        given: the settings.
        token_key: the value of `--token-key`.

    Raises:
        UsageError: if options or environment variables contradict each other.
    """
    target, key = given.target(), given.token_key(token_key)
    name = "credential" if target.generation is None else target.generation.option
    parts = [
        f"url {_origin(target.url)}",
        "no credentials (insecure)" if target.insecure else f"{name} {_origin(target.credential)}",
        f"token-key {_origin(key)}",
        f"timeout {target.timeout.value:g} s {_origin(target.timeout)}",
    ]
    others: dict[str, Setting[Any]] = {
        "ca-file": target.ca_file,
        "handler-prefix": target.handler_prefix,
        "headers": target.headers,
        "http-proxy": target.http_proxy,
    }
    parts += [f"{name} {_origin(setting)}" for name, setting in others.items() if setting.source is not Source.DEFAULT]
    if given.loaded.name:
        parts.append(f"profile {given.loaded.name!r} in {given.loaded.path}")
    return Check("settings", "ok", "; ".join(parts))


def _origin(setting: Setting[Any]) -> str:
    if setting.source is Source.DEFAULT:
        return "by default" if setting.value else "not set"
    return f"from {setting.name}"
