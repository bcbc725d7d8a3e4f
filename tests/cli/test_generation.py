"""Tests of how a command line selects the generation of the server."""

import pytest

from tests.cli.conftest import Run


@pytest.mark.parametrize("name", ["CENTRIFUGO_HTTP_API_KEY", "CENTRIFUGO_API_KEY"])
def test_the_environment_has_the_key(current: Run, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Either environment variable can hold the API key, and two different values are an error."""
    key = "the API key of these tests"
    monkeypatch.delenv("CENTRIFUGO_HTTP_API_KEY")
    monkeypatch.setenv(name, key)
    assert current("channels").code == 0
    monkeypatch.setenv("CENTRIFUGO_HTTP_API_KEY", key)
    monkeypatch.setenv("CENTRIFUGO_API_KEY", "another")
    ran = current("channels")
    assert (ran.code, "are both set and differ" in ran.err) == (2, True)
    assert current("channels", "--api-key", key).code == 0


def test_a_secret_and_a_key_need_a_choice(current: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the environment has both a secret and an API key, --server or a credential option must choose one."""
    monkeypatch.setenv("CENTRIFUGO_SECRET", "s")
    ran = current("channels")
    assert (ran.code, "--server 1 or --server 6" in ran.err) == (2, True)
    assert current("channels", "--server", "6").code == 0
    assert current("channels", "--server", "1").code == 5  # the embedded server is not a 1.x server
