"""Tests of `scripts/api-changes`: reading the reference pages and comparing them with a version in git."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from scripts._api_changes import FOLDER, compare, entries, main
from scripts._reference.__main__ import pages

API = """# centripetal.v1

## Commands

### Client { #client }

```text
Client(url: str)
```

Publish it.

#### touches { #client-touches }

```text
touches(
    now: float,
    *,
    again: bool = False,
) -> Sequence[str]
```

**`size`**: how large.

```text
an example, no signature
```

### Publish { #publish }

Command of [`publish`](#client-publish), with the same arguments. Result: `bool`.
"""
OTHERS = """# Errors

### Lost { #lost }

`executed` is "no", `retryable` is True.

# The command line

## Exit codes

| code | when |
| --- | --- |
| `0` | done |

### publish

|  | what it is |
| --- | --- |
| `--server` `1\\|6` | words |

# Configuration

## Centrifugo 6

| key | default | |
| --- | --- | --- |
| `http_api.key` | none | words |
"""


def git(root: Path, *arguments: str) -> None:
    name = ["-c", "user.name=Ann", "-c", "user.email=ann@example.org"]
    subprocess.run(["git", *name, *arguments], cwd=root, capture_output=True, check=True)


def commit(root: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    git(root, "add", ".")
    git(root, "commit", "--quiet", "--message", "Go on")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository whose first commit has no reference pages and whose second commit has them."""
    git(tmp_path, "init", "--quiet")
    commit(tmp_path, {"README.md": "Begin\n"})
    commit(tmp_path, {f"{FOLDER}/v1.md": API, f"{FOLDER}/fidelity.md": "# Fidelity\n\n### Prose { #prose }\n"})
    return tmp_path


def test_reads_names_and_signatures() -> None:
    """Classes, methods, attributes and commands are read, each with its signature on one line."""
    assert entries(API) == {
        ("centripetal.v1", "Client"): "Client(url: str)",
        ("centripetal.v1", "Client", "touches"): "touches(now: float, *, again: bool = False) -> Sequence[str]",
        ("centripetal.v1", "Client", "size"): "",
        ("centripetal.v1", "Publish"): "as publish",
    }


def test_reads_errors_verbs_and_keys() -> None:
    """Properties of errors, options with their values, exit codes, and keys with their defaults are read."""
    assert entries(OTHERS) == {
        ("Errors", "Lost"): '`executed` is "no", `retryable` is True.',
        ("The command line", "[Exit codes]", "0"): "",
        ("The command line", "publish"): "",
        ("The command line", "publish", "--server"): "1\\|6",
        ("Configuration", "[Centrifugo 6]", "http_api.key"): "none",
    }


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "centripetal.md",
            {("centripetal", "Publish"): "as publish", ("centripetal", "UNSET"): ""},
        ),
        ("v1.md", {("centripetal.v1", "Client", "publish"): "publish(channel: str, data: Any"}),
        (
            "cli.md",
            {("The command line", "publish", "--client"): "CLIENT", ("The command line", "serve"): "centripetal"},
        ),
        (
            "configuration.md",
            {("Configuration of the embedded server", "[Centrifugo 6]", "http_api.handler_prefix"): "`/api`"},
        ),
    ],
)
def test_reads_the_generated_pages(name: str, expected: Mapping[tuple[str, ...], str]) -> None:
    """The pages that `scripts/reference` generates are read correctly."""
    [text] = [text for path, text in pages().items() if path.name == name]
    found = entries(text)
    assert {key: found.get(key, "missing")[: len(value)] for key, value in expected.items()} == expected


def test_names_whole_classes_and_both_versions() -> None:
    """A removed or added class is listed without its methods, and a change is shown with both versions."""
    then = {("a", "Gone"): "", ("a", "Gone", "m"): "m()", ("a", "Kept"): "Kept(x)", ("a", "Kept", "m"): "m()"}
    now = {("a", "Kept"): "Kept(y)", ("a", "Kept", "n"): "n()", ("a", "New"): "", ("a", "New", "m"): "m()"}
    assert str(compare(then, now)) == (
        "Removed\n  a Gone\n  a Kept m\n\n"
        "Changed\n  a Kept\n    - Kept(x)\n    + Kept(y)\n\nAdded\n  a Kept n\n  a New\n"
    )
    assert str(compare(then, then)) == "Nothing.\n"


def test_without_a_tag(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A repository without a tag is not an error."""
    assert main([], {"v1.md": API}, repository) == 0
    assert "No tag exists yet" in capsys.readouterr().out


def test_compares_with_the_last_tag(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The script compares with the last tag, regardless of later commits, and ignores pages of prose."""
    git(repository, "tag", "v1.0.0")
    commit(repository, {f"{FOLDER}/v1.md": "# centripetal.v1\n"})
    assert main([], {"v1.md": API.replace("url: str", "url: str, secret: str")}, repository) == 0
    assert capsys.readouterr().out == (
        "Public API since v1.0.0:\n\nChanged\n  centripetal.v1 Client\n"
        "    - Client(url: str)\n    + Client(url: str, secret: str)\n"
    )


def test_compares_with_a_given_commit(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The script compares with a given commit, branch or tag."""
    assert main(["HEAD"], {"v1.md": API}, repository) == 0
    assert capsys.readouterr().out == "Public API since HEAD:\n\nNothing.\n"


@pytest.mark.parametrize(("ref", "said"), [("nowhere", "nowhere"), ("HEAD~1", "HEAD~1 has no docs/reference/")])
def test_an_unusable_commit_is_an_error(
    repository: Path, capsys: pytest.CaptureFixture[str], ref: str, said: str
) -> None:
    """An unknown commit, or a commit without reference pages, is an error."""
    assert main([ref], {"v1.md": API}, repository) == 2
    assert said in capsys.readouterr().err
