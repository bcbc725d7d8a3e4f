"""Deltas in the text format of the Fossil version control system (protocol 6: client-delta-and-tags-filter): PURE.

    create(source, target)      returns a delta that turns *source* into *target*
    apply(delta, source)        returns *target*

A delta consists of the size of the target, a newline, commands, a checksum of the target and a semicolon. A command is
`size@offset,` (copy from the source) or `size:text` (insert this text). Numbers are written with the 64 digits below.

`create` finds 16-byte blocks of the source in the target by their hashes and extends each match in both directions. It
uses the longest match for a block if the match is longer than the command for it. It follows the real server's
algorithm, so it creates the same deltas. Python needs longer than the real server, though, so the search is limited:
for large texts with little in common or many repetitions, the delta inserts more than necessary.
"""

import struct
from collections.abc import Iterator
from operator import mul

__all__ = ["InvalidDeltaError", "apply", "create"]

_DIGITS = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~"
_VALUES = {digit: value for value, digit in enumerate(_DIGITS)}
_BLOCK = 16
_WEIGHTS = range(_BLOCK, 0, -1)
_SHORTEST = 6  # bytes of the shortest command that copies
_MOST_CANDIDATES = 249  # blocks of the source compared per position: limits the time for repetitive text
_MOST_WORK = 200_000  # positions and comparisons, before the rest of the target is inserted: less than a second


class InvalidDeltaError(ValueError):
    """The delta is malformed, or was created for another source."""


# ---- creating


def create(source: bytes, target: bytes) -> bytes:
    """Return the delta that turns *source* into *target*. It may be longer than *target* if they differ a lot."""
    parts = [_number(len(target)), b"\n"]
    rest = _copy(source, target, parts) if len(source) > _BLOCK else 0
    if rest < len(target) or len(source) <= _BLOCK:
        parts += _insert(target[rest:])
    parts += _number(_checksum(target)), b";"
    return b"".join(parts)


def _copy(source: bytes, target: bytes, parts: list[bytes]) -> int:
    """Add commands up to the last match to *parts*, and return the position in *target* where it ends."""
    blocks = _Blocks(source)
    base = 0  # target[:base] is encoded
    while base + _BLOCK < len(target):
        start, offset, size = _next_match(blocks, target, base)
        if not size:
            break
        if start > base:
            parts += _insert(target[base:start])
        parts += _number(size), b"@", _number(offset), b","
        base = start + size
    return base


class _Blocks:
    """The blocks of a source by their hashes.

    The hash of a block is two 16-bit sums, of the bytes and of the bytes weighted by their position. There are fewer
    buckets than hashes, so different blocks share buckets. The real server finds some shorter matches only because of
    these collisions, so this implementation must have the same collisions.
    """

    def __init__(self, source: bytes) -> None:
        self.source = source
        self.buckets = len(source) // _BLOCK
        self.by_bucket: dict[int, list[int]] = {}
        for offset in range(0, len(source) - _BLOCK, _BLOCK):
            plain, weighted = _sums(source, offset)
            bucket = (plain | weighted << 16) % self.buckets
            self.by_bucket.setdefault(bucket, []).append(offset)
        for offsets in self.by_bucket.values():
            offsets.reverse()  # the last blocks are compared first
        self.budget = _MOST_WORK

    def candidates(self, plain: int, weighted: int) -> list[int]:
        """Return the blocks to compare for a hash."""
        found = self.by_bucket.get((plain | weighted << 16) % self.buckets, [])[:_MOST_CANDIDATES]
        self.budget -= 1 + len(found)
        return found


def _sums(text: bytes, at: int) -> tuple[int, int]:
    block = text[at : at + _BLOCK]
    return sum(block) & 0xFFFF, sum(map(mul, block, _WEIGHTS)) & 0xFFFF


