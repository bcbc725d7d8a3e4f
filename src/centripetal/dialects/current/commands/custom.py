"""Call a method by its name, including methods that this library does not know yet."""

import re
from collections.abc import Mapping
from typing import Any, Self, cast

import msgspec

from centripetal.dialects.current.commands.base import Method
from centripetal.errors import UsageError, shown
from centripetal.protocol.checks import check_text
from centripetal.protocol.encoder import Encoder
from centripetal.protocol.exact import exact_text
from centripetal.protocol.payload import encode_plain, plain_data

__all__ = ["Custom", "custom"]


class Custom(Method[Any], frozen=True):
    """A method, or fields of a method, that this library does not know: see `custom`."""

    alone = True  # the server may fail to decode it and would then reject a whole batch
    params: Mapping[str, Any] = {}

    def with_plain_data(self, encoder: Encoder) -> Self:
        given: Any = self.params
        if not isinstance(given, Mapping):
            return self  # `body` rejects it
        params = {field: plain_data(value, str(field), encoder) for field, value in given.items()}
        return msgspec.structs.replace(self, params=params)

    def body(self) -> bytes:
        """Return the fields as JSON."""
        if not isinstance(self.params, Mapping) or not all(issubclass(type(field), str) for field in self.params):
            raise UsageError("params must be a dict from the names of the method's fields to their values")
        fields = [(check_text("a name in params", field), value) for field, value in self.params.items()]
        return encode_plain({field: plain_data(value, field) for field, value in fields}, "params")

    def __reduce__(self) -> tuple[Any, ...]:
        # Pickle cannot find the class, which `custom` creates.
        return _restored, (self.name, self.params, self.timeout)


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
    text = exact_text(name)
    if text is None or not re.fullmatch(_NAME, text) or text == "batch":
        advice = "to batch calls, use client.batch()" if text == "batch" else "pass a name such as 'publish'"
        raise UsageError(f"{shown(name)} is not a method name: {advice}")
    name = text
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
    return kind(params={} if params is None else params, timeout=timeout)


def _restored(name: str, params: Mapping[str, Any], timeout: float | None) -> Custom:
    return custom(name, params, timeout=timeout)
