"""What errors of a Centrifugo 6 server mean and what to do about them, for people: a table. PURE.

The words are those of the server's log, of its replies (spec v6 §6, §18.1) and of its close frames (§18.2).
"""

from centripetal.dialects.current.client_protocol.objects import Disconnect
from centripetal.server.console.problems import Explanation, Problem, explainer
from centripetal.server.current.disconnects import (
    BAD_REQUEST,
    CHANNEL_LIMIT,
    CONNECTION_EXPIRED,
    CONNECTION_LIMIT,
    INAPPROPRIATE_PROTOCOL,
    INSUFFICIENT_STATE,
    INTERNAL_SERVER_ERROR,
    INVALID_TOKEN,
    NO_PONG,
    NOT_AVAILABLE,
    PERMISSION_DENIED,
    SLOW,
    STALE,
    SUBSCRIPTION_EXPIRED,
)
from centripetal.server.engine.events import CommandRefused, CommandRun, Disconnected, Event, RequestRefused

__all__ = ["explain"]

_FIRST_OF_APPLICATIONS = 4000  # of the codes with which connections end


def _close(disconnect: Disconnect, what: str, fix: str) -> Explanation:
    return Explanation(Disconnected, disconnect.reason, what, fix)


def _denied(method: str, what: str, fix: str) -> Explanation:
    return Explanation(CommandRefused, "permission denied", what, fix, lambda event: event.method == method)


