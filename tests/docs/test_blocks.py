"""Code in README and docs: Python runs, commands exist, data can be parsed, and scripts have valid syntax."""

import importlib.util
import json
import os
import re
import shlex
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from centripetal.cli.app import command_line
from centripetal.server import EmbeddedServer
from tests.docs.pages import PAGES, ROOT, Block, blocks, name_of, read_yaml
from tests.needs import find, needs

ALL = [block for page in PAGES for block in blocks(page)]
ELSEWHERE = {
    "docs/howto/testing.md": "tests/testing/test_documentation.py",
    "docs/howto/tls.md": "tests/docs/test_tls_guide.py",
    "docs/howto/flask.md": "tests/docs/test_flask.py",
    "docs/tutorial.md": "tests/docs/test_tutorial.py",
    "docs/howto/outbox.md": "tests/docs/test_outbox_guide.py",
}
"""Pages whose Python is run by another test."""
PROGRAMS = [
    page
    for page in PAGES
    if name_of(page) not in ELSEWHERE
    and any(b.language == "python" and not b.not_run and not b.excerpt_of for b in blocks(page))
]
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")

NOT_RUN: dict[tuple[str, str], int] = {
    ("docs/howto/client.md", "the embedded server has no map channels"): 1,
}
"""Blocks that are not run: page, and reason as written above them, with their number."""


def of(*languages: str) -> list[Any]:
    return [
        pytest.param(block, id=f"{name_of(block.page)}:{block.line}")
        for block in ALL
        if block.language in languages and not block.not_run
    ]


@pytest.fixture
def clean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Run in an empty folder, and restore the environment afterwards."""
    before = dict(os.environ)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(ROOT))
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.mark.usefixtures("clean")
@pytest.mark.parametrize("page", PROGRAMS, ids=name_of)
def test_the_code_of_a_page_runs(page: Path) -> None:
    """Each page's Python blocks run in order, as a reader would type them."""
    names: dict[str, Any] = {"__name__": "__main__"}
    try:
        for block in blocks(page):
            if block.language == "python" and not block.not_run and not block.excerpt_of:
                # Errors name the page and its line.
                code = "\n" * (block.line - 1) + block.code
                exec(compile(code, name_of(page), "exec"), names)
    finally:
        for value in names.values():
            if isinstance(value, EmbeddedServer):
                value.stop()


@pytest.mark.parametrize(
    "block", [pytest.param(block, id=f"{name_of(block.page)}:{block.line}") for block in ALL if block.excerpt_of]
)
def test_an_excerpt_is_in_its_file(block: Block) -> None:
    """An excerpt on a page occurs line by line in the example, which has its own tests."""
    text = (ROOT / block.excerpt_of).read_text()
    assert f"\n{block.code}" in f"\n{text}", f"this is no longer in {block.excerpt_of}"


def test_every_block_has_a_language_that_is_checked() -> None:
    """A test checks every language of code on the pages; `text` is for blocks that are not code."""
    known = {"python", "sh", "console", "json", "ndjson", "toml", "yaml", "js", "html", "nginx", "text"}
    unknown = [f"{name_of(b.page)}:{b.line} {b.language!r}" for b in ALL if b.language not in known]
    assert not unknown


def test_blocks_that_are_not_run_are_known() -> None:
    """A block is left out only with a reason on the page that this file also lists."""
    found: dict[tuple[str, str], int] = {}
    for block in ALL:
        if block.not_run:
            key = (name_of(block.page), block.not_run)
            found[key] = found.get(key, 0) + 1
    assert found == NOT_RUN


@pytest.mark.parametrize("block", of("json", "ndjson", "toml", "yaml"))
def test_data_can_be_parsed(block: Block) -> None:
    """JSON, TOML and YAML blocks are whole documents; NDJSON blocks have one document per line."""
    if block.language == "yaml":
        assert read_yaml(block.code)
    elif block.language == "toml":
        assert tomllib.loads(block.code)
    else:
        for text in block.code.splitlines() if block.language == "ndjson" else [block.code]:
            json.loads(text)


