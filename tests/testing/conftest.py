"""The servers and recorders that a test can publish to, each as its fixture gives it."""

import pytest

from centripetal.testing import Centrifugo, CentrifugoV1, Recorder, RecorderV1

Kit = Centrifugo | CentrifugoV1 | Recorder | RecorderV1


@pytest.fixture(params=["centrifugo", "centrifugo_recorder", "centrifugo_v1", "centrifugo_v1_recorder"])
def kit(request: pytest.FixtureRequest) -> Kit:
    """All must behave alike."""
    kit: Kit = request.getfixturevalue(request.param)
    return kit


@pytest.fixture(params=["centrifugo_v1", "centrifugo_v1_recorder"])
def kit_v1(request: pytest.FixtureRequest) -> CentrifugoV1 | RecorderV1:
    """Those whose clients have a buffer."""
    kit: CentrifugoV1 | RecorderV1 = request.getfixturevalue(request.param)
    return kit


@pytest.fixture(params=["centrifugo", "centrifugo_recorder"])
def kit_current(request: pytest.FixtureRequest) -> Centrifugo | Recorder:
    """Those whose publications have tags."""
    kit: Centrifugo | Recorder = request.getfixturevalue(request.param)
    return kit
