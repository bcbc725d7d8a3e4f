"""The pytest plugin: fixtures with a server, or a recorder, for one test.

pytest imports this in every run of everybody who has this package installed. So it stands beside the package and
imports nothing but pytest: what the fixtures need is imported by the first test that asks for one.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from centripetal.testing import Centrifugo, CentrifugoV1, Recorder, RecorderV1

_MARKER = (
    "centrifugo(config=None, api_key='key', token_secret='secret', secret='secret'): how the server or recorder of"
    " this test is configured, on top of what the fixture for the configuration says; Centrifugo 6 has api_key and"
    " token_secret, 1.x has secret"
)
_KEYS = frozenset(("api_key", "token_secret"))
_KEYS_V1 = frozenset(("secret",))


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", _MARKER)


# ---- Centrifugo 6


@pytest.fixture
def centrifugo_config() -> dict[str, Any]:
    """The configuration of `centrifugo` and `centrifugo_recorder`: override it for a module or a project."""
    return {}


@pytest.fixture
def centrifugo(request: pytest.FixtureRequest, centrifugo_config: dict[str, Any]) -> "Iterator[Centrifugo]":
    """A fresh embedded Centrifugo 6 that notes what is published: `.url`, `.api_key`, `.client()`, assertions."""
    from centripetal.testing import Centrifugo

    with Centrifugo(**_settings(request, centrifugo_config, _KEYS)) as server:
        yield server


@pytest.fixture
def centrifugo_recorder(request: pytest.FixtureRequest, centrifugo_config: dict[str, Any]) -> "Iterator[Recorder]":
    """A recorder of what is published, without any I/O: `.client()` and the assertions of `centrifugo`."""
    from centripetal.testing import Recorder

    recorder = Recorder(**_settings(request, centrifugo_config, _KEYS))
    yield recorder
    recorder.finish()


# ---- Centrifugo 1.x


@pytest.fixture
def centrifugo_v1_config() -> dict[str, Any]:
    """The configuration of `centrifugo_v1` and `centrifugo_v1_recorder`: override it for a module or a project."""
    return {}


@pytest.fixture
def centrifugo_v1(request: pytest.FixtureRequest, centrifugo_v1_config: dict[str, Any]) -> "Iterator[CentrifugoV1]":
    """A fresh embedded Centrifugo 1.x that notes what is published: `.url`, `.secret`, `.client()`, assertions."""
    from centripetal.testing import CentrifugoV1

    with CentrifugoV1(**_settings(request, centrifugo_v1_config, _KEYS_V1)) as server:
        yield server


@pytest.fixture
def centrifugo_v1_recorder(
    request: pytest.FixtureRequest, centrifugo_v1_config: dict[str, Any]
) -> "Iterator[RecorderV1]":
    """A recorder of what is published, without any I/O: `.client()` and the assertions of `centrifugo_v1`."""
    from centripetal.testing import RecorderV1

    recorder = RecorderV1(**_settings(request, centrifugo_v1_config, _KEYS_V1))
    yield recorder
    recorder.finish()


# ---- both


def _settings(request: pytest.FixtureRequest, config: dict[str, Any], keys: frozenset[str]) -> dict[str, Any]:
    """What the fixture says, overlaid by the test's markers, the nearest one last.

    Args:
        request: of the fixture.
        config: what the fixture for the configuration says.
        keys: which keys this generation has.
    """
    settings: dict[str, Any] = {}
    for marker in reversed(list(request.node.iter_markers("centrifugo"))):
        said = marker.kwargs
        wrong = said.keys() - {"config"} - _KEYS - _KEYS_V1
        if marker.args or wrong or not isinstance(said.get("config") or {}, Mapping):
            raise pytest.UsageError(
                "write @pytest.mark.centrifugo(config={…}, api_key='…', token_secret='…'), or secret='…' for 1.x"
            )
        # A mark may have the keys of both, for a test that is run with both; but not only those of the other.
        if (foreign := said.keys() - {"config"} - keys) and not said.keys() & keys:
            raise pytest.UsageError(
                f"{request.fixturename} has {' and '.join(sorted(keys))}, not {' and '.join(sorted(foreign))}:"
                " Centrifugo 6 has api_key and token_secret, 1.x has secret"
            )
        config = _overlaid(config, said.get("config") or {})
        settings |= {key: said[key] for key in said.keys() & keys}
    return settings | {"config": config}


def _overlaid(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """*below* with what *above* says; sections are overlaid, too."""
    both = dict(below)
    for key, value in above.items():
        known = both.get(key)
        if isinstance(known, Mapping) and isinstance(value, Mapping):
            value = _overlaid(known, value)
        both[key] = value
    return both
