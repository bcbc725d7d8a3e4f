"""The pictures of the console in the documentation can be taken again."""

from pathlib import Path

import pytest

from tests.browser.picture import ALL, ASSETS, SIZES, pictures
from tests.needs import needs

pytestmark = [needs("node"), needs("playwright"), needs("chromium")]


NAMES = {f"{name}-{scheme}.png" for name, scheme in ALL}


def size(picture: Path) -> dict[str, int]:
    """Return the size in the header of a PNG file."""
    data = picture.read_bytes()
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    return {"width": int.from_bytes(data[16:20], "big"), "height": int.from_bytes(data[20:24], "big")}


async def test_the_pictures_are_taken_from_a_running_console(tmp_path: Path) -> None:
    """The console shows the calls, and each picture has the size of its file in `docs/assets`."""
    made = await pictures(tmp_path, [("console", "light"), ("console-phone", "dark")])
    for picture in made:
        assert size(picture) == size(ASSETS / picture.name) == SIZES[picture.stem.rpartition("-")[0]]
    light, dark = (picture.read_bytes() for picture in made)
    assert light != dark


@pytest.mark.parametrize("name", sorted(NAMES))
def test_the_pictures_load_quickly(name: str) -> None:
    """A picture has at most 300 KB."""
    assert (ASSETS / name).stat().st_size <= 300_000
