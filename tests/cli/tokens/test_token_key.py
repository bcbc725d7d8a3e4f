"""Tests of token keys given as options, environment variables and files."""

from pathlib import Path

import pytest

from centripetal.cli.settings import Settings
from centripetal.cli.tokens.token_key import given_key, key_set
from centripetal.errors import UsageError
from tests.cli.conftest import Run


def test_an_incomplete_key_set_is_rejected(cli: Run, tmp_path: Path) -> None:
    """A file that contains half of a key set is rejected."""
    file = tmp_path / "set.json"
    file.write_text('{"keys":')
    ran = cli("token", "explain", "x", "--key-file", str(file))
    assert (ran.code, "is not a key set" in ran.err) == (2, True)


@pytest.mark.parametrize(
    ("text", "keys"),
    [(' {"keys":[]}', {"keys": []}), (b"{}", {}), ("secret", None), (b"-----BEGIN PUBLIC KEY-----", None), ("", None)],
)
def test_a_key_set_is_recognized(text: str | bytes, keys: object) -> None:
    """Only text that begins like a JSON object is read as a key set."""
    assert key_set(text, "not JSON") == keys


def test_a_key_set_that_is_not_json_is_rejected() -> None:
    """The error for an invalid key set begins with the caller's prefix."""
    with pytest.raises(UsageError, match=r"^the file is not a key set: "):
        key_set("{", "the file is not a key set")


def test_a_variable_names_the_file_with_the_key(tmp_path: Path) -> None:
    """With `_FILE` after its name, the variable names a file, whose content is not the name of another file."""
    file = tmp_path / "key"
    file.write_text("@secret\n")
    settings = Settings(environment={"CENTRIFUGO_CLIENT_TOKEN_HMAC_SECRET_KEY_FILE": str(file)})
    assert given_key(settings, None) == "@secret"
    assert given_key(settings, "option") == "option"
