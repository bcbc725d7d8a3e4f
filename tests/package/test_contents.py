"""Tests of the contents of wheel and sdist, of the metadata, and that CI tests the installed wheel."""

import email
import os
import re
import subprocess
import tarfile
import tomllib
import zipfile
from collections.abc import Mapping
from email.message import Message
from pathlib import Path
from urllib.parse import urlsplit

import pytest

import centripetal
import pytest_centripetal
from centripetal.version import __version__
from tests.package.conftest import EXTRAS, ROOT, Built

SRC = ROOT / "src"
INFORMATION = f"centripetal-{__version__}.dist-info"
PUBLIC = {"centrifugal.dev", "localhost", "127.0.0.1"}
"""Hosts that the metadata, README included, may name."""


def contents(wheel: Path) -> Mapping[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def source() -> Mapping[str, bytes]:
    """Return the files in src/ that users receive."""
    files = [path for path in SRC.rglob("*") if path.is_file() and path.suffix != ".pyc"]
    return {path.relative_to(SRC).as_posix(): path.read_bytes() for path in files}


@pytest.fixture(scope="module")
def metadata(built: Built) -> Message:
    return email.message_from_bytes(contents(built.wheel)[f"{INFORMATION}/METADATA"])


def test_the_wheel_contains_only_the_library(built: Built) -> None:
    """The wheel contains the files of src/, the licence and the metadata, and no tests or stray files."""
    files = contents(built.wheel)
    about = {"METADATA", "WHEEL", "RECORD", "entry_points.txt", "licenses/LICENSE"}
    assert {name for name in files if name.startswith(INFORMATION)} == {f"{INFORMATION}/{name}" for name in about}
    assert {name: data for name, data in files.items() if not name.startswith(INFORMATION)} == source()
    assert files[f"{INFORMATION}/licenses/LICENSE"] == (ROOT / "LICENSE").read_bytes()


@pytest.mark.parametrize(
    "name",
    ["centripetal/py.typed", "pytest_centripetal.py", "centripetal/server/console/page/index.html"],
)
def test_the_wheel_contains_other_files(built: Built, name: str) -> None:
    """The wheel contains `py.typed`, the pytest plugin and the console page."""
    assert name in contents(built.wheel)


def test_src_holds_no_stray_files() -> None:
    """src/ contains only Python files, method stubs, `py.typed` and the console page."""
    others = ("/console/page/", "/client/methods/", "/outbox/methods.pyi")
    files = [path for path in source() if not any(each in path for each in others)]
    kinds = {(path.partition("/")[0], Path(path).suffix) for path in files}
    assert kinds == {("centripetal", ".py"), ("centripetal", ".typed"), ("pytest_centripetal.py", ".py")}
    assert {Path(path).suffix for path in source() if "/console/page/" in path} == {".html", ".css", ".js"}


def test_the_sdist_builds_the_same_wheel(built: Built) -> None:
    """A wheel built from the sdist is identical to the released wheel, including timestamps."""
    assert built.from_sdist.name == built.wheel.name
    assert built.from_sdist.read_bytes() == built.wheel.read_bytes()


def test_the_sdist_contains_the_repository(built: Built) -> None:
    """The sdist contains tests, scripts, pins and documentation, and no file that git ignores."""
    with tarfile.open(built.sdist) as archive:
        files = {name.partition("/")[2] for name in archive.getnames()}
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.split(
        "\n"
    )
    there = {name for name in listed if name and (ROOT / name).exists()} or {"scripts/test", "tests/conftest.py"}
    assert there - files == set()
    assert not [name for name in files if re.search(r"\.pyc$|node_modules|\.venv|(^|/)site/|\.cache", name)]


def test_metadata_match_the_project(metadata: Message) -> None:
    """Name, version, Python, licence and extras match the project, and the README is the description."""
    assert (metadata["Name"], metadata["Version"]) == ("centripetal", __version__)
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata["License-Expression"] == "MIT"
    assert metadata.get_all("License-File") == ["LICENSE"]
    assert tuple(metadata.get_all("Provides-Extra", [])) == EXTRAS
    assert metadata["Description-Content-Type"] == "text/markdown"
    payload = metadata.get_payload(decode=True)
    assert isinstance(payload, bytes)
    assert payload.decode().strip() == (ROOT / "README.md").read_text().strip()
    assert metadata["Summary"].endswith(".")
    assert metadata["Keywords"]


def test_classifiers_are_correct(metadata: Message) -> None:
    """The classifiers name typing, pytest, asyncio and every Python version from the oldest supported without a gap."""
    classifiers = metadata.get_all("Classifier", [])
    assert {"Typing :: Typed", "Framework :: Pytest", "Framework :: AsyncIO"} <= set(classifiers)
    versions = [int(found[1]) for each in classifiers if (found := re.fullmatch(r".*Python :: 3\.(\d+)", each))]
    assert versions == list(range(11, max(versions) + 1))
    assert not [each for each in classifiers if each.startswith("License ::")]  # License-Expression replaces it


def test_dependencies_have_lower_bounds_only(metadata: Message) -> None:
    """No dependency has an upper bound or a URL."""
    required = metadata.get_all("Requires-Dist", [])
    assert required
    assert not [each for each in required if not re.fullmatch(r"[\w-]+>=[\d.]+(; extra == '\w+')?", each)]


def test_addresses_are_public(metadata: Message) -> None:
    """The metadata contains public hosts only."""
    hosts = {urlsplit(found).hostname for found in re.findall(r"https?://[^\s)\"'>]+", metadata.as_string())}
    assert hosts <= PUBLIC


def test_entry_points(built: Built) -> None:
    """The wheel has the program `centripetal`, the hook for PyInstaller and the pytest plugin as entry points."""
    text = contents(built.wheel)[f"{INFORMATION}/entry_points.txt"].decode()
    assert text.split() == [
        *("[console_scripts]", "centripetal", "=", "centripetal.cli.main:run"),
        *("[pyinstaller40]", "hook-dirs", "=", "centripetal._pyinstaller:hook_dirs"),
        *("[pytest11]", "centripetal", "=", "pytest_centripetal"),
    ]


def test_ci_tests_the_wheel() -> None:
    """With CI=true, tests import the installed wheel, and otherwise src/, so that edits take effect at once.

    If this fails, run `scripts/test`, which installs the right version.
    """
    places = [Path(module.__file__ or "").resolve() for module in (centripetal, pytest_centripetal)]
    if os.environ.get("CI") != "true":
        assert all(place.is_relative_to(SRC) for place in places)
        return
    assert not any(place.is_relative_to(SRC) for place in places)
    site = places[1].parent
    assert {name: (site / name).read_bytes() for name in source()} == source()


def test_pins_cover_every_dependency() -> None:
    """Every dependency in the metadata is pinned; run `scripts/lock` after changing a dependency."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    groups = [*project["dependency-groups"].values(), *project["project"]["optional-dependencies"].values()]
    names = [each for group in groups for each in group if isinstance(each, str)]  # other entries include a group
    wanted = {re.split(r"[>=;\[]", each)[0].strip() for each in names}
    wanted |= {re.split(r"[>=;\[]", each)[0].strip() for each in project["project"]["dependencies"]}
    pins = "".join((ROOT / "requirements" / name).read_text() for name in ("pip.txt", "dev.txt"))
    pinned = set(re.findall(r"^([\w.-]+)(?:\[\w+\])?==", pins, re.MULTILINE))
    assert wanted - pinned == set()
