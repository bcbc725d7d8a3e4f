"""All methods and fields of the published API (`definition.json`), with sample values of each type."""

import json
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from centripetal.dialects.current import commands
from centripetal.dialects.current import objects as shared
from centripetal.dialects.current.commands import COMMANDS
from centripetal.dialects.current.commands.pro import objects
from centripetal.dialects.current.results import maps as map_results
from centripetal.dialects.current.results import pro as pro_results
from centripetal.dialects.current.results import standard as results
from centripetal.protocol.command import Command

__all__ = ["METHODS", "Listed", "field_types", "make", "make_command", "message_class", "sample"]

_API = json.loads((Path(__file__).parent / "definition.json").read_text())
MESSAGES: dict[str, dict[str, str]] = _API["messages"]
_MODULES = (shared, commands, map_results, objects, pro_results, results)
# Messages that have another name here, because a method already has their name.
_RENAMED = {"Disconnect": "DisconnectReason"}
_KINDS: dict[str, type[Command[Any]]] = {command.name: command for command in COMMANDS}


class Listed(NamedTuple):
    """A method of the definition, with the names of its request and result messages."""

    name: str
    request: str
    result: str

    @property
    def command(self) -> type[Command[Any]]:
        return _KINDS[self.name]


METHODS = [Listed(name, **messages) for name, messages in _API["methods"].items()]


def field_types(message: str) -> dict[str, str]:
    """Return the fields of a message with their types in the definition."""
    return MESSAGES[message]


def message_class(message: str) -> Any:
    """Return our class for a message that is not the request of a method."""
    name = _RENAMED.get(message, message)
    return next(getattr(module, name) for module in _MODULES if name in module.__all__)


_SCALARS: dict[str, Any] = {
    "str": "some text",
    "bool": True,
    "int32": -(2**31),
    "int64": 2**63 - 1,
    "uint32": 2**32 - 1,
    "uint64": 2**64 - 1,
    "double": 1.5,
    "bytes": {"any": ["JSON", None]},
}
# Fields that accept only some values.
_SPECIAL: dict[str, Any] = {"b64data": "AP8=", "b64info": "AP8=", "b64stream_data": "AP8=", "key_mode": "if_new"}
_SPECIAL |= dict.fromkeys(("expire_at", "issued_before", "send_at"), 99_999_999_999)


def sample(kind: str, name: str = "", depth: int = 0) -> Any:
    """Return a sample value of a type in the definition, in its form on the wire."""
    if name in _SPECIAL:
        return _SPECIAL[name]
    if kind in _SCALARS:
        return _SCALARS[kind]
    if kind.startswith("["):
        return [] if depth > 2 else [sample(kind[1:-1], depth=depth + 1)]
    if kind.startswith("map "):
        return {"a name": sample(kind.split("→")[1], depth=depth + 1)}
    members = {field: sample(of, field, depth + 1) for field, of in MESSAGES.get(kind, _RESPONSE).items()}
    return {field: value for field, value in members.items() if value != []}


_RESPONSE = {"error": "ReplyError", "result": "PublishResult"}  # response of each channel of a broadcast
MESSAGES["ReplyError"] = {"code": "uint32", "message": "str"}


def make(kind: str, value: Any) -> Any:
    """Return the argument that a user passes for a field of that type to send *value*."""
    if kind in _SCALARS:
        return value
    if kind == "BoolValue":
        return value["value"]
    if kind.startswith("["):
        return [make(kind[1:-1], item) for item in value]
    if kind.startswith("map "):
        return {key: make(kind.split("→")[1], item) for key, item in value.items()}
    fields = MESSAGES[kind]
    return message_class(kind)(**{field: make(fields[field], item) for field, item in value.items()})


def make_command(listed: Listed, fields: dict[str, Any]) -> Command[Any]:
    """Return the command that sends *fields*."""
    types = MESSAGES[listed.request]
    return listed.command(**{field: make(types[field], value) for field, value in fields.items()})


def names_of(kind: Any) -> set[str]:
    """Return the names of a struct's fields on the wire."""
    return {field.encode_name for field in msgspec.structs.fields(kind)}
