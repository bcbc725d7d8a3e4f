"""The answers to proxy events in the form that a 6.9.1 server decodes: all fields, before base64 is decoded. PURE.

See protocol 6: table-proxy-numbers. The classes have the fields of the server's definition, so a wrong type in any of
them, also in one that only PRO uses, makes the answer useless. `reading.py` decides what an answer means.
"""

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Raw

from centripetal.dialects.current.objects import FilterNode
from centripetal.dialects.current.proxy.events import (
    ConnectEvent,
    Event,
    PublishEvent,
    RefreshEvent,
    RPCEvent,
    SharedPollEvent,
    SubRefreshEvent,
    SubscribeEvent,
)
from centripetal.dialects.current.proxy.replies import ChannelsCapability

__all__ = ["RESPONSES", "BoolValue", "ConnectResponse", "ConnectResult", "Disconnect", "Error", "Int64", "Options"]
__all__ += ["Override", "PolledKey", "PublishResponse", "PublishResult", "RPCResponse", "RPCResult", "RefreshResponse"]
__all__ += ["RefreshResult", "Response", "SharedPollResponse", "SharedPollResult", "SubRefreshResponse"]
__all__ += ["SubRefreshResult", "SubscribeResponse", "SubscribeResult"]

Int64 = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
_UInt32 = Annotated[int, Meta(ge=0, le=2**32 - 1)]
_UInt64 = Annotated[int, Meta(ge=0)]  # msgspec supports bounds of 63 bits; `reading.py` checks the upper bound


class _Message(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base class: `gostructs` ignores unknown members, and requires this option."""


class Error(_Message, frozen=True):
    code: _UInt32 = 0
    message: str = ""
    temporary: bool = False


class Disconnect(_Message, frozen=True):
    code: _UInt32 = 0
    reason: str = ""


class BoolValue(_Message, frozen=True):
    value: bool = False


class Override(_Message, frozen=True):
    presence: BoolValue | None = None
    join_leave: BoolValue | None = None
    force_recovery: BoolValue | None = None
    force_positioning: BoolValue | None = None
    force_push_join_leave: BoolValue | None = None


class Options(_Message, frozen=True):
    """`SubscribeOptions` of the definition. Its `expire_at` has no effect."""

    expire_at: Int64 = 0
    info: Raw = Raw()
    b64info: str = ""
    data: Raw = Raw()
    b64data: str = ""
    override: Override | None = None
    server_tags_filter: FilterNode | None = None
    cache_recover: bool = False


class ConnectResult(_Message, frozen=True):
    user: str = ""
    expire_at: Int64 = 0
    info: Raw = Raw()
    b64info: str = ""
    data: Raw = Raw()
    b64data: str = ""
    channels: list[str] = []
    subs: dict[str, Options] = {}
    meta: Raw = Raw()
    caps: list[ChannelsCapability] = []
    labels: dict[str, str] = {}


class RefreshResult(_Message, frozen=True):
    expired: bool = False
    expire_at: Int64 = 0
    info: Raw = Raw()
    b64info: str = ""
    meta: Raw = Raw()
    caps: list[ChannelsCapability] = []


class SubscribeResult(_Message, frozen=True):
    expire_at: Int64 = 0
    info: Raw = Raw()
    b64info: str = ""
    data: Raw = Raw()
    b64data: str = ""
    override: Override | None = None
    allow: list[str] = []
    server_tags_filter: FilterNode | None = None


class PublishResult(_Message, frozen=True):
    data: Raw = Raw()
    b64data: str = ""
    skip_history: bool = False
    tags: dict[str, str] = {}
    idempotency_key: str = ""
    delta: bool = False
    version: _UInt64 = 0
    version_epoch: str = ""


class RPCResult(_Message, frozen=True):
    data: Raw = Raw()
    b64data: str = ""


class SubRefreshResult(_Message, frozen=True):
    expired: bool = False
    expire_at: Int64 = 0
    info: Raw = Raw()
    b64info: str = ""


class PolledKey(_Message, frozen=True):
    """`SharedPollRefreshResultItem` of the definition."""

    key: str = ""
    data: Raw = Raw()
    version: _UInt64 = 0
    removed: bool = False
    prev_data: Raw = Raw()


class SharedPollResult(_Message, frozen=True):
    """`SharedPollRefreshResult` of the definition."""

    items: list[PolledKey] = []
    epoch: str = ""


class Response(_Message, frozen=True):
    """Base class of the whole answers; the server takes the first of `disconnect`, `error`, `result` that is given."""

    result: Any = None
    error: Error | None = None
    disconnect: Disconnect | None = None


class ConnectResponse(Response, frozen=True):
    result: ConnectResult | None = None


class RefreshResponse(Response, frozen=True):
    result: RefreshResult | None = None


class SubscribeResponse(Response, frozen=True):
    result: SubscribeResult | None = None


class PublishResponse(Response, frozen=True):
    result: PublishResult | None = None


class RPCResponse(Response, frozen=True):
    result: RPCResult | None = None


class SubRefreshResponse(Response, frozen=True):
    result: SubRefreshResult | None = None


class SharedPollResponse(_Message, frozen=True):
    """The answer to a shared poll, which has no `disconnect`."""

    result: SharedPollResult | None = None
    error: Error | None = None


RESPONSES: Mapping[type[Event[Any, Any]], type[Response | SharedPollResponse]] = {
    ConnectEvent: ConnectResponse,
    RefreshEvent: RefreshResponse,
    SubscribeEvent: SubscribeResponse,
    PublishEvent: PublishResponse,
    SubRefreshEvent: SubRefreshResponse,
    RPCEvent: RPCResponse,
    SharedPollEvent: SharedPollResponse,
}
"""The answers to the events."""
