"""Tests of the wheel in new environments, without extras and with each extra."""

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
"""Packages that each extra installs; `cli` also installs the dependencies of Typer and Rich."""
MISSING = "pip install 'centripetal[{}]'"


@pytest.fixture(scope="session")
def facts(environments: Mapping[str, Environment]) -> Mapping[str, Mapping[str, Any]]:
    """The output of user.py in each environment, by extra."""
    program = str(ROOT / "tests" / "package" / "user.py")
    found = {}
    for extra, environment in environments.items():
        done = environment.run("python", "-B", "-W", "error", program, stdin=pair("rsa").private)
        assert done.returncode == 0, done.stderr
        found[extra] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("extra", ["", *EXTRAS])
def test_environments_have_the_declared_dependencies(environments: Mapping[str, Environment], extra: str) -> None:
    """An environment has the declared dependencies and no development dependency."""
    code = "from importlib.metadata import distributions as d; print(*sorted(x.name.lower() for x in d()))"
    names = set(environments[extra].run("python", "-c", code).stdout.split())
    assert names >= BROUGHT[extra]
    assert not names & {"pytest", "mypy", "hatchling", "pip"}
    if extra != "cli":
        assert names == BROUGHT[extra]


@pytest.mark.parametrize("extra", ["", *EXTRAS])
@pytest.mark.parametrize("program", [("python", "-m", "centripetal"), ("centripetal",)], ids=["module", "script"])
def test_the_version_needs_no_extra(
    environments: Mapping[str, Environment], extra: str, program: tuple[str, ...]
) -> None:
    """`python -m centripetal --version` and `centripetal --version` work without any extra."""
    done = environments[extra].run(*program, "--version")
    assert (done.returncode, done.stdout) == (0, f"centripetal {__version__}\n"), done.stderr


@pytest.mark.parametrize("extra", ["", *EXTRAS])
def test_the_command_line_needs_its_extra(environments: Mapping[str, Environment], extra: str) -> None:
    """`centripetal --help` prints the help with the extra `cli`, and otherwise names the extra."""
    done = environments[extra].run("centripetal", "--help")
    if extra == "cli":
        assert (done.returncode, done.stderr) == (0, "")
        assert "publish" in done.stdout
    else:
        assert done.returncode == 2
        assert MISSING.format("cli") in done.stderr


@pytest.mark.parametrize("extra", ["", *EXTRAS])
def test_publishing_needs_no_extra(facts: Mapping[str, Mapping[str, Any]], extra: str) -> None:
    """The client, the embedded server and the console page with its files work without extras."""
    assert facts[extra]["offset"] == 1
    assert facts[extra]["console"] == {"": 200, "console.css": 200, "console.js": 200}
    assert f"with-{extra or 'nothing'}" in facts[extra]["file"]


@pytest.mark.parametrize("extra", ["", *EXTRAS])
def test_websockets_need_the_extra_server(facts: Mapping[str, Mapping[str, Any]], extra: str) -> None:
    """The embedded server accepts WebSocket clients if `websockets` is installed, and otherwise names the extra."""
    status, text = facts[extra]["websocket"]
    if "websockets" in BROUGHT[extra]:
        assert status == 101
    else:
        assert status == 501
        assert MISSING.format("server") in text


@pytest.mark.parametrize("extra", ["", *EXTRAS])
def test_public_keys_need_the_extra_tokens(facts: Mapping[str, Mapping[str, Any]], extra: str) -> None:
    """RSA keys sign tokens if `cryptography` is installed, and otherwise the error names the extra."""
    said = facts[extra]["rsa"]
    assert "The server accepts" in said if extra == "tokens" else MISSING.format("tokens") in said


def test_every_module_imports_with_the_extra_cli(facts: Mapping[str, Mapping[str, Any]]) -> None:
    """With the extra `cli`, every module except those for pytest, PyInstaller and Django imports."""
    missing = {module: error for module, error in facts["cli"]["imports"].items() if error}
    assert missing == {
        "pytest_centripetal": "No module named 'pytest'",
        "centripetal._pyinstaller.hook-centripetal": "No module named 'PyInstaller'",
        "centripetal.django": "No module named 'django'",
    }


def test_modules_that_need_an_extra_name_it(facts: Mapping[str, Mapping[str, Any]]) -> None:
    """Without extras, a module that fails to import lacks a package of an extra."""
    errors = set(facts[""]["imports"].values())
    assert errors <= {
        *(
            "",
            "No module named 'pytest'",
            "No module named 'PyInstaller'",
            "No module named 'django'",
            "No module named 'typer'",
            "No module named 'rich'",
        ),
        *(
            "No module named 'websockets'",
            f"watching channels requires the package websockets: install it with {MISSING.format('cli')}",
        ),
    }
