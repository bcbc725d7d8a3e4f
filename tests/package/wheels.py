"""Wheels for tests without a package index: installed distributions, packed again so that pip can install them.

A new environment gets the pinned versions of this environment, and nothing has to be downloaded.
"""

import base64
import hashlib
import zipfile
from collections.abc import Iterable, Iterator
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement

__all__ = ["pack", "requirements_of"]

# pip writes these files to an environment; wheels do not contain them.
NOT_PACKED = frozenset(("RECORD", "INSTALLER", "REQUESTED", "direct_url.json"))


def requirements_of(name: str, extras: Iterable[str]) -> set[str]:
    """Return the lower-case names of the installed distributions that *name* with *extras* requires."""
    found: set[str] = set()
    waiting = list(_needed(name, extras))
    while waiting:
        requirement = waiting.pop()
        key = requirement.name.lower()
        if key not in found:
            found.add(key)
            waiting += _needed(key, requirement.extras)
    return found


def _needed(name: str, extras: Iterable[str]) -> Iterator[Requirement]:
    environments = [{"extra": extra} for extra in ("", *extras)]
    for text in distribution(name).requires or ():
        requirement = Requirement(text)
        if not requirement.marker or any(requirement.marker.evaluate(one) for one in environments):
            yield requirement


def pack(name: str, folder: Path) -> Path:
    """Pack an installed distribution into a wheel in *folder*."""
    found = distribution(name)
    files = dict(_files(found))
    [information] = {path.split("/")[0] for path in files if path.endswith(".dist-info/METADATA")}
    lines = files[f"{information}/WHEEL"].decode().splitlines()
    tags = [line.removeprefix("Tag: ").split("-") for line in lines if line.startswith("Tag: ")]
    tag = "-".join(".".join(dict.fromkeys(part)) for part in zip(*tags, strict=True))  # for example py2.py3-none-any
    target = folder / f"{information.removesuffix('.dist-info')}-{tag}.whl"
    record = "".join(f"{path},sha256={_digest(data)},{len(data)}\n" for path, data in files.items())
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as wheel:
        for path, data in files.items():
            wheel.writestr(path, data)
        wheel.writestr(f"{information}/RECORD", f"{record}{information}/RECORD,,\n")
    return target


def _files(found: Distribution) -> Iterator[tuple[str, bytes]]:
    """Yield the files of the original wheel, without entry-point scripts and files that Python or pip added."""
    for path in found.files or ():
        if ".." not in path.parts and path.suffix != ".pyc" and path.name not in NOT_PACKED:
            yield path.as_posix(), path.read_binary()


def _digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
