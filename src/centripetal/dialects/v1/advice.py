"""Explanations of the errors of a Centrifugo 1.x server, and advice on how to fix them. PURE.

All such texts are in this module; the client's errors, `doctor`, `watch` and the console use them. The error messages
and close reasons are in `error_codes.py` and `disconnects.py` (protocol 1: commands, client-close-reasons,
client-connect).
"""

from centripetal.dialects.v1 import disconnects, error_codes
from centripetal.protocol.advice import Advice, AdviceTable, Places

__all__ = ["ADVICE", "NO_CREDENTIALS", "NO_RECOVERY", "NO_UID", "STATUSES", "TOO_LONG_AGO"]

NO_RECOVERY = "the channel does not have the option `recover`"
TOO_LONG_AGO = "its history no longer contains the last publication seen"
NO_UID = "no publication had been seen before"
NO_CREDENTIALS = "the server requires a token: pass the `secret` of its configuration"

_SDK = "Use an SDK for Centrifugo 1.x, such as centrifuge-js 1.x; later versions do not work."

_ERRORS: dict[tuple[int | str, str], Advice] = {
    (error_codes.NAMESPACE_NOT_FOUND, ""): Advice(
        "{channel}: this server has no namespace “{namespace}”, the part of the name before the colon.",
        "The namespace of {channel} is not configured: add "
        '`{{"name": "{namespace}"}}` to `namespaces`, or use a name without a colon.',
    ),
    (error_codes.NOT_AVAILABLE, "presence"): Advice(
        "`presence` was called for {channel}, but presence is disabled there.",
        "Presence is disabled: set `presence` to true {options}.",
    ),
    (error_codes.NOT_AVAILABLE, "history"): Advice(
        "`history` was called for {channel}, but history is disabled there.",
        "History is disabled: set `history_size` and `history_lifetime` above 0 {options}.",
    ),
    (error_codes.INVALID_MESSAGE, ""): Advice(
        "`{method}`: a name or the data is empty.",
        "Pass the channel, user or data that the method needs. A broadcast has reached the channels before the empty "
        "name.",
    ),
    (error_codes.PERMISSION_DENIED, "subscribe #"): Advice(
        "{user} may not subscribe to {channel}: it is for the users named after the #.",
        "Only the users named after the # may subscribe: connect as one of these users, or use another channel.",
    ),
    (error_codes.PERMISSION_DENIED, "subscribe &"): Advice(
        "{user} may not subscribe to {channel}: it is for the connection that is named after the &.",
        "Only the connection named after the & may subscribe: use the id that the client received in the reply to "
        "`connect`.",
    ),
    (error_codes.PERMISSION_DENIED, "subscribe anonymous"): Advice(
        "An anonymous client may not subscribe to {channel}.",
        "The anonymous user may not subscribe: set `anonymous` {options}, or connect with a user.",
    ),
    (error_codes.PERMISSION_DENIED, "subscribe"): Advice(
        "{user} may not subscribe to {channel}, which is private: the signature is missing or invalid.",
        "A private channel needs a signature (`sign`): the back end makes it from the server's secret, the client's "
        "connection id and the info that the client sends, `generate_channel_sign(secret, client, channel, info)`.",
    ),
    (error_codes.PERMISSION_DENIED, "publish"): Advice(
        "{user} may not publish into {channel}.",
        "Clients must be subscribed to the channel, and its namespace must set `publish`. Or publish from the back "
        "end.",
    ),
    (error_codes.PERMISSION_DENIED, ""): Advice(
        "{user} called `{method}` for {channel} without a subscription to it.",
        "Subscribe to the channel first.",
    ),
    (error_codes.ALREADY_SUBSCRIBED, ""): Advice(
        "{user} subscribed to {channel} twice on one connection.",
        "Subscribe once, and share the subscription in the code of the page.",
    ),
    (error_codes.LIMIT_EXCEEDED, ""): Advice(
        "{user} may not subscribe to {channel}: the name is too long, or the connection has too many channels.",
        "Use a shorter name or fewer channels, or raise `max_channel_length` or `client_channel_limit`.",
    ),
}

