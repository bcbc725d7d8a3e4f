"""Keys of tokens, as options, environment and files give them."""

from pathlib import Path

import pytest

from centripetal.cli.tokens.token_key import key_set
from centripetal.errors import UsageError
from tests.cli.conftest import Run


def test_a_key_set_that_is_none(cli: Run, tmp_path: Path) -> None:
    """A file with half a key set is refused."""
    file = tmp_path / "set.json"
    file.write_text('{"keys":')
    ran = cli("token", "explain", "x", "--key-file", str(file))
    assert (ran.code, "is not a key set" in ran.err) == (2, True)


@pytest.mark.parametrize(
    ("text", "keys"),
    [(' {"keys":[]}', {"keys": []}), (b"{}", {}), ("secret", None), (b"-----BEGIN PUBLIC KEY-----", None), ("", None)],
)
def test_a_key_set_is_told_from_a_key(text: str | bytes, keys: object) -> None:
    """Only text that begins like a JSON object is a key set."""
    assert key_set(text, "not JSON") == keys


def test_a_key_set_that_is_not_json() -> None:
    """The error begins with the words of the caller."""
    with pytest.raises(UsageError, match=r"^the file is not a key set: "):
        key_set("{", "the file is not a key set")
