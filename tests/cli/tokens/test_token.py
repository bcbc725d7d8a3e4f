"""`token` for Centrifugo 1.x, against signatures that a real server accepted (spec v1 §4.1)."""

import json
import time

import pytest

from tests.cli.conftest import Run


@pytest.fixture
def signing(cli: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    """`cli` with the secret of the test vectors."""
    monkeypatch.setenv("CENTRIFUGO_SECRET", "secret")
    return cli


def test_token_has_all_that_a_browser_needs(signing: Run) -> None:
    """With --json, token prints the four members of the browser's connect, all of them text."""
    ran = signing("token", "üser", "--timestamp", "1500000000", "--info", '{"name":"Zoë"}', "--json")
    assert json.loads(ran.out) == {
        "user": "üser",
        "timestamp": "1500000000",
        "info": '{"name":"Zoë"}',
        "token": "79cd53ce04dff19405ceb6b2d53525af3f8473bcde87f56eb343ec37df057dd2",
    }


def test_token_counts_from_now(signing: Run) -> None:
    """Without --timestamp the token counts from now; people get names and values."""
    ran = signing("token", "42")
    fields = dict(line.split() for line in ran.out.splitlines())
    assert abs(int(fields["timestamp"]) - time.time()) < 60
    assert len(fields["token"]) == 64


def test_token_of_the_anonymous_user(signing: Run) -> None:
    """The empty text is a user: the anonymous one."""
    ran = signing("token", "", "--timestamp", "1", "--json")
    assert json.loads(ran.out)["token"] == "bd28ee142ca5b46259f6e27fc3a4216f447bd5843c406e63219cff30e73b135b"


@pytest.mark.parametrize("arguments", [("token", "42", "--info", "Zoë"), ("sign", "channel", "c", "$x", "--info", "-")])
def test_info_must_be_json(signing: Run, arguments: tuple[str, ...]) -> None:
    """Info that is no JSON is refused: the server would accept it and fail later."""
    ran = signing(*arguments)
    assert ran.code == 2
    assert "--info" in ran.err


def test_signing_needs_a_secret(cli: Run) -> None:
    """Without a secret nothing is signed; --insecure is no way around it."""
    assert cli("token", "42").code == 2
    assert cli("--insecure", "sign", "api", "[]").code == 2
