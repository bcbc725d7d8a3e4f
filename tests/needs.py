"""Programs and packages that some tests need: `@needs("node")` skips a test with a reason if Node.js is missing.

With CI=true the test fails instead, because `.ci/run` installs what is missing. Only the real servers stay optional,
because no package registry has them.
"""

import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

__all__ = ["NEEDS", "Need", "find", "needs", "shortfall"]


NODE = Path(__file__).parent / "node"
"""Folder of the installed npm packages."""


class Need(NamedTuple):
    """A program or package outside of Python that a test uses.

    Attributes:
        what: name in messages.
        commands: names of the program, in order of preference.
        variable: environment variable with the path of the program, or "".
        packages: npm packages, by name and version (`name@npm:other@version` for another local name). `find()` returns
            the folder that contains all of them.
        optional: whether it may be missing in CI too.
        advice: how to install it.
        folders: pattern of further folders with the program, relative to each folder on the PATH. Of several versions,
            the newest is found.
    """

    what: str
    commands: tuple[str, ...] = ()
    variable: str = ""
    packages: tuple[str, ...] = ()
    optional: bool = False
    advice: str = ""
    folders: str = ""


_PACKAGES = ("centrifuge@1.5.0", "centrifuge5@npm:centrifuge@5.8.0", "ws@8.23.0")
_NPM = f"npm install --no-save --prefix tests/node {' '.join(_PACKAGES)}"

NEEDS: Mapping[str, Need] = {
    "node": Need("Node.js", ("node", "nodejs"), advice="install Node.js (Debian package nodejs)"),
    "centrifuge-js": Need("the npm packages centrifuge (1 and 5) and ws", packages=_PACKAGES, advice=_NPM),
    "playwright": Need(
        "the npm package playwright-core",
        packages=("playwright-core@1.64.1",),
        advice="npm install --no-save --prefix tests/node playwright-core@1.64.1",
    ),
    "chromium": Need(
        "Chromium",
        ("chromium", "chromium-browser", "google-chrome"),
        "CHROMIUM_BIN",
        advice="install Debian package chromium, or set CHROMIUM_BIN",
    ),
    "redis-server": Need(
        "Redis", ("redis-server",), optional=True, advice="install Redis (Debian package redis-server)"
    ),
    "nats-server": Need(
        "a NATS server", ("nats-server",), optional=True, advice="install NATS (Debian package nats-server)"
    ),
    "postgresql": Need(
        "PostgreSQL",
        ("postgres",),
        "POSTGRES_BIN",
        advice="install PostgreSQL (Debian package postgresql), or set POSTGRES_BIN",
        folders="../lib/postgresql/*/bin",  # Debian installs several versions next to each other
    ),
    "nginx": Need("nginx", ("nginx",), "NGINX_BIN", advice="install Debian package nginx, or set NGINX_BIN"),
    "centrifugo-v1": Need(
        "a Centrifugo 1.x binary",
        variable="CENTRIFUGO_V1_BIN",
        optional=True,
        advice="set CENTRIFUGO_V1_BIN to run this against the real server",
    ),
    "centrifugo-v4": Need(
        "a Centrifugo 4.x binary",
        variable="CENTRIFUGO_V4_BIN",
        optional=True,
        advice="set CENTRIFUGO_V4_BIN to run this against the real server",
    ),
    "centrifugo-v5": Need(
        "a Centrifugo 5.x binary",
        variable="CENTRIFUGO_V5_BIN",
        optional=True,
        advice="set CENTRIFUGO_V5_BIN to run this against the real server",
    ),
    "centrifugo-v6": Need(
        "a Centrifugo 6.x binary",
        variable="CENTRIFUGO_V6_BIN",
        optional=True,
        advice="set CENTRIFUGO_V6_BIN to run this against the real server",
    ),
}


def needs(name: str) -> pytest.MarkDecorator:
    """Mark a test (or a parameter, or a module's `pytestmark`) that needs *name*, a key of `NEEDS`."""
    if name not in NEEDS:
        raise KeyError(f"unknown need {name!r}: tests/needs.py knows {', '.join(NEEDS)}")
    return pytest.mark.needs(name)


def find(name: str, environment: Mapping[str, str] = os.environ) -> str | None:
    """Return the path of the program (or folder) for the need *name*, or None."""
    need = NEEDS[name]
    path = _path(need, environment)
    if need.packages:
        names = (package.partition("@")[0] for package in need.packages)
        return str(NODE) if all((NODE / "node_modules" / name).is_dir() for name in names) else None
    if need.variable and (named := environment.get(need.variable)):
        return shutil.which(named, path=path)
    return next((found for command in need.commands if (found := shutil.which(command, path=path))), None)


def _path(need: Need, environment: Mapping[str, str]) -> str | None:
    """Return the folders with the programs of *need*, separated as on the PATH."""
    path = environment.get("PATH")
    if path is None or not need.folders:
        return path
    more = {found for folder in path.split(os.pathsep) for found in Path(folder).glob(need.folders)}
    newest_first = sorted(more, key=lambda found: [int(part) for part in re.findall(r"\d+", str(found))], reverse=True)
    return os.pathsep.join([path, *map(str, newest_first)])


def shortfall(name: str, environment: Mapping[str, str] = os.environ) -> tuple[str, bool] | None:
    """Return why a test with the need *name* cannot run, and whether it must fail; None if it can run."""
    if find(name, environment) is not None:
        return None
    need = NEEDS[name]
    strict = environment.get("CI") == "true" and not need.optional
    return f"needs {need.what}: {need.advice}", strict