_CLOSES: dict[int | str, Advice] = {
    disconnects.DISCONNECT.reason: Advice("The back end has disconnected the user."),
    disconnects.SHUTTING_DOWN.reason: Advice("The server is shutting down."),
    disconnects.INVALID_TOKEN.reason: Advice(
        "A client connected with a token that does not match its user, timestamp and info.",
        "Make the token with the `secret` of the server's configuration, from exactly the values that the client "
        "sends: `generate_client_token(secret, user, timestamp, info)`.",
    ),
    disconnects.STALE.reason: Advice(
        "A client opened a connection and did not authenticate in time.",
        "Send `connect` as the first message, within `stale_connection_close_delay` seconds.",
    ),
    disconnects.EXPIRED.reason: Advice(
        "The connection of {user} was older than `connection_lifetime`.",
        "Give the client new credentials before they expire: official SDKs call the `refreshEndpoint`.",
    ),
    disconnects.UNAUTHORIZED.reason: Advice(
        "A client sent a command before it had authenticated.",
        "Send `connect` first, and other commands after its reply.",
    ),
    disconnects.INVALID_MESSAGE.reason: Advice(
        "A client sent a message that is not a command of the 1.x protocol.",
        f'{_SDK} Without an SDK, send {{{{"uid": …, "method": …, "params": …}}}}.',
    ),
    disconnects.METHOD_NOT_FOUND.reason: Advice(
        "A client called a method that the client protocol of 1.x does not have.",
        f"{_SDK} The methods are connect, refresh, subscribe, unsubscribe, publish, presence, history and ping.",
    ),
    disconnects.LIMIT_EXCEEDED.reason: Advice(
        "{user} sent a message that is too large, or has too many connections.",
        "Send smaller messages or open fewer connections, or raise `client_request_max_size` or "
        "`user_connection_limit`.",
    ),
    disconnects.SLOW.reason: Advice(
        "{user} did not read its messages fast enough, so its queue became full.",
        "Publish less to this client, make it read faster, or raise `client_queue_max_size`.",
    ),
}

_REQUESTS = {
    "invalid sign": Advice(
        "The signature of an API request does not match its body.",
        "Use this server's `secret` in the client. If both secrets are equal, a proxy or another program changes the "
        "body after it was signed.",
    ),
    "no sign found": Advice(
        "An API request was not signed.",
        "Send the HMAC-SHA256 of the body, keyed with the secret, in the header X-API-Sign, as `Client(url, secret)` "
        "does. Or start this server with `insecure_api`.",
    ),
    "no data found": Advice(
        "An API request was empty.",
        "Send the commands as a JSON body with Content-Type: application/json, or as the form field `data`.",
    ),
    "no secret set": Advice(
        "This server has no secret, so it cannot verify signed requests.",
        "Start it with a secret (`--secret`, or `secret` in its configuration), or with `insecure_api`.",
    ),
    "unknown method": Advice(
        "An API request called a method that 1.x does not have: {reason}.",
        "The methods are publish, broadcast, unsubscribe, disconnect, presence, history, channels, stats and node. "
        "Commands before this one in the request have run.",
    ),
    "a reply cannot be printed": Advice(
        "A reply contained invalid JSON, so the whole answer failed. The commands have run.",
        "Check the `info` with which clients connect: it must be JSON, not plain text.",
    ),
    "": Advice(
        "An API request could not be parsed: {reason}.",
        'Send one command, `{{"method": …, "params": …}}`, or an array of commands, each with only the params of its '
        "method. Commands before the invalid one have run.",
    ),
}

STATUSES = {
    401: "the secret does not match the server's `secret`",
    404: "no Centrifugo 1.x API at this address: check host, port and path (for Centrifugo 3 and later, use "
    "centripetal.Client)",
}
"""The meaning of the HTTP statuses of the API."""

ADVICE = AdviceTable(
    _ERRORS, _CLOSES, _REQUESTS, places=Places("at the top level of the configuration", "`namespaces`")
)
"""The explanations of all errors."""
