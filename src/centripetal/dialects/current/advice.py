"""What the refusals of a Centrifugo 3 to 6 server mean, and what to do about them. PURE.

The only place with such texts: errors of the client, `doctor`, `watch` and the console read it. The codes are in
`error_codes.py` and `disconnects.py` (spec v6 §6, §18.1, §18.2).
"""

from centripetal.dialects.current import disconnects, error_codes
from centripetal.protocol.advice import Advice, AdviceTable

__all__ = ["ADVICE", "NEEDS_PRO", "NO_CREDENTIALS", "NO_RECOVERY", "OWN_KEY", "STATUSES"]
__all__ += ["TOO_LONG_AGO", "UNPRINTABLE_HISTORY", "WANTS_KEY"]

_NEEDS_PRO = Advice(
    "`{method}` is no method of the open-source server.", "This method needs Centrifugo PRO or a newer server."
)
NEEDS_PRO = _NEEDS_PRO.hint
NO_RECOVERY = "its namespace lets nobody recover (`allow_recovery` or `force_recovery`, and a history)"
TOO_LONG_AGO = "its history does not reach back to the last publication seen, or has begun anew"
NO_CREDENTIALS = (
    "it wants a token: give its `client.token.hmac_secret_key` as the key of tokens, or a token; without one it takes "
    "only clients with `client.allow_anonymous_connect_without_token` or `client.insecure`"
)
OWN_KEY = "the server does not accept our token of the subscription: perhaps it has a key of its own for these"

_CHANNEL_LIMIT = "Use fewer channels, or raise `client.channel_limit`."
_WRONG_TYPE = Advice("`{method}` does not fit {channel}.", "The channel's namespace has another subscription_type.")
_HISTORY_OFF = Advice(
    "`{method}` of {channel} was asked for, and history is off there.",
    "History is off: set `history_size` and `history_ttl` of the channel's namespace, or in "
    "`channel.without_namespace`.",
)
_PRESENCE_OFF = Advice(
    "`{method}` of {channel} was asked for, and it is off there.",
    "Presence is off: set `presence` of the channel's namespace, or in `channel.without_namespace`.",
)

