"""Deltas in the text format of the Fossil version control system (spec v6 §11.8): PURE.

    create(source, target)      a delta: what to do to *source* to get *target*
    apply(delta, source)        *target*

A delta is the size of the target, a newline, commands, and a checksum of the target with a semicolon. A command is
`size@offset,` (copy from the source) or `size:text` (this text). Numbers are written with the 64 digits below.

`create` looks for blocks of 16 bytes of the source in the target, by their hashes, and extends what it finds both ways;
it takes the longest of the matches that it finds for a block, and only one that is longer than the command. All as the
real server does, so that its deltas come out.
"""

import struct
from collections.abc import Iterator
from itertools import accumulate

__all__ = ["InvalidDeltaError", "apply", "create"]

_DIGITS = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~"
_VALUES = {digit: value for value, digit in enumerate(_DIGITS)}
_BLOCK = 16
_MOST_CANDIDATES = 249  # how many blocks of the source are compared: what repeats itself must not take for ever


class InvalidDeltaError(ValueError):
    """A delta that is none, or not one for this source."""


# ---- creating


def create(source: bytes, target: bytes) -> bytes:
    """The delta that makes *target* of *source*; it may be longer than *target* if they have little in common."""
    parts = [_number(len(target)), b"\n"]
    rest = _copy(source, target, parts) if len(source) > _BLOCK else 0
    if rest < len(target) or len(source) <= _BLOCK:
        parts += _insert(target[rest:])
    parts += _number(_checksum(target)), b";"
    return b"".join(parts)


def _copy(source: bytes, target: bytes, parts: list[bytes]) -> int:
    """Add commands up to the last match to *parts*; the result says where in *target* that ends."""
    buckets = len(source) // _BLOCK
    blocks: dict[int, list[int]] = {}
    hash_of = _Hashes(source)
    for offset in range(0, len(source) - _BLOCK, _BLOCK):
        blocks.setdefault(hash_of(offset) % buckets, []).append(offset)
    hash_of = _Hashes(target)
    base = at = 0  # what is before base is said already, at is where a block is looked for
    while at + _BLOCK <= len(target) and base + _BLOCK < len(target):
        candidates = blocks.get(hash_of(at) % buckets, [])
        start, offset, size = _best_match(source, target, base, at, candidates)
        if size:
            if start > base:
                parts += _insert(target[base:start])
            parts += _number(size), b"@", _number(offset), b","
            base = at = start + size
        else:
            at += 1
    return base


class _Hashes:
    """The hash of each block of a text: two sums of 16 bits, of its bytes and of its bytes by their places.

    There are so few buckets for so many hashes that blocks which are not equal meet in one: some that have shorter
    pieces in common are found that way, and so they are here.
    """

    def __init__(self, text: bytes) -> None:
        self._sums = list(accumulate(text, initial=0))
        self._sums_of_sums = list(accumulate(self._sums))

    def __call__(self, at: int) -> int:
        before, end = self._sums[at], at + _BLOCK
        by_place = self._sums_of_sums[end] - self._sums_of_sums[at] - _BLOCK * before
        return (self._sums[end] - before) & 0xFFFF | (by_place & 0xFFFF) << 16


def _best_match(source: bytes, target: bytes, base: int, at: int, candidates: list[int]) -> tuple[int, int, int]:
    """Where in target and source the longest match around *at* starts, and its size; 0: none that is worth it."""
    best = (0, 0, 0)
    for candidate in candidates[: -_MOST_CANDIDATES - 1 : -1]:
        if source[candidate] != target[at] and source[candidate - 1] != target[at - 1]:
            continue  # nothing in common: most are like that, only their hashes fall into one bucket
        forward = _common_prefix(source, candidate, target, at)
        # The first byte of the source is never reached backwards, as in the original.
        backward = _common_suffix(source, candidate, target, at, min(candidate - 1, at - base))
        start, offset, size = at - backward, candidate - backward, forward + backward
        cost = len(_number(start - base)) + len(_number(size)) + len(_number(offset)) + 3
        if size >= cost and size > best[2]:
            best = (start, offset, size)
    return best


def _common_prefix(source: bytes, first: int, target: bytes, second: int) -> int:
    """How many bytes are equal from these places on."""
    most, step, size = min(len(source) - first, len(target) - second), 64, 0
    # By slices, because a loop over bytes is slow: longer and longer ones while they are equal, then shorter ones.
    while size < most and step:
        end = min(size + step, most)
        if source[first + size : first + end] == target[second + size : second + end]:
            size, step = end, step * 2
        else:
            most, step = end - 1, (end - size) // 2
    return size


def _common_suffix(source: bytes, first: int, target: bytes, second: int, most: int) -> int:
    """How many bytes are equal right before these places."""
    size = 0
    while size < most and source[first - size - 1] == target[second - size - 1]:
        size += 1
    return size


def _insert(text: bytes) -> tuple[bytes, ...]:
    return _number(len(text)), b":", text


def _number(value: int) -> bytes:
    digits = bytearray()
    while value or not digits:
        digits.append(_DIGITS[value & 63])
        value >>= 6
    digits.reverse()
    return bytes(digits)


def _checksum(text: bytes) -> int:
    """The sum of *text* as big-endian words of 32 bits."""
    padded = text + bytes(-len(text) % 4)
    words: tuple[int, ...] = struct.unpack(f">{len(padded) // 4}I", padded)
    return sum(words) & 0xFFFFFFFF


# ---- applying


def apply(delta: bytes, source: bytes) -> bytes:
    """What *delta* makes of *source*.

    Raises:
        InvalidDeltaError: it is no delta, or one for another source.
    """
    commands = _commands(delta)
    kind, total, _ = next(commands)
    if kind != b"\n":
        raise InvalidDeltaError("a delta starts with the size of what it makes")
    parts: list[bytes] = []
    size = 0
    for kind, number, argument in commands:
        match kind:
            case b"@":
                part = source[argument : argument + number]
            case b":":
                part = delta[argument : argument + number]
            case _:
                target = b"".join(parts)
                if len(target) != total or _checksum(target) != number:
                    raise InvalidDeltaError("the delta is for another source")
                return target
        size += len(part)
        if len(part) != number or size > total:
            raise InvalidDeltaError("a command goes beyond the end")
        parts.append(part)
    raise InvalidDeltaError("a delta ends with a checksum")


def _commands(delta: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Mark, number, and for `@` the offset in the source, for `:` that of the text in the delta."""
    position = 0
    while position < len(delta):
        number, position = _read_number(delta, position)
        kind = delta[position : position + 1]
        position += 1
        argument = position
        if kind == b"@":
            argument, position = _read_number(delta, position)
            if delta[position : position + 1] != b",":
                raise InvalidDeltaError("a copy command ends with a comma")
            position += 1
        elif kind == b":":
            position += number
        elif kind not in (b"\n", b";"):
            raise InvalidDeltaError(f"there is no command {kind!r}")
        yield kind, number, argument
    raise InvalidDeltaError("a delta ends with a checksum")


def _read_number(delta: bytes, position: int) -> tuple[int, int]:
    """The number that starts there, and where it ends."""
    start, value = position, 0
    while position < len(delta) and delta[position] in _VALUES:
        value = value * 64 + _VALUES[delta[position]]
        position += 1
    if not 0 < position - start <= 8:
        raise InvalidDeltaError(f"a number is expected at byte {start}")
    return value, position
