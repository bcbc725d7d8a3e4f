"""The options that a subscription gets."""

from centripetal.server.current.channels import ChannelOptions
from centripetal.server.current.subscribe_options import SubscribeOptions, options_for
from centripetal.server.engine.engine import HistoryOptions
from centripetal.tokens.claims import Override, SubscribeClaims


def test_a_token_overrides_what_the_namespace_grants() -> None:
    """Each option in the override of a token replaces the option of the namespace."""
    options = ChannelOptions(presence=True, join_leave=True, force_recovery=True, history_size=2, history_ttl=9.0)
    plain = options_for(options)
    assert (plain.presence, plain.join_leave, plain.recovery, plain.positioning) == (True, True, True, False)
    claims = SubscribeClaims(
        info=b"1", data=b"2", override=Override(presence=False, force_recovery=False, force_positioning=True)
    )
    granted = options_for(options, claims, expire_at=5, by_token=True)
    assert (granted.presence, granted.join_leave, granted.recovery, granted.positioning) == (False, True, False, True)
    assert (granted.chan_info, granted.data, granted.expire_at, granted.by_token) == (b"1", b"2", 5, True)
    assert [each.has_position for each in (plain, granted, SubscribeOptions())] == [True, True, False]


def test_a_position_needs_no_history() -> None:
    """A position without a history lasts for the namespace's meta TTL, or forever."""
    assert options_for(ChannelOptions(history_meta_ttl=60.0)).stream == HistoryOptions(meta_ttl=60)
    assert options_for(ChannelOptions()).stream == HistoryOptions(meta_ttl=None)
