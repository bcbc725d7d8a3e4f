"""Fixtures that yield each test server and each recorder."""

import pytest

from centripetal.testing import Centrifugo, CentrifugoV1, Recorder, RecorderV1

Kit = Centrifugo | CentrifugoV1 | Recorder | RecorderV1


@pytest.fixture(params=["centrifugo", "centrifugo_recorder", "centrifugo_v1", "centrifugo_v1_recorder"])
def kit(request: pytest.FixtureRequest) -> Kit:
    """Each test server and recorder; all of them must behave alike."""
    kit: Kit = request.getfixturevalue(request.param)
    return kit


@pytest.fixture(params=["centrifugo_v1", "centrifugo_v1_recorder"])
def kit_v1(request: pytest.FixtureRequest) -> CentrifugoV1 | RecorderV1:
    """The 1.x test server and recorder, whose clients have a buffer."""
    kit: CentrifugoV1 | RecorderV1 = request.getfixturevalue(request.param)
    return kit


@pytest.fixture(params=["centrifugo", "centrifugo_recorder"])
def kit_current(request: pytest.FixtureRequest) -> Centrifugo | Recorder:
    """The current test server and recorder, whose publications have tags."""
    kit: Centrifugo | Recorder = request.getfixturevalue(request.param)
    return kit
