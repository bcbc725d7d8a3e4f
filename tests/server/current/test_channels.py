"""Parsing of channel names by a current server (protocol 6: channels)."""

import pytest

from centripetal.errors import ServerError
from centripetal.server.current.channels import ChannelOptions, ChannelRules
from centripetal.server.engine.engine import NO_HISTORY, HistoryOptions

TOP, NEWS = ChannelOptions(presence=True), ChannelOptions(join_leave=True)
RULES = ChannelRules(options=TOP, namespaces={"news": NEWS})
LIMITED = ChannelOptions(allow_user_limited_channels=True)


@pytest.mark.parametrize(
    ("channel", "expected"),
    [
        ("a", TOP),
        (":a", TOP),
        ("", TOP),
        ("news:", NEWS),
        ("news:a:b", NEWS),
        ("$news:a", NEWS),
        ("$a", TOP),
        ("news", TOP),
    ],
)
def test_the_namespace_is_what_precedes_the_first_boundary(channel: str, expected: ChannelOptions) -> None:
    """The namespace is the part before the first boundary; a private prefix is ignored."""
    assert RULES.options_of(channel) is expected


@pytest.mark.parametrize("channel", ["other:a", "$other:a", "n$ews:a"])
def test_an_unknown_namespace_is_an_error(channel: str) -> None:
    """An unknown namespace is error 102 in every method."""
    with pytest.raises(ServerError) as caught:
        RULES.options_of(channel)
    assert (caught.value.code, caught.value.message) == (102, "unknown channel")


def test_marks_may_be_empty() -> None:
    """With empty marks, channels are not private, in a namespace or limited to users."""
    rules = ChannelRules(private_prefix="", namespace_boundary="", user_boundary="", user_separator="")
    assert rules.options_of("a:b") == ChannelOptions()
    assert not rules.is_private("$a")
    assert not rules.is_user_limited("a#1", LIMITED)


@pytest.mark.parametrize(
    ("channel", "user", "listed"),
    [
        ("a#42", "42", True),
        ("a#42,43", "43", True),
        ("a#1#42", "1", False),
        ("a#1#42", "42", True),
        ("a#", "", True),
        ("a#42", "4", False),
        ("a# 42", "42", False),
    ],
)
def test_users_are_listed_after_the_last_boundary(channel: str, user: str, listed: bool) -> None:
    """The allowed users are listed after the last boundary, if the namespace allows such channels."""
    assert RULES.is_user_limited(channel, LIMITED)
    assert not RULES.is_user_limited(channel, TOP)
    assert RULES.lists_user(channel, user) is listed


@pytest.mark.parametrize(
    ("channel", "regex", "good"),
    [
        ("news:é", "", False),
        ("news:a b", "", True),
        ("news:abc", "^[a-z]+$", True),
        ("news:ab1", "^[a-z]+$", False),
        ("$news:abc", "^[a-z]+$", True),
        ("$abc", "^[a-z]+$", False),
        ("news:é", "é", True),
    ],
)
def test_names_are_ascii_or_match_the_regular_expression(channel: str, regex: str, good: bool) -> None:
    """Names are ASCII, or match the regular expression in the part after the namespace."""
    assert RULES.is_well_formed(channel, ChannelOptions(channel_regex=regex)) is good


@pytest.mark.parametrize(
    ("options", "history"),
    [
        (ChannelOptions(), NO_HISTORY),
        (ChannelOptions(history_size=2, history_ttl=3.0, history_meta_ttl=9.0), HistoryOptions(2, 3, meta_ttl=9)),
        (ChannelOptions(history_size=2, history_ttl=3.0), HistoryOptions(2, 3, meta_ttl=None)),
    ],
)
def test_history_options_come_from_the_namespace(options: ChannelOptions, history: HistoryOptions) -> None:
    """The history options come from the namespace, and a position without a lifetime never expires."""
    assert options.history == history
