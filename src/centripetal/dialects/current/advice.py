"""Explanations and fixes for errors, closes and rejected requests of Centrifugo 3 to 6 servers. PURE.

The client's exceptions, `doctor`, `watch` and the console take their texts from here. The codes are in
`error_codes.py` and `disconnects.py` (protocol 6: api-errors, table-reply-errors, table-close-codes).
"""

from centripetal.dialects.current import disconnects, error_codes
from centripetal.protocol.advice import Advice, AdviceTable, Places
from centripetal.protocol.exact import exact_text
from centripetal.protocol.http import HTTPReply

__all__ = ["ADVICE", "NEEDS_PRO", "NO_CREDENTIALS", "NO_RECOVERY", "OWN_KEY", "STATUSES"]
__all__ += ["NAMESPACES_HEADER", "TOO_LONG_AGO", "UNPRINTABLE_HISTORY", "WANTS_KEY", "names_in", "suggestion"]

_NEEDS_PRO = Advice(
    "The open-source server does not have the method `{method}`.", "This method needs Centrifugo PRO or a newer server."
)
NEEDS_PRO = _NEEDS_PRO.hint
NO_RECOVERY = "recovery is disabled in its namespace (set `allow_recovery` or `force_recovery`, and keep a history)"
TOO_LONG_AGO = "its history no longer contains the last publication seen, or was reset"
NO_CREDENTIALS = (
    "the server requires a token: pass a token, or its `client.token.hmac_secret_key` as the token key. It accepts "
    "clients without a token only with `client.allow_anonymous_connect_without_token` or `client.insecure`"
)
OWN_KEY = "the server does not accept the subscription token: it may use a separate key for subscription tokens"

_CHANNEL_LIMIT = "Use fewer channels, or raise `client.channel_limit`."
_WRONG_TYPE = Advice(
    "`{method}` does not work on {channel}.", "Use a channel whose namespace has the matching `subscription_type`."
)
_HISTORY_OFF = Advice(
    "`{method}` failed because history is disabled for {channel}.",
    "History is disabled: set `history_size` and `history_ttl` {options}.",
)
_PRESENCE_OFF = Advice(
    "`{method}` is disabled for {channel}.",
    "Presence is disabled: set `presence` {options}.",
)

