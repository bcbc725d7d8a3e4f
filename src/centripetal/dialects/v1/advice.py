"""What the refusals of a Centrifugo 1.x server mean, and what to do about them. PURE.

The only place with such texts: errors of the client, `doctor`, `watch` and the console read it. The messages and
reasons are in `error_codes.py` and `disconnects.py` (spec v1 §6, §9.3, §9.4).
"""

from centripetal.dialects.v1 import disconnects, error_codes
from centripetal.protocol.advice import Advice, AdviceTable

__all__ = ["ADVICE", "NO_CREDENTIALS", "NO_RECOVERY", "NO_UID", "STATUSES", "TOO_LONG_AGO"]

NO_RECOVERY = "the channel does not have the option `recover`"
TOO_LONG_AGO = "its history does not reach back to the last publication seen"
NO_UID = "none had been seen before"
NO_CREDENTIALS = "it wants a token: give the `secret` of its configuration"

_SDK = "Use an SDK for Centrifugo 1.x (centrifuge-js 1.x, not later)."

_ERRORS: dict[tuple[int | str, str], Advice] = {
    (error_codes.NAMESPACE_NOT_FOUND, ""): Advice(
        "{channel}: this server has no namespace “{namespace}”, the part of the name before the colon.",
        "What stands before ':' in a channel must be one of the server's `namespaces`: add "
        '`{{"name": "{namespace}"}}`, or use a name without a colon.',
    ),
    (error_codes.NOT_AVAILABLE, "presence"): Advice(
        "`presence` of {channel} was asked for, and it is off there.",
        "`presence` is off: turn it on in the configuration, for all channels or in the channel's namespace.",
    ),
    (error_codes.NOT_AVAILABLE, "history"): Advice(
        "`history` of {channel} was asked for, and it is off there.",
        "Set `history_size` and `history_lifetime` above 0, for all channels or in the channel's namespace.",
    ),
    (error_codes.INVALID_MESSAGE, ""): Advice(
        "`{method}`: a name or the data is empty.",
        "Give a channel, a user or data, as the method needs. In a broadcast, channels before an empty one have it.",
    ),
    (error_codes.PERMISSION_DENIED, "subscribe #"): Advice(
        "{user} may not subscribe to {channel}: it is for the users named after the #.",
        "Only the users named after the # may subscribe: connect as one of them, or use another channel.",
    ),
    (error_codes.PERMISSION_DENIED, "subscribe &"): Advice(
        "{user} may not subscribe to {channel}: it is for the one connection that is named after the &.",
        "Only the connection named after the & may subscribe: use the id that the client got in the reply to its "
        "connect.",
    ),
    (error_codes.PERMISSION_DENIED, "subscribe anonymous"): Advice(
        "An anonymous client may not subscribe to {channel}.",
        "The anonymous user may not subscribe: set `anonymous` in the channel's namespace, or connect with a user.",
    ),
    (error_codes.PERMISSION_DENIED, "subscribe"): Advice(
        "{user} may not subscribe to {channel}, which is private: the sign is missing or does not fit.",
        "A private channel needs a sign: let the back end make it with the server's secret, the client's connection id "
        "and the info that is sent along, `generate_channel_sign(secret, client, channel, info)`.",
    ),
    (error_codes.PERMISSION_DENIED, "publish"): Advice(
        "{user} may not publish into {channel}.",
        "Clients need a subscription to the channel, and `publish` in its namespace. Or let the back end publish.",
    ),
    (error_codes.PERMISSION_DENIED, ""): Advice(
        "{user} asked for `{method}` of {channel} without a subscription to it.",
        "Subscribe first: only subscribers may ask.",
    ),
    (error_codes.ALREADY_SUBSCRIBED, ""): Advice(
        "{user} subscribed to {channel} twice on one connection.",
        "Subscribe once and share the subscription in the page's code.",
    ),
    (error_codes.LIMIT_EXCEEDED, ""): Advice(
        "{user} may not subscribe to {channel}: the name is too long, or the connection has too many channels.",
        "Use a shorter name or fewer channels, or raise `max_channel_length` or `client_channel_limit`.",
    ),
}

