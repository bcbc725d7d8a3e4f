"""Publish from Python to Centrifugo 5 and 6 (3 and 4 too); `centripetal.v1` is the door for Centrifugo 1.x.

from centripetal import Client

client = Client("http://localhost:8000", "api-key")
client.publish("news", {"text": "hello"})

All names are those of `centripetal.current`, which is loaded when the first of them is used: a program that only uses
`centripetal.v1`, `centripetal.tokens` or `centripetal.errors` does not wait for it. These modules, `centripetal.server`
and `centripetal.testing` need no import of their own: each is loaded at its first use, too.
"""

from typing import TYPE_CHECKING

from centripetal.version import __version__ as __version__

if TYPE_CHECKING:
    from centripetal import current as current
    from centripetal import errors as errors
    from centripetal import server as server
    from centripetal import testing as testing
    from centripetal import tokens as tokens
    from centripetal import v1 as v1
    from centripetal.current import *  # noqa: F403 - all that it exports, and nothing else

    __all__ = []
    __all__ += current.__all__
else:
    _MODULES = ("current", "errors", "server", "testing", "tokens", "v1")

    def __getattr__(name: str) -> object:
        from importlib import import_module

        if name in _MODULES:
            return import_module(f"centripetal.{name}")
        # The import system asks for dunders of its own, and they are not worth a door's opening.
        if name == "__all__" or not name.startswith("__"):
            door = import_module("centripetal.current")
            if name == "__all__" or name in door.__all__:
                return getattr(door, name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

    def __dir__() -> list[str]:
        return __getattr__("__all__")
