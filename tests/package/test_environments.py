"""The wheel in empty environments, without extras and with each: what it brings, what works, what else is said."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from centripetal.version import __version__
from tests.package.conftest import EXTRAS, ROOT, Environment
from tests.tokens.keys import pair

CORE = {"centripetal", "httptools", "msgspec"}
BROUGHT = {
    "": CORE,
    "server": CORE | {"websockets"},
    "tokens": CORE | {"cryptography", "cffi", "pycparser"},
    "cli": CORE | {"websockets", "typer", "rich"},
}
"""What an extra brings; `cli` also brings what Typer and Rich need."""
MISSING = "pip install 'centripetal[{}]'"


@pytest.fixture(scope="session")
def facts(environments: Mapping[str, Environment]) -> Mapping[str, Mapping[str, Any]]:
    """By extra, what a user's program finds (user.py)."""
    program = str(ROOT / "tests" / "package" / "user.py")
    found = {}
    for extra, environment in environments.items():
        done = environment.run("python", "-B", "-W", "error", program, stdin=pair("rsa").private)
        assert done.returncode == 0, done.stderr
        found[extra] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("extra", ["", *EXTRAS])
def test_brings_what_it_needs_and_no_more(environments: Mapping[str, Environment], extra: str) -> None:
    """An environment has the dependencies that are declared, none that is for our own work, and a program."""
    code = "from importlib.metadata import distributions as d; print(*sorted(x.name.lower() for x in d()))"
    names = set(environments[extra].run("python", "-c", code).stdout.split())
    assert names >= BROUGHT[extra]
    assert not names & {"pytest", "mypy", "hatchling", "pip"}
    if extra != "cli":
        assert names == BROUGHT[extra]


@pytest.mark.parametrize("extra", ["", *EXTRAS])
@pytest.mark.parametrize("program", [("python", "-m", "centripetal"), ("centripetal",)], ids=["module", "script"])
def test_tells_its_version(environments: Mapping[str, Environment], extra: str, program: tuple[str, ...]) -> None:
    """`python -m centripetal --version` and `centripetal --version` work without any extra."""
    done = environments[extra].run(*program, "--version")
    assert (done.returncode, done.stdout) == (0, f"centripetal {__version__}\n"), done.stderr


@pytest.mark.parametrize("extra", ["", *EXTRAS])
def test_the_command_line_needs_its_extra(environments: Mapping[str, Environment], extra: str) -> None:
    """`centripetal --help` helps with the extra `cli`, and names it otherwise."""
    done = environments[extra].run("centripetal", "--help")
    if extra == "cli":
        assert (done.returncode, done.stderr) == (0, "")
        assert "publish" in done.stdout
    else:
        assert done.returncode == 2
        assert MISSING.format("cli") in done.stderr


@pytest.mark.parametrize("extra", ["", *EXTRAS])
def test_publishes_without_any_extra(facts: Mapping[str, Mapping[str, Any]], extra: str) -> None:
    """Client and embedded server work with the core alone, and the console's page is there with all that it loads."""
    assert facts[extra]["offset"] == 1
    assert facts[extra]["console"] == {"": 200, "console.css": 200, "console.js": 200}
    assert f"with-{extra or 'nothing'}" in facts[extra]["file"]


@pytest.mark.parametrize("extra", ["", *EXTRAS])
def test_browsers_need_the_extra_server(facts: Mapping[str, Mapping[str, Any]], extra: str) -> None:
    """The embedded server takes WebSocket clients where `websockets` is; elsewhere its answer names the extra."""
    status, text = facts[extra]["websocket"]
    if "websockets" in BROUGHT[extra]:
        assert status == 101
    else:
        assert status == 501
        assert MISSING.format("server") in text


@pytest.mark.parametrize("extra", ["", *EXTRAS])
def test_public_keys_need_the_extra_tokens(facts: Mapping[str, Mapping[str, Any]], extra: str) -> None:
    """Tokens are signed by RSA where `cryptography` is; elsewhere the error names the extra."""
    said = facts[extra]["rsa"]
    assert "The server accepts" in said if extra == "tokens" else MISSING.format("tokens") in said


def test_every_module_imports_with_the_extra_cli(facts: Mapping[str, Mapping[str, Any]]) -> None:
    """No module needs what only we have installed; but for the plugin, which needs pytest and is loaded by it."""
    missing = {module: error for module, error in facts["cli"]["imports"].items() if error}
    assert missing == {"pytest_centripetal": "No module named 'pytest'"}


def test_what_does_not_import_without_extras_lacks_an_extra(facts: Mapping[str, Mapping[str, Any]]) -> None:
    """Without extras, a module that does not import lacks a package that an extra brings."""
    errors = set(facts[""]["imports"].values())
    assert errors <= {
        *("", "No module named 'pytest'", "No module named 'typer'", "No module named 'rich'"),
        *(
            "No module named 'websockets'",
            f"watching needs the package websockets: install it with {MISSING.format('cli')}",
        ),
    }
