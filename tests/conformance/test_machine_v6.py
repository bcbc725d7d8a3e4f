"""Random operations on two Centrifugo 6 servers: the same clients, messages, calls and closes, compared at every step.

One server is the embedded server. The other is a real server, if available, and in any case a second embedded server,
which shows that the embedded server is deterministic and that the comparison works. For more steps, and for shrinking a
failure, which takes minutes:

    CENTRIPETAL_STEPS=9000 CENTRIPETAL_SHRINK=1 pytest -rP tests/conformance/test_machine_v6.py
"""

import contextlib
import os
import random
import tempfile
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import pytest

from tests.conformance.duet_v6 import Duet
from tests.conformance.live_v6 import CONFIGS
from tests.conformance.plans_v6 import steps
from tests.conformance.servers_v6 import start
from tests.conformance.shrinking import shortest
from tests.conformance.steps_v6 import Outlive, Step, shorter
from tests.needs import needs

STEPS = int(os.environ.get("CENTRIPETAL_STEPS", "240"))
SEEDS = [int(seed) for seed in os.environ.get("CENTRIPETAL_SEEDS", "0 1 2").split()]


@contextlib.contextmanager
def duet(kind: str, config: str) -> Iterator[Duet]:
    """Run two new servers."""
    with contextlib.ExitStack() as stack:
        folders = [Path(stack.enter_context(tempfile.TemporaryDirectory())) for _ in range(2)]
        servers = [
            stack.enter_context(start(each, CONFIGS[config], folder))
            for each, folder in zip((kind, "embedded"), folders, strict=True)
        ]
        yield stack.enter_context(contextlib.closing(Duet(servers, single=config == "personal")))


def differ(kind: str, config: str, plan: Sequence[Step]) -> bool:
    """Return whether these steps show a difference."""
    try:
        with duet(kind, config) as both:
            for step in plan:
                both.do(step)
    except AssertionError:
        return True
    return False


@pytest.mark.timeout(120 + STEPS)
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("kind", ["embedded", pytest.param("real", marks=needs("centrifugo-v6"))])
def test_same_things_happen(kind: str, seed: int) -> None:
    """After every step each connection has received the same from both servers, and so has the API caller."""
    config = "personal" if seed % 3 == 2 else "usual"
    plan = list(islice(steps(random.Random(seed)), STEPS // len(SEEDS)))
    with duet(kind, config) as both:
        for number, step in enumerate(plan):
            try:
                both.do(step)
            except AssertionError as error:
                last = plan[max(0, number - 9) : number + 1]
                if "CENTRIPETAL_SHRINK" in os.environ:
                    last = shortest(plan[: number + 1], lambda some: differ(kind, config, some), shorter)
                error.add_note(f"the last of {number + 1} steps:\n" + "\n".join(map(repr, last)))
                raise
        for name in ("done", "received", "leeway"):
            counts = getattr(both, name).most_common()
            print(f"{name}: " + ", ".join(f"{count} {what}" for what, count in counts if count))


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["embedded", pytest.param("real", marks=needs("centrifugo-v6"))])
def test_same_things_end(kind: str) -> None:
    """Expired connections and subscriptions end on both servers, and a refreshed connection stays open."""
    with duet(kind, "brief") as both:
        for step in [*islice(steps(random.Random(1)), 3), Outlive("all:a")]:
            both.do(step)
