"""The hook for PyInstaller. A test with the real PyInstaller would take minutes, so its helper is replaced."""

import runpy
import sys
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

import centripetal
from centripetal import server
from centripetal.server.console import stream


def data_files(package: str) -> list[tuple[str, str]]:
    """Return what PyInstaller's function of this name returns: the data files of *package* and their folders."""
    folder = Path(centripetal.__file__).parent.joinpath(*package.split(".")[1:])
    files = (path for path in folder.rglob("*") if path.is_file() and path.suffix not in (".py", ".pyc"))
    return [(str(path), str(path.parent.relative_to(folder.parents[2]))) for path in files]


def test_pyinstaller_finds_the_hook(monkeypatch: pytest.MonkeyPatch) -> None:
    """The entry point names a folder with a hook, which collects every file of the page and the lazy modules."""
    (point,) = (each for each in entry_points(group="pyinstaller40") if each.value.startswith("centripetal."))
    assert point.name == "hook-dirs"
    (folder,) = point.load()()
    for name in ("PyInstaller", "PyInstaller.utils"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    monkeypatch.setitem(sys.modules, "PyInstaller.utils.hooks", SimpleNamespace(collect_data_files=data_files))
    hook = runpy.run_path(str(Path(folder, "hook-centripetal.py")))
    found = {f"{place}/{Path(path).name}" for path, place in hook["datas"]}
    page = Path(stream.__file__).parent / "page"
    assert {f"centripetal/server/console/page/{path.name}" for path in page.iterdir()} <= found
    assert server.__name__ in hook["hiddenimports"]
    assert all(getattr(centripetal, name.rpartition(".")[2]) is sys.modules[name] for name in hook["hiddenimports"])
