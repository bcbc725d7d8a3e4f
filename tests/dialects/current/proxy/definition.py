"""The server's definition of proxy events (`definition.json`), the recorded requests, and readers of our classes."""

import json
import re
from pathlib import Path
from typing import Any

import msgspec
from msgspec import inspect

from centripetal.dialects.current.proxy.events import EVENTS
from tests.wire.golden import HERE

__all__ = ["ANSWERED", "NOT_ANSWERED", "fields_of", "kind_of", "message", "recorded"]

_DEFINITION = json.loads((Path(__file__).parent / "definition.json").read_text())

# Calls of the server's definition that this library does not answer, with the reason.
NOT_ANSWERED = {
    "SubscribeUnidirectional": "streams exist only over gRPC",
    "SubscribeBidirectional": "streams exist only over gRPC",
    "NotifyCacheEmpty": "only PRO asks it",
    "NotifyChannelState": "only PRO asks it",
    "MapPublish": "6.9.1 executes the change and nevertheless answers error 107",
    "MapRemove": "6.9.1 executes the change and nevertheless answers error 107",
}
ANSWERED = sorted(_DEFINITION["calls"].keys() - NOT_ANSWERED.keys())
CALLS = sorted(_DEFINITION["calls"])


def kind_of(call: str) -> str:
    """Return the kind of an event: `sub_refresh` for `SubRefresh`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", call).lower()


def message(name: str) -> dict[str, str]:
    """Return the fields of a message by name, in the server's order, each with its type."""
    fields: dict[str, str] = _DEFINITION["messages"][name]
    return fields


def fields_of(struct: type[msgspec.Struct]) -> dict[str, str]:
    """Return the fields of one of our classes in the form of the definition, without those that are never sent."""
    info = inspect.type_info(struct)
    assert isinstance(info, inspect.StructType)
    return {field.encode_name: _name(field.type) for field in info.fields if not field.encode_name.startswith(" ")}


def _name(kind: Any) -> str:
    match kind:
        case inspect.StrType():
            return "str"
        case inspect.BoolType():
            return "bool"
        case inspect.RawType() | inspect.AnyType():
            return "json"
        case inspect.IntType():
            return "int64" if kind.ge else f"uint{64 if kind.le is None else 32}"
        case inspect.ListType() | inspect.CollectionType():
            return f"list[{_name(kind.item_type)}]"
        case inspect.DictType():
            return f"map[{_name(kind.value_type)}]"
        case inspect.UnionType():
            (inner,) = (each for each in kind.types if not isinstance(each, inspect.NoneType))
            return _name(inner)
        case inspect.StructType():
            return kind.cls.__name__
    raise AssertionError(kind)


def recorded() -> list[Any]:
    """Return the recorded questions of a real server: kind, body of the request, status and body of the answer."""
    found = []
    for file in sorted((HERE / "current").glob("proxy_*.json")):
        for step in json.loads(file.read_text())["frames"]:
            if step["dir"] == "backend":
                request, response = step["request"], step["response"]
                kind = request["path"].removeprefix("/").replace("poll", "shared_poll_refresh")
                assert kind in EVENTS
                body = (request.get("body") or "").encode()
                found.append((kind, body, response.get("status", 200), (response.get("body") or "").encode()))
    assert len(found) > 40
    return found
