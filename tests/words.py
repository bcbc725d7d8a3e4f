"""Phrases that make text hard to read, counted per 10,000 words; `python -m tests.words [FOLDER …]` lists each of them.

Text is what people read: docstrings, comments and messages of Python files, prose of Markdown files. Code blocks, code
spans, URLs and tables of identifiers do not count.
"""

import ast
import io
import re
import sys
import tokenize
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

__all__ = ["LIMITS", "Phrase", "count", "texts_of"]

ROOT = Path(__file__).parent.parent

_SENTENCE = r"(?:^|(?<=[.!?:;] )|(?<=\n))[\s>*#-]*"

# Each pattern with the most often that it may occur in 10,000 words. The patterns come from comparing this project with
# the documentation of websockets, structlog and httpx, where they hardly occur.
LIMITS: Mapping[str, tuple[re.Pattern[str], float]] = {
    "Who/What as a subject": (
        re.compile(_SENTENCE + r"(?:Who|What|Whoever|Whatever) (?!is new\b)[a-z][^?.!:]*(?![^.!:]*\?)[.,:;!]", re.M),
        3,
    ),
    "is no X": (re.compile(r"\b(?:is|are|was|were|be) no (?!longer\b|more than\b|less than\b)[a-z]+", re.I), 3),
    "somebody, nobody": (re.compile(r"\b(?:some|no|any)body\b", re.I), 1),
    "is none": (re.compile(r"\b(?:is|are|was|were|be) none\b"), 1),
    "that of, those of": (re.compile(r"\b(?:that|those) of\b", re.I), 2),
    "stands": (re.compile(r"\b(?:stands?|stood) (?!for\b|-?in\b)", re.I), 1),
    "comes to": (re.compile(r"\b(?:comes?|came|coming) to\b", re.I), 1),
    "anew, besides, of its own": (
        re.compile(r"\b(?:anew|besides?|so many|so much as|in company|of (?:its|their|his) own|sees? to it)\b", re.I),
        1,
    ),
    "of what, says what": (
        re.compile(r"\b(?:of|to|from|with|by|for|in|says|knows|tells|told|sees|about) (?:what|who|whoever)\b", re.I),
        3,
    ),
}


class Phrase(NamedTuple):
    """A place where a pattern was found."""

    file: Path
    line: int
    pattern: str
    text: str

    def __str__(self) -> str:
        return f"{self.file.relative_to(ROOT)}:{self.line}: {self.pattern}: {self.text}"


def texts_of(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the texts of *path* for people, each with the number of its first line."""
    if path.suffix == ".md":
        yield from _prose(path.read_text())
    else:
        yield from _python(path.read_text())


def _prose(text: str) -> Iterator[tuple[int, str]]:
    text = re.sub(r"^(```|~~~).*?^\1", lambda found: "\n" * found[0].count("\n"), text, flags=re.M | re.S)
    for found in re.finditer(r"(?:^.*\S.*$\n?)+", text, re.M):
        yield text.count("\n", 0, found.start()) + 1, _plain(found[0])


def _python(source: str) -> Iterator[tuple[int, str]]:
    tree = ast.parse(source)
    docstrings = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            docstrings.add(id(node.value))
            yield node.lineno, _plain(node.value.value)
    for node in ast.walk(tree):
        # A message is a string with at least three words; an f-string counts with its values left out.
        if isinstance(node, ast.JoinedStr):
            parts = [part.value if isinstance(part, ast.Constant) else "X" for part in node.values]
            docstrings.update(id(part) for part in node.values)
            text = "".join(str(part) for part in parts)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            text = node.value
        else:
            continue
        if len(re.findall(r"\b[a-z]{2,}\b", text)) >= 3 and not re.search(r"[{}<>=;]|\bimport\b", text):
            yield node.lineno, _plain(text)
    comments: list[str] = []
    first = 0
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            first = first or token.start[0]
            comments.append(token.string.lstrip("# "))
        elif comments and token.type != tokenize.NL:
            yield first, " ".join(comments)
            comments, first = [], 0


def _plain(text: str) -> str:
    text = re.sub(r"``[^`]+``|`[^`\n]+`", "X", text)
    return re.sub(r"https?://\S+", "X", text)


def count(*folders: str) -> tuple[int, list[Phrase]]:
    """Count the words of all texts below *folders* and return them with the phrases found."""
    words, found = 0, []
    for folder in folders:
        place = ROOT / folder
        files = [place] if place.is_file() else sorted(p for ext in ("py", "md") for p in place.rglob(f"*.{ext}"))
        for path in files:
            if "node_modules" in path.parts or path == Path(__file__):
                continue
            for line, text in texts_of(path):
                words += len(re.findall(r"[A-Za-z][A-Za-z'\u2019-]+", text))
                for name, (pattern, _) in LIMITS.items():
                    for hit in pattern.finditer(text):
                        place_in_text = line + text.count("\n", 0, hit.start())
                        excerpt = " ".join(text[max(0, hit.start() - 20) : hit.end() + 40].split())
                        found.append(Phrase(path, place_in_text, name, excerpt))
    return words, found


if __name__ == "__main__":
    total, phrases = count(*(sys.argv[1:] or ["src", "tests", "docs", "examples"]))
    for phrase in phrases:
        print(phrase)
    for name, number in Counter(phrase.pattern for phrase in phrases).most_common():
        print(f"{number * 10_000 / max(total, 1):6.1f} per 10,000 words (at most {LIMITS[name][1]}): {name} ({number})")
    print(f"{total} words")
