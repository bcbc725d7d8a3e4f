"""The pytest plugin: fixtures that give one test its own server or recorder.

pytest imports this module in every run if the package is installed, even if no test uses it. Therefore the module is
outside the package and imports only pytest; each fixture imports what it needs when a test requests it.
"""

import sys
from collections.abc import Generator, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from centripetal.testing import Centrifugo, CentrifugoV1, Recorder, RecorderV1

_MARKER = (
    "centrifugo(config=None, api_key='key', token_secret='…', proxy=None, secret='secret'): configuration of this"
    " test's server or recorder, merged over the value of the configuration fixture. Use api_key and token_secret with"
    " Centrifugo 6, secret with 1.x. proxy: handlers of proxy events that the server asks, or their name 'app:proxy'"
)
_KEYS = frozenset(("api_key", "token_secret"))
_KEYS_OF_SERVER = _KEYS | {"proxy"}
_KEYS_V1 = frozenset(("secret",))


def pytest_configure(config: pytest.Config) -> None:
    """Register the `centrifugo` marker."""
    config.addinivalue_line("markers", _MARKER)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, object, object]:
    """Warn about errors of the client that the test has not read."""
    try:
        return (yield)
    finally:
        reports = sys.modules.get("centripetal.client.unread")
        if reports is not None and (reports.recent or reports.unread_errors):
            from centripetal.testing.unread import warn_of_unread_errors

            warn_of_unread_errors(item.warn)


# ---- Centrifugo 6


@pytest.fixture
def centrifugo_config() -> dict[str, Any]:
    """Return the configuration of `centrifugo` and `centrifugo_recorder`; override it for a module or project."""
    return {}


@pytest.fixture
def centrifugo(request: pytest.FixtureRequest, centrifugo_config: dict[str, Any]) -> "Iterator[Centrifugo]":
    """Start an embedded Centrifugo 6 that records publications: `.url`, `.api_key`, `.client()`, assertions."""
    from centripetal.testing import Centrifugo

    with Centrifugo(**_settings(request, centrifugo_config, _KEYS_OF_SERVER)) as server:
        yield server


@pytest.fixture
def centrifugo_recorder(request: pytest.FixtureRequest, centrifugo_config: dict[str, Any]) -> "Iterator[Recorder]":
    """Create a recorder of publications that does no I/O: `.client()` and the assertions of `centrifugo`."""
    from centripetal.testing import Recorder

    recorder = Recorder(**_settings(request, centrifugo_config, _KEYS))
    yield recorder
    recorder.finish()


# ---- Centrifugo 1.x


@pytest.fixture
def centrifugo_v1_config() -> dict[str, Any]:
    """Return the configuration of `centrifugo_v1` and `centrifugo_v1_recorder`; override it for a module or project."""
    return {}


@pytest.fixture
def centrifugo_v1(request: pytest.FixtureRequest, centrifugo_v1_config: dict[str, Any]) -> "Iterator[CentrifugoV1]":
    """Start an embedded Centrifugo 1.x that records publications: `.url`, `.secret`, `.client()`, assertions."""
    from centripetal.testing import CentrifugoV1

    with CentrifugoV1(**_settings(request, centrifugo_v1_config, _KEYS_V1)) as server:
        yield server


@pytest.fixture
def centrifugo_v1_recorder(
    request: pytest.FixtureRequest, centrifugo_v1_config: dict[str, Any]
) -> "Iterator[RecorderV1]":
    """Create a recorder of publications that does no I/O: `.client()` and the assertions of `centrifugo_v1`."""
    from centripetal.testing import RecorderV1

    recorder = RecorderV1(**_settings(request, centrifugo_v1_config, _KEYS_V1))
    yield recorder
    recorder.finish()


# ---- both


def _settings(request: pytest.FixtureRequest, config: dict[str, Any], keys: frozenset[str]) -> dict[str, Any]:
    """Return the settings for a server or recorder: *config*, overridden by the test's markers, nearest marker last.

    Args:
        request: the fixture's request.
        config: value of the configuration fixture.
        keys: names of the keys that this generation of Centrifugo uses.
    """
    settings: dict[str, Any] = {}
    for marker in reversed(list(request.node.iter_markers("centrifugo"))):
        said = marker.kwargs
        wrong = said.keys() - {"config"} - _KEYS_OF_SERVER - _KEYS_V1
        if marker.args or wrong or not isinstance(said.get("config") or {}, Mapping):
            raise pytest.UsageError(
                "write @pytest.mark.centrifugo(config={…}, api_key='…', token_secret='…', proxy=…),"
                " or secret='…' for 1.x"
            )
        # A test that runs with both generations may pass the keys of both, but the keys of this one must be among them.
        # A recorder asks no handlers, and a marker may be for both fixtures.
        if (foreign := said.keys() - {"config", "proxy"} - keys) and not said.keys() & keys:
            own = " and ".join(sorted(keys - _KEYS_OF_SERVER or _KEYS))
            raise pytest.UsageError(
                f"{request.fixturename} takes {own}, not {' and '.join(sorted(foreign))}:"
                " use api_key and token_secret with Centrifugo 6, secret with 1.x"
            )
        config = _overlaid(config, said.get("config") or {})
        settings |= {key: said[key] for key in said.keys() & keys}
    return settings | {"config": config}


def _overlaid(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Return *below* updated with *above*; nested sections are merged the same way."""
    both = dict(below)
    for key, value in above.items():
        known = both.get(key)
        if isinstance(known, Mapping) and isinstance(value, Mapping):
            value = _overlaid(known, value)
        both[key] = value
    return both
