"""The files of the console page: forbidden content, and contrast of the colours."""

import re
from html.parser import HTMLParser
from importlib.resources import files

import pytest

from centripetal.server.console.endpoints import PREFIX

PAGE = files("centripetal.server.console").joinpath("page")
FILES = {each.name: each.read_text(encoding="utf-8") for each in PAGE.iterdir()}
CSS = FILES["console.css"]

# Foreground and background; WCAG 2 AA requires 4.5 for text, and 3 for the edges of fields and the focus ring.
TEXTS = [
    (text, ground) for text in ("text", "soft", "accent", "red", "amber", "green") for ground in ("card", "ground")
]
TEXTS += [(text, "card") for text in ("blue", "violet", "amber")]
TEXTS += [(text, "raised") for text in ("text", "soft", "blue", "violet", "red", "accent")]
TEXTS += [("on-accent", "accent"), ("accent", "accent-ground"), ("red", "red-ground"), ("ground", "text")]
EDGES = [(edge, ground) for edge in ("strong-line", "accent") for ground in ("card", "ground")]


def colours(theme: int) -> dict[str, str]:
    """Return the colours by name: 0 is the light theme, 1 the dark theme."""
    pairs = re.findall(r"--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);", CSS)
    return {name: both[theme] for name, *both in pairs}


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_colours_have_enough_contrast(theme: int) -> None:
    """Text has a contrast of at least 4.5 and field edges of at least 3, in both themes."""
    names = colours(theme)
    bad = [(pair, contrast(names[pair[0]], names[pair[1]])) for pair in TEXTS]
    bad = [each for each in bad if each[1] < 4.5]
    bad += [(pair, ratio) for pair in EDGES if (ratio := contrast(names[pair[0]], names[pair[1]])) < 3]
    assert bad == []


def test_black_on_white_is_21() -> None:
    """The contrast of black on white is 21, which validates the measure of the other test."""
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


@pytest.mark.parametrize("name", FILES)
def test_no_file_loads_external_content(name: str) -> None:
    """The files contain no external address except the XML namespace of the icon."""
    text = FILES[name].replace("http://www.w3.org/2000/svg", "")
    assert re.findall(r"(?:https?|wss?)://(?!\$\{)|@import|url\(", text) == []


@pytest.mark.parametrize("name", [name for name in FILES if name.endswith(".js")])
def test_text_never_becomes_html(name: str) -> None:
    """Scripts use no function that interprets text as HTML, because clients can publish anything."""
    assert re.findall(r"innerHTML|outerHTML|insertAdjacent|document\.write|\beval\b|new Function", FILES[name]) == []


def test_the_page_has_no_inline_script_or_style() -> None:
    """The page has no inline script or style, which the Content-Security-Policy would block."""

    class Reader(HTMLParser):
        found: list[tuple[str, dict[str, str | None]]]

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            self.found.append((tag, dict(attrs)))

    reader = Reader()
    reader.found = []
    reader.feed(FILES["index.html"])
    assert not [tag for tag, attributes in reader.found if tag == "style" or "style" in attributes]
    assert not [name for _, attributes in reader.found for name in attributes if name.startswith("on")]
    assert all(attributes.get("src") for tag, attributes in reader.found if tag == "script")
    labelled = {attributes["for"] for tag, attributes in reader.found if tag == "label"}
    fields = {attributes.get("id") for tag, attributes in reader.found if tag in ("input", "textarea")}
    assert fields == labelled
    assert PREFIX == "/console/"
