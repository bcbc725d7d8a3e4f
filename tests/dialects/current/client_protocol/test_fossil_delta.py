"""Fossil deltas equal the deltas of the real server, and applying a delta restores the target."""

import contextlib
import json
import random
import time
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from centripetal.dialects.current.client_protocol.fossil_delta import InvalidDeltaError, apply, create
from tests.wire.golden import load

BITMAP = bytes(random.Random(1).choices(b"01", k=100_000))
FOX = b"The quick brown fox jumps over the lazy dog. "

# Source, target, and the delta that the real server's library (fossil-delta, in Go) creates from them.
CREATED = [
    (b"", b"", b"0\n0:0;"),
    (b"", b"abc", b"3\n3:abc1XObC0;"),
    (b"0123456789abcdef", b"0123456789abcdefg", b"H\nH:0123456789abcdefg1c12xn;"),
    (FOX, FOX, b"i\ni@0,2OF1L9;"),
    # Matches shorter than a block, which are found because other blocks have the same hash.
    (
        b"=?qy;GGdI{Fk t]@t=2>4*AS915fo)HQz;4$Y;S.",
        b"=?qy;GGdI{Fk t]@t=2>4S915fo)HQz;4$Y]@t=2>4*AS915fo)HQz;4$Y;S.",
        b"y\nL@0,E:S915fo)HQz;4$YQ@E,P1pCk;",
    ),
    (
        b'J@^*"3H(sN&\'qQI;1V=DK <;ASF\\S^l[A"[YZcVo;lNqW56thZfMob";.O}%',
        b'J@^*IJ@^*"3H(sN&\'qQI;1V=DK <;J@^*"6thZfMob";.O}[A"[YZcVo;lNqW56thZfMob";.O}%',
        b'1C\n5:J@^*IO@0,I:J@^*"6thZfMob";.O}T@V,hjQ37;',
    ),
]

small = st.binary(max_size=200)
# Texts that share pieces with the source, with other bytes in between.
related = st.tuples(
    st.lists(st.sampled_from([FOX, FOX[3:30], b"xyz", b"\0\xff", b"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"])), small
)


@pytest.mark.parametrize(("source", "target", "delta"), CREATED)
def test_deltas_equal_the_deltas_of_the_real_server(source: bytes, target: bytes, delta: bytes) -> None:
    """Deltas are equal byte for byte, because the bytes depend on the search for matches."""
    assert create(source, target) == delta
    assert apply(delta, source) == target


def test_recorded_deltas_are_reproduced() -> None:
    """Each delta that a real server pushed is the delta between the two published payloads."""
    published = [
        step["request"]["body"][len('{"channel":"dpub:d","data":') : -1].encode()
        for step in load("current", "ws_delta")["frames"]
        if step["dir"] == "http"
    ]
    deltas = [
        json.loads(step["data"])["push"]["pub"]["data"].encode()
        for step in load("current", "ws_delta")["frames"]
        if step["dir"] == "recv" and '"delta":true}}}' in step.get("data", "")
    ]
    assert [create(*pair) for pair in pairwise(published)] == deltas
    assert [apply(delta, source) for delta, source in zip(deltas, published, strict=False)] == published[1:]


@given(source=st.one_of(small, related.map(lambda parts: b"".join(parts[0]) + parts[1])), target=related)
@example(source=FOX * 100, target=([FOX] * 300, b""))
def test_applying_a_created_delta_gives_the_target(source: bytes, target: tuple[list[bytes], bytes]) -> None:
    """For any two texts, applying the delta to the source gives the target."""
    text = b"".join(target[0]) + target[1]
    assert apply(create(source, text), source) == text


def test_a_small_change_makes_a_small_delta() -> None:
    """Text that source and target share is not part of the delta."""
    source = FOX * 100
    assert len(create(source, source[:1000] + b"!" + source[1000:])) < 40


@pytest.mark.parametrize(
    "delta",
    [
        b"",
        b"3",
        b"3\n",
        b"3:abc",
        b"3\n3:abc",
        b"3\n3:abc1XObC1;",
        b"3\n3:ab",
        b"4\n3:abc1XObC0;",
        b"2\n3:abc1XObC0;",
        b"3\n3@0,1XObC0;",
        b"3\n3@0;",
        b"3\n3?abc",
        b"3\n@0,",
        b"3\n3:abc1XObC0",
        b"~~~~~~~~~\n0;",
        b"\xff\n",
    ],
)
def test_an_invalid_delta_is_refused(delta: bytes) -> None:
    """A broken delta, or a delta for another source, raises InvalidDeltaError."""
    with pytest.raises(InvalidDeltaError):
        apply(delta, b"ab")


@given(delta=st.binary(max_size=40), source=small)
def test_any_bytes_make_a_text_or_the_documented_error(delta: bytes, source: bytes) -> None:
    """Applying any bytes raises only InvalidDeltaError."""
    with contextlib.suppress(InvalidDeltaError):
        apply(delta, source)


@pytest.mark.parametrize(
    ("source", "target"),
    [
        (BITMAP, BITMAP[::-1]),
        (b"a" * 200_000, b"a" * 199_000 + b"b"),
        (b"\0" * 17 + b"a" * 300_000, (b"a" * 15 + b"c") * 20_000),
        (BITMAP, b"x" * 300_000 + BITMAP),
    ],
)
def test_large_texts_take_a_moment(source: bytes, target: bytes) -> None:
    """The search for common parts is bounded, and the delta still gives the target."""
    started = time.perf_counter()
    delta = create(source, target)
    assert time.perf_counter() - started < 15
    assert apply(delta, source) == target
