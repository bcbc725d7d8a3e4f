"""The outboxes of the setting `CENTRIFUGO`."""

import functools
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed
from django.utils.module_loading import import_string

from centripetal.errors import UsageError
from centripetal.outbox import Outbox

__all__ = ["configured_outbox"]

_EXAMPLE = 'CENTRIFUGO = {"default": {"OUTBOX": {"partitions": 4}}}'
_OPTIONS = [field.name for field in fields(Outbox)]


@functools.cache
def configured_outbox(alias: str = "default") -> Outbox:
    """Return the outbox of a server in the settings, for tests and for `ddl()`, `server_config()` and `status()`.

    Args:
        alias: alias of the server in the setting `CENTRIFUGO`.

    Raises:
        ImproperlyConfigured: the setting is missing or invalid.
    """
    options = _options(alias)
    where = f"CENTRIFUGO[{alias!r}]['OUTBOX']"
    if unknown := [name for name in options if name not in _OPTIONS]:
        raise ImproperlyConfigured(
            f"{where} has an unknown option {unknown[0]!r:.100}: known are {', '.join(_OPTIONS)}"
        )
    if isinstance(record := options.get("record"), str):
        options["record"] = _imported(record, where)
    try:
        return Outbox(**options)
    except UsageError as error:
        raise ImproperlyConfigured(f"{where}: {error}") from None


def _options(alias: str) -> dict[str, Any]:
    servers = getattr(settings, "CENTRIFUGO", None)
    server = servers.get(alias) if isinstance(servers, Mapping) else None
    options = server.get("OUTBOX") if isinstance(server, Mapping) else None
    if not isinstance(options, Mapping):
        raise ImproperlyConfigured(
            f"the settings configure no outbox for the server {alias!r:.100}: add it, as in {_EXAMPLE}"
        )
    return dict(options)


def _imported(path: str, where: str) -> Any:
    try:
        return import_string(path)
    except ImportError as error:
        raise ImproperlyConfigured(f"{where}: record cannot be imported: {error}") from error


def _forget(*, setting: str, **_: Any) -> None:
    """Forget the outboxes when a test overrides the setting."""
    if setting == "CENTRIFUGO":
        configured_outbox.cache_clear()


setting_changed.connect(_forget)
