"""The design page describes the actual structure of the package."""

import json
import re
from pathlib import Path

import pytest

import centripetal
from benchmarks import plot
from tests.docs.pages import DOCS

SOURCE = Path(centripetal.__file__).parent
TEXT = (DOCS / "design.md").read_text()
FOLDERS = {f"{path.name}/" for path in SOURCE.iterdir() if path.is_dir() and not path.name.startswith("_")}
FILES = {path.name for path in SOURCE.glob("*.py")}


def test_the_table_lists_the_folders() -> None:
    """Every folder of the package and `errors.py` have a row; the text below the table names every other file."""
    chapter = TEXT.split("## Packages")[1].split("\n## ")[0]
    assert set(re.findall(r"^\| `(\S+)` \|", chapter, re.M)) == FOLDERS | {"errors.py"}
    below = set(re.findall(r"`(\w+\.py)`", chapter.split("Next to these folders")[1]))
    assert below == FILES - {"errors.py"} | {"pytest_centripetal.py"}


def test_the_folders_of_the_current_dialect_are_named() -> None:
    """The page names exactly the folders in `dialects/current/`."""
    sentence = re.search(r"^`dialects/current/` contains(.*?)\n\n", TEXT, re.M | re.S)
    assert sentence
    there = (path for path in (SOURCE / "dialects" / "current").iterdir() if path.is_dir())
    assert set(re.findall(r"`(\w+/)`", sentence[1])) == {f"{path.name}/" for path in there} - {"__pycache__/"}


def test_the_drawing_shows_every_folder() -> None:
    """The drawing shows every folder, `errors.py` and the modules that users import."""
    drawing = (DOCS / "design" / "house.svg").read_text()
    assert set(re.findall(r'class="name folder"[^>]*>([^<]+)<', drawing)) == FOLDERS | {"errors.py"}
    assert all(f"{door}.py" in drawing for door in ("__init__", "current", "v1", "proxy"))


def test_paths_on_the_page_exist() -> None:
    """Every file and folder that the page names exists."""
    named = set(re.findall(r"`((?:\w+/)+(?:\w+\.py)?)`", TEXT))
    root = DOCS.parent
    places = (SOURCE, root, SOURCE / "dialects", SOURCE / "dialects" / "current")
    missing = [name for name in named if not any((place / name).exists() for place in places)]
    assert named
    assert missing == []


@pytest.mark.parametrize("path", sorted(DOCS.rglob("*.svg")), ids=lambda path: path.name)
def test_pictures_are_readable_on_any_background(path: Path) -> None:
    """A picture has a title for screen readers, a background, colors for both themes, and loads nothing."""
    text = path.read_text()
    assert re.search(r"<title[^>]*>[^<]{8,}</title>", text)
    assert 'class="ground"' in text
    assert "prefers-color-scheme: dark" in text
    assert not re.search(r"href=|url\((?!#)|@import", text)


@pytest.mark.parametrize("run", ["v1", "v6"])
def test_plots_show_what_was_measured(run: str) -> None:
    """The plot of a run shows the figures in the JSON file next to it."""
    report = json.loads((DOCS / "benchmarks" / f"{run}.json").read_text())
    assert (DOCS / "benchmarks" / f"{run}.svg").read_text() == plot.svg(report)
