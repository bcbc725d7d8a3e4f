"""Valid and invalid requests to the HTTP API of a current server as bytes, and comparable replies."""

import re
from typing import Any

from hypothesis import strategies as st
from msgspec import inspect

from centripetal.dialects.current.commands import COMMANDS
from centripetal.dialects.current.server_codec import METHODS, NUMBERS
from centripetal.protocol.fields import wire_struct
from tests.conformance.raw import (
    LITERALS,
    SPACES,
    STRINGS,
    RawRequest,
    arrays,
    described,
    mutated,
    payloads,
    separated,
    values,
)

__all__ = ["CONFIG", "KEY", "calls", "mask", "requests"]

KEY = "clé"

CONFIG = {
    "http_api": {"key": KEY},
    "channel": {
        "without_namespace": {"presence": True},
        "namespaces": [
            {"name": "hist", "history_size": 5, "history_ttl": "300s"},
            {"name": "deep", "history_size": 10000, "history_ttl": "300s", "presence": True},
            {"name": "json", "publication_data_format": "json", "history_size": 2, "history_ttl": "300s"},
            {"name": "obj", "publication_data_format": "json_object"},
            {"name": "bin", "publication_data_format": "binary"},
            {"name": "map", "subscription_type": "map", "map": {"mode": "persistent"}},
        ],
    },
}

_MASKS = (
    (re.compile(rb'"epoch":"[A-Za-z]{8}"'), b'"epoch":"EPOCH"'),
    (re.compile(rb'"nodes":\[.*?"num_subs":\d+\}\]', re.DOTALL), b'"nodes":NODES'),
)


def mask(body: bytes) -> bytes:
    """Return a reply's body without values that differ between servers."""
    for pattern, replacement in _MASKS:
        body = pattern.sub(replacement, body)
    return body


_CHANNELS = ["hist:a", "hist:a", "hist:b", "deep:x", "json:x", "obj:x", "bin:x", "plain", "$hist:x", "nowhere:x", ":x"]
_CHANNELS += ["", "hist:é<&>\u2028", "a#1,2"]
_CHANNEL = st.sampled_from(_CHANNELS).map(lambda name: b'"%b"' % name.encode())
_UNIQUE_CHANNELS = st.lists(st.sampled_from(_CHANNELS), max_size=4, unique=True).map(
    lambda names: b"[%b]" % b",".join(b'"%b"' % name.encode() for name in names)
)
_INTEGERS = st.one_of(
    st.integers(-3, 12).map(lambda number: b"%d" % number),
    st.sampled_from(
        b"1.0 1e1 2147483647 2147483648 9223372036854775808 18446744073709551615 18446744073709551616".split()
    ),
    st.sampled_from([b'"1"', b"null", b"true"]),
)
_ANY = st.one_of(values, LITERALS, _INTEGERS)
_POSITIONS = st.one_of(
    st.integers(0, 9).map(lambda offset: b'{"offset":%d}' % offset),
    st.integers(0, 9).map(lambda offset: b'{"offset":%d,"epoch":""}' % offset),
    st.sampled_from([b'{"epoch":"other"}', b"{}", b"null", b'{"Offset":2,"x":1}', b'{"offset":-1}', b"[]"]),
    st.just(b'{"offset":18446744073709551615}'),
)
_SPECIAL: dict[str, st.SearchStrategy[bytes]] = {
    "channel": _CHANNEL,
    "channels": _UNIQUE_CHANNELS,
    "b64data": st.sampled_from(
        [b'""', b'"eyJhIjoxfQ=="', b'"eyJh"', b'"MTI="', b'"MTI"', b'"%%"', b'"MT I="', b'"MTI=\\n"']
    ),
    "tags": st.sampled_from(
        [b"{}", b'{"b":"1","a":"<\\b>"}', b'{"a":null}', b'{"a":1}', b"null", b'{"A":"1","a":"2"}']
    ),
    "since": _POSITIONS,
    "recover_since": _POSITIONS,
    "idempotency_key": st.sampled_from([b'""', b'"k1"', b'"k2"', b'"k3"']),
    "version_epoch": st.sampled_from([b'""', b'"e1"', b'"e2"']),
    "pattern": st.sampled_from([b'"*"', b'"["', b'""', b'"{a"', b'"[a-b-c]"', b'"[!"', b'"\\\\"']),
    "override": st.sampled_from(
        [b"{}", b'{"presence":{"value":true}}', b'{"presence":true}', b"null", b'{"presence":{}}']
    ),
    "disconnect": st.sampled_from([b"{}", b'{"code":4000}', b'{"code":-1}', b'{"code":4294967296}', b"null", b"[]"]),
    "label_filter": st.sampled_from([b"{}", b'{"nodes":[{"key":"a"},null]}', b'{"nodes":[1]}', b"5"]),
    "method": st.sampled_from([b'""', b'"ping"']),
}


def _values_of(field: inspect.Field) -> st.SearchStrategy[bytes]:
    special = _SPECIAL.get(field.encode_name)
    if special is not None:
        return special
    match field.type:
        case inspect.BoolType():
            return st.sampled_from([b"true", b"false", b"false", b"null"])
        case inspect.IntType():
            return _INTEGERS
        case inspect.RawType():
            return payloads
        case inspect.ListType():
            return arrays(STRINGS)
        case _:
            return STRINGS


def _fields(method: str) -> dict[str, st.SearchStrategy[bytes]]:
    shape: Any = inspect.type_info(wire_struct(METHODS[method]))
    return {field.encode_name: _values_of(field) for field in shape.fields}


