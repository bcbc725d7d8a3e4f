"""Citations of the protocol reference, such as "(protocol 6: publish, broadcast)", name sections that exist.

The number is the major version of the server, which selects the page; the words are ids of headings on that page.
"""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, ROOT, name_of

PROTOCOL = {"1": DOCS / "protocol" / "centrifugo-1.md", "6": DOCS / "protocol" / "centrifugo-6.md"}

# A citation may continue on the next line of a docstring or a comment.
GAP = r"\s+(?:#\s*)?"
CITATION = re.compile(rf"\bprotocol{GAP}(\d+):{GAP}([a-z0-9-]+(?:,{GAP}[a-z0-9-]+)*)(.?)", re.S)
# A citation of the former reference: the section sign, or "spec" with the number of a version.
FORMER = re.compile(rf"\u00a7|\bspec{GAP}v\d", re.I)
HEADING = re.compile(r"^#{2,} .*\{ #(\S+) \}$", re.M)


def ids(page: Path) -> list[str]:
    """The ids of the headings of *page*, in order."""
    return HEADING.findall(page.read_text())


def faults(text: str) -> Iterator[tuple[int, str]]:
    """Yield the line and the description of each citation in *text* that does not resolve."""
    for found in FORMER.finditer(text):
        yield _line(text, found.start()), f"{found[0]!r} cites the former reference"
    for found in CITATION.finditer(text):
        version, names, end = found.groups()
        line = _line(text, found.start())
        if version not in PROTOCOL:
            yield line, f"protocol {version} has no page"
            continue
        known = set(ids(PROTOCOL[version]))
        for name in re.split(rf",{GAP}", names):
            if name not in known:
                yield line, f"protocol {version} has no section {name!r}"
        if end not in (")", ";", "."):
            yield line, f"{found[0]!r} must end with a bracket, a semicolon or a full stop"


def _line(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1


def cited_in() -> list[Path]:
    """The files that may cite the reference: all text of the project except the reference and this test."""
    folders = [ROOT / name for name in ("src", "tests", "scripts", "examples", "benchmarks", "docs", "changes")]
    files = [*ROOT.glob("*.md"), *(path for folder in folders for path in folder.rglob("*"))]
    return sorted(
        path
        for path in files
        if path.suffix in (".py", ".pyi", ".md", ".js")
        and path.is_file()
        and path != Path(__file__)
        and path.parent != DOCS / "protocol"
        and "node_modules" not in path.parts
    )


def test_citations_name_sections_of_the_reference() -> None:
    """Each citation in code, tests and pages names headings of the page of its version."""
    texts = {path: path.read_text() for path in cited_in()}
    wrong = [f"{name_of(path)}:{line}: {fault}" for path, text in texts.items() for line, fault in faults(text)]
    assert not wrong, "\n".join(wrong)
    cited = sum(len(CITATION.findall(text)) for text in texts.values())
    assert cited > 100, f"only {cited} citations were found"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("(protocol 6: publish, nowhere)", "no section 'nowhere'"),
        ("# (protocol 6:\n# nowhere)", "no section 'nowhere'"),
        ("(protocol 1: client-recovery, broadcast-many)", "no section 'broadcast-many'"),
        ("(protocol 4: publish)", "no page"),
        ("as in protocol 6: publish, says", "no section 'says'"),
        ("as in protocol 6: publish says", "must end"),
        ("(spec v6 5.4)", "former"),
        ("(\u00a75.4)", "former"),
    ],
)
def test_wrong_citation_is_found(text: str, fault: str) -> None:
    """An unknown section or version, an open end and a former citation are reported with their line."""
    assert [line for line, found in faults("\n" + text) if fault in found] == [2]


@pytest.mark.parametrize("text", ["(protocol 6: publish,\n    # broadcast)", "(protocol 1: redis; protocol 6: tables)"])
def test_right_citation_is_accepted(text: str) -> None:
    """A citation may span lines and cite both pages."""
    assert not list(faults(text))


@pytest.mark.parametrize("page", PROTOCOL.values(), ids=name_of)
def test_ids_of_the_reference_are_unique(page: Path) -> None:
    """Each heading of a protocol page has its own readable id, and links within the page resolve."""
    names = ids(page)
    text = page.read_text()
    assert len(names) == len(re.findall(r"^#{2,} ", re.sub(r"^```.*?^```", "", text, flags=re.M | re.S), re.M)) > 50
    assert not [name for name, number in Counter(names).items() if number > 1]
    assert not set(re.findall(r"\]\(#([^)]*)\)", text)) - set(names)