_ERRORS: dict[tuple[int | str, str], Advice] = {
    (error_codes.INTERNAL, "channels"): Advice("`channels` failed.", "Perhaps the pattern is not a valid glob."),
    (error_codes.INTERNAL, "subscribe"): Advice("`subscribe` failed.", "Perhaps expire_at has passed."),
    (error_codes.INTERNAL, "map_publish"): Advice(
        "`map_publish` failed.", "Perhaps an ephemeral map, which knows no versions."
    ),
    (error_codes.INTERNAL, "history"): Advice(
        "`history` failed.", "See the server's log. A reverse history must not start at offset 0."
    ),
    (error_codes.INTERNAL, ""): Advice("`{method}` failed.", "See the server's log."),
    (error_codes.UNAUTHORIZED, ""): Advice(
        "A client did not authenticate.", "The token must say who it is for (`sub`)."
    ),
    (error_codes.UNKNOWN_CHANNEL, ""): Advice(
        "{channel}: this server has no namespace “{namespace}”, the part of the name before the colon.",
        "What stands before ':' in a channel must be a namespace of the server's configuration: add "
        '`{{"name": "{namespace}"}}` to `channel.namespaces`, or use a name without a colon.',
    ),
    (error_codes.PERMISSION_DENIED, "subscribe $"): Advice(
        "{user} may not subscribe to {channel}, which is private: it needs a subscription token that fits.",
        "A private channel needs a token: let the back end make it with "
        "`centripetal.tokens.subscription_token(key, channel, user)`.",
    ),
    (error_codes.PERMISSION_DENIED, "subscribe #"): Advice(
        "{user} may not subscribe to {channel}: it is for the users named after the #.",
        "Only the users named after the # may subscribe: connect as one of them, or use another channel.",
    ),
    (error_codes.PERMISSION_DENIED, "subscribe"): Advice(
        "{user} may not subscribe to {channel}.",
        "Set `allow_subscribe_for_client` in the channel's namespace (for anonymous clients also "
        "`allow_subscribe_for_anonymous`), or give the client a subscription token.",
    ),
    (error_codes.PERMISSION_DENIED, "publish"): Advice(
        "{user} may not publish into {channel}.",
        "Set `allow_publish_for_client` or `allow_publish_for_subscriber` in its namespace, or let the back end "
        "publish.",
    ),
    (error_codes.PERMISSION_DENIED, ""): Advice(
        "{user} may not ask for `{method}` of {channel}.",
        "Set `allow_presence_for_subscriber` or `allow_history_for_subscriber` (or `…_for_client`) in its namespace.",
    ),
    (error_codes.METHOD_NOT_FOUND, "rpc"): Advice(
        "An RPC method was called that does not exist.",
        "The server has no RPC method of that name; the open edition has none at all. In the embedded server, clients "
        "have only `ping` (`rpc.ping`).",
    ),
    (error_codes.METHOD_NOT_FOUND, ""): _NEEDS_PRO,
    (error_codes.ALREADY_SUBSCRIBED, ""): Advice(
        "{user} subscribed to {channel} twice on one connection.",
        "Subscribe once and share the subscription in the page's code; a server-side subscription counts, too.",
    ),
    (error_codes.LIMIT_EXCEEDED, ""): Advice("{user} has as many channels as a connection may have.", _CHANNEL_LIMIT),
    (error_codes.BAD_REQUEST, "publish"): Advice(
        "`publish`: a name or the data is missing, or the data do not suit {channel}.",
        "Give a channel and data that suit its namespace: publication_data_format and subscription_type; `b64data` "
        "must be padded base64.",
    ),
    **dict.fromkeys(
        (
            (error_codes.BAD_REQUEST, method)
            for method in ("map_publish", "map_remove", "map_read_state", "map_read_stream", "map_stats", "map_clear")
        ),
        _WRONG_TYPE,
    ),
    (error_codes.BAD_REQUEST, "shared_poll_publish"): Advice(
        _WRONG_TYPE.meaning, "The namespace needs subscription_type shared_poll and publish_enabled."
    ),
    (error_codes.BAD_REQUEST, ""): Advice(
        "`{method}`: something is missing, or the name of {channel} or what came with it is not allowed.",
        "Names of channels are ASCII and at most `channel.max_length` long, unless `channel_regex` says otherwise.",
    ),
    (error_codes.NOT_AVAILABLE, "history"): _HISTORY_OFF,
    (error_codes.NOT_AVAILABLE, "history_remove"): _HISTORY_OFF,
    (error_codes.NOT_AVAILABLE, "presence"): _PRESENCE_OFF,
    (error_codes.NOT_AVAILABLE, "presence_stats"): _PRESENCE_OFF,
    (error_codes.NOT_AVAILABLE, ""): Advice(
        _PRESENCE_OFF.meaning,
        "Turn it on in the channel's namespace. The embedded server has neither map channels nor shared polling.",
    ),
    (error_codes.TOKEN_EXPIRED, ""): Advice(
        "A token of {user} has expired, or is not valid yet.",
        "Make a new one; official SDKs ask for it with `getToken`. If it was made just now, the clocks differ.",
    ),
    (error_codes.EXPIRED, ""): Advice(
        "`expire_at` in a token of {user} has passed.", "Make a new token whose `expire_at` is in the future."
    ),
    (error_codes.UNRECOVERABLE_POSITION, "subscribe"): Advice(
        "{user} cannot catch up in {channel}: what it missed is no longer there.",
        "Load the state anew. A larger `history_size` and a longer `history_ttl` bridge longer breaks.",
    ),
    (error_codes.UNRECOVERABLE_POSITION, ""): Advice(
        "`{method}` of {channel} named an epoch that is not the stream's.",
        "The history has begun anew since then, with another epoch: what was in the old one is gone. Ask again "
        "without `since`.",
    ),
}