_TABLE = (
    # A whole request to the API, or a handshake.
    Explanation(
        RequestRefused,
        "no API key",
        "An API request came without the API key, or with a wrong one.",
        "Use the same key on both sides: `http_api.key` of this server and `Client(url, api_key)`. By hand, send it as "
        "the header `X-API-Key`. Or start this server with `http_api.insecure`.",
    ),
    Explanation(
        RequestRefused,
        "the origin is none",
        "A browser's page wanted to connect and comes from an origin that is not allowed.",
        "Add the page's address, such as `http://localhost:3000`, to `client.allowed_origins`; `*` allows all.",
    ),
    Explanation(
        RequestRefused,
        "a reply cannot be printed",
        "A reply held something that is no JSON, and took the whole answer with it.",
        "A channel holds bytes that were published as `b64data`: read it over a WebSocket, or publish JSON.",
    ),
    Explanation(
        RequestRefused,
        "",
        "An API request could not be read: {reason}.",
        "POST one JSON object with the method's fields to `/api/METHOD`; methods without fields take `{{}}`.",
    ),
    # A command of the API or of a client.
    Explanation(
        Event,
        "unknown channel",
        "{channel}: this server has no namespace “{namespace}”, the part of the name before the colon.",
        'Add it to `channel.namespaces` in the configuration: `{{"name": "{namespace}"}}`. Or use a name without a '
        "colon.",
    ),
    Explanation(
        Event,
        "not available",
        "`{method}` of {channel} was asked for, and it is off there.",
        "Turn it on in the configuration, for the channel's namespace or in `channel.without_namespace`: `presence`, "
        "or `history_size` and `history_ttl`. Map channels and shared polling are not emulated here.",
    ),
    Explanation(
        CommandRun,
        "bad request",
        "`{method}`: a name or the data is missing, or the data do not fit the channel.",
        "Give a channel and data; `b64data` must be padded base64; see `publication_data_format` of the namespace.",
    ),
    Explanation(
        CommandRun,
        "not found",
        "`{method}` is no method of the open-source server.",
        "It may be one of Centrifugo PRO, or an RPC method: there are none here.",
    ),
    Explanation(
        CommandRun,
        "unrecoverable position",
        "`{method}` of {channel} named an epoch that is not the stream's.",
        "The stream began anew, as after a restart of this server. Ask again without `since`.",
    ),
    Explanation(
        CommandRun,
        "internal server error",
        "`{method}` cannot be done like that.",
        "A pattern may be broken, `expire_at` in the past, `data` no JSON, or a reverse history start at offset 0.",
    ),
    Explanation(
        CommandRefused,
        "permission denied",
        "{user} may not subscribe to {channel}, which is private: it needs a subscription token that fits.",
        "Let the back end make it with `centripetal.tokens.subscription_token(key, channel, user)`.",
        lambda event: event.method == "subscribe" and event.channel.startswith("$"),
    ),
    _denied(
        "subscribe",
        "{user} may not subscribe to {channel}.",
        "Set `allow_subscribe_for_client` in the channel's namespace (for anonymous clients also "
        "`allow_subscribe_for_anonymous`), or give the client a subscription token. Nothing is allowed unless a "
        "configuration says so.",
    ),
    _denied(
        "publish",
        "{user} may not publish into {channel}.",
        "Set `allow_publish_for_client` or `allow_publish_for_subscriber` in its namespace, or let the back end "
        "publish.",
    ),
    Explanation(
        CommandRefused,
        "permission denied",
        "{user} may not ask for `{method}` of {channel}.",
        "Set `allow_presence_for_subscriber` or `allow_history_for_subscriber` (or `…_for_client`) in its namespace.",
    ),
    Explanation(
        CommandRefused,
        "already subscribed",
        "{user} subscribed to {channel} twice on one connection.",
        "Subscribe once and share the subscription in the page's code; a server-side subscription counts, too.",
    ),
    Explanation(
        CommandRefused,
        "limit exceeded",
        "{user} has as many channels as a connection may have.",
        "Unsubscribe from what is not needed, or raise `client.channel_limit`.",
    ),
    Explanation(
        CommandRefused,
        "token expired",
        "A token of {user} has expired, or is not valid yet.",
        "Make a new one; official SDKs ask for it with `getToken`. If it is fresh, compare the clocks.",
    ),
    Explanation(
        CommandRefused,
        "expired",
        "`expire_at` in a token of {user} has passed.",
        "Make a new token whose `expire_at` is in the future.",
    ),
    Explanation(
        CommandRefused,
        "unrecoverable position",
        "{user} cannot catch up in {channel}: what it missed is no longer there.",
        "Load the state anew. A larger `history_size` and a longer `history_ttl` bridge longer breaks.",
    ),
    Explanation(
        CommandRefused,
        "bad request",
        "`{method}` of {user}: the name of {channel} or what came with it is not allowed.",
        "Names of channels are ASCII and at most `channel.max_length` long, unless `channel_regex` says otherwise.",
    ),
    Explanation(
        CommandRefused,
        "method not found",
        "{user} called an RPC method that does not exist.",
        "There are no RPC methods here but `ping` (`rpc.ping`): calls to a back end are not emulated.",
    ),
    # The end of a connection.
    _close(
        INVALID_TOKEN,
        "A client came with a token that this server does not accept.",
        "`centripetal token explain TOKEN` says why. Often the secret differs from `client.token.hmac_secret_key`, "
        "`sub` is a number, or the token is for another channel or user.",
    ),
    _close(
        BAD_REQUEST,
        "A client without a token, or one that broke the protocol.",
        "Give it a connection token, or set `client.allow_anonymous_connect_without_token`. Use a current SDK "
        "(centrifuge-js 3 or later), not one for Centrifugo 1 or 2.",
    ),
    _close(
        STALE,
        "A client opened a connection and did not authenticate in time.",
        "Send `connect` as the first message. The time is `client.stale_close_delay`.",
    ),
    _close(
        CONNECTION_EXPIRED,
        "The connection of {user} has expired.",
        "Give the client a new token before that: official SDKs ask for it with `getToken`.",
    ),
    _close(
        SUBSCRIPTION_EXPIRED,
        "A server-side subscription of {user} has expired.",
        "Subscribe it again, or with a later `expire_at`.",
    ),
    _close(
        CONNECTION_LIMIT,
        "{user} has as many connections as a user may have.",
        "See `client.user_connection_limit` and `single_connection`.",
    ),
    _close(
        CHANNEL_LIMIT,
        "{user} was to be subscribed to more channels than a connection may have.",
        "Raise `client.channel_limit`, or use fewer channels.",
    ),
    _close(
        SLOW,
        "{user} read more slowly than was published, until its queue was full.",
        "Publish less to it, let it read faster, or raise `client.queue_max_size`.",
    ),
    _close(
        NO_PONG,
        "{user} did not answer a ping in `client.pong_timeout`.",
        "The client is gone or busy. By hand: answer `{{}}` with `{{}}`.",
    ),
    _close(
        INSUFFICIENT_STATE,
        "The connection of {user} does not fit the state of its channels any more.",
        "It comes back by itself. After a refresh: the new token must have the same channels.",
    ),
    _close(
        INTERNAL_SERVER_ERROR,
        "The server failed on something that {user} sent.",
        "That is a mistake of this server or an odd command, such as a subscription of a type that does not exist.",
    ),
    _close(
        PERMISSION_DENIED,
        "An anonymous client is not allowed to connect with a token.",
        "Give the token a user, or turn off `client.disallow_anonymous_connection_tokens`.",
    ),
    _close(
        INAPPROPRIATE_PROTOCOL,
        "Bytes that are no JSON were to go to a JSON client.",
        "Publish JSON, or connect with the binary protocol of a real server.",
    ),
    _close(
        NOT_AVAILABLE,
        "A client sent a message that nobody takes.",
        "`send` needs a handler, which the open-source server has not: use `publish` or `rpc`.",
    ),
)

_EXPLAINED = explainer(_TABLE)
_FAULTS = {entry.word for entry in _TABLE if entry.kind is Disconnected}


def explain(event: Event) -> Problem | None:
    """What an event of a Centrifugo 6 server means; None if nothing went wrong."""
    # The back end may end a connection with any code and reason: that is no fault, nor is the end of the server.
    if isinstance(event, Disconnected) and (event.code >= _FIRST_OF_APPLICATIONS or event.reason not in _FAULTS):
        return None
    return _EXPLAINED(event)
