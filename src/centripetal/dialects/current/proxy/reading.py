"""Answers to proxy events, as a 6.9.1 server reads and takes them. PURE.

See protocol 6: proxy-requests. The server decodes an answer with Go's rules: member names match in any letter case,
null is "not given" for all fields but payloads, and a wrong type makes the whole answer useless. `read_answer` applies
these rules and returns what the server does next:

    Granted(result)     the server goes on with the result; for some events also without a result
    Refused(…)          the client gets an error
    Closed(…)           the connection is closed
    Ended()             the connection or subscription has expired
    Failed(why)         the answer is useless: the client gets error 100, or a refresh is repeated after 60 seconds
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import msgspec
from msgspec import Raw

from centripetal.dialects.current.objects import SubscribeOptionOverride
from centripetal.dialects.current.proxy import decoding
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
from centripetal.protocol.gobase64 import decode_base64
from centripetal.protocol.gojson import JSONError
from centripetal.protocol.gostructs import read

__all__ = ["Answer", "Closed", "ConnectResult", "Ended", "Failed", "Granted", "PolledKey", "PublishResult", "RPCResult"]
__all__ += ["RefreshResult", "Refused", "Result", "SharedPollResult", "StatusTransform", "SubscribeResult"]
__all__ += ["read_answer"]


# ---- results, with base64 decoded


class SubscribeResult(msgspec.Struct, frozen=True, kw_only=True):
    """A granted subscription.

    Attributes:
        info: the client's info for other subscribers; empty without info.
        data: data for the client; empty without data.
        expire_at: time at which the subscription expires, in Unix seconds; 0 or less for never.
        override: options that replace the namespace's options.
        cache_recover: only of connect: send the latest publication at once.
    """

    info: bytes = b""
    data: bytes = b""
    expire_at: int = 0
    override: SubscribeOptionOverride = SubscribeOptionOverride()
    cache_recover: bool = False


class ConnectResult(msgspec.Struct, frozen=True, kw_only=True):
    """A granted connection.

    Attributes:
        user: the user's id; empty for the anonymous user.
        expire_at: time at which the connection expires, in Unix seconds; 0 or less for never.
        info: the client's info for others; empty without info.
        data: data for the client; empty without data.
        channels: server-side subscriptions without options.
        subs: server-side subscriptions with options, which replace those in `channels`; their `expire_at` is 0.
        meta: JSON for later events; None without it.
    """

    user: str = ""
    expire_at: int = 0
    info: bytes = b""
    data: bytes = b""
    channels: Sequence[str] = ()
    subs: Mapping[str, SubscribeResult] = {}
    meta: bytes | None = None


class RefreshResult(msgspec.Struct, frozen=True, kw_only=True):
    """A refreshed connection or subscription.

    Attributes:
        expire_at: the new time, in Unix seconds. With 0 a connection expires at once (the old time counts), and a
            subscription never.
        info: the new info; empty to keep the old one.
        meta: JSON that replaces the connection's; None to keep the old one.
    """

    expire_at: int = 0
    info: bytes = b""
    meta: bytes | None = None


class PublishResult(msgspec.Struct, frozen=True, kw_only=True):
    """A granted publication.

    Attributes:
        data: published instead of the client's data; None to publish the client's data.
        skip_history, tags, idempotency_key, delta, version, version_epoch: as in a `publish` of the server API.
    """

    data: bytes | None = None
    skip_history: bool = False
    tags: Mapping[str, str] = {}
    idempotency_key: str = ""
    delta: bool = False
    version: int = 0
    version_epoch: str = ""


class RPCResult(msgspec.Struct, frozen=True, kw_only=True):
    """The result of an RPC; `data` is empty without data."""

    data: bytes = b""


class PolledKey(msgspec.Struct, frozen=True, kw_only=True):
    """The state of one key of shared polling."""

    key: str = ""
    data: bytes = b""
    version: int = 0
    removed: bool = False
    prev_data: bytes = b""


class SharedPollResult(msgspec.Struct, frozen=True, kw_only=True):
    """The states of keys, and the epoch of their versions."""

    items: Sequence[PolledKey] = ()
    epoch: str = ""


Result: TypeAlias = ConnectResult | RefreshResult | SubscribeResult | PublishResult | RPCResult | SharedPollResult


# ---- answers


class Granted(msgspec.Struct, frozen=True):
    """The server goes on.

    Attributes:
        result: the result; None if the answer has none. Then connect has no credentials (close 3501, unless anonymous
            connections are allowed), and subscribe, publish and rpc are permitted.
    """

    result: Result | None = None


class Refused(msgspec.Struct, frozen=True):
    """The client gets this error; a shared poll fails."""

    code: int = 0
    message: str = ""
    temporary: bool = False


class Closed(msgspec.Struct, frozen=True):
    """The server closes the connection. Codes and reasons outside of `Close`'s bounds may have no close frame."""

    code: int = 0
    reason: str = ""


class Ended(msgspec.Struct, frozen=True):
    """The connection is closed with 3005, or the subscription ends with 2501."""


class Failed(msgspec.Struct, frozen=True):
    """The answer is useless.

    Attributes:
        why: the reason, for the log.
        closes: the answer to refresh has invalid base64, so the connection is closed with 3004 instead of living on.
    """

    why: str
    closes: bool = False


