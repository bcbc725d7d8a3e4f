"""Patterns that are matched in time proportional to the text: PURE.

Python's `re` tries the alternatives of a pattern one after the other, which takes exponential time for some patterns.
An `Automaton` follows all alternatives at the same time, as the servers' matchers do. `current/channel_patterns.py`
builds automata from globs, `tokens/patterns.py` from regular expressions.

    automaton = Automaton()                        state 0 is the start
    end = automaton.follow(0, "a".__eq__)          after an "a", continue in a new state
    automaton.accept(end)
"""

from collections.abc import Callable
from typing import TypeAlias

__all__ = ["Automaton", "Condition", "Test"]

Test: TypeAlias = Callable[[str], bool]
"""Whether a step accepts this character."""
Condition: TypeAlias = Callable[[str, str], bool]
"""Whether a jump is possible between these characters, which are empty at the ends of the text."""

_States: TypeAlias = frozenset[int]
_REMEMBERED = 20_000  # states of remembered moves, which limits their memory


class Automaton:
    """A pattern as states, which are numbers, with steps over a character and jumps over nothing between them."""

    def __init__(self) -> None:
        self._steps: list[list[tuple[Test, int]]] = [[]]
        self._jumps: list[list[tuple[int, Condition | None]]] = [[]]
        self._accepting = -1
        self._has_conditions = False
        self._moves: dict[tuple[_States, str, str], tuple[_States, bool]] = {}
        self._remembered = 0

    def __len__(self) -> int:
        """Return the number of states."""
        return len(self._steps)

    def state(self) -> int:
        """Return a new state."""
        self._steps.append([])
        self._jumps.append([])
        return len(self._steps) - 1

    def follow(self, state: int, test: Test) -> int:
        """Return a new state that is reached from *state* over a character that passes *test*."""
        target = self.state()
        self._steps[state].append((test, target))
        return target

    def loop(self, state: int, test: Test) -> None:
        """Stay in *state* over any number of characters that pass *test*."""
        self._steps[state].append((test, state))

    def jump(self, state: int, target: int, condition: Condition | None = None) -> None:
        """Continue from *state* also in *target*, without a character, wherever *condition* is true."""
        self._jumps[state].append((target, condition))
        self._has_conditions |= condition is not None

    def accept(self, state: int) -> None:
        """Make *state* the end of the pattern."""
        self._accepting = state

    def fullmatch(self, text: str) -> bool:
        """Return whether the pattern matches the whole *text*."""
        states, before = frozenset((0,)), ""
        for after in text:
            states, _ = self._move(states, before, after)
            if not states:
                return False
            before = after
        return self._move(states, before, "")[1]

    def search(self, text: str) -> bool:
        """Return whether the pattern matches somewhere in *text*."""
        start = states = frozenset((0,))
        before = ""
        for after in (*text, ""):
            states, matched = self._move(states | start, before, after)
            if matched:
                return True
            before = after
        return False

    def _move(self, states: _States, before: str, after: str) -> tuple[_States, bool]:
        """Return the states after the character *after*, and whether the pattern can end before it."""
        key = (states, before if self._has_conditions else "", after)
        known = self._moves.get(key)
        if known is not None:
            return known
        reached = self._reached(states, before, after)
        moved = frozenset(target for state in reached for test, target in self._steps[state] if after and test(after))
        if self._remembered > _REMEMBERED:
            self._moves.clear()
            self._remembered = 0
        self._remembered += len(states) + len(moved) + 1
        found = self._moves[key] = moved, self._accepting in reached
        return found

    def _reached(self, states: _States, before: str, after: str) -> set[int]:
        reached, todo = set(states), list(states)
        while todo:
            for target, condition in self._jumps[todo.pop()]:
                if target not in reached and (condition is None or condition(before, after)):
                    reached.add(target)
                    todo.append(target)
        return reached
