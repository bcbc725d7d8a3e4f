"""The script of the demo for each generation, as source code that is both shown and run.

A line has room for 65 characters of code, so that it fits into 80 columns with the duration of the call.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from centripetal.cli.generation import Generation

__all__ = ["CHANNELS", "CONFIGS", "PUBLISHES", "STEPS", "USER", "Step"]

CHANNELS = ["demo", "demo-2"]
USER = "alice"


class Step(NamedTuple):
    """A title and calls. The calls are source code, so that the output shows exactly the code that ran."""

    title: str
    calls: tuple[str, ...]


_ALONE_TITLE = "A hundred messages, each in a request of its own:"
_TOGETHER_TITLE = "The same hundred messages in one request; each has its own result:"
_PUBLISH_TITLE = "Publish to channels, read the history, list the subscribers:"
_ALONE = "results = [client.publish('demo', {'n': n}) for n in range(100)]"
_BATCH = """\
with client.batch() as batch:
    slots = [batch.publish('demo', {'n': n}) for n in range(100)]"""
_BUFFERED = """\
for n in range(100): client.add_publish('demo', {'n': n})
responses = client.send()"""
_MISTAKE = Step(
    "A deliberate mistake. The error says what to do and whether the command ran:",
    ("client.publish('no-such-namespace:demo', {'text': 'lost'})",),
)

STEPS: Mapping[Generation, tuple[Step, ...]] = {
    Generation.V1: (
        Step(
            "The secret signs every request and every client token:",
            ("generate_api_sign(secret, '[]')[:16] + '…'", "generate_client_token(secret, '42', now)[:16] + '…'"),
        ),
        Step(
            _PUBLISH_TITLE,
            (
                "client.publish('demo', {'text': 'hello'})",
                "client.broadcast(['demo', 'demo-2'], {'text': 'to both'})",
                "[message.data for message in client.history('demo')]",
                "client.presence('demo')",
                "client.channels()",
                "[node.name for node in client.stats().nodes]",
            ),
        ),
        Step(_ALONE_TITLE, (_ALONE, "all(results)")),
        Step(_TOGETHER_TITLE, (_BUFFERED, "all(response.result() for response in responses)")),
        _MISTAKE,
    ),
    Generation.CURRENT: (
        Step(
            "A browser connects with a token signed with the server's token key:",
            ("connection_token(secret, '42', expires_in=600)[:16] + '…'",),
        ),
        Step(
            _PUBLISH_TITLE,
            (
                "client.publish('demo', {'text': 'hello'})",
                "client.broadcast(['demo', 'demo-2'], {'text': 'to both'}).failed",
                "history = client.history('demo', limit=10)",
                "[publication.data for publication in history.publications]",
                "client.presence('demo').presence",
                "client.presence_stats('demo').num_users",
                "sorted(client.channels().channels)",
                "[node.name for node in client.info().nodes]",
            ),
        ),
        Step(
            "With an idempotency key, the server publishes once, even if called twice:",
            (
                "client.publish('demo', {'text': 'once'}, idempotency_key=key)",
                "client.publish('demo', {'text': 'again'}, idempotency_key=key)",
            ),
        ),
        Step(_ALONE_TITLE, (_ALONE, "results[-1]")),
        Step(_TOGETHER_TITLE, (_BATCH, "slots[-1].result()")),
        _MISTAKE,
    ),
}

PUBLISHES = {
    "client.publish('demo', {'text': 'hello'})": 1,
    "client.broadcast(['demo', 'demo-2'], {'text': 'to both'})": 2,
    "client.broadcast(['demo', 'demo-2'], {'text': 'to both'}).failed": 2,
    "client.publish('demo', {'text': 'once'}, idempotency_key=key)": 1,
    _ALONE: 100,
    _BUFFERED: 100,
    _BATCH: 100,
}
"""The minimum number of publications that each call sends to the demo's channels."""

CONFIGS: Mapping[Generation, Mapping[str, Any]] = {
    Generation.V1: {
        "presence": True,
        "join_leave": True,
        "recover": True,
        "history_size": 10,
        "history_lifetime": 300,
        "anonymous": True,
        "publish": True,
        "namespaces": [{"name": "public", "anonymous": True}],
    },
    Generation.CURRENT: {
        "client": {"allowed_origins": ["*"], "allow_anonymous_connect_without_token": True},
        "channel": {
            "without_namespace": {
                "presence": True,
                "join_leave": True,
                "history_size": 10,
                "history_ttl": "300s",
                "allow_recovery": True,
                "allow_subscribe_for_client": True,
                "allow_subscribe_for_anonymous": True,
                "allow_history_for_subscriber": True,
                "allow_presence_for_subscriber": True,
            },
        },
    },
}
"""Configuration of the demo's embedded server."""