_ERRORS: dict[tuple[int | str, str], Advice] = {
    (error_codes.INTERNAL, "channels"): Advice("`channels` failed.", "Check that the pattern is a valid glob."),
    (error_codes.INTERNAL, "subscribe"): Advice("`subscribe` failed.", "Check that `expire_at` is in the future."),
    (error_codes.INTERNAL, "map_publish"): Advice(
        "`map_publish` failed.",
        "If the map is ephemeral, leave out the version, which it does not support.",
    ),
    (error_codes.INTERNAL, "history"): Advice(
        "`history` failed.", "See the server's log. A reversed history cannot start at offset 0."
    ),
    (error_codes.INTERNAL, ""): Advice("`{method}` failed.", "See the server's log."),
    (error_codes.UNAUTHORIZED, ""): Advice(
        "A client did not authenticate.", "The token must contain the user's id (`sub`)."
    ),
    (error_codes.UNKNOWN_CHANNEL, ":"): Advice(
        "`{method}` failed for {channel}, which has no namespace.",
        "The name {channel} has no namespace: `channel.without_namespace` lacks the option that `{method}` needs. Set "
        "it there, or use a channel in a namespace that has it.",
    ),
    (error_codes.UNKNOWN_CHANNEL, ""): Advice(
        "{channel}: the server does not have the namespace “{namespace}”, the part of the name before the colon.",
        "The namespace of {channel} is not configured: add "
        '`{{"name": "{namespace}"}}` to `channel.namespaces`, or use a name without a colon.',
    ),
    (error_codes.PERMISSION_DENIED, "subscribe $"): Advice(
        "{user} may not subscribe to {channel} without a matching subscription token, because the channel is private.",
        "A private channel requires a subscription token: create it in the back end with "
        "`centripetal.tokens.subscription_token(key, channel, user)`.",
    ),
    (error_codes.PERMISSION_DENIED, "subscribe #"): Advice(
        "{user} may not subscribe to {channel}: it is limited to the users listed after the #.",
        "Only the users listed after the # may subscribe: connect as one of them, or use another channel.",
    ),
    (error_codes.PERMISSION_DENIED, "subscribe"): Advice(
        "{user} may not subscribe to {channel}.",
        "Set `allow_subscribe_for_client` {options} (for anonymous clients also "
        "`allow_subscribe_for_anonymous`), or give the client a subscription token.",
    ),
    (error_codes.PERMISSION_DENIED, "publish"): Advice(
        "{user} may not publish to {channel}.",
        "Set `allow_publish_for_client` or `allow_publish_for_subscriber` {options}, or publish from the back end.",
    ),
    (error_codes.PERMISSION_DENIED, ""): Advice(
        "{user} may not call `{method}` for {channel}.",
        "Set `allow_presence_for_subscriber` or `allow_history_for_subscriber` (or `…_for_client`) {options}.",
    ),
    (error_codes.METHOD_NOT_FOUND, "rpc"): Advice(
        "A client called an RPC method that does not exist.",
        "Check the name of the RPC method. The open-source edition has no RPC methods, and the embedded server has "
        "only `ping` for clients (`rpc.ping`).",
    ),
    (error_codes.METHOD_NOT_FOUND, ""): _NEEDS_PRO,
    (error_codes.ALREADY_SUBSCRIBED, ""): Advice(
        "{user} subscribed to {channel} twice on one connection.",
        "Subscribe once and share the subscription in the page's code. Server-side subscriptions count, too.",
    ),
    (error_codes.LIMIT_EXCEEDED, ""): Advice(
        "{user} reached the maximum number of channels per connection.", _CHANNEL_LIMIT
    ),
    (error_codes.BAD_REQUEST, "publish"): Advice(
        "`publish`: the channel or the data are missing, or the data are not valid for {channel}.",
        "Pass a channel, and data that match `publication_data_format` and `subscription_type` of its namespace. "
        "`b64data` must be padded base64.",
    ),
    **dict.fromkeys(
        (
            (error_codes.BAD_REQUEST, method)
            for method in ("map_publish", "map_remove", "map_read_state", "map_read_stream", "map_stats", "map_clear")
        ),
        _WRONG_TYPE,
    ),
    (error_codes.BAD_REQUEST, "shared_poll_publish"): Advice(
        _WRONG_TYPE.meaning, "The namespace must have `subscription_type` `shared_poll` and `publish_enabled`."
    ),
    (error_codes.BAD_REQUEST, ""): Advice(
        "`{method}`: an argument is missing or invalid, or the name of {channel} is not allowed.",
        "Channel names must be ASCII with at most `channel.max_length` bytes, unless `channel_regex` allows others.",
    ),
    (error_codes.NOT_AVAILABLE, "history"): _HISTORY_OFF,
    (error_codes.NOT_AVAILABLE, "history_remove"): _HISTORY_OFF,
    (error_codes.NOT_AVAILABLE, "presence"): _PRESENCE_OFF,
    (error_codes.NOT_AVAILABLE, "presence_stats"): _PRESENCE_OFF,
    (error_codes.NOT_AVAILABLE, ""): Advice(
        _PRESENCE_OFF.meaning,
        "Enable it {options}. The embedded server does not support map channels and shared polling.",
    ),
    (error_codes.TOKEN_EXPIRED, ""): Advice(
        "A token of {user} has expired, or is not valid yet.",
        "Create a new token; official SDKs request it with `getToken`. If the token is new, synchronize the clocks.",
    ),
    (error_codes.EXPIRED, ""): Advice(
        "`expire_at` in a token of {user} has passed.", "Create a new token with an `expire_at` in the future."
    ),
    (error_codes.UNRECOVERABLE_POSITION, "subscribe"): Advice(
        "{user} cannot recover {channel}: the missed publications are no longer in the history.",
        "Reload the state. A larger `history_size` and a longer `history_ttl` cover longer interruptions.",
    ),
    (error_codes.UNRECOVERABLE_POSITION, ""): Advice(
        "`{method}` for {channel} used an epoch that is not the current one.",
        "The history was reset and has a new epoch; publications of the old epoch are lost. Repeat the call without "
        "`since`.",
    ),
}

_CLOSES: dict[int | str, Advice] = {
    disconnects.SHUTDOWN.code: Advice("The server is shutting down."),
    disconnects.FORCE_DISCONNECT.code: Advice("The back end disconnected the user."),
    disconnects.INVALID_TOKEN.code: Advice(
        "A client sent a token that the server does not accept.",
        "To see why, run `centripetal token explain TOKEN`. Often the token is not signed with the server's "
        "`client.token.hmac_secret_key`, `sub` is a number, or the token is for another channel or user.",
    ),
    disconnects.BAD_REQUEST.code: Advice(
        "A client connected without a token or violated the protocol.",
        "Give the client a connection token, or set `client.allow_anonymous_connect_without_token`. If it has a token, "
        "use centrifuge-js 3 or later, and check that every namespace in the token exists.",
    ),
    disconnects.STALE.code: Advice(
        "A client opened a connection but did not authenticate in time.",
        "Send `connect` as the first message. The time limit is `client.stale_close_delay`.",
    ),
    disconnects.CONNECTION_EXPIRED.code: Advice(
        "The connection of {user} expired.",
        "Give the client a new token before the old one expires; official SDKs request it with `getToken`.",
    ),
    disconnects.SUBSCRIPTION_EXPIRED.code: Advice(
        "A server-side subscription of {user} expired.", "Subscribe the user again, with a later `expire_at`."
    ),
    disconnects.CONNECTION_LIMIT.code: Advice(
        "{user} reached the maximum number of connections per user.",
        "Raise `client.user_connection_limit`, or set `single_connection`: a new connection then replaces the old one.",
    ),
    disconnects.CHANNEL_LIMIT.code: Advice(
        "A subscription would exceed the maximum number of channels per connection of {user}.", _CHANNEL_LIMIT
    ),
    disconnects.SLOW.code: Advice(
        "{user} read too slowly, and the queue of its connection overflowed.",
        "Publish less, make the client read faster, or raise `client.queue_max_size`.",
    ),
    disconnects.NO_PONG.code: Advice(
        "{user} did not answer a ping within `client.pong_timeout`.",
        "The client is gone or busy. If you wrote the client yourself, answer `{{}}` with `{{}}`.",
    ),
    disconnects.INSUFFICIENT_STATE.code: Advice(
        "The connection of {user} no longer matches the state of its channels.",
        "The client reconnects by itself. If this happens after a refresh, put the same channels into the new token.",
    ),
    disconnects.INTERNAL_SERVER_ERROR.code: Advice(
        "The server failed to handle a command of {user}.",
        "Check the command, for example for an unknown type of subscription; otherwise it is a bug in the server.",
    ),
    disconnects.PERMISSION_DENIED.code: Advice(
        "The server does not accept tokens of anonymous clients.",
        "Put a user into the token, or disable `client.disallow_anonymous_connection_tokens`.",
    ),
    disconnects.INAPPROPRIATE_PROTOCOL.code: Advice(
        "Binary data (`b64data`) cannot be sent to a client that uses JSON.",
        "Publish JSON, or connect with the binary protocol of a real server.",
    ),
    disconnects.NOT_AVAILABLE.code: Advice(
        "A client sent a message that the server does not handle.",
        "The open-source server does not support `send`: use `publish` or `rpc`.",
    ),
}

