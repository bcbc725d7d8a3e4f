"""Servers and recorders for tests of code that publishes, and a pytest plugin with fixtures for them.

The package installs the fixtures: `centrifugo` and `centrifugo_recorder` emulate Centrifugo 6, `centrifugo_v1` and
`centrifugo_v1_recorder` emulate Centrifugo 1.x. The names in this module are for annotations and for other test
frameworks. Each name is imported on first access.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from centripetal.testing.browsers.current import AsyncBrowser, Browser
    from centripetal.testing.browsers.v1 import AsyncBrowserV1, BrowserV1
    from centripetal.testing.current import Centrifugo, Recorder
    from centripetal.testing.failures import FOREVER, Failure, UnusedFailuresWarning
    from centripetal.testing.matching import ANYTHING
    from centripetal.testing.outbox import assert_queued
    from centripetal.testing.proxy import ask, ask_async
    from centripetal.testing.publications import Publication, Publications
    from centripetal.testing.unread import UnreadErrorWarning
    from centripetal.testing.v1 import CentrifugoV1, RecorderV1

__all__ = [
    "ANYTHING",
    "FOREVER",
    "AsyncBrowser",
    "AsyncBrowserV1",
    "Browser",
    "BrowserV1",
    "Centrifugo",
    "CentrifugoV1",
    "Failure",
    "Publication",
    "Publications",
    "Recorder",
    "RecorderV1",
    "UnreadErrorWarning",
    "UnusedFailuresWarning",
    "ask",
    "ask_async",
    "assert_queued",
]

if not TYPE_CHECKING:  # a type checker would take `__getattr__` to mean that the module has every name
    _HOMES = {
        "ANYTHING": "matching",
        "AsyncBrowser": "browsers.current",
        "AsyncBrowserV1": "browsers.v1",
        "Browser": "browsers.current",
        "BrowserV1": "browsers.v1",
        "FOREVER": "failures",
        "Centrifugo": "current",
        "CentrifugoV1": "v1",
        "Failure": "failures",
        "Publication": "publications",
        "Publications": "publications",
        "Recorder": "current",
        "RecorderV1": "v1",
        "UnreadErrorWarning": "unread",
        "UnusedFailuresWarning": "failures",
        "ask": "proxy",
        "ask_async": "proxy",
        "assert_queued": "outbox",
    }

    def __getattr__(name: str) -> Any:
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
