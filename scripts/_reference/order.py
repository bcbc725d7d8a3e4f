"""Order of the reference: names that people need first come first."""

from collections.abc import Iterable, Mapping, Sequence

__all__ = ["CLASSES", "FUNCTIONS", "METHODS", "OWN_METHODS", "PRO", "in_order"]

PRO = "Centrifugo PRO"

METHODS: Mapping[str, Sequence[str]] = {
    "Messages": ("publish", "broadcast", "history", "history_remove"),
    "Presence and channels": ("presence", "presence_stats", "channels"),
    "Connections": ("subscribe", "unsubscribe", "disconnect", "refresh"),
    "Server": ("info", "stats", "node", "rpc"),
    "Maps": (
        "map_publish",
        "map_remove",
        "map_clear",
        "map_read_state",
        "map_read_stream",
        "map_stats",
        "shared_poll_publish",
    ),
    PRO: (
        "connections",
        "get_user_status",
        "update_user_status",
        "delete_user_status",
        "block_user",
        "unblock_user",
        "revoke_token",
        "invalidate_user_tokens",
        "device_register",
        "device_update",
        "device_remove",
        "device_list",
        "device_topic_list",
        "device_topic_update",
        "user_topic_list",
        "user_topic_update",
        "send_push_notification",
        "update_push_status",
        "cancel_push",
    ),
}
"""Methods of the server API by subject, for both generations. A test checks that none is missing."""

OWN_METHODS = ("history_pages", "batch", "add", "send", "reset", "call", "close")
"""Methods of clients that are not methods of the server API."""

CLASSES = (
    *("Outbox", "Writer"),
    *("Client", "AsyncClient", "Batch", "AsyncBatch", "BatchSlot"),
    *("Retry", "Limits", "CurrentOptions", "ClientOptions", "TransportOptions"),
)
"""The first classes of their chapters."""

FUNCTIONS = ("connection_token", "subscription_token", "explain", "generate_client_token", "generate_channel_sign")
"""The first functions of their chapters."""


def in_order(names: Iterable[str], first: Iterable[str]) -> list[str]:
    """Return *names* sorted: those in *first* in that order, then the others by the alphabet."""
    ranks = {name: rank for rank, name in enumerate(first)}
    return sorted(names, key=lambda name: (ranks.get(name, len(ranks)), name))
