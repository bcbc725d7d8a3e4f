"""Fixtures for tests of `publish_many`."""

from typing import Any

import pytest

from centripetal.testing import Recorder, RecorderV1


@pytest.fixture(params=[Recorder, RecorderV1])
def kit(request: pytest.FixtureRequest) -> Any:
    """A recorder of each generation."""
    return request.param()