_REQUESTS = {
    "no API key": Advice(
        "An API request came without the API key, or with a wrong key.",
        "Pass the server's `http_api.key` to `Client(url, api_key)`, or send it in the header `X-API-Key`. To accept "
        "requests without a key, start the server with `http_api.insecure`.",
    ),
    "the origin is not": Advice(
        "A web page tried to connect from an origin that is not allowed.",
        "Add the page's origin, such as `http://localhost:3000`, to `client.allowed_origins`; `*` allows all origins.",
    ),
    "a reply cannot be printed": Advice(
        "A reply contained data that are not JSON, so the server could not send the whole response.",
        "A channel contains binary data published with `b64data`: read it over a WebSocket, or publish JSON.",
    ),
    "": Advice(
        "An API request could not be read: {reason}.",
        "POST a JSON object with the method's fields to `/api/METHOD`. For methods without fields, send `{{}}`.",
    ),
}

STATUSES = {
    400: "the server could not parse the request; nothing was executed (for Centrifugo 1.x, use centripetal.v1.Client)",
    401: "the api_key is not the server's `http_api.key`",
    404: "no Centrifugo API at this address: check host, port and path",
    405: "the server accepts only POST; a redirect may have changed the method: check the URL",
}
"""Explanations of HTTP statuses of the API for a caller that sent a key."""

WANTS_KEY = "the server requires an api_key: pass its `http_api.key`"
"""Explanation of 401 for a caller that sent no key."""

UNPRINTABLE_HISTORY = "the history may contain binary data (b64data), which the server cannot send in an HTTP reply"
"""Explanation of 500 in reply to `history`."""

ADVICE = AdviceTable(
    _ERRORS,
    _CLOSES,
    _REQUESTS,
    {message: code for code, message in (*error_codes.MESSAGES.items(), *error_codes.API_MESSAGES.items())},
    Places("in `channel.without_namespace`", "`channel.namespaces`"),
)
"""The explanations and fixes of this dialect."""

NAMESPACES_HEADER = "X-Centripetal-Namespaces"
"""Header of replies with error 102: names of namespaces, separated by commas. The real server does not send it."""

_LONGEST = 40
_MOST_TEXT = 2000
_KEY = NAMESPACES_HEADER.lower()


def names_in(reply: HTTPReply) -> str:
    """Return the names that the server has told, separated by commas."""
    return reply.header(_KEY) or ""


def suggestion(code: int, channel: str, names: str) -> str:
    """Return a sentence with the one of *names* that is nearest to the namespace of *channel*, "" without one.

    Args:
        code: the server's error; only 102 is about the namespace.
        channel: name of the channel.
        names: the configured namespaces, separated by commas.
    """
    wanted, colon, _ = (exact_text(channel) or "").removeprefix("$").partition(":")
    if code != error_codes.UNKNOWN_CHANNEL or not names or not colon:
        return ""
    wanted = wanted[:_LONGEST]
    distance, found = min((_distance(wanted, name), name) for name in names[:_MOST_TEXT].split(","))
    similar = 2 * distance <= max(len(wanted), len(found))
    return f". The nearest configured namespace is “{found:.100}”" if similar else ""


def _distance(one: str, other: str) -> int:
    """Return how many characters to insert, delete or replace to turn *one* into *other*."""
    # Not `difflib`: a call must not import anything, and an import at the start would slow down every program.
    row = list(range(len(other) + 1))
    for above, character in enumerate(one):
        last, row[0] = row[0], above + 1
        for place, each in enumerate(other):
            last, row[place + 1] = (
                row[place + 1],
                min(row[place + 1] + 1, row[place] + 1, last + (each != character)),
            )
    return row[-1]
