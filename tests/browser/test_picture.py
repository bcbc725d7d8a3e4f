"""The pictures of the console in the documentation can be taken again."""

from pathlib import Path

import pytest

from tests.browser.picture import ASSETS, SIZES, pictures
from tests.needs import needs

pytestmark = [needs("node"), needs("playwright"), needs("chromium")]


NAMES = {f"{name}-{scheme}.png" for name in SIZES for scheme in ("light", "dark")}


def size(picture: Path) -> dict[str, int]:
    """Return the size in the header of a PNG file."""
    data = picture.read_bytes()
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    return {"width": int.from_bytes(data[16:20], "big"), "height": int.from_bytes(data[20:24], "big")}


async def test_the_pictures_are_taken_from_a_running_console(tmp_path: Path) -> None:
    """The console shows the calls, and each picture has the size and color scheme of its file in `docs/assets`."""
    made = await pictures(tmp_path)
    assert {picture.name for picture in made} == NAMES
    for picture in made:
        assert size(picture) == size(ASSETS / picture.name) == SIZES[picture.stem.rpartition("-")[0]]
    assert len({picture.read_bytes() for picture in made}) == len(NAMES)


@pytest.mark.parametrize("name", sorted(NAMES))
def test_the_pictures_load_quickly(name: str) -> None:
    """A picture has at most 300 KB."""
    assert (ASSETS / name).stat().st_size <= 300_000
