"""Regular expressions of a server's configuration, with the meaning and the linear time that they have in Go."""

import functools
import re
from importlib import import_module
from typing import Any

from centripetal.errors import UsageError
from centripetal.protocol.automaton import Automaton, Condition, Test

__all__ = ["compiled"]

_MOST_STATES = 20_000  # Go limits the size of an expression, too
_POSIX = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "digit": "0-9",
    "lower": "a-z",
    "upper": "A-Z",
    "space": r"\t\n\x0b\f\r ",
    "word": "0-9A-Za-z_",
    "xdigit": "0-9A-Fa-f",
}
_POSIX_CLASS = re.compile(r"\[:([a-z]+):\]")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)

# Python's parser of expressions, a private module since Python 3.11. Its trees have the same form in all versions.
_parser: Any = import_module("re._parser")


@functools.lru_cache(maxsize=1024)
def compiled(pattern: str, what: str = "the expression") -> Automaton:
    """Return an automaton for the regular expression *pattern*; *what* names it in an error.

    Raises:
        UsageError: the pattern is not a valid regular expression, or uses a feature that Go does not have.
    """
    try:
        tree = _parser.parse(_ESCAPED.sub(_translated, _POSIX_CLASS.sub(_members, pattern)))
        return _Expression(tree, what, pattern).automaton
    except re.error as error:
        raise UsageError(f"{what} {pattern!r:.100} is not a valid regular expression: {error}") from None
    except (RecursionError, OverflowError):
        raise UsageError(f"{what} {pattern!r:.100} is nested too deeply or too large") from None


def _translated(escape: re.Match[str]) -> str:
    r"""Return an escape in Python's spelling: Go writes the end of the text as `\z`."""
    if escape[1] == "Z":
        raise re.error(r"bad escape \Z: the end of the text is \z")
    return r"\Z" if escape[1] == "z" else escape[0]


def _members(named: re.Match[str]) -> str:
    return _POSIX.get(named[1], named[0])


class _Expression:
    """The automaton of a parsed expression. An unsupported feature raises a `UsageError`."""

    def __init__(self, tree: Any, what: str, pattern: str) -> None:
        self.automaton = Automaton()
        self._name = f"{what} {pattern!r:.100}"
        self.automaton.accept(self._add(tree, 0, tree.state.flags))

    def _add(self, tree: Any, state: int, flags: int) -> int:
        """Add *tree* after *state*, and return the state after it."""
        for operator, argument in tree:
            state = self._add_one(str(operator), argument, state, flags)
            if len(self.automaton) > _MOST_STATES:
                raise UsageError(f"{self._name} is too large: use smaller numbers of repetitions")
        return state

    def _add_one(self, operator: str, argument: Any, state: int, flags: int) -> int:
        match operator:
            case "LITERAL" | "NOT_LITERAL" | "ANY" | "IN":
                return self.automaton.follow(state, _test(operator, argument, flags))
            case "BRANCH":
                after = self.automaton.state()
                for each in argument[1]:
                    self.automaton.jump(self._add(each, self._branch(state), flags), after)
                return after
            case "SUBPATTERN":
                _, added, removed, tree = argument
                return self._add(tree, state, (flags | added) & ~removed)
            case "MAX_REPEAT" | "MIN_REPEAT":
                least, most, tree = argument
                return self._repeat(least, most, tree, state, flags)
            case "AT":
                after = self.automaton.state()
                self.automaton.jump(state, after, _condition(str(argument), flags))
                return after
        raise UsageError(f"{self._name} uses a feature that Go does not have, such as (?=…), (?!…) or a back reference")

    def _branch(self, state: int) -> int:
        first = self.automaton.state()
        self.automaton.jump(state, first)
        return first

    def _repeat(self, least: int, most: Any, tree: Any, state: int, flags: int) -> int:
        for _ in range(least):
            state = self._add(tree, state, flags)
        if most == _parser.MAXREPEAT:
            again = self._branch(state)
            self.automaton.jump(self._add(tree, again, flags), again)
            return self._branch(again)
        after = self.automaton.state()
        self.automaton.jump(state, after)
        for _ in range(most - least):
            state = self._add(tree, state, flags)
            self.automaton.jump(state, after)
        return after


# ---- characters


_DIGITS = frozenset("0123456789")
_SPACES = frozenset("\t\n\f\r ")  # unlike in Python, without the vertical tab
_WORD = frozenset("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz")
_CATEGORIES: dict[str, tuple[frozenset[str], bool]] = {
    "CATEGORY_DIGIT": (_DIGITS, True),
    "CATEGORY_NOT_DIGIT": (_DIGITS, False),
    "CATEGORY_SPACE": (_SPACES, True),
    "CATEGORY_NOT_SPACE": (_SPACES, False),
    "CATEGORY_WORD": (_WORD, True),
    "CATEGORY_NOT_WORD": (_WORD, False),
}


def _test(operator: str, argument: Any, flags: int) -> Test:
    if operator == "ANY":
        return (lambda _: True) if flags & re.DOTALL else (lambda char: char != "\n")
    if operator == "IN":
        members, wanted = [(str(kind), value) for kind, value in argument], True
    else:
        members, wanted = [("LITERAL", argument)], operator == "LITERAL"
    if members[0][0] == "NEGATE":
        members, wanted = members[1:], False
    # Ranges of the members' code points, and categories such as \d.
    ranges = [value if kind == "RANGE" else (value, value) for kind, value in members if kind != "CATEGORY"]
    categories = [_CATEGORIES[str(value)] for kind, value in members if kind == "CATEGORY"]

    def is_member(char: str) -> bool:
        code = ord(char)
        return any(low <= code <= high for low, high in ranges) or any(
            (char in chars) is inside for chars, inside in categories
        )

    if flags & re.IGNORECASE:
        return lambda char: (
            any(len(each) == 1 and is_member(each) for each in (char, char.lower(), char.upper())) is wanted
        )
    return lambda char: is_member(char) is wanted


def _cases(char: str) -> set[str]:
    return {each for each in (char, char.lower(), char.upper()) if len(each) == 1}


def _condition(name: str, flags: int) -> Condition:
    match name, bool(flags & re.MULTILINE):
        case "AT_BEGINNING", True:
            return lambda before, _: before in ("", "\n")
        case "AT_END", True:
            return lambda _, after: after in ("", "\n")
        case (("AT_BEGINNING" | "AT_BEGINNING_STRING"), _):
            return lambda before, _: not before
        case (("AT_END" | "AT_END_STRING"), _):
            return lambda _, after: not after
        case "AT_BOUNDARY", _:
            return lambda before, after: (before in _WORD) is not (after in _WORD)
    return lambda before, after: (before in _WORD) is (after in _WORD)
