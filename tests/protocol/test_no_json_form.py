"""Errors about values without a JSON form name the place and the conversion."""

import array
import asyncio
import collections
import concurrent.futures
import contextlib
import enum
import fractions
import functools
import io
import re
import sqlite3
import types
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from centripetal.errors import UsageError
from centripetal.protocol.encoder import no_json_form
from centripetal.protocol.payload import encode_json, plain_data
from tests.protocol.packages import named


async def coroutine() -> None:
    """Do nothing."""


async def asynchronous() -> AsyncIterator[int]:
    yield 1


def sqlite_row() -> Any:
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        connection.row_factory = sqlite3.Row
        return connection.execute("select 1 as a").fetchone()


def failing(*_: object) -> Any:
    raise RuntimeError("code of the value ran")


LIST, CALL = "pass list(…)", "call it, and pass the result"
FIXES: list[tuple[Any, str]] = [
    (collections.deque([1]), LIST),
    ({1: 2}.keys(), LIST),
    ({1: 2}.values(), LIST),
    ({1: 2}.items(), LIST),
    (collections.OrderedDict(a=1).keys(), LIST),
    ((letter for letter in ""), LIST),
    (range(3), LIST),
    (map(str, ()), LIST),
    (zip(()), LIST),
    (iter([]), LIST),
    (collections.UserList([1]), LIST),
    (named("app.Items", __iter__=failing)(), LIST),
    (array.array("i", [1]), "pass its .tolist()"),
    (named("numpy.ndarray", tolist=failing, __iter__=failing)(), "pass its .tolist()"),
    (named("pandas.DataFrame", iterrows=failing, to_dict=failing)(), 'pass frame.to_dict("records")'),
    (named("polars.DataFrame", to_dicts=failing, to_dict=failing)(), "pass its .to_dicts()"),
    (named("polars.Series", to_list=failing, __iter__=failing)(), "pass its .to_list()"),
    (named("pandas.api.typing.NAType")(), "send None or text instead"),
    (io.StringIO("a"), "read it, and pass the text"),
    (io.BytesIO(b"a"), "read it, and pass the text"),
    (named("starlette.datastructures.UploadFile", read=failing)(), "read it, and pass the text"),
    (named("app.Awaitable", __await__=failing)(), "await it first"),
    (concurrent.futures.Future[int](), "pass its .result()"),
    (asynchronous(), "pass [item async for item in …]"),
    (failing, CALL),
    (lambda: 1, CALL),
    (len, CALL),
    ("a".upper, CALL),
    (functools.partial(len, "a"), CALL),
    (enum.Enum, "pass an instance instead of the class"),
    (collections.deque, "pass an instance instead of the class"),
    (ValueError("text"), "pass its text, str(…)"),
    (collections.UserString("a"), "pass str(…)"),
    (fractions.Fraction(1, 2), "pass float(…) or str(…)"),
    (re.compile("a"), "pass its .pattern"),
    (types.SimpleNamespace(a=1), "pass vars(…)"),
    (sqlite_row(), "pass dict(…)"),
    (named("asyncpg.Record", keys=failing, __iter__=failing)(), "pass dict(…)"),
    (
        named("django.db.models.query.QuerySet", __iter__=failing)(),
        "pass list(queryset.values(…)) with the fields that subscribers may see",
    ),
    (
        type("UserManager", (named("django.db.models.manager.BaseManager"),), {})(),
        "pass list(manager.values(…)) with the fields that subscribers may see",
    ),
    (
        type("User", (named("django.db.models.base.Model"),), {})(),
        "pass a dict of the fields that subscribers may see, for example "
        "django.forms.models.model_to_dict(instance, fields=[…])",
    ),
    (named("sqlalchemy.engine.row.Row", _asdict=failing, __iter__=failing)(), "pass row._asdict()"),
    (named("sqlalchemy.engine.result.Result", __iter__=failing)(), "pass [row._asdict() for row in result]"),
    (named("sqlalchemy.orm.query.Query", __iter__=failing)(), "pass [row._asdict() for row in query]"),
    (
        named("app.Item", _sa_class_manager=failing)(),
        'pass a dict of the fields that subscribers may see, for example {"id": instance.id}',
    ),
    (named("app.Row", _asdict=failing)(), "pass its ._asdict()"),
    (named("app.Thing", to_dict=failing)(), "pass its .to_dict()"),
    (named("app.Thing", as_dict=failing)(), "pass its .as_dict()"),
    (named("app.OldModel", __fields_set__=failing, __iter__=failing)(), "pass its .dict()"),
    (object(), "convert it first"),
    (1j, "convert it first"),
    (..., "convert it first"),
    (types, "convert it first"),
]
IDS = [f"{place}-{type(value).__name__}" for place, (value, _) in enumerate(FIXES)]