_FIELDS = {method: _fields(method) for method in METHODS}
_NEEDED = {"publish": ["channel", "data"], "broadcast": ["channels", "data"], "rpc": ["method"]}
_STREAMS = [method for method in METHODS if "map" not in method and "poll" not in method]


@st.composite
def _params(draw: st.DrawFn, method: str, wild: bool) -> bytes:
    fields = _FIELDS[method]
    names = [name for name in _NEEDED.get(method, ["channel"]) if name in fields]
    if names and wild and not draw(st.integers(0, 4)):
        names = names[1:]
    others = [name for name in fields if name not in names]
    if others:
        names += draw(st.lists(st.sampled_from(others), max_size=3, unique=not wild))
    if wild and not draw(st.integers(0, 4)):
        names.append("x")
    return draw(described(names, fields, wild, _ANY))


_PRO_METHODS = [command.name for command in COMMANDS if command.pro]
_methods = st.sampled_from([*_STREAMS, *["publish"] * 6, *["history"] * 4, *["broadcast"] * 2])


@st.composite
def _bodies(draw: st.DrawFn, method: str) -> bytes:
    good, wild = _params(method, wild=False), _params(method, wild=True)
    body: bytes = draw(st.one_of(good, good, wild, wild, mutated(good), values, SPACES))
    return body


@st.composite
def _batches(draw: st.DrawFn) -> bytes:
    items = []
    for method in draw(st.lists(_methods, max_size=5)):
        wild = not draw(st.integers(0, 3))
        items.append(draw(described([method], {method: _params(method, wild)}, wild, _ANY)))
    odd = [
        b"null",
        b"{}",
        b'{"nothing":1}',
        b'{"%b":{}}' % draw(st.sampled_from(_PRO_METHODS)).encode(),
    ]
    odd += [b'{"history":null,"channels":{}}', b'{"channels":{},"info":{}}', b"1"]
    items += draw(st.lists(st.sampled_from(odd), max_size=1))
    listed = separated(b"[", items, [draw(SPACES) for _ in items], b"]")
    members = {"commands": st.just(listed), "parallel": st.sampled_from([b"false", b"null", b"0"])}
    body: bytes = draw(described(["commands", *draw(st.lists(st.just("parallel"), max_size=1))], members, False, _ANY))
    return body


@st.composite
def _sequences(draw: st.DrawFn) -> bytes:
    """Return a body for the single endpoint."""
    texts = []
    numbers = {name: number for number, name in NUMBERS.items()}
    for method in draw(st.lists(_methods, max_size=4)):
        wild = not draw(st.integers(0, 3))
        members = {
            "id": st.sampled_from([b"1", b"7", b"0", b"4294967295", b"-1"] if wild else [b"1", b"7", b"0"]),
            "method": st.sampled_from(
                [b'"%b"' % method.encode(), b'"%b"' % method.upper().encode(), b"%d" % numbers[method]]
            ),
            "params": _params(method, wild),
        }
        names = ["method", "params", *draw(st.lists(st.sampled_from(["id", "x"]), max_size=2))]
        texts.append(draw(described(names, members, wild, _ANY)) + draw(SPACES))
    texts += draw(
        st.lists(
            st.sampled_from([b"null", b"{}", b'{"method":99}', b'{"method":"info"}', b"[]", b'{"method":-1}']),
            max_size=1,
        )
    )
    return b"".join(texts)


def _with_key(path: str, body: bytes) -> RawRequest:
    return RawRequest("POST", path, (("X-API-Key", KEY),), body)


@st.composite
def calls(draw: st.DrawFn) -> RawRequest:
    """Return a request with the key and a correct path; its content may be invalid."""
    kind = draw(st.sampled_from(["method"] * 6 + ["batch", "single"]))
    if kind == "batch":
        return _with_key("/api/batch", draw(_batches()))
    if kind == "single":
        return _with_key("/api", draw(_sequences()))
    method = draw(_methods)
    return _with_key(f"/api/{method}", draw(_bodies(method)))


_PATHS = ["/api/publish", "/api/nothing", "/api/", "/api/publish/", "//api/publish", "/API/publish", "/", "/api//batch"]
_PATHS += [
    "/api/connections",
    "/health",
    "/api/../api/info",
    "/api/publish?api_key=cl%C3%A9",
    "/api?api_key=wrong",
    "/api?api_key=",
]
_HEADERS = [
    ("X-API-Key", KEY),
    ("X-API-Key", "wrong"),
    ("X-API-Key", ""),
    ("Authorization", f"apikey {KEY}"),
    ("Authorization", f"ApiKey   {KEY}"),
    ("Authorization", f"apikey {KEY} x"),
    ("Authorization", f"Bearer {KEY}"),
    ("Authorization", KEY),
    ("X-Centrifugo-Error-Mode", "transport"),
    ("X-Centrifugo-Error-Mode", "Transport"),
    ("Content-Type", "text/plain"),
]


@st.composite
def requests(draw: st.DrawFn) -> RawRequest:
    """Return a request with any method, path and headers."""
    headers = draw(st.lists(st.sampled_from(_HEADERS), max_size=3, unique_by=lambda header: header[0]))
    method = draw(st.sampled_from(["POST"] * 6 + ["GET", "PUT", "HEAD", "OPTIONS", "DELETE"]))
    body = draw(
        st.sampled_from([b"{}", b'{"channel":"nowhere:x","data":1}', b'{"channel":"plain","data":1}', b"", b"x"])
    )
    return RawRequest(method, draw(st.sampled_from(_PATHS)), tuple(headers), body)
