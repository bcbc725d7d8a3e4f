"""Tests of the origins of settings, as `doctor` lists them."""

import pytest

from centripetal.cli.settings import Settings
from centripetal.cli.tools.doctor.settings_check import settings
from centripetal.errors import UsageError


def test_defaults() -> None:
    """Settings that nothing sets are listed as such, with the default time limit."""
    check = settings(Settings(environment={}), None)
    assert check.text.split("; ") == [
        "url by default",
        "credential not set",
        "token-key not set",
        "timeout 5 s by default",
    ]


def test_keys_are_not_shown() -> None:
    """Options and variables are named, and neither keys nor secrets are shown."""
    environment = {"CENTRIFUGO_SECRET": "hide-me", "CENTRIFUGO_CLIENT_TOKEN_HMAC_SECRET_KEY": "hide-me-too"}
    text = settings(Settings(timeout=2.5, environment=environment), None).text
    assert (
        "secret from CENTRIFUGO_SECRET; token-key from CENTRIFUGO_CLIENT_TOKEN_HMAC_SECRET_KEY; timeout 2.5 s" in text
    )
    assert "hide-me" not in text
    assert "token-key from --token-key" in settings(Settings(environment={}), "hide-me").text
    assert "no credentials (insecure)" in settings(Settings(insecure=True, environment={}), None).text


def test_contradictions() -> None:
    """Settings that contradict each other are an error."""
    with pytest.raises(UsageError, match="the environment has both"):
        settings(Settings(environment={"CENTRIFUGO_SECRET": "a", "CENTRIFUGO_API_KEY": "b"}), None)
