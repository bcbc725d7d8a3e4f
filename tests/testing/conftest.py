"""The two benches that a test can publish to, each as its fixture gives it."""

import pytest

from centripetal.testing import CentrifugoV1, RecorderV1

Bench = CentrifugoV1 | RecorderV1


@pytest.fixture(params=["centrifugo_v1", "centrifugo_v1_recorder"])
def bench(request: pytest.FixtureRequest) -> Bench:
    """Both must behave alike."""
    bench: Bench = request.getfixturevalue(request.param)
    return bench
