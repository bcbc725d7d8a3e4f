"""The client's encoder: asked once for each value of an unknown type, and its results are checked like any data."""

import collections
import decimal
import functools
from collections.abc import Callable
from typing import Any

import msgspec
import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from centripetal.errors import UsageError
from centripetal.protocol.encoder import Encoder, check_encoder, no_encoder
from centripetal.protocol.payload import encode_plain, plain_data


class Money:
    def __init__(self, amount: Any) -> None:
        self.amount = amount


class Other:
    """A type that the encoder does not know."""


class Model(pydantic.BaseModel):
    inner: Any


def encode(value: Any, encoder: Encoder) -> str:
    return encode_plain(plain_data(value, "data", encoder), "data").decode()


def amounts(value: object) -> Any:
    return {"amount": value.amount} if isinstance(value, Money) else NotImplemented


def sets_too(value: object) -> Any:
    if isinstance(value, set | frozenset):
        return sorted(value)
    if isinstance(value, bytes):
        return value.hex()
    return [*value] if isinstance(value, collections.deque) else amounts(value)


KNOWN: list[tuple[Any, str]] = [
    (Money(5), '{"amount":5}'),
    ([Money(decimal.Decimal("1.10"))], '[{"amount":"1.10"}]'),
    ({"a": (1, Money(Money({"b": Money(None)})))}, '{"a":[1,{"amount":{"amount":{"b":{"amount":null}}}}]}'),
    ({2, 1}, "[1,2]"),
    ([frozenset({1})], "[[1]]"),
    ({"a": b"\xff"}, '{"a":"ff"}'),
    (collections.deque([Money({3})]), '[{"amount":[3]}]'),
    (Money(msgspec.Raw(b'{"a" : 1}')), '{"amount":{"a" : 1}}'),
    (Model(inner=[Money({"b": Money(1)})]), '{"inner":[{"amount":{"b":{"amount":1}}}]}'),
]


@pytest.mark.parametrize(("value", "text"), KNOWN, ids=[text for _, text in KNOWN])
def test_values_of_types_that_the_encoder_knows(value: Any, text: str) -> None:
    """The encoder's results are encoded, at any depth; they may contain further unknown values."""
    assert encode(value, sets_too) == text


plain_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=15,
)


@given(plain_values, st.integers(0, 5))
def test_the_encoder_runs_once_for_each_unknown_value(value: Any, count: int) -> None:
    """The encoder runs once for each unknown value, and never for plain data."""
    seen: list[object] = []

    def encoder(each: object) -> Any:
        seen.append(each)
        return amounts(each)

    unknown = [Money(value) for _ in range(count)]
    expected = encode([value, [{"amount": value}] * count, value], no_encoder)
    assert encode([value, unknown, value], encoder) == expected
    assert seen == unknown


def endless(value: Any) -> Any:
    return Money(value)


def broken(value: Any) -> Any:
    raise KeyError("no rate")


async def waiting(value: Any) -> Any:
    return 1


def wrong(value: Any) -> Any:
    raise UsageError("another call is wrong")


def recursive(value: Any) -> Any:
    return recursive(value)


REFUSED: list[tuple[Callable[[Any], Any], str]] = [
    (no_encoder, "is of type Other, which has no JSON form: convert it first"),
    (
        lambda value: value,
        "the client's encoder returned its own argument, of type Other: return its JSON form, or NotImplemented for "
        "types that the encoder does not know",
    ),
    (lambda value: float("nan"), "is nan, which JSON does not support: send None or text instead"),
    (
        lambda value: b"1" if isinstance(value, Other) else NotImplemented,
        "is bytes: decode it to str first (bytes are only accepted as encoded JSON for the whole payload)",
    ),
    (lambda value: {1.5: 1}, "has the key 1.5: keys of a JSON object must be text, for example str(…)"),
    (broken, "is of type Other, for which the client's encoder raised KeyError: 'no rate'"),
    (wrong, "is of type Other, for which the client's encoder raised UsageError: another call is wrong"),
    (recursive, "is of type Other, for which the client's encoder raised RecursionError: maximum recursion depth"),
    (functools.partial(waiting), "the client's encoder returned a coroutine: it must be an ordinary function"),
    (endless, "is nested deeper than 200 levels, or contains itself"),
    (lambda value: {"a": Other()}, "is nested deeper than 200 levels, or contains itself"),
]


@pytest.mark.parametrize(("encoder", "message"), REFUSED, ids=[str(place) for place in range(len(REFUSED))])
def test_what_an_encoder_may_not_do(encoder: Encoder, message: str) -> None:
    """Every mistake of an encoder is a UsageError with the place; no encoder runs forever."""
    with pytest.raises(UsageError) as caught:
        encode({"a": [Other()]}, encoder)
    text = str(caught.value)
    assert text.startswith("data.a[0]")
    assert message in text


@pytest.mark.parametrize("encoder", [broken, wrong])
def test_the_exception_of_an_encoder_is_the_cause(encoder: Encoder) -> None:
    """The UsageError is chained to the exception of the encoder, also from inside a pydantic model."""
    for value in (Other(), Model(inner=Other())):
        with pytest.raises(UsageError) as caught:
            encode(value, encoder)
        assert isinstance(caught.value.__cause__, KeyError | UsageError)
    assert str(caught.value).startswith("a value in data is of type Other")


def test_an_encoder_is_not_asked_about_what_json_forbids() -> None:
    """NaN and keys that are not text are refused, whatever the encoder knows."""
    for value in ({"a": float("nan")}, {"a": decimal.Decimal("NaN")}, {(1,): 1}):
        with pytest.raises(UsageError):
            encode(value, repr)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (5, "encoder must be a function that takes a value, not int"),
        ("repr", "encoder must be a function that takes a value, not str"),
        (waiting, "encoder must be an ordinary function, not a coroutine function"),
    ],
)
def test_an_encoder_must_be_a_function(given: Any, message: str) -> None:
    """The option is checked when the client is created."""
    with pytest.raises(UsageError) as caught:
        check_encoder(given)
    assert str(caught.value) == message


def test_an_encoder_is_optional() -> None:
    """None, the default, means that there is no encoder."""
    assert check_encoder(None) is None
    assert check_encoder(repr) is repr
