"""Bodies in pieces and compressed bodies: joined, decoded and refused at the limit."""

import gzip
import tracemalloc
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from centripetal.errors import CentripetalError, MalformedResponseError
from centripetal.protocol.reply_body import Body, body_of


def raw(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


PACK: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "x-gzip": lambda data: gzip.compress(data[:3]) + gzip.compress(data[3:]),
    "GZIP": gzip.compress,
    "deflate": lambda data: zlib.compress(data),
    "Deflate": raw,
}


def joined(body: Body, data: bytes, cuts: list[int]) -> bytes:
    for cut in [*cuts, len(data)]:
        if data[:cut]:
            body.add(data[:cut])
        data = data[cut:]
    return body.whole()


@given(st.sampled_from(sorted(PACK)), st.binary(), st.lists(st.integers(1, 9)))
def test_any_split_of_a_compressed_body_gives_the_same_body(coding: str, data: bytes, cuts: list[int]) -> None:
    """A compressed body is decoded however its bytes are split."""
    body = Body(100_000, coding)
    assert joined(body, PACK[coding](data), cuts) == data
    assert body.decodes


@given(st.sampled_from(["gzip", "deflate"]), st.binary(min_size=2), st.lists(st.integers(1, 9)))
def test_any_bytes_are_decoded_or_refused(coding: str, data: bytes, cuts: list[int]) -> None:
    """Bytes that are not in the stated coding raise MalformedResponseError, which names the header."""
    try:
        joined(Body(1000, coding), data, cuts)
    except MalformedResponseError as error:
        assert f"Content-Encoding: {coding}" in str(error) or "max_response_bytes" in str(error)  # noqa: PT017


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_a_body_that_expands_beyond_the_limit_is_refused(coding: str) -> None:
    """A small body that expands to 200 MB is refused at the limit, with memory for little more than the limit."""
    packed = PACK[coding](bytes(200_000_000))
    body = Body(1_000_000, coding)
    tracemalloc.start()
    try:
        with pytest.raises(MalformedResponseError, match="max_response_bytes"):
            body.add(packed)
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


def test_the_limit_is_exact() -> None:
    """A body that expands to exactly the limit is accepted, and one byte more is refused."""
    assert joined(Body(5, "gzip"), gzip.compress(b"12345"), []) == b"12345"
    with pytest.raises(MalformedResponseError):
        joined(Body(4, "gzip"), gzip.compress(b"12345"), [])


@pytest.mark.parametrize(
    ("coding", "data", "problem"),
    [
        ("gzip", gzip.compress(b"12345", mtime=0)[:-1], "ends early"),
        ("deflate", zlib.compress(b"1")[:2], "ends early"),
        ("deflate", zlib.compress(b"1") + b"x", "not valid"),
        ("gzip", gzip.compress(b"1", mtime=0) + b"x", "ends early"),
        ("gzip", gzip.compress(b"", mtime=0) * 100, "not valid"),
        ("gzip", b"\x1f\x8b" + b"x" * 20, "not valid"),
    ],
)
def test_an_invalid_body_is_refused(coding: str, data: bytes, problem: str) -> None:
    """A body that is cut, or is not in the stated coding, is refused; for an error, only its text is lost."""
    with pytest.raises(MalformedResponseError, match=f"Content-Encoding: {coding}, but (is )?{problem}"):
        joined(Body(1000, coding), data, [])
    joined(Body(1000, coding, strict=False), data, [])


@given(st.binary().filter(lambda data: not data.startswith(b"\x1f\x8b")), st.lists(st.integers(1, 9)))
def test_a_body_that_is_not_compressed_after_all_is_left_alone(data: bytes, cuts: list[int]) -> None:
    """Some gateways decode a body and leave the header; a body that does not begin like gzip is returned unchanged."""
    assert joined(Body(100_000, "gzip"), data, cuts) == data


@pytest.mark.parametrize("coding", ["br", "zstd", "gzip, gzip", "compress", "x" * 500])
def test_a_coding_that_cannot_be_decoded_is_refused(coding: str) -> None:
    """The error names the header; for a status other than 200, the body is dropped instead."""
    headers = (("content-encoding", coding),)
    with pytest.raises(MalformedResponseError, match=f"Content-Encoding: {coding[:40]}, which") as caught:
        body_of(headers, 200, 1000)
    assert len(str(caught.value)) < 250
    body = body_of(headers, 502, 1000)
    assert body is not None
    assert joined(body, b"\x1b\x00", []) == b""


@pytest.mark.parametrize("headers", [(), (("content-encoding", "identity"),), (("content-encoding", " "),)])
def test_a_body_that_is_not_compressed_is_left_alone(headers: tuple[tuple[str, str], ...]) -> None:
    """Without a coding, or with `identity`, the body needs no decoder."""
    assert body_of(headers, 200, 1000) is None


def test_many_small_pieces_take_little_memory() -> None:
    """A body in pieces of two bytes takes little more memory than its size."""
    body = Body(10_000_000)
    tracemalloc.start()
    try:
        for _ in range(250_000):
            body.add(b"ab")
        assert len(body.whole()) == 500_000
        assert tracemalloc.get_traced_memory()[1] < 1_500_000
    finally:
        tracemalloc.stop()


def test_errors_are_of_this_library() -> None:
    """Every refusal is a CentripetalError whose outcome is unknown."""
    with pytest.raises(CentripetalError) as caught:
        Body(10, "br")
    assert caught.value.executed == "unknown"