Answer: TypeAlias = Granted | Refused | Closed | Ended | Failed


class StatusTransform(msgspec.Struct, frozen=True):
    """An entry of `http.status_to_code_transforms` in the server's configuration; codes of 0 do not count."""

    status_code: int
    to_error: Refused = Refused()
    to_disconnect: Closed = Closed()


def read_answer(
    event: type[Event[Any, Any]], status: int, body: bytes, transforms: Sequence[StatusTransform] = ()
) -> Answer:
    """Return how the server takes the answer to an *event*.

    Args:
        event: the event's class.
        status: HTTP status of the response, after redirects.
        body: body of the response, decompressed.
        transforms: the transforms in the configuration of the proxy. Shared polling has none.
    """
    if status != 200:
        found = None if event is SharedPollEvent else _transformed(status, transforms)
        if found is None:
            return Failed(f"status {status}: the server accepts only 200")
        return Ended() if event in _ONLY_RESULTS else found
    try:
        response: Any = read(body, decoding.RESPONSES[event])
        if event in _ONLY_RESULTS:
            if response.result is None or response.result.expired:
                return Ended()
        elif event is not SharedPollEvent and (closed := response.disconnect) is not None:
            return Closed(closed.code, closed.reason)
        elif (error := response.error) is not None:
            return Refused(error.code, error.message, error.temporary)
        return Granted() if response.result is None else Granted(_RESULTS[event](response.result))
    except JSONError as error:
        return Failed(str(error))
    except ValueError as error:
        if event is SubRefreshEvent:
            return Ended()
        return Failed(f"invalid base64: {error}", closes=event is RefreshEvent)


_ONLY_RESULTS = (RefreshEvent, SubRefreshEvent)
"""The server ignores `error` and `disconnect` in the answers to these events."""


def _transformed(status: int, transforms: Sequence[StatusTransform]) -> Refused | Closed | None:
    for each in transforms:
        if each.status_code == status:
            if each.to_error.code > 0:
                return each.to_error
            if each.to_disconnect.code > 0:
                return each.to_disconnect
    return None


# ---- results


def _connect(found: decoding.ConnectResult) -> ConnectResult:
    return ConnectResult(
        user=found.user,
        expire_at=found.expire_at,
        info=_payload(found.info, found.b64info),
        data=_payload(found.data, found.b64data),
        channels=tuple(found.channels),
        # The server ignores the time of such a subscription.
        subs={channel: _subscription(options) for channel, options in found.subs.items()},
        meta=bytes(found.meta) or None,
    )


def _refresh(found: decoding.RefreshResult) -> RefreshResult:
    meta = bytes(found.meta) or None
    return RefreshResult(expire_at=found.expire_at, info=_payload(found.info, found.b64info), meta=meta)


def _sub_refresh(found: decoding.SubRefreshResult) -> RefreshResult:
    return RefreshResult(expire_at=found.expire_at, info=_payload(found.info, found.b64info))


def _subscribe(found: decoding.SubscribeResult) -> SubscribeResult:
    return msgspec.structs.replace(_subscription(found), expire_at=found.expire_at)


def _subscription(found: decoding.SubscribeResult | decoding.Options) -> SubscribeResult:
    override = decoding.Override() if found.override is None else found.override
    flags = {name: getattr(override, name) for name in override.__struct_fields__}
    return SubscribeResult(
        info=_payload(found.info, found.b64info),
        data=_payload(found.data, found.b64data),
        override=SubscribeOptionOverride(**{name: flag.value for name, flag in flags.items() if flag is not None}),
        cache_recover=isinstance(found, decoding.Options) and found.cache_recover,
    )


def _publish(found: decoding.PublishResult) -> PublishResult:
    # Only here JSON is stronger than base64, and even null replaces the client's data.
    data = bytes(found.data) or (decode_base64(found.b64data) if found.b64data else None)
    return PublishResult(
        data=data,
        skip_history=found.skip_history,
        tags=found.tags,
        idempotency_key=found.idempotency_key,
        delta=found.delta,
        version=_version(found.version),
        version_epoch=found.version_epoch,
    )


def _rpc(found: decoding.RPCResult) -> RPCResult:
    return RPCResult(data=_payload(found.data, found.b64data))


def _shared_poll(found: decoding.SharedPollResult) -> SharedPollResult:
    items = [
        PolledKey(
            key=item.key,
            data=bytes(item.data),
            version=_version(item.version),
            removed=item.removed,
            prev_data=bytes(item.prev_data),
        )
        for item in found.items
    ]
    return SharedPollResult(items=items, epoch=found.epoch)


_RESULTS: Mapping[type[Event[Any, Any]], Callable[[Any], Result]] = {
    ConnectEvent: _connect,
    RefreshEvent: _refresh,
    SubscribeEvent: _subscribe,
    PublishEvent: _publish,
    SubRefreshEvent: _sub_refresh,
    RPCEvent: _rpc,
    SharedPollEvent: _shared_poll,
}


def _payload(raw: Raw, encoded: str) -> bytes:
    """Return the bytes of a payload; base64 takes precedence. Raise a `ValueError` if it is invalid."""
    return decode_base64(encoded) if encoded else bytes(raw)


def _version(number: int) -> int:
    if number >= 2**64:
        raise JSONError("expected an integer within bounds: a version has at most 64 bits")
    return number
