"""What errors of a 1.x server mean and what to do about them, for people: a table. PURE.

The words are those of the server's log, of its replies (spec v1 §6, §9.4) and of its close frames (§9.3).
"""

from centripetal.dialects.v1.client_protocol import Disconnect
from centripetal.server.console.problems import Explain, Explanation, explainer
from centripetal.server.engine.events import CommandRefused, CommandRun, Disconnected, Event, RequestRefused
from centripetal.server.v1.disconnects import (
    DISCONNECT,
    EXPIRED,
    INVALID_MESSAGE,
    INVALID_TOKEN,
    LIMIT_EXCEEDED,
    METHOD_NOT_FOUND,
    SHUTTING_DOWN,
    SLOW,
    STALE,
    UNAUTHORIZED,
)

__all__ = ["explain"]


def _close(disconnect: Disconnect, what: str, fix: str) -> Explanation:
    return Explanation(Disconnected, disconnect.reason, what, fix)


_TABLE = (
    # A whole request to the API.
    Explanation(
        RequestRefused,
        "invalid sign",
        "The sign of an API request does not fit its body.",
        "Use the same secret on both sides: this server's `secret` and the client's. If they are equal, something "
        "changes the body after it is signed.",
    ),
    Explanation(
        RequestRefused,
        "no sign found",
        "An API request came without a sign.",
        "Sign it: send HMAC-SHA256 of the body, made with the secret, as X-API-Sign; `Client(url, secret)` does. "
        "Or start this server with `insecure_api`.",
    ),
    Explanation(
        RequestRefused,
        "no data found",
        "An API request had nothing in it.",
        "Send the commands as a JSON body with Content-Type: application/json, or as the form field `data`.",
    ),
    Explanation(
        RequestRefused,
        "no secret set",
        "This server has no secret, so no request can prove anything to it.",
        "Start it with a secret (`--secret`, or `secret` in its configuration), or with `insecure_api`.",
    ),
    Explanation(
        RequestRefused,
        "unknown method",
        "An API request asked for something that 1.x does not have: {reason}.",
        "Its methods: publish, broadcast, unsubscribe, disconnect, presence, history, channels, stats, node. "
        "Commands before this one in the request have run.",
    ),
    Explanation(
        RequestRefused,
        "a reply cannot be printed",
        "A reply held something that is no JSON, and took the whole answer with it. The commands have run.",
        "Look at the `info` with which clients connect: it must be JSON, not just any text.",
    ),
    Explanation(
        RequestRefused,
        "",
        "An API request could not be read: {reason}.",
        'Send one command, `{{"method": …, "params": …}}`, or an array of them, and only the params of that method. '
        "Commands before the broken one have run.",
    ),
    # A command of the API or of a client.
    Explanation(
        Event,
        "namespace not found",
        "{channel}: this server has no namespace “{namespace}”, the part of the name before the colon.",
        'Add it to `namespaces` in the configuration: `{{"name": "{namespace}"}}`. Or use a name without a colon.',
    ),
    Explanation(
        Event,
        "not available",
        "`{method}` of {channel} was asked for, and it is off there.",
        "Turn it on in the configuration, for all channels or in the channel's namespace: `presence`, or "
        "`history_size` and `history_lifetime`, both above 0.",
    ),
    Explanation(
        CommandRun,
        "invalid message",
        "`{method}`: a name or the data is empty.",
        "Give a channel, a user or data, as the method needs. In a broadcast, channels before an empty one have it.",
    ),
    Explanation(
        CommandRefused,
        "permission denied",
        "{user} may not subscribe to {channel}: it is for the users named after the #.",
        "Connect as one of them, or subscribe to another channel.",
        lambda event: event.method == "subscribe" and "#" in event.channel,
    ),
    Explanation(
        CommandRefused,
        "permission denied",
        "{user} may not subscribe to {channel}: it is for the one connection that is named after the &.",
        "Name the channel with the id that the client got in the reply to its connect.",
        lambda event: event.method == "subscribe" and "&" in event.channel,
    ),
    Explanation(
        CommandRefused,
        "permission denied",
        "An anonymous client may not subscribe to {channel}.",
        "Set `anonymous` in the channel's namespace, or let the client connect with a user.",
        lambda event: event.method == "subscribe" and not event.user,
    ),
    Explanation(
        CommandRefused,
        "permission denied",
        "{user} may not subscribe to {channel}, which is private: the sign is missing or does not fit.",
        "Let the back end make it: `generate_channel_sign(secret, client, channel, info)`, with this server's secret, "
        "the client's connection id and the info that is sent along.",
        lambda event: event.method == "subscribe",
    ),
    Explanation(
        CommandRefused,
        "permission denied",
        "{user} may not publish into {channel}.",
        "Clients need a subscription to the channel, and `publish` in its namespace. Or let the back end publish.",
        lambda event: event.method == "publish",
    ),
    Explanation(
        CommandRefused,
        "permission denied",
        "{user} asked for `{method}` of {channel} without a subscription to it.",
        "Subscribe first: only subscribers may ask.",
    ),
    Explanation(
        CommandRefused,
        "already subscribed",
        "{user} subscribed to {channel} twice on one connection.",
        "Subscribe once and share the subscription in the page's code.",
    ),
    Explanation(
        CommandRefused,
        "limit exceeded",
        "{user} may not subscribe to {channel}: the name is too long, or the connection has too many channels.",
        "Unsubscribe from what is not needed, or raise `client_channel_limit` or `max_channel_length`.",
    ),
    Explanation(
        CommandRefused,
        "invalid message",
        "`{method}` of {user} lacked a channel or data.",
        "Send both.",
    ),
    # The end of a connection.
    _close(
        INVALID_TOKEN,
        "A client connected with a token that does not fit its user, timestamp and info.",
        "Make the token with this server's secret from exactly the values that the client sends: "
        "`generate_client_token(secret, user, timestamp, info)`.",
    ),
    _close(
        STALE,
        "A client opened a connection and did not authenticate in time.",
        "Send `connect` as the first message. The time is `stale_connection_close_delay`.",
    ),
    _close(
        EXPIRED,
        "The connection of {user} has outlived `connection_lifetime`.",
        "Give the client new credentials before that: official SDKs ask the `refreshEndpoint`.",
    ),
    _close(
        UNAUTHORIZED,
        "A client sent a command before it had authenticated.",
        "Send `connect` first, and the rest after its reply.",
    ),
    _close(
        INVALID_MESSAGE,
        "A client sent something that is no command of the 1.x protocol.",
        'Use an SDK for Centrifugo 1.x (centrifuge-js 1.x, not later). By hand: {{"uid", "method", "params"}}.',
    ),
    _close(
        METHOD_NOT_FOUND,
        "A client asked for a method that clients of 1.x do not have.",
        "Use an SDK for Centrifugo 1.x. Clients have connect, refresh, subscribe, unsubscribe, publish, presence, "
        "history and ping.",
    ),
    _close(
        LIMIT_EXCEEDED,
        "{user} sent too large a message, or has too many connections.",
        "See `client_request_max_size` and `user_connection_limit`.",
    ),
    _close(
        SLOW,
        "{user} read more slowly than was published, until its queue was full.",
        "Publish less to it, let it read faster, or raise `client_queue_max_size`.",
    ),
)

explain: Explain = explainer(_TABLE, {Disconnected: frozenset({DISCONNECT.reason, SHUTTING_DOWN.reason})})
"""What an event of a 1.x server means; None if nothing went wrong."""