@needs("node")
@pytest.mark.parametrize("block", of("js", "html"))
def test_scripts_parse(block: Block, tmp_path: Path) -> None:
    """JavaScript has no syntax errors, including scripts within HTML."""
    scripts = [block.code] if block.language == "js" else re.findall(r"<script[^>]*>(.*?)</script>", block.code, re.S)
    for script in scripts:
        file = tmp_path / "script.mjs"
        file.write_text(script)
        done = subprocess.run([str(find("node")), "--check", file], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


def commands(block: Block) -> Iterator[list[str]]:
    """Yield each simple command of a shell block, without assignments and redirections."""
    text = block.code.replace("\\\n", " ")
    lines = text.splitlines()
    if block.language == "console":
        lines = [line[2:] for line in lines if line.startswith("$ ")]
    for line in lines:
        lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;<>")
        lexer.whitespace_split = True
        words: list[str] = []
        for word in [*lexer, ";"]:
            if not set(word) - set("|&;"):
                yield from _command(words)
                words = []
            else:
                words.append(word)


def _command(words: list[str]) -> Iterator[list[str]]:
    while words and re.fullmatch(r"\w+=.*", words[0], re.S):
        words = words[1:]
    for sign in ("<", ">", ">>"):
        if sign in words:
            words = words[: words.index(sign)]
    if words:
        yield words


def test_shell_blocks_are_parsed() -> None:
    """Assignments, pipes, redirections, comments and prompts are recognised."""
    block = Block(ROOT, 1, "console", "$ A=1 b 'c d' | e > f # g\nout put\n$ h; i \\\n  j && k\n", "")
    assert list(commands(block)) == [["b", "c d"], ["e"], ["h"], ["i", "j"], ["k"]]


def parse(words: list[str]) -> None:
    """Let the program parse its arguments without running anything."""
    command: Any = command_line()
    context = command.make_context("centripetal", list(words))
    while hasattr(command, "resolve_command"):
        arguments = [*context._protected_args, *context.args]
        if not arguments:
            return
        name, command, rest = command.resolve_command(context, arguments)
        context = command.make_context(name, rest, parent=context)


OTHERS = frozenset(("export", "echo", "cd", "mkdir", "cat", "git", "curl", "npm", "ssh", "cp", "pytest"))
OTHERS |= {"centrifugo", "uvicorn", "gunicorn", "docker", "umask"}
"""Commands of other programs, whose arguments are not checked."""


@pytest.mark.usefixtures("clean")
@pytest.mark.parametrize("block", of("sh", "console"))
def test_commands_exist(block: Block) -> None:
    """Each command on a page is either ours, with valid arguments, or a known command of another program."""
    for program, *arguments in commands(block):
        where = f"{name_of(block.page)}:{block.line} {program} {shlex.join(arguments)}"
        match program:
            case "centripetal":
                parse(arguments)
            case "pip":
                named = re.findall(r"^centripetal\[([\w,]+)\]$", "\n".join(arguments), re.M)
                extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
                assert arguments[0] == "install", where
                assert all(extra in extras for group in named for extra in group.split(",")), where
            case "python" | "python3" | ".venv/bin/python":
                if arguments[0] == "-m":
                    assert importlib.util.find_spec(arguments[1]), where
                else:
                    assert (ROOT / arguments[0]).exists() or arguments[0] in block.page.read_text(), where
            case _ if program.startswith(("scripts/", ".ci/")):
                assert os.access(ROOT / program, os.X_OK), where
            case _ if program.startswith(".venv/bin/"):
                assert (ROOT / program).exists(), where
            case _:
                assert program in OTHERS, where


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_have_targets(page: Path) -> None:
    """Every relative link of a page names an existing file."""
    missing = [target for target in LINK.findall(page.read_text()) if not (page.parent / target).exists()]
    assert not missing
