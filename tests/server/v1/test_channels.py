"""Parsing of channel names by a 1.x server (protocol 1: channel-names)."""

import pytest

from centripetal.errors import ServerError
from centripetal.server.v1.channels import ChannelOptions, ChannelRules

TOP, PUBLIC, ODD = ChannelOptions(watch=True), ChannelOptions(presence=True), ChannelOptions(publish=True)
RULES = ChannelRules(options=TOP, namespaces={"public": PUBLIC, "dialog#1": ODD})


@pytest.mark.parametrize(
    ("channel", "expected"),
    [
        ("news", TOP),
        ("$news", TOP),
        (":news", TOP),
        ("$:news", TOP),
        ("public:news", PUBLIC),
        ("$public:news", PUBLIC),
        ("public:a:b", PUBLIC),
        ("public:", PUBLIC),
        ("dialog#1:2", ODD),
    ],
)
def test_the_namespace_is_what_precedes_the_first_boundary(channel: str, expected: ChannelOptions) -> None:
    """The namespace is the part between one private prefix and the first boundary; it defaults to the top level."""
    assert RULES.options_of(channel) is expected


@pytest.mark.parametrize("channel", ["nope:news", "Public:news", "$$public:news", "$nope:x"])
def test_an_unknown_namespace_is_an_error(channel: str) -> None:
    """Namespace names are case-sensitive, only one private prefix is removed, and unknown names are an error."""
    with pytest.raises(ServerError, match="namespace not found"):
        RULES.options_of(channel)


def test_names_limit_users_and_clients() -> None:
    """The part after the last mark lists the allowed users or the client; an empty part is the anonymous user."""
    assert RULES.admits_user("news", "1")
    assert RULES.admits_user("dialog#1,2", "2")
    assert RULES.admits_user("a#1#2", "2")
    assert RULES.admits_user("a#", "")
    assert not RULES.admits_user("dialog#1,2", "3")
    assert not RULES.admits_user("dialog#1, 2", "2")
    assert not RULES.admits_user("a#42&id", "42")
    assert RULES.admits_client("news", "id")
    assert RULES.admits_client("a&id", "id")
    assert not RULES.admits_client("a&id", "other")


def test_the_private_prefix_makes_a_channel_private() -> None:
    """A channel is private if it starts with the private prefix, or if the prefix is empty."""
    assert RULES.is_private("$public:x")
    assert not RULES.is_private("x$")
    assert ChannelRules(private_prefix="").is_private("x")


def test_an_empty_mark_matches_every_name() -> None:
    """An empty mark matches every name, because Go splits text by an empty separator into characters."""
    rules = ChannelRules(namespace_boundary="", user_boundary="", user_separator="", client_boundary="")
    with pytest.raises(ServerError, match="namespace not found"):
        rules.options_of("news")
    assert rules.admits_user("news1", "1")
    assert not rules.admits_user("news1", "news1")
    assert rules.admits_client("news1", "1")
    assert ChannelRules(user_separator="").admits_user("a#12", "2")