_CLOSES: dict[int | str, Advice] = {
    disconnects.DISCONNECT.reason: Advice("The back end has disconnected the user."),
    disconnects.SHUTTING_DOWN.reason: Advice("The server shuts down."),
    disconnects.INVALID_TOKEN.reason: Advice(
        "A client connected with a token that does not fit its user, timestamp and info.",
        "Make the token with the `secret` of the server's configuration, from exactly the values that the client "
        "sends: `generate_client_token(secret, user, timestamp, info)`.",
    ),
    disconnects.STALE.reason: Advice(
        "A client opened a connection and did not authenticate in time.",
        "Send `connect` as the first message. The time is `stale_connection_close_delay`.",
    ),
    disconnects.EXPIRED.reason: Advice(
        "The connection of {user} has outlived `connection_lifetime`.",
        "Give the client new credentials before that: official SDKs ask the `refreshEndpoint`.",
    ),
    disconnects.UNAUTHORIZED.reason: Advice(
        "A client sent a command before it had authenticated.", "Send `connect` first, and the rest after its reply."
    ),
    disconnects.INVALID_MESSAGE.reason: Advice(
        "A client sent something that is no command of the 1.x protocol.",
        f'{_SDK} By hand: {{{{"uid", "method", "params"}}}}.',
    ),
    disconnects.METHOD_NOT_FOUND.reason: Advice(
        "A client asked for a method that clients of 1.x do not have.",
        f"{_SDK} Clients have connect, refresh, subscribe, unsubscribe, publish, presence, history and ping.",
    ),
    disconnects.LIMIT_EXCEEDED.reason: Advice(
        "{user} sent too large a message, or has too many connections.",
        "See `client_request_max_size` and `user_connection_limit`.",
    ),
    disconnects.SLOW.reason: Advice(
        "{user} read more slowly than was published, until its queue was full.",
        "Publish less to it, let it read faster, or raise `client_queue_max_size`.",
    ),
}

_REQUESTS = {
    "invalid sign": Advice(
        "The sign of an API request does not fit its body.",
        "Use the same secret on both sides: this server's `secret` and the client's. If they are equal, something "
        "changes the body after it is signed.",
    ),
    "no sign found": Advice(
        "An API request came without a sign.",
        "Sign it: send HMAC-SHA256 of the body, made with the secret, as X-API-Sign; `Client(url, secret)` does. "
        "Or start this server with `insecure_api`.",
    ),
    "no data found": Advice(
        "An API request had nothing in it.",
        "Send the commands as a JSON body with Content-Type: application/json, or as the form field `data`.",
    ),
    "no secret set": Advice(
        "This server has no secret, so no request can prove anything to it.",
        "Start it with a secret (`--secret`, or `secret` in its configuration), or with `insecure_api`.",
    ),
    "unknown method": Advice(
        "An API request asked for something that 1.x does not have: {reason}.",
        "Its methods: publish, broadcast, unsubscribe, disconnect, presence, history, channels, stats, node. "
        "Commands before this one in the request have run.",
    ),
    "a reply cannot be printed": Advice(
        "A reply held something that is no JSON, and took the whole answer with it. The commands have run.",
        "Look at the `info` with which clients connect: it must be JSON, not just any text.",
    ),
    "": Advice(
        "An API request could not be read: {reason}.",
        'Send one command, `{{"method": …, "params": …}}`, or an array of them, and only the params of that method. '
        "Commands before the broken one have run.",
    ),
}

STATUSES = {
    401: "the secret is not the server's `secret`",
    404: "no Centrifugo 1.x API at this address: check host, port and path (for Centrifugo 3 and later there is "
    "another client, centripetal.Client)",
}
"""What the HTTP statuses of the API mean."""

ADVICE = AdviceTable(_ERRORS, _CLOSES, _REQUESTS)
"""What refusals mean."""