_CLOSES: dict[int | str, Advice] = {
    disconnects.SHUTDOWN.code: Advice("The server shuts down."),
    disconnects.FORCE_DISCONNECT.code: Advice("The back end has disconnected the user."),
    disconnects.INVALID_TOKEN.code: Advice(
        "A client came with a token that this server does not accept.",
        "`centripetal token explain TOKEN` says why. Often the key of tokens is not the server's "
        "`client.token.hmac_secret_key`, `sub` is a number, or the token is for another channel or user.",
    ),
    disconnects.BAD_REQUEST.code: Advice(
        "A client without a token, or one that broke the protocol.",
        "Give it a connection token, or set `client.allow_anonymous_connect_without_token`. If it has one, perhaps the "
        "client is of another generation (use centrifuge-js 3 or later), or a namespace in the token is unknown.",
    ),
    disconnects.STALE.code: Advice(
        "A client opened a connection and did not authenticate in time.",
        "Send `connect` as the first message. The time is `client.stale_close_delay`.",
    ),
    disconnects.CONNECTION_EXPIRED.code: Advice(
        "The connection of {user} has expired.",
        "Give the client a new token before that: official SDKs ask for it with `getToken`.",
    ),
    disconnects.SUBSCRIPTION_EXPIRED.code: Advice(
        "A server-side subscription of {user} has expired.", "Subscribe it again, or with a later `expire_at`."
    ),
    disconnects.CONNECTION_LIMIT.code: Advice(
        "{user} has as many connections as a user may have.",
        "See `client.user_connection_limit`, and `single_connection`: a newer connection replaces an older one.",
    ),
    disconnects.CHANNEL_LIMIT.code: Advice(
        "{user} was to be subscribed to more channels than a connection may have.", _CHANNEL_LIMIT
    ),
    disconnects.SLOW.code: Advice(
        "{user} read more slowly than was published, until its queue was full.",
        "Publish less to it, let it read faster, or raise `client.queue_max_size`.",
    ),
    disconnects.NO_PONG.code: Advice(
        "{user} did not answer a ping in `client.pong_timeout`.",
        "The client is gone or busy. By hand: answer `{{}}` with `{{}}`.",
    ),
    disconnects.INSUFFICIENT_STATE.code: Advice(
        "The connection of {user} does not fit the state of its channels any more.",
        "It comes back by itself. After a refresh: the new token must have the same channels.",
    ),
    disconnects.INTERNAL_SERVER_ERROR.code: Advice(
        "The server failed on something that {user} sent.",
        "That is a mistake of this server or an odd command, such as a subscription of a type that does not exist.",
    ),
    disconnects.PERMISSION_DENIED.code: Advice(
        "An anonymous client is not allowed to connect with a token.",
        "Give the token a user, or turn off `client.disallow_anonymous_connection_tokens`.",
    ),
    disconnects.INAPPROPRIATE_PROTOCOL.code: Advice(
        "Bytes that are no JSON (b64data) were to go to a JSON client.",
        "Publish JSON, or connect with the binary protocol of a real server.",
    ),
    disconnects.NOT_AVAILABLE.code: Advice(
        "A client sent a message that nobody takes.",
        "`send` needs a handler, which the open-source server has not: use `publish` or `rpc`.",
    ),
}

_REQUESTS = {
    "no API key": Advice(
        "An API request came without the API key, or with a wrong one.",
        "Use the same key on both sides: `http_api.key` of this server and `Client(url, api_key)`. By hand, send it as "
        "the header `X-API-Key`. Or start this server with `http_api.insecure`.",
    ),
    "the origin is none": Advice(
        "A browser's page wanted to connect and comes from an origin that is not allowed.",
        "Add the page's address, such as `http://localhost:3000`, to `client.allowed_origins`; `*` allows all.",
    ),
    "a reply cannot be printed": Advice(
        "A reply held something that is no JSON, and took the whole answer with it.",
        "A channel holds bytes that were published as `b64data`: read it over a WebSocket, or publish JSON.",
    ),
    "": Advice(
        "An API request could not be read: {reason}.",
        "POST one JSON object with the method's fields to `/api/METHOD`; methods without fields take `{{}}`.",
    ),
}

STATUSES = {
    400: "the server could not read the request; nothing has run (if it is a Centrifugo 1.x, its client is "
    "centripetal.v1.Client)",
    401: "the api_key is not the server's `http_api.key`",
    404: "no Centrifugo API at this address: check host, port and path",
    405: "only POST is served; perhaps a redirect has changed the method: check the URL",
}
"""What the HTTP statuses of the API mean to a caller with a key."""

WANTS_KEY = "the server wants the api_key that its configuration calls `http_api.key`"
"""What 401 means to a caller without a key."""

UNPRINTABLE_HISTORY = "perhaps the history holds bytes that are no JSON (b64data), which no HTTP reply can carry"
"""What 500 may mean in answer to a history."""

ADVICE = AdviceTable(
    _ERRORS,
    _CLOSES,
    _REQUESTS,
    {message: code for code, message in (*error_codes.MESSAGES.items(), *error_codes.API_MESSAGES.items())},
)
"""What refusals mean."""
