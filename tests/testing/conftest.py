"""The benches that a test can publish to, each as its fixture gives it."""

import pytest

from centripetal.testing import Centrifugo, CentrifugoV1, Recorder, RecorderV1

Bench = Centrifugo | CentrifugoV1 | Recorder | RecorderV1


@pytest.fixture(params=["centrifugo", "centrifugo_recorder", "centrifugo_v1", "centrifugo_v1_recorder"])
def bench(request: pytest.FixtureRequest) -> Bench:
    """All must behave alike."""
    bench: Bench = request.getfixturevalue(request.param)
    return bench


@pytest.fixture(params=["centrifugo_v1", "centrifugo_v1_recorder"])
def bench_v1(request: pytest.FixtureRequest) -> CentrifugoV1 | RecorderV1:
    """Those whose clients have a buffer."""
    bench: CentrifugoV1 | RecorderV1 = request.getfixturevalue(request.param)
    return bench


@pytest.fixture(params=["centrifugo", "centrifugo_recorder"])
def bench_current(request: pytest.FixtureRequest) -> Centrifugo | Recorder:
    """Those whose publications have tags."""
    bench: Centrifugo | Recorder = request.getfixturevalue(request.param)
    return bench
