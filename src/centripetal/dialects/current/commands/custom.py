"""Call a method by its name, including methods that this library does not know yet."""

import re
from collections.abc import Mapping
from typing import Any, cast

import msgspec

from centripetal.dialects.current.commands.base import Method
from centripetal.errors import UsageError
from centripetal.protocol.payload import encode_plain, plain_data

__all__ = ["Custom", "custom"]


class Custom(Method[Any], frozen=True):
    """A method, or fields of a method, that this library does not know: see `custom`."""

    alone = True  # the server may fail to decode it and would then reject a whole batch
    params: Mapping[str, Any] = {}

    def body(self) -> bytes:
        """Return the fields as JSON."""
        if not isinstance(self.params, Mapping) or not all(isinstance(field, str) for field in self.params):
            raise UsageError("params must be a dict from the names of the method's fields to their values")
        return encode_plain({field: plain_data(value, field) for field, value in self.params.items()}, "params")


_NAME = r"[a-z][a-z0-9_]{0,63}"
_customs: dict[str, type[Custom]] = {}


def custom(name: str, params: Mapping[str, Any] | None = None, *, timeout: float | None = None) -> Custom:
    """Return a command for any method by its name, as sent by `client.call("name", {…})`.

    Args:
        name: the method's name on the wire.
        params: the method's fields as JSON values, sent unchanged. A field's value may also be `bytes` with ready-made
            JSON.
        timeout: time limit of this call in seconds; by default the client's `timeout`.

    Returns:
        A command whose result is the decoded `result` of the reply.

    Raises:
        UsageError: *name* cannot be the name of a method.
    """
    if not isinstance(name, str) or not re.fullmatch(_NAME, name) or name == "batch":
        advice = "to batch calls, use client.batch()" if name == "batch" else "pass a name such as 'publish'"
        raise UsageError(f"{name!r:.100} is not a method name: {advice}")
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
