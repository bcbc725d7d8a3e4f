"""Tests of `load --dry-run`."""

import json

import pytest

from centripetal.cli.generation import Generation
from centripetal.cli.tools.load.dry_run import dry_run
from centripetal.cli.tools.load.failures import Failures
from centripetal.cli.tools.load.ndjson import Line


def publish(channel: str) -> Line:
    return Line(1, json.dumps({"publish": {"channel": channel, "data": 1}}).encode(), 0)


def test_the_first_three_commands(capsys: pytest.CaptureFixture[str]) -> None:
    """Only the first three commands are read and printed, as records that `load` accepts."""
    lines = iter([publish(str(number)) for number in range(9)])
    assert dry_run(lines, Generation.CURRENT, Failures(None)) == 0
    assert [json.loads(line)["publish"]["channel"] for line in capsys.readouterr().out.splitlines()] == ["0", "1", "2"]
    assert next(lines) == publish("3")


@pytest.mark.parametrize(("generation", "code"), [(Generation.CURRENT, 1), (Generation.V1, 0)])
def test_commands_are_checked_for_the_generation(
    capsys: pytest.CaptureFixture[str], generation: Generation, code: int
) -> None:
    """A command that the client would refuse to send to this generation is a problem with its line."""
    assert dry_run(iter([publish("ü")]), generation, Failures(None)) == code
    assert ("line 1: no client can subscribe to the channel" in capsys.readouterr().err) == bool(code)


def test_a_dry_run_ends_after_twenty_problems(capsys: pytest.CaptureFixture[str]) -> None:
    """If no line has a command, a large file is not read to its end."""
    lines = iter([Line(number, b"x", 0) for number in range(50)])
    assert dry_run(lines, Generation.CURRENT, Failures(None, as_json=True)) == 1
    errors = [json.loads(line)["error"] for line in capsys.readouterr().err.splitlines()]
    assert [error["line"] for error in errors] == list(range(20))
    assert len(list(lines)) == 30