@pytest.mark.parametrize(("value", "fix"), FIXES, ids=IDS)
def test_the_message_names_the_place_and_the_fix(value: Any, fix: str) -> None:
    """The message names the place, the type and the fix, and no code of the value runs."""
    kind = type(value).__name__
    otherwise = f"{fix}, or pass encoder= to the client" if fix == "convert it first" else fix
    for data, place in [(value, "data"), ({"a": [0, value]}, "data.a[1]"), ([{"b": value}], "data[0].b")]:
        with pytest.raises(UsageError) as caught:
            encode_json(data)
        assert str(caught.value) == f"{place} is of type {kind}, which has no JSON form: {fix}"
        with pytest.raises(UsageError) as caught:
            plain_data(data, "data")
        assert str(caught.value) == f"{place} is of type {kind}, which has no JSON form: {otherwise}"


def test_a_coroutine_must_be_awaited() -> None:
    """The message about a coroutine or a future says that it must be awaited."""
    value = coroutine()
    loop = asyncio.new_event_loop()
    for each in (value, loop.create_future()):
        with pytest.raises(UsageError, match=r"^data\.a is of type .*, which has no JSON form: await it first$"):
            encode_json({"a": each})
    value.close()
    loop.close()


@pytest.mark.parametrize("value", [{1}, frozenset(), type("Tags", (set,), {})()])
def test_a_set_is_refused_with_the_fix(value: Any) -> None:
    """Sets have no order, so the message lets the caller choose one."""
    with pytest.raises(UsageError) as caught:
        plain_data({"a": value}, "data")
    text = "data.a is a set, and JSON has no sets: pass a list, for example sorted(…) or list(…)"
    assert str(caught.value) == text


class Broken:
    def __iter__(self) -> Iterator[int]:
        raise RuntimeError("a" * 5000)

    __repr__ = __str__ = failing


LONG = "k" * 5000


@pytest.mark.parametrize(
    "value",
    [
        {LONG: object()},
        {LONG: {LONG: float("nan")}},
        {LONG: {(LONG,): 1}},
        {(LONG,): 1},
        {LONG: "\ud800"},
        {LONG: b"x"},
        {LONG: {LONG, 1}},
        {LONG: {1: 1, "1": 2}},
        [named(f"app.{LONG}")()],
        [LONG.upper],
        {LONG: [Broken()]},
        {LONG: RuntimeError(LONG)},
        {LONG: type("Text", (dict,), {"items": lambda self: failing(), "__iter__": failing, "x": LONG})(a=1)},
    ],
)
def test_a_message_contains_little_data(value: Any) -> None:
    """Names of members are data: a message shows at most 100 characters of them."""
    with pytest.raises(UsageError) as caught:
        encode_json(value)
    text = str(caught.value)
    assert max(len(run) for run in re.findall("[kK]+", text) or [""]) <= 60
    assert text.lower().count("k") <= 110
    assert len(text) < 300


def test_the_advice_about_bytes() -> None:
    """Bytes inside the data are refused, because they could be text or a picture."""
    text = "info is bytes: decode it to str first (bytes are only accepted as encoded JSON for the whole payload)"
    assert no_json_form(b"", "info", "") == text
