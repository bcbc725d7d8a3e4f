"""A sample of the interrupts of `tests.faults.injection`, which raises one at every line and bytecode of the client."""

import subprocess
import sys

SECONDS = 8


def test_interrupts_at_random_places() -> None:
    """After interrupts at random places, every call ends as it should, and the client works on every channel.

    Run in a separate process, because the interrupts are real, and threads of a fault would stay.
    """
    program = [sys.executable, "-W", "ignore", "-m", "tests.faults.injection", "--seconds", str(SECONDS)]
    done = subprocess.run(program, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    assert "no faults" in done.stdout
