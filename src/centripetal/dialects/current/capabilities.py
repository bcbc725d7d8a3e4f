"""Capabilities of a server that the client has detected: form of the API, version, edition.

See protocol 6: versions-server-api.
"""

import re
from typing import Any

from centripetal.dialects.current.commands.base import Method, Version
from centripetal.dialects.current.results.standard import InfoResult
from centripetal.errors import UsageError
from centripetal.protocol.command import Command

__all__ = ["ServerCapabilities"]

_VERSION = r"v?(\d+)\.(\d+)(?:\.(\d+))?"
_KEYS: Version = (5, 2, 0)
_PARALLEL: Version = (5, 2, 0)
# A server with only the single endpoint is older than 5.0; its exact version may be unknown.
_BELOW_5: Version = (4, 99, 0)


class ServerCapabilities:
    """Capabilities of one server, as far as the client has learned them. Threads may share an instance.

    Attributes:
        single: whether the server has only the single endpoint; None if unknown.
        version: the oldest version among the nodes; None if unknown.
        open: whether the server is the open-source edition; None if unknown.
    """

    def __init__(self) -> None:
        self.single: bool | None = None
        self.version: Version | None = None
        self.open: bool | None = None

    def learn(self, info: InfoResult) -> None:
        """Read version and edition from a reply to `info`."""
        found = [re.match(_VERSION, node.version) for node in info.nodes]
        versions = [(int(one[1]), int(one[2]), int(one[3] or 0)) for one in found if one is not None]
        # A server that was built without a version reports 0.0.0.
        if versions and len(versions) == len(info.nodes) and min(versions) > (0, 0, 0):
            self.version = min(versions)
        if any(node.version.endswith(" OSS") for node in info.nodes):
            self.open = True

    def forget(self) -> None:
        """Forget everything, because the server has changed. The next calls detect the capabilities again."""
        self.single = self.version = self.open = None

    def knows_keys(self) -> bool | None:
        """Return whether the server honours idempotency keys; None if unknown."""
        if self.version is not None:
            return self.version >= _KEYS
        return False if self.single else None

    def _newest(self) -> Version | None:
        """Return the newest version that the server can have; None if it can be any."""
        return self.version or (_BELOW_5 if self.single else None)

    def check(self, command: Command[Any]) -> None:
        """Check that the server does not ignore *command* or one of its fields, as far as its version is known.

        Raises:
            UsageError: the server would silently ignore the command or a field.
        """
        if not isinstance(command, Method):
            return
        version = self._newest()
        if version is not None:
            self._check_version(command, version)
        if self.open:
            for field in ("label_filter", "all_users"):
                if field in command.added and _is_given(command, field):
                    raise UsageError(
                        f"{field} needs Centrifugo PRO: this server is the open-source edition and ignores it"
                    )

    def check_parallel(self) -> None:
        """Check that the server can run a batch in parallel, as far as its version is known.

        Raises:
            UsageError: the server would silently run the commands one after another.
        """
        version = self._newest()
        if version is not None and version < _PARALLEL:
            raise UsageError("parallel needs Centrifugo 5.2, and this server is older: leave it out")

    def _check_version(self, command: Method[Any], version: Version) -> None:
        this = "is older than 5.0" if self.version is None else f"is {'.'.join(map(str, version))}"
        if version < command.released:
            raise UsageError(f"{command.name} needs Centrifugo {_text(command.released)}, and this server {this}")
        for field, needed in command.added.items():
            if version < needed and _is_given(command, field):
                raise UsageError(
                    f"{field} needs Centrifugo {_text(needed)}, and this server {this}: it would ignore it silently"
                )


def _is_given(command: Method[Any], field: str) -> bool:
    return bool(getattr(command, field, None))


def _text(version: Version) -> str:
    return ".".join(map(str, version if version[2] else version[:2]))
