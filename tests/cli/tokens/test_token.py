"""Tests of `token` for Centrifugo 1.x, against tokens that a real server accepted (protocol 1: test-vectors)."""

import json
import time

import pytest

from tests.cli.conftest import Run


def test_token_prints_the_connect_parameters(signing: Run) -> None:
    """With --json, `token` prints the four members of the browser's connect, all as text."""
    ran = signing("token", "üser", "--timestamp", "1500000000", "--info", '{"name":"Zoë"}', "--json")
    assert json.loads(ran.out) == {
        "user": "üser",
        "timestamp": "1500000000",
        "info": '{"name":"Zoë"}',
        "token": "79cd53ce04dff19405ceb6b2d53525af3f8473bcde87f56eb343ec37df057dd2",
    }


def test_the_timestamp_defaults_to_now(signing: Run) -> None:
    """Without --timestamp, the token uses the current time, and the output is a list of names and values."""
    ran = signing("token", "42")
    fields = dict(line.split() for line in ran.out.splitlines())
    assert abs(int(fields["timestamp"]) - time.time()) < 60
    assert len(fields["token"]) == 64


def test_token_of_the_anonymous_user(signing: Run) -> None:
    """The empty user is valid and makes a token for the anonymous user."""
    ran = signing("token", "", "--timestamp", "1", "--json")
    assert json.loads(ran.out)["token"] == "bd28ee142ca5b46259f6e27fc3a4216f447bd5843c406e63219cff30e73b135b"


@pytest.mark.parametrize(
    "arguments", [("42", "--timestamp", "5"), ("--timestamp", "5", "42"), ("v1", "42", "--timestamp", "5")]
)
def test_token_without_a_verb_is_for_1x(cli: Run, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]) -> None:
    """`token USER` is equivalent to `token v1 USER`."""
    monkeypatch.setenv("CENTRIFUGO_SECRET", "s")
    expected = "0e870fa76babf89596e4695e8d1c62013a978e6bcf21de4d5291440c6dfcec42"
    assert json.loads(cli("token", *arguments, "--json").out)["token"] == expected


def test_users_named_like_a_verb(cli: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """`token v1` makes tokens for users whose id is the name of a verb."""
    monkeypatch.setenv("CENTRIFUGO_SECRET", "s")
    assert json.loads(cli("token", "v1", "connection", "--json").out)["user"] == "connection"
