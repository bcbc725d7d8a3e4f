"""Suggestions for misspelled names."""

from collections.abc import Iterable

__all__ = ["did_you_mean"]


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return a sentence that suggests the known name closest to *name*, or an empty text if no name is close."""
    import difflib  # imported here, so that commands without mistakes start faster

    folded = {each.lower(): each for each in known}
    found = difflib.get_close_matches(name.lower(), folded, 1, 0.6)
    return f"Did you mean {folded[found[0]]!r:.60}?" if found else ""
