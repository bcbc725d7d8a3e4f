"""Text that is safe to print to a terminal."""

from centripetal.protocol.records import shortened

__all__ = ["one_line", "printable"]


def printable(text: str) -> str:
    """Escape all characters of *text* that could control a terminal or reorder its text, except line breaks."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c == "\n" else ascii(c)[1:-1] for c in text)


def one_line(text: str) -> str:
    """Do the same as `printable` for text from a server or a user: escape line breaks too, and cut long text."""
    return printable(shortened(text)).replace("\n", "\\n")
