"""The pytest plugin: fixtures with a server, or a recorder, for one test.

pytest imports this in every run of everybody who has this package installed, so it imports nothing but pytest, and
what the fixtures need is imported by the first test that asks for one.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from centripetal.testing.recorder import RecorderV1
    from centripetal.testing.server import CentrifugoV1

_MARKER = (
    "centrifugo(config=None, secret='secret'): how the server or recorder of this test is configured, on top of what"
    " the fixture for the configuration says"
)


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", _MARKER)


@pytest.fixture
def centrifugo_v1_config() -> dict[str, Any]:
    """The configuration of `centrifugo_v1` and `centrifugo_v1_recorder`: override it for a module or a project."""
    return {}


@pytest.fixture
def centrifugo_v1(request: pytest.FixtureRequest, centrifugo_v1_config: dict[str, Any]) -> "Iterator[CentrifugoV1]":
    """A fresh embedded Centrifugo 1.x that notes what is published: `.url`, `.secret`, `.client()`, assertions."""
    from centripetal.testing.server import CentrifugoV1

    with CentrifugoV1(**_settings(request, centrifugo_v1_config)) as server:
        yield server


@pytest.fixture
def centrifugo_v1_recorder(
    request: pytest.FixtureRequest, centrifugo_v1_config: dict[str, Any]
) -> "Iterator[RecorderV1]":
    """A recorder of what is published, without any I/O: `.client()` and the assertions of `centrifugo_v1`."""
    from centripetal.testing.recorder import RecorderV1

    recorder = RecorderV1(**_settings(request, centrifugo_v1_config))
    yield recorder
    recorder.finish()


def _settings(request: pytest.FixtureRequest, config: dict[str, Any]) -> dict[str, Any]:
    """What the fixture says, overlaid by the test's markers, the nearest one last."""
    settings: dict[str, Any] = {"config": dict(config)}
    for marker in reversed(list(request.node.iter_markers("centrifugo"))):
        unknown = marker.kwargs.keys() - {"config", "secret"}
        if marker.args or unknown:
            raise pytest.UsageError("write @pytest.mark.centrifugo(config={…}, secret='…')")
        settings["config"].update(marker.kwargs.get("config") or {})
        if "secret" in marker.kwargs:
            settings["secret"] = marker.kwargs["secret"]
    return settings
