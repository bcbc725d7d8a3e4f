"""scripts/api-changes: what it reads off the reference, and how it compares with what git has."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from scripts._api_changes import FOLDER, compare, entries, main
from scripts._reference.__main__ import pages

API = """# centripetal.v1

## Commands

### Publish { #publish }

```text
Publish(channel: str)
```

Publish it.

**`touches`**

```text
touches(
    now: float,
    *,
    again: bool = False,
) -> Sequence[str]
```

**`size`**: how large.

### Client { #client }

- `publish(…)`: [Publish](#publish)

```text
an example, no signature
```
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
    """A repository whose first commit has no reference, and whose second one has."""
    git(tmp_path, "init", "--quiet")
    commit(tmp_path, {"README.md": "Begin\n"})
    commit(tmp_path, {f"{FOLDER}/v1.md": API, f"{FOLDER}/fidelity.md": "# Fidelity\n\n### Prose { #prose }\n"})
    return tmp_path


def test_reads_names_and_signatures() -> None:
    """Classes, methods, attributes and methods that are made of commands, each with its signature in one line."""
    assert entries(API) == {
        ("centripetal.v1", "Publish"): "Publish(channel: str)",
        ("centripetal.v1", "Publish", "touches"): "touches(now: float, *, again: bool = False) -> Sequence[str]",
        ("centripetal.v1", "Publish", "size"): "",
        ("centripetal.v1", "Client"): "",
        ("centripetal.v1", "Client", "publish"): "as Publish",
    }


def test_reads_errors_verbs_and_keys() -> None:
    """What an error promises, options with their values, exit codes, and keys with their defaults."""
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
            {("centripetal", "Publish"): "Publish(channel: str, data: Any", ("centripetal", "UNSET"): ""},
        ),
        ("v1.md", {("centripetal.v1", "Client", "publish"): "as Publish"}),
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
def test_reads_our_own_pages(name: str, expected: Mapping[tuple[str, ...], str]) -> None:
    """The pages that `scripts/reference` makes are read as they are meant."""
    [text] = [text for path, text in pages().items() if path.name == name]
    found = entries(text)
    assert {key: found.get(key, "missing")[: len(value)] for key, value in expected.items()} == expected


def test_names_the_outermost_and_both_sides() -> None:
    """Of a class that is gone or new its methods are not named; of what changed, both sides are shown."""
    then = {("a", "Gone"): "", ("a", "Gone", "m"): "m()", ("a", "Kept"): "Kept(x)", ("a", "Kept", "m"): "m()"}
    now = {("a", "Kept"): "Kept(y)", ("a", "Kept", "n"): "n()", ("a", "New"): "", ("a", "New", "m"): "m()"}
    assert str(compare(then, now)) == (
        "Removed\n  a Gone\n  a Kept m\n\n"
        "Changed\n  a Kept\n    - Kept(x)\n    + Kept(y)\n\nAdded\n  a Kept n\n  a New\n"
    )
    assert str(compare(then, then)) == "Nothing.\n"


def test_without_a_tag_it_says_so(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A repository without a tag is no error."""
    assert main([], {"v1.md": API}, repository) == 0
    assert "There is no tag yet" in capsys.readouterr().out


def test_compares_with_the_last_tag(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The last tag is what it compares with, whatever came after; pages that are prose don't count."""
    git(repository, "tag", "v1.0.0")
    commit(repository, {f"{FOLDER}/v1.md": "# centripetal.v1\n"})
    assert main([], {"v1.md": API.replace("channel: str", "channel: str, data: Any")}, repository) == 0
    assert capsys.readouterr().out == (
        "Public API since v1.0.0:\n\nChanged\n  centripetal.v1 Publish\n"
        "    - Publish(channel: str)\n    + Publish(channel: str, data: Any)\n"
    )


def test_compares_with_any_commit(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A commit, branch or tag may be named instead."""
    assert main(["HEAD"], {"v1.md": API}, repository) == 0
    assert capsys.readouterr().out == "Public API since HEAD:\n\nNothing.\n"


@pytest.mark.parametrize(("ref", "said"), [("nowhere", "nowhere"), ("HEAD~1", "HEAD~1 has no docs/reference/")])
def test_says_what_it_cannot_compare_with(
    repository: Path, capsys: pytest.CaptureFixture[str], ref: str, said: str
) -> None:
    """What git does not know, and what is older than the reference, is an error."""
    assert main([ref], {"v1.md": API}, repository) == 2
    assert said in capsys.readouterr().err
