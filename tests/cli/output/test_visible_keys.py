"""The warning about keys on the command line, which other users can see."""

import json
import sys

import pytest

from centripetal.cli.output.visible_keys import warn_about_keys
from tests.cli.conftest import Run


@pytest.mark.parametrize(
    ("arguments", "variables"),
    [
        (("--secret", "k3y"), ["CENTRIFUGO_SECRET"]),
        (("--api-key", "k3y"), ["CENTRIFUGO_HTTP_API_KEY"]),
        (("--server", "6", "--token-key", "k3y"), ["CENTRIFUGO_CLIENT_TOKEN_HMAC_SECRET_KEY"]),
        (
            ("--api-key", "k3y", "--token-key", "k3y"),
            ["CENTRIFUGO_HTTP_API_KEY", "CENTRIFUGO_CLIENT_TOKEN_HMAC_SECRET_KEY"],
        ),
        (("--insecure",), []),
    ],
)
@pytest.mark.parametrize("as_json", [True, False], ids=["json", "text"])
def test_a_key_in_an_argument_is_warned_about_once(
    cli: Run, arguments: tuple[str, ...], variables: list[str], as_json: bool
) -> None:
    """One line names the variables to set instead, and does not show the key."""
    ran = cli("doctor", "--url", "http://127.0.0.1:1", *arguments, *(["--json"] if as_json else []))
    lines = [line for line in ran.err.splitlines() if "list of processes" in line]
    assert len(lines) == bool(variables)
    assert "k3y" not in ran.err
    for line in lines:
        text = json.loads(line)["warning"] if as_json else line.removeprefix("warning: ")
        assert text.endswith(f"set {' and '.join(variables)} instead")


@pytest.mark.parametrize("name", ["CENTRIFUGO_API_KEY", "CENTRIFUGO_SECRET"])
def test_a_key_in_the_environment_is_not_warned_about(cli: Run, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Other users cannot see the environment of a process."""
    monkeypatch.setenv(name, "k3y")
    assert "warning" not in cli("publish", "a", "1", "--url", "http://127.0.0.1:1").err


def test_a_key_file_is_not_warned_about(capsys: pytest.CaptureFixture[str]) -> None:
    """`--token-key @FILE` shows only the name of the file."""
    warn_about_keys({"--token-key": "@key.pem", "--secret": None}, as_json=False)
    assert capsys.readouterr().err == ""


def test_a_missing_standard_error_is_no_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program without standard error runs without the warning."""
    monkeypatch.setattr(sys, "stderr", None)
    warn_about_keys({"--secret": "k3y"}, as_json=False)
