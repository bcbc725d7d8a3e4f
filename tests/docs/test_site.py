"""The site builds without a warning and loads nothing from other hosts."""

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.browser.conftest import OpenBrowser
from tests.docs.pages import ROOT
from tests.needs import needs

RESOURCES = {"script": "src", "img": "src", "link": "href", "iframe": "src", "source": "src", "video": "src"}
"""Elements that load another file, with the attribute that names it."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the site and return its folder."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    # Without --quiet, because mkdocs does not count warnings with it, and --strict would have no effect.
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder


def html_pages(site: Path) -> list[Path]:
    return sorted(site.rglob("*.html"))


CUT_OFF = """[
    document.querySelectorAll("pre code").length,
    ...[...document.querySelectorAll("pre, pre code"), document.documentElement]
        .filter((each) => each.scrollWidth > each.clientWidth)
        .map((each) => each.innerText.split("\\n").sort((a, b) => b.length - a.length)[0]),
]"""
"""JavaScript that counts code blocks, and returns the longest line of each element with a horizontal scrollbar."""


class Resources(HTMLParser):
    """Collects the files that a page loads."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "link" and values.get("rel") in ("canonical", "next", "prev"):
            return
        if target := values.get(RESOURCES.get(tag, "")):
            self.found.append(target)


def test_every_page_is_in_the_site(site: Path) -> None:
    """The site contains every page; the strict build found no broken link and no page missing in the navigation."""
    made = {path.relative_to(site).with_suffix("").as_posix() for path in site.rglob("*.html")} - {"404"}
    assert made == {
        page.relative_to(ROOT / "docs").with_suffix("").as_posix() for page in (ROOT / "docs").rglob("*.md")
    }


def test_no_page_loads_anything_from_other_hosts(site: Path) -> None:
    """Scripts, styles, images and fonts are files of the site, so it can be read without a network."""
    for page in site.rglob("*.html"):
        resources = Resources()
        resources.feed(page.read_text())
        assert resources.found
        foreign = [target for target in resources.found if re.match(r"(?:\w+:)?//", target)]
        missing = [
            target
            for target in resources.found
            if not foreign
            and not target.startswith("data:")
            and page.name != "404.html"
            and not (page.parent / re.split(r"[?#]", target)[0]).exists()
        ]
        assert not foreign, page
        assert not missing, page
    for style in site.rglob("*.css"):
        assert not re.search(r"""(?:url\(|@import)\s*['"]?(?:https?:)?//""", style.read_text()), style


def test_links_between_pages_name_files(site: Path) -> None:
    """Links name files, because the site can be opened from a disk, where a folder is not a page."""
    assert (site / "howto" / "client.html").exists()
    assert 'href="howto/client.html' in (site / "index.html").read_text()


@needs("node")
@needs("playwright")
@needs("chromium")
async def test_no_code_block_is_cut_off(site: Path, open_browser: OpenBrowser) -> None:
    """At a width of 1,280 pixels no code block of any page has a horizontal scrollbar, and no page is wider."""
    # The site's scripts do not change the layout of code, and take most of the time.
    browser = await open_browser(viewport={"width": 1280, "height": 800}, javaScriptEnabled=False)
    cut_off = {}
    seen = 0
    for page in html_pages(site):
        await browser.do("goto", page.as_uri())
        count, *lines = await browser.do("evaluate", CUT_OFF)
        seen += count
        if lines:
            cut_off[page.relative_to(site).as_posix()] = lines
    assert seen > 100
    assert cut_off == {}
