"""Tests of the target of a command: server, credentials and timeout, and the source of each setting."""

from pathlib import Path

import pytest

from centripetal import v1
from centripetal.cli.generation import Generation
from centripetal.cli.settings import Settings
from centripetal.cli.target import DEFAULT_URL, Source
from centripetal.client import current
from centripetal.errors import UsageError

ENVIRONMENT = {"CENTRIFUGO_API_URL": "http://environment", "CENTRIFUGO_API_KEY": "k"}


def test_each_setting_knows_its_source() -> None:
    """Each setting knows the option or the variable that it comes from."""
    target = Settings(timeout=2.0, environment=ENVIRONMENT).target()
    assert (target.url.value, target.url.source, target.url.name) == (
        "http://environment",
        Source.ENVIRONMENT,
        "CENTRIFUGO_API_URL",
    )
    assert (target.timeout.value, target.timeout.source, target.timeout.name) == (2.0, Source.OPTION, "--timeout")
    assert (target.credential.value, target.credential.name) == ("k", "CENTRIFUGO_API_KEY")
    assert (target.ca_file.value, target.ca_file.source, target.ca_file.name) == (None, Source.DEFAULT, "")


def test_settings_in_files(tmp_path: Path) -> None:
    """A variable with `_FILE` after its name selects the generation like the variable itself, and is the source."""
    (tmp_path / "secret").write_text("s3cret\n")
    target = Settings(environment={"CENTRIFUGO_SECRET_FILE": str(tmp_path / "secret")}).target()
    assert (target.generation, target.credential.name) == (Generation.V1, "CENTRIFUGO_SECRET_FILE")
    assert target.sent_credential() == "s3cret"


def test_options_override_the_environment() -> None:
    """Options select the server and the generation, regardless of the environment."""
    target = Settings(url="http://option", secret="s", environment=ENVIRONMENT).target()
    assert (target.generation, target.url.name, target.credential.name) == (Generation.V1, "--url", "--secret")
    assert isinstance(target.client(), v1.Client)


def test_defaults_without_settings() -> None:
    """Without settings, the target has the default address and an unknown generation."""
    target = Settings(environment={}).target()
    assert (target.url.value, target.url.source, target.generation) == (DEFAULT_URL, Source.DEFAULT, None)
    with pytest.raises(UsageError, match="no API key or secret given"):
        target.required_generation()


@pytest.mark.parametrize(("server", "kind"), [(None, v1.Client), (1, v1.Client), (6, current.Client)])
def test_insecure_needs_no_credential(server: int | None, kind: type) -> None:
    """--insecure sends no credential, and without --server it selects 1.x."""
    target = Settings(insecure=True, server=server, environment={}).target()
    assert target.sent_credential() is None
    assert isinstance(target.client(), kind)


def test_a_target_shows_no_credential() -> None:
    """The repr of a target and of its settings contains no credential."""
    target = Settings(api_key="hide-me", environment={}).target()
    assert target.sent_credential() == "hide-me"
    assert "hide-me" not in f"{target!r} {target.credential!r}"


@pytest.mark.parametrize("url", ["http://a,http://b", "http://a , http://b,"])
def test_several_servers_are_separated_by_commas(url: str) -> None:
    """A client for several addresses has all of them; a single address stays as it is."""
    target = Settings(url=url, api_key="k", environment={}).target()
    assert target.servers == target.urls == ["http://a", "http://b"]
    assert "http://a/api, http://b/api" in repr(target.client())
    assert Settings(url="http://a", environment={}).target().servers == "http://a"
