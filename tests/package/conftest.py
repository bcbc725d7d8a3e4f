"""The package, built once, and environments that contain only the package and its dependencies."""

import os
import subprocess
import sys
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.package.wheels import pack, requirements_of

ROOT = Path(__file__).parent.parent.parent
EXTRAS = ("cli", "server", "tokens")


class Built(NamedTuple):
    """Released files, and the wheel built from the sdist."""

    sdist: Path
    wheel: Path
    from_sdist: Path


def build(project: Path, folder: Path, *targets: str) -> Path:
    """Build *targets* into *folder* as described in CONTRIBUTING.md."""
    options = [option for target in targets for option in ("--target", target)]
    command = [sys.executable, "-m", "hatchling", "build", *options, "--directory", str(folder)]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The sdist and wheel of the project, and the wheel built from the unpacked sdist."""
    folder = tmp_path_factory.mktemp("package")
    dist = build(ROOT, folder / "dist", "sdist", "wheel")
    [sdist], [wheel] = dist.glob("*.tar.gz"), dist.glob("*.whl")
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    again = build(folder / sdist.name.removesuffix(".tar.gz"), folder / "again", "wheel")
    [from_sdist] = again.glob("*.whl")
    return Built(sdist, wheel, from_sdist)


class Environment(NamedTuple):
    """A virtual environment without pip; `run` starts one of its programs."""

    folder: Path

    def run(self, program: str, *arguments: str, stdin: str = "") -> "subprocess.CompletedProcess[str]":
        """Run *program* without the installed packages and environment variables of the tests."""
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
        command = [str(self.folder / "bin" / program), *arguments]
        return subprocess.run(
            command, input=stdin, cwd=self.folder, env=clean, capture_output=True, text=True, timeout=60, check=False
        )


@pytest.fixture(scope="session")
def environments(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Environment]:
    """New environments by extra ("" for no extra), into which pip installed the wheel with that extra."""
    wheels = tmp_path_factory.mktemp("wheels")
    for name in requirements_of("centripetal", EXTRAS):
        pack(name, wheels)
    made = {}
    for extra in ("", *EXTRAS):
        folder = tmp_path_factory.mktemp(f"with-{extra or 'nothing'}")
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
        wanted = f"centripetal[{extra}] @ {built.wheel.as_uri()}" if extra else str(built.wheel)
        pip = [sys.executable, "-m", "pip", "--isolated", "--python", str(folder / "bin" / "python"), "install"]
        offline = ["--disable-pip-version-check", "--no-compile", "--no-index", "--find-links", str(wheels)]
        done = subprocess.run([*pip, *offline, wanted], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        made[extra] = Environment(folder)
    return made
