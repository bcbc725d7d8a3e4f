"""Client data is decoded to the type of the annotation, or is an error that says where it does not fit."""

import dataclasses
from typing import Annotated, Any, Literal, TypedDict

import msgspec
import pydantic
import pytest

from centripetal.errors import UsageError
from centripetal.handling.decoders import BadData, decoder


class Struct(msgspec.Struct):
    a: int


@dataclasses.dataclass
class Data:
    a: int


class Typed(TypedDict):
    a: int


class Model(pydantic.BaseModel):
    a: int


class Inner(pydantic.BaseModel):
    items: list[Model]


class Plain:
    pass


@dataclasses.dataclass
class WithModel:
    model: Model


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (Any, b'{"a":1}', {"a": 1}),
        (Any, b"", None),
        (Any, b"null", None),
        (bytes, b'{"a": 1 }', b'{"a": 1 }'),
        (bytes, b"", b""),
        (Struct, b'{"a":1,"b":2}', Struct(1)),
        (Data, b'{"a":1}', Data(1)),
        (Typed, b'{"a":1}', {"a": 1}),
        (Model, b'{"a":1}', Model(a=1)),
        (int, b"7", 7),
        (Literal["x"], b'"x"', "x"),
        (list[Data], b'[{"a":1}]', [Data(1)]),
        (list[Model], b'[{"a":1}]', [Model(a=1)]),
        (WithModel, b'{"model":{"a":1}}', WithModel(Model(a=1))),
        (Struct | None, b"", None),
        (Model | None, b"null", None),
        (Annotated[int, msgspec.Meta(gt=0)], b"3", 3),
    ],
)
def test_data_becomes_the_annotated_type(kind: Any, text: bytes, value: Any) -> None:
    """Structs, dataclasses, TypedDicts, pydantic models and plain types are decoded, also inside each other."""
    assert decoder(kind)(text, False) == value


def test_bytes_of_the_server_are_data_without_an_annotation() -> None:
    """With `binary_encoding`, data is bytes, unless the annotation wants a type: then the bytes are JSON."""
    assert decoder(Any)(b"\xff", True) == b"\xff"
    assert decoder(bytes)(b"\xff", True) == b"\xff"
    assert decoder(Struct)(b'{"a":1}', True) == Struct(1)


@pytest.mark.parametrize(
    ("kind", "text", "message"),
    [
        (Any, b"{", "Input data was truncated"),
        (Any, b'"\xff"', "utf-8|UTF-8"),
        (Struct, b'{"a":"x"}', r"Expected `int`, got `str` - at `\$.a`"),
        (Struct, b"", "Expected `object`, got `null`"),
        (Data, b"{}", "missing required field `a`"),
        (Model, b'{"a":"secret"}', r"Input should be a valid integer.* - at `\$.a`"),
        (Inner, b'{"items":[{"a":1},{"a":"secret"}]}', r"- at `\$.items\[1\].a`"),
        (Model, b"", "Input should be an object - at `\\$`"),
        (list[Model], b'[{"a":"secret"}]', r"valid integer.* - at `\$\[0\]\.a`"),
        (WithModel, b'{"model":1}', r"at `\$.model`"),
        (list[Any], b"[" * 100_000 + b"]" * 100_000, "."),
    ],
)
def test_wrong_data_is_an_error_with_its_place(kind: Any, text: bytes, message: str) -> None:
    """Data that does not fit is an error of at most 200 characters with the place, without the data."""
    with pytest.raises(BadData, match=message) as caught:
        decoder(kind)(text, False)
    assert "secret" not in str(caught.value)
    assert len(str(caught.value)) <= 200


@pytest.mark.parametrize("kind", [Plain, object(), int | list[Plain] | set[int]])
def test_types_that_json_cannot_become_are_errors(kind: Any) -> None:
    """A type that cannot be decoded is an error at registration."""
    with pytest.raises(UsageError, match="data cannot be decoded as"):
        decoder(kind)


def test_a_part_that_cannot_be_decoded_is_a_bug_not_bad_data() -> None:
    """If a class inside the annotation cannot be decoded, the client is not blamed."""
    with pytest.raises(NotImplementedError, match="Plain cannot be decoded"):  # and no BadData, which blames the client
        decoder(list[Plain])(b"[1]", False)
