"""For tests of code that publishes: a pytest plugin with a server and a recorder, and what they are made of.

The fixtures (`centrifugo_v1`, `centrifugo_v1_recorder`) come with the package; the names here are for annotations and
for other test frameworks. They are imported when first asked for: pytest loads this package in every run.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from centripetal.testing.failures import FOREVER, Failure, UnusedFailuresWarning
    from centripetal.testing.matching import ANYTHING
    from centripetal.testing.publications import Publication, Publications
    from centripetal.testing.recorder import RecorderV1
    from centripetal.testing.server import CentrifugoV1

__all__ = [
    "ANYTHING",
    "FOREVER",
    "CentrifugoV1",
    "Failure",
    "Publication",
    "Publications",
    "RecorderV1",
    "UnusedFailuresWarning",
]

if not TYPE_CHECKING:  # to a type checker this would mean that every name is there
    _HOMES = {
        "ANYTHING": "matching",
        "FOREVER": "failures",
        "CentrifugoV1": "server",
        "Failure": "failures",
        "Publication": "publications",
        "Publications": "publications",
        "RecorderV1": "recorder",
        "UnusedFailuresWarning": "failures",
    }

    def __getattr__(name: str) -> Any:
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
