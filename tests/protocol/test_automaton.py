"""Automata match text in linear time."""

import time

import pytest

from centripetal.protocol.automaton import Automaton


def any_(_: str) -> bool:
    return True


def letters(text: str, automaton: Automaton, state: int = 0) -> int:
    for letter in text:
        state = automaton.follow(state, letter.__eq__)
    return state


def abc_or_b() -> Automaton:
    """Return an automaton for `abc` or `b`, at the end of the text."""
    automaton = Automaton()
    end, branch = letters("abc", automaton), automaton.state()
    automaton.jump(0, branch)
    automaton.jump(letters("b", automaton, branch), end)
    last = automaton.state()
    automaton.jump(end, last, lambda _, after: not after)
    automaton.accept(last)
    return automaton


@pytest.mark.parametrize(
    ("text", "whole", "somewhere"),
    [
        ("abc", True, True),
        ("b", True, True),
        ("xab", False, True),
        ("ab", False, True),
        ("abcx", False, False),
        ("", False, False),
        ("a", False, False),
    ],
)
def test_alternatives_are_followed_at_the_same_time(text: str, whole: bool, somewhere: bool) -> None:
    """`fullmatch` needs the whole text, `search` any part of it; a condition sees the adjacent characters."""
    assert abc_or_b().fullmatch(text) is whole
    assert abc_or_b().search(text) is somewhere


def test_jumps_in_a_circle_end() -> None:
    """States that jump to each other are visited once."""
    automaton = Automaton()
    other = automaton.state()
    automaton.jump(0, other)
    automaton.jump(other, 0)
    automaton.accept(letters("a", automaton, other))
    assert automaton.fullmatch("a")
    assert not automaton.fullmatch("")


def test_the_time_is_proportional_to_the_text() -> None:
    """Twenty loops, which a matcher that tries all alternatives would never finish, take a moment."""
    automaton, state = Automaton(), 0
    for _ in range(20):
        automaton.loop(state, any_)
        state = automaton.follow(state, "a".__eq__)
    automaton.accept(letters("b", automaton, state))
    started = time.perf_counter()
    assert not automaton.fullmatch("a" * 50_000)
    assert automaton.fullmatch("a" * 50_000 + "b")
    assert time.perf_counter() - started < 10


def test_the_memory_of_moves_is_bounded() -> None:
    """Texts with ever new characters are matched without keeping what was learned about each of them."""
    automaton = Automaton()
    automaton.loop(0, any_)
    automaton.accept(letters("b", automaton))
    for first in range(0x100, 0xD000, 0x100):
        assert automaton.fullmatch("".join(map(chr, range(first, first + 0x100))) + "b")
    assert len(automaton._moves) < 20_001
