"""Tests of the form of errors with `--json`."""

import json
import sys

import pytest

from centripetal.cli.main import main
from centripetal.cli.output.error_object import error_object

MEMBERS = ["type", "code", "method", "channel", "message", "advice", "executed", "retryable", "exit_code"]


def test_every_error_has_the_same_members() -> None:
    """An error has all members, with null where there is nothing to say, and further members after them."""
    error = error_object("UsageError", "text", 2, status=404)
    assert list(error) == [*MEMBERS, "status"]
    assert (error["code"], error["method"], error["channel"], error["executed"]) == (None, None, None, "no")


@pytest.mark.parametrize("arguments", [("channels", "--json"), ("--json",)])
def test_a_missing_package_is_an_error_like_others(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    """Without the extra, too, an error with --json is an object with all members."""
    monkeypatch.setitem(sys.modules, "typer", None)
    assert main(arguments) == 2
    error = json.loads(capsys.readouterr().err)["error"]
    assert list(error) == MEMBERS
    assert (error["type"], error["exit_code"], "centripetal[cli]" in error["message"]) == ("UsageError", 2, True)
