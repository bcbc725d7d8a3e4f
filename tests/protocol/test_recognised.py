"""Values of other packages, which the library recognises without importing the packages."""

import dataclasses
import ipaddress
import sys
from pathlib import PurePosixPath, PureWindowsPath
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from centripetal.errors import UsageError
from centripetal.protocol.exact import behind_proxy, members_of, text_of
from centripetal.protocol.payload import encode_json
from tests.protocol.packages import NUMPY, NumpyBool, NumpyDatetime, NumpyInteger, NumpyTimedelta, generic, named


class Calls:
    """A text that counts how often it is translated."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, *_: object) -> str:
        self.count += 1
        return "Grüezi"


def lazy(name: str) -> tuple[Any, Calls]:
    """Return a lazy text whose class derives from one with this full name, and its counter."""
    calls = Calls()
    base = named(name)
    return type("__proxy__", (base,), {"__str__": lambda self: calls(self)})(), calls


LAZY = ["django.utils.functional.Promise", "babel.support.LazyProxy", "flask_babel.speaklater.LazyString",
        "speaklater._LazyString", "starlette_babel.LazyString"]  # fmt: skip


@pytest.mark.parametrize("name", LAZY)
def test_a_lazy_translation_is_translated_once(name: str) -> None:
    """A lazy translation is sent as its text, as a value and as a key, and is evaluated once."""
    value, calls = lazy(name)
    assert encode_json({"text": [value]}).decode() == '{"text":["Grüezi"]}'
    assert calls.count == 1
    assert encode_json({value: 1}).decode() == '{"Grüezi":1}'
    assert calls.count == 2


def test_a_class_with_a_similar_name_is_not_a_text() -> None:
    """A promise of another package is not taken for a translation."""
    assert text_of(named("aiopromise.Promise")()) is None


def test_lazy_text_that_derives_from_str_is_translated() -> None:
    """The text is what `str` returns, and not the characters that the object holds."""
    text = type("LazyString", (str,), {"__str__": lambda self: "translated"})("message id")
    assert encode_json([text, {text: 1}]) == b'["translated",{"translated":1}]'


TEXTS = [
    (PurePosixPath("/a/b.txt"), '"/a/b.txt"'),
    (PureWindowsPath("c:/a"), '"c:\\\\a"'),
    (ipaddress.ip_address("10.0.0.1"), '"10.0.0.1"'),
    (ipaddress.ip_address("::1"), '"::1"'),
    (ipaddress.ip_network("10.0.0.0/8"), '"10.0.0.0/8"'),
    (ipaddress.ip_network("fe80::/64"), '"fe80::/64"'),
    (ipaddress.ip_interface("10.0.0.1/8"), '"10.0.0.1/8"'),
    (ipaddress.ip_interface("::1/128"), '"::1/128"'),
]


@pytest.mark.parametrize(("value", "json"), TEXTS, ids=[text for _, text in TEXTS])
def test_paths_and_addresses_are_texts(value: Any, json: str) -> None:
    """Paths, and IP addresses, networks and interfaces, are sent as their text, as a value and as a key."""
    assert encode_json({"a": [value]}).decode() == f'{{"a":[{json}]}}'
    assert encode_json({value: 1}).decode() == f"{{{json}:1}}"


@pytest.fixture
def numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the process look as if numpy were loaded."""
    monkeypatch.setitem(sys.modules, "numpy", SimpleNamespace(generic=generic))


@pytest.mark.usefixtures("numpy")
@pytest.mark.parametrize(("value", "json"), NUMPY, ids=[json for _, json in NUMPY])
def test_scalars_of_numpy(value: Any, json: str) -> None:
    """Scalars are sent as the Python value that they hold, and moments that Python cannot hold as their text."""
    assert encode_json({"a": [value]}).decode() == f'{{"a":[{json}]}}'


@pytest.mark.usefixtures("numpy")
def test_scalars_of_numpy_as_keys() -> None:
    """Keys can be integers, dates and moments of numpy."""
    moment = NumpyDatetime(1577934245000000001, "2020-01-02T03:04:05.000000001")
    assert encode_json({NumpyInteger(5): 1, moment: 2}) == b'{"5":1,"2020-01-02T03:04:05.000000001":2}'


@pytest.mark.usefixtures("numpy")
@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([NumpyDatetime(None, "NaT")], r"data\[0\] is NaT, which JSON does not support: send None or text instead"),
        ([generic(float("nan"))], r"data\[0\] is nan, which JSON does not support: send None or text instead"),
        ([NumpyTimedelta(5)], r'data\[0\] is of type timedelta64, .*: pass its .astype\("timedelta64\[us\]"\).item'),
        ({NumpyBool(True): 1}, "data has the key .*: keys of a JSON object must be text"),
    ],
)
def test_a_scalar_of_numpy_that_is_refused(value: Any, message: str) -> None:
    """NaT, NaN and durations in units without a Python value are refused."""
    with pytest.raises(UsageError, match=message):
        encode_json(value)


@dataclasses.dataclass
class Data:
    a: Any
    b: Any = msgspec.UNSET


ATTRS = type("Attrs", (), {"__attrs_attrs__": (SimpleNamespace(name="x"), SimpleNamespace(name="_y"))})


def attrs_instance() -> Any:
    """Return an instance of a class that looks as the package attrs makes it."""
    value: Any = ATTRS()
    value.x, value._y = Data(PurePosixPath("p")), msgspec.UNSET
    return value


def test_the_members_of_dataclasses_and_attrs_classes() -> None:
    """Dataclasses and attrs classes have members, except UNSET ones; other values have none."""
    assert members_of(Data(1)) == {"a": 1}
    assert encode_json([attrs_instance()]) == b'[{"x":{"a":"p"}}]'
    assert members_of(object()) is None


class LazyObject:
    """A proxy as Django makes it: `__class__` loads the object."""

    _wrapped: Any = None

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        self._wrapped = {"a": 1}
        return dict


def proxy(**members: Any) -> Any:
    return type("Proxy", (), {"__class__": property(lambda self: str), **members})()


@pytest.mark.parametrize(
    ("value", "json"),
    [
        (LazyObject(), b'{"a":1}'),
        (proxy(_get_current_object=lambda self: "text"), b'"text"'),
        (proxy(__wrapped__=("text",)), b'["text"]'),
    ],
    ids=["Django", "Werkzeug", "wrapt"],
)
def test_a_proxy_is_sent_as_its_object(value: Any, json: bytes) -> None:
    """Proxies, which only pretend to have the class of their object, are replaced by the object."""
    assert encode_json(value) == json
    assert behind_proxy(5) == 5


def test_an_object_that_only_pretends_is_refused() -> None:
    """A mock with the class of str, which is not a proxy, has no JSON form."""
    with pytest.raises(UsageError, match=r"^data\[0\] is of type Proxy, which has no JSON form"):
        encode_json([proxy()])


@pytest.mark.parametrize("package", ["attr", "babel", "django"])
def test_the_real_packages_have_these_names(package: str) -> None:
    """The classes of this module have the names and attributes of the packages that are installed."""
    pytest.importorskip(package)
    if package == "attr":
        import attr

        assert encode_json(attr.make_class("Point", ["x"])(1)) == b'{"x":1}'
    elif package == "babel":
        from babel.support import LazyProxy

        assert encode_json(LazyProxy(lambda: "text")) == b'"text"'
    else:
        from django.utils.functional import SimpleLazyObject, lazy

        assert encode_json([lazy(lambda: "text", str)(), SimpleLazyObject(lambda: "b")]) == b'["text","b"]'