def _next_match(blocks: _Blocks, target: bytes, base: int) -> tuple[int, int, int]:
    """Return start in target, start in source and size of the next match at or after *base*; size 0 without one."""
    plain, weighted = _sums(target, base)
    for at in range(base, len(target) - _BLOCK + 1):
        if at > base:
            # Move the sums by a byte, instead of adding the whole block again.
            plain = (plain - target[at - 1] + target[at + _BLOCK - 1]) & 0xFFFF
            weighted = (weighted - _BLOCK * target[at - 1] + plain) & 0xFFFF
        if blocks.budget <= 0:
            break
        if candidates := blocks.candidates(plain, weighted):
            match = _best_match(blocks.source, target, base, at, candidates)
            if match[2]:
                return match
    return 0, 0, 0


def _best_match(source: bytes, target: bytes, base: int, at: int, candidates: list[int]) -> tuple[int, int, int]:
    """Return start in target, start in source and size of the longest match around *at*; size 0 if none pays off."""
    best = (0, 0, 0)
    longest = _SHORTEST - 1
    here, before = target[at], target[at - 1]
    for candidate in candidates:
        if source[candidate] != here and source[candidate - 1] != before:
            continue  # most candidates only share the bucket
        forward = _common_prefix(source, candidate, target, at)
        # As in the original, backward matching never reaches the first byte of the source.
        backward = _common_suffix(source, candidate, target, at, min(candidate - 1, at - base))
        size = forward + backward
        if size > longest:
            start, offset = at - backward, candidate - backward
            if size >= len(_number(start - base)) + len(_number(size)) + len(_number(offset)) + 3:
                best, longest = (start, offset, size), size
    return best


def _common_prefix(source: bytes, first: int, target: bytes, second: int) -> int:
    """Return the number of equal bytes from these positions on."""
    most, size = min(len(source) - first, len(target) - second), 0
    while size < most and source[first + size] == target[second + size]:
        size += 1
        if size == _BLOCK:
            break
    else:
        return size
    # For more bytes, compare slices, because a loop is slow: double the size while they are equal, then halve it.
    step = _BLOCK
    while size < most and step:
        end = min(size + step, most)
        if source[first + size : first + end] == target[second + size : second + end]:
            size, step = end, step * 2
        else:
            most, step = end - 1, (end - size) // 2
    return size


def _common_suffix(source: bytes, first: int, target: bytes, second: int, most: int) -> int:
    """Return the number of equal bytes right before these positions, up to *most*."""
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
    """Return the sum of *text* as big-endian 32-bit words, modulo 2**32."""
    padded = text + bytes(-len(text) % 4)
    words: tuple[int, ...] = struct.unpack(f">{len(padded) // 4}I", padded)
    return sum(words) & 0xFFFFFFFF


# ---- applying


def apply(delta: bytes, source: bytes) -> bytes:
    """Apply *delta* to *source* and return the target.

    Raises:
        InvalidDeltaError: *delta* is malformed or was created for another source.
    """
    commands = _commands(delta)
    kind, total, _ = next(commands)
    if kind != b"\n":
        raise InvalidDeltaError("the delta does not start with the size of the target")
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
                    raise InvalidDeltaError("the delta was created for another source")
                return target
        size += len(part)
        if len(part) != number or size > total:
            raise InvalidDeltaError("a command exceeds the source, the delta or the size of the target")
        parts.append(part)
    raise InvalidDeltaError("the delta does not end with a checksum")


def _commands(delta: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yield mark, number and argument of each command: for `@` an offset in the source, for `:` one in the delta."""
    position = 0
    while position < len(delta):
        number, position = _read_number(delta, position)
        kind = delta[position : position + 1]
        position += 1
        argument = position
        if kind == b"@":
            argument, position = _read_number(delta, position)
            if delta[position : position + 1] != b",":
                raise InvalidDeltaError("a copy command does not end with a comma")
            position += 1
        elif kind == b":":
            position += number
        elif kind not in (b"\n", b";"):
            raise InvalidDeltaError(f"unknown command {kind!r}")
        yield kind, number, argument
    raise InvalidDeltaError("the delta does not end with a checksum")


def _read_number(delta: bytes, position: int) -> tuple[int, int]:
    """Return the number at *position*, and the position after it."""
    start, value = position, 0
    while position < len(delta) and delta[position] in _VALUES:
        value = value * 64 + _VALUES[delta[position]]
        position += 1
    if not 0 < position - start <= 8:
        raise InvalidDeltaError(f"expected a number of at most 8 digits at byte {start}")
    return value, position
