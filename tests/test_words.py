"""Texts for people stay free of phrases that are hard to read (`tests/words.py` counts them)."""

import pytest

from tests.words import LIMITS, count, texts_of
from tests.words import ROOT as PROJECT


@pytest.mark.parametrize("folders", [("src",), ("tests",), ("docs", "examples", "README.md")], ids=" ".join)
def test_texts_stay_plain(folders: tuple[str, ...]) -> None:
    """No phrase occurs more often per 10,000 words than its limit."""
    words, phrases = count(*folders)
    found = {name: [phrase for phrase in phrases if phrase.pattern == name] for name in LIMITS}
    over = {name: places for name, places in found.items() if len(places) * 10_000 > LIMITS[name][1] * words}
    assert words > 5_000
    assert not over, "\n".join(str(phrase) for places in over.values() for phrase in places)


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("Who watches must answer pings.", "Who/What as a subject"),
        ("The reply. What comes later is dropped.", "Who/What as a subject"),
        ("The name is no channel.", "is no X"),
        ("Nobody waits for it.", "somebody, nobody"),
        ("The error is none.", "is none"),
        ("The limit is that of the server.", "that of, those of"),
        ("The default stands here.", "stands"),
        ("The call comes to an end.", "comes to"),
        ("The history begins anew.", "anew, besides, of its own"),
        ("The message says what is wrong.", "of what, says what"),
    ],
)
def test_each_phrase_is_recognised(text: str, pattern: str) -> None:
    """A sentence with the phrase is found by its pattern."""
    assert LIMITS[pattern][0].search(text)


@pytest.mark.parametrize(
    "text",
    [
        "What is a channel?",
        "The key is no longer valid.",
        "A stand-in for one machine.",
        "The letters stand for the name.",
        "See what the server sent.",
    ],
)
def test_plain_sentences_pass(text: str) -> None:
    """Questions and common phrases are not counted."""
    assert not [name for name, (pattern, _) in LIMITS.items() if pattern.search(text)]


def test_docstrings_comments_and_messages_are_read() -> None:
    """The texts of a module include its docstrings, comments and messages, with their lines."""
    texts = dict(texts_of(PROJECT / "tests" / "words.py"))
    assert any("per 10,000 words" in text for text in texts.values())
    assert any(text.startswith("A message is a string") for text in texts.values())
