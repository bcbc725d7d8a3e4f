"""Reading one setting from several environment variables, and from the files that they name."""

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from centripetal import AsyncClient, Client
from centripetal.client.environment import MAX_FILE_BYTES, environment_value, environment_variable
from centripetal.errors import UsageError

SECRET = "s3cret-key-of-the-server"


@pytest.mark.parametrize(
    ("environment", "value"),
    [({}, None), ({"A": ""}, None), ({"A": "x"}, "x"), ({"B": "x"}, "x"), ({"A": "x", "B": "x"}, "x")],
)
def test_variables_that_agree_have_one_value(environment: dict[str, str], value: str | None) -> None:
    """The value of any variable that is set is used; empty variables count as not set."""
    assert environment_value(environment, "A", "B") == value


def test_variables_that_differ_are_an_error() -> None:
    """The error contains their names but not their values, which may be keys."""
    with pytest.raises(UsageError, match="A and B are both set and differ") as caught:
        environment_value({"A": "secret-1", "B": "secret-2"}, "A", "B")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "value"),
    [
        (b"key", "key"),
        (b"key\n", "key"),
        (b"key\r\n", "key"),
        (b"key\n\n", "key"),
        (b"\xef\xbb\xbfkey\r\n", "key"),
        (b" k\xc3\xa9y ", " k\u00e9y "),
        (b"-----BEGIN X-----\nAA\n-----END X-----\n", "-----BEGIN X-----\nAA\n-----END X-----"),
    ],
)
def test_a_file_holds_the_value(tmp_path: Path, content: bytes, value: str) -> None:
    """The content of the file is the value, without a byte order mark and without the line breaks at its end."""
    file = tmp_path / "key"
    file.write_bytes(content)
    found = environment_variable({"B_FILE": str(file), "A": "", "A_FILE": ""}, "A", "B")
    assert found == ("B_FILE", value)
    assert found.names_file
    assert value not in repr(found)


def test_a_variable_and_a_file_that_agree_have_one_value(tmp_path: Path) -> None:
    """A setting may be given as a value and in a file if both are equal; otherwise the error names the variables."""
    file = tmp_path / "key"
    file.write_text(SECRET + "\n")
    environment = {"A": SECRET, "A_FILE": str(file), "B_FILE": str(file)}
    assert environment_variable(environment, "A", "B") == ("A", SECRET)
    for name in ("A", "B"):
        with pytest.raises(UsageError) as caught:
            environment_value({"A_FILE": str(file), name: "other-key"}, "A", "B")
        names = "A and A_FILE" if name == "A" else "A_FILE and B"
        assert str(caught.value) == f"{names} are both set and differ: unset one of them, or pass the option"


HIDDEN = "the file that it names (a value without a directory is not shown, because it may be the secret itself): "
NO_SUCH_FILE = "cannot read {}: No such file or directory"
IRREGULAR = "{} is not a regular file: mount the secret as a file"
CONTENTS: Mapping[str, bytes] = {
    "empty": b"",
    "blank": b" \r\n\n",
    "large": SECRET.encode() * (MAX_FILE_BYTES // 8),
    "latin": SECRET.encode() + b"\xff",
    "wide": SECRET.encode("utf-16"),
}


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("missing", NO_SUCH_FILE),
        ("missing/below", NO_SUCH_FILE),
        ("empty/below", "cannot read {}: Not a directory"),
        ("loop", "cannot read {}: Too many levels of symbolic links"),
        ("", IRREGULAR),
        ("pipe", IRREGULAR),
        ("empty", "{} is empty"),
        ("blank", "{} is empty"),
        ("large", f"{{}} is larger than {MAX_FILE_BYTES} bytes: is this the right file?"),
        ("latin", "{} is not a text file in UTF-8"),
        (
            "wide",
            "{} is encoded as UTF-16 or UTF-32: convert it to UTF-8, for example with "
            "`iconv -f UTF-16 -t UTF-8`, or with `Set-Content -Encoding utf8` in PowerShell",
        ),
        (SECRET, f"cannot read {HIDDEN}No such file or directory"),
        (SECRET + "\0", f"cannot read {HIDDEN}this is not a path"),
    ],
)
def test_an_unusable_file_is_explained(tmp_path: Path, name: str, reason: str) -> None:
    """The error names the variable and the file, but never contains the content, nor a secret in place of the path."""
    if name in CONTENTS:
        (tmp_path / name).write_bytes(CONTENTS[name])
    (tmp_path / "empty").touch()
    (tmp_path / "loop").symlink_to("loop")
    if name == "pipe":
        os.mkfifo(tmp_path / name)
    path = name if name.startswith(SECRET) else str(tmp_path / name)
    with pytest.raises(UsageError) as caught:
        environment_value({"A_FILE": path}, "A", "B")
    assert str(caught.value) == "A_FILE: " + reason.format(f"the file {path!r:.100}")
    error: BaseException | None = caught.value
    while error is not None:
        assert not isinstance(error, UnicodeError)  # it would hold the content
        error = error.__cause__ or error.__context__


@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_clients_read_address_and_key_from_files(tmp_path: Path, kind: type[Client | AsyncClient]) -> None:
    """`from_env` reads the address and the key from files; a variable that differs from its file is an error."""
    (tmp_path / "url").write_text("http://example.com\n")
    (tmp_path / "key").write_text(SECRET + "\n")
    environment = {
        "CENTRIFUGO_API_URL_FILE": str(tmp_path / "url"),
        "CENTRIFUGO_HTTP_API_KEY_FILE": str(tmp_path / "key"),
    }
    assert kind.from_env(environment=environment).endpoint == "http://example.com/api"
    with pytest.raises(UsageError, match="_KEY_FILE and CENTRIFUGO_API_KEY are both set and differ"):
        kind.from_env(environment=environment | {"CENTRIFUGO_API_KEY": "other"})
