"""Keys of a Centrifugo 6 configuration that have no effect in the embedded server, and the reasons: PURE."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from centripetal.server.configuration.spelling import closest_key

__all__ = ["REASONS", "SILENT", "consumer_sentence", "is_set", "sentence"]

_ELSEWHERE = "this server uses one port for everything, set by the argument port"
_OTHER_CONSUMERS = "this server takes commands only from PostgreSQL"
_STREAMS = "this server has no stream proxies, which need gRPC"
REASONS = {
    "admin": "this server has no admin interface",
    "broker": "this server keeps everything in memory",
    "channel.proxy.map_publish": "this server has no map channels",
    "channel.proxy.map_remove": "this server has no map channels",
    "channel.proxy.shared_poll_refresh": "this server has no shared polling",
    "channel.proxy.subscribe_stream": _STREAMS,
    "client.subscription_token.jwks_public_endpoint": "this server does not fetch key sets: configure the keys",
    "client.token.jwks_public_endpoint": "this server does not fetch key sets: configure the keys",
    "consumers[].aws_sqs": _OTHER_CONSUMERS,
    "consumers[].azure_service_bus": _OTHER_CONSUMERS,
    "consumers[].google_pub_sub": _OTHER_CONSUMERS,
    "consumers[].kafka": _OTHER_CONSUMERS,
    "consumers[].nats_jetstream": _OTHER_CONSUMERS,
    "consumers[].postgresql.tls": "this server connects as the dsn says: use its parameters, such as sslmode",
    "consumers[].redis_stream": _OTHER_CONSUMERS,
    "emulation": "clients connect by WebSocket only",
    "engine": "this server keeps everything in memory",
    "grpc_api": "this server has no gRPC API",
    "http_api.external": _ELSEWHERE,
    "http_server": _ELSEWHERE,
    "http_stream": "clients connect by WebSocket only",
    "map_broker": "this server has no map channels",
    "presence_manager": "this server keeps everything in memory",
    "shared_poll": "this server has no shared polling",
    "sse": "clients connect by WebSocket only",
    "uni_grpc": "clients connect by WebSocket only",
    "uni_http_stream": "clients connect by WebSocket only",
    "uni_sse": "clients connect by WebSocket only",
    "uni_websocket": "clients connect with the bidirectional protocol only",
    "webtransport": "clients connect by WebSocket only",
}
# Keys that Centrifugo 3 to 5 named differently. Keys that only moved to another section are found by their name.
_RENAMED = {
    "api_key": "http_api.key",
    "api_insecure": "http_api.insecure",
    "client_insecure": "client.insecure",
    "namespaces": "channel.namespaces",
    "token_audience": "client.token.audience",
    "token_ecdsa_public_key": "client.token.ecdsa_public_key",
    "token_hmac_secret_key": "client.token.hmac_secret_key",
    "token_issuer": "client.token.issuer",
    "token_rsa_public_key": "client.token.rsa_public_key",
}
# These sections do not change what clients or API callers see, so they cause no warnings.
SILENT = frozenset(("log", "usage_stats", "prometheus", "graphite", "swagger", "shutdown", "opentelemetry"))

_INDEX = re.compile(r"\[\d+\]")


def is_set(value: Any) -> bool:
    """Return whether *value* turns anything on, so that ignoring it deserves a warning."""
    return any(map(is_set, value.values())) if isinstance(value, Mapping) else bool(value)


def sentence(key: str, honoured: Sequence[str]) -> str:
    """Return a sentence that says why *key* has no effect; *honoured* are the places of all keys that have one."""
    name = key.rpartition(".")[2]
    reason = REASONS.get(_INDEX.sub("[]", key))
    if reason is None and name.startswith("subscribe_stream_proxy"):
        reason = _STREAMS
    if reason is None and name in ("grpc", "endpoint"):
        reason = "this server asks the application over HTTP only"
    if (reason is None and name in ("map", "shared_poll")) or "presence_channel_prefix" in name:
        reason = "map channels and shared polling are not emulated"
    if reason is None:
        reason = "this server does not know it"
        if instead := _moved(key, honoured) or closest_key(key, honoured):
            reason += f"; did you mean {instead!r}?"
    return f"{key!r} in the configuration has no effect: {reason}"


def consumer_sentence(place: str, name: str, kind: str) -> str:
    """Return a sentence that says why the consumer *name* at *place* has no effect; *kind* is its type."""
    return f"the consumer {name!r} ({place}.{kind}) has no effect: {REASONS[f'consumers[].{kind}']}"


def _moved(key: str, honoured: Sequence[str]) -> str:
    """Return the current place of the top-level *key*, or "" if it is unknown or ambiguous."""
    places = [place for place in honoured if place.rpartition(".")[2] == key]
    plain = f"channel.without_namespace.{key}"  # the key is probably an option of channels
    return _RENAMED.get(key) or (plain if plain in places else places[0] if len(places) == 1 else "")
