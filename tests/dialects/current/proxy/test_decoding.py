"""The decoded answers have every field of the server's definition."""

import pytest

from centripetal.dialects.current.objects import FilterNode, SubscribeOptionOverride, SubscribeOptions
from centripetal.dialects.current.proxy import decoding, replies
from centripetal.dialects.current.proxy.decoding import RESPONSES
from centripetal.dialects.current.proxy.events import EVENTS
from centripetal.protocol.fields import fields_of as declared
from tests.dialects.current.proxy.definition import ANSWERED, fields_of, kind_of, message

# Messages that have another name here.
RENAMED = {
    "SharedPollRefreshResult": "SharedPollResult",
    "SharedPollRefreshResultItem": "PolledKey",
    "SubscribeOptions": "Options",
    "SubscribeOptionOverride": "Override",
}
# Fields that replies do not have, with the reason.
NOT_IN_REPLIES = {
    ("RefreshResult", "expired"): "Expired() is a reply without other fields",
    ("SubRefreshResult", "expired"): "Expired() is a reply without other fields",
    ("SubscribeOptions", "expire_at"): "the server ignores it in the reply to connect",
}
REPLIES = {
    "ConnectResult": replies.ConnectReply,
    "RefreshResult": replies.RefreshReply,
    "SubscribeResult": replies.SubscribeReply,
    "PublishResult": replies.PublishReply,
    "RPCResult": replies.RPCReply,
    "SubRefreshResult": replies.SubRefreshReply,
    "SharedPollRefreshResult": replies.SharedPollReply,
    "SharedPollRefreshResultItem": replies.SharedPollResult,
    "SubscribeOptions": SubscribeOptions,
    "SubscribeOptionOverride": SubscribeOptionOverride,
    "FilterNode": FilterNode,
    "ChannelsCapability": replies.ChannelsCapability,
}


def renamed(kind: str) -> str:
    for name, ours in sorted(RENAMED.items(), key=lambda pair: -len(pair[0])):
        kind = kind.replace(name, ours)
    return kind


@pytest.mark.parametrize("call", ANSWERED)
def test_answers_have_the_fields_of_the_definition(call: str) -> None:
    """The answer to each event, and each message in it, has the fields and types of the server's definition."""
    event = EVENTS[kind_of(call)]
    listed = message(f"{call}Response")
    assert fields_of(RESPONSES[event]) == {name: renamed(kind) for name, kind in listed.items()}


@pytest.mark.parametrize(
    "name", sorted({*REPLIES, "Error", "Disconnect", "BoolValue"} - {"FilterNode", "ChannelsCapability"})
)
def test_messages_have_the_fields_of_the_definition(name: str) -> None:
    """Each message in an answer has the fields and types of the server's definition."""
    listed = {field: renamed(kind) for field, kind in message(name).items()}
    assert fields_of(getattr(decoding, RENAMED.get(name, name))) == listed


@pytest.mark.parametrize(("name", "reply"), sorted(REPLIES.items()))
def test_replies_have_the_fields_of_the_definition(name: str, reply: type) -> None:
    """A reply has every field of the server's result, except those that are listed with a reason."""
    listed = {field for field in message(name) if (name, field) not in NOT_IN_REPLIES}
    assert {field.name for field in declared(reply)} == listed


def test_the_exceptions_exist() -> None:
    """Each field that replies do not have is in the server's definition."""
    assert all(field in message(name) for name, field in NOT_IN_REPLIES)
