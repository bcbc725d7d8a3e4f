"""Client for the server API of Centrifugo 5 and 6 (3 and 4 too). For Centrifugo 1.x use `centripetal.v1`.

from centripetal import Client

client = Client("http://localhost:8000", "api-key")
client.publish("news", {"text": "hello"})

The package exports the names of `centripetal.current` and imports that module when a name is first used. A program that
only uses `centripetal.v1`, `centripetal.tokens` or `centripetal.errors` therefore starts faster. These modules,
`centripetal.outbox`, `centripetal.proxy`, `centripetal.server` and `centripetal.testing` are imported on first use too:
`import centripetal` is enough.
"""

from typing import TYPE_CHECKING

from centripetal.version import __version__ as __version__

if TYPE_CHECKING:
    from centripetal import current as current
    from centripetal import errors as errors
    from centripetal import outbox as outbox
    from centripetal import proxy as proxy
    from centripetal import server as server
    from centripetal import testing as testing
    from centripetal import tokens as tokens
    from centripetal import v1 as v1
    from centripetal.current import *  # noqa: F403 - exactly the names that it exports

    __all__ = []
    __all__ += current.__all__
else:
    _MODULES = ("current", "errors", "outbox", "proxy", "server", "testing", "tokens", "v1")

    def __getattr__(name: str) -> object:
        from importlib import import_module

        if name in _MODULES:
            return import_module(f"centripetal.{name}")
        # The import system looks up several dunder names; do not import the whole API for them.
        if name == "__all__" or not name.startswith("__"):
            exports = import_module("centripetal.current")
            if name == "__all__" or name in exports.__all__:
                return getattr(exports, name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

    def __dir__() -> list[str]:
        return __getattr__("__all__")
