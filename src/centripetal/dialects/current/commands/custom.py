"""Any method by its name, also one that this library does not know yet."""

import re
from collections.abc import Mapping
from typing import Any, cast

import msgspec

from centripetal.dialects.current.commands.base import Method
from centripetal.errors import UsageError
from centripetal.protocol.payload import encode_plain, plain_data

__all__ = ["Custom", "custom"]


class Custom(Method[Any], frozen=True):
    """A method that this library does not know, or one with fields it does not know: see `custom`."""

    alone = True  # nobody knows whether it decodes
    params: Mapping[str, Any] = {}

    def body(self) -> bytes:
        """The fields as they travel."""
        if not isinstance(self.params, Mapping) or not all(isinstance(field, str) for field in self.params):
            raise UsageError("params must be a dict of the method's fields, with their names as keys")
        return encode_plain({field: plain_data(value, field) for field, value in self.params.items()}, "params")


_NAME = r"[a-z][a-z0-9_]{0,63}"
_customs: dict[str, type[Custom]] = {}


def custom(name: str, params: Mapping[str, Any] | None = None, *, timeout: float | None = None) -> Custom:
    """Any method by its name, with its fields as they are: what `client.call("name", {…})` sends.

    Args:
        name: the method's name on the wire.
        params: its fields; values are JSON values, `bytes` on the top level ready-made JSON.
        timeout: seconds, instead of the client's own limit.

    Returns:
        A command whose result is the decoded `result` of the reply.
    """
    if not isinstance(name, str) or not re.fullmatch(_NAME, name) or name == "batch":
        advice = "collect calls with client.batch()" if name == "batch" else "such as 'publish'"
        raise UsageError(f"{name!r:.100} is no name of a method: {advice}")
    kind = _customs.get(name)
    if kind is None:
        kind = cast(
            type[Custom],
            msgspec.defstruct(
                "Custom", [], bases=(Custom,), namespace={"name": name, "__doc__": Custom.__doc__}, frozen=True
            ),
        )
        if len(_customs) < 256:
            _customs[name] = kind
    return kind({} if params is None else params, timeout=timeout)
