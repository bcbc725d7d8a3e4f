"""Permissions to connect and to use channels."""

from typing import Any

import pytest

from centripetal.dialects.current.client_protocol.commands import Connect, Subscribe
from centripetal.errors import ServerError
from centripetal.server.current.channels import ChannelOptions
from centripetal.server.current.config import read_config
from centripetal.server.current.permissions import Admission, Permissions, has_ended
from centripetal.server.current.refusals import FatalError
from centripetal.tokens.verification import TokenRefused
from tests.server.current.world import NAMESPACES, token

LIMITED = {"name": "limited", "allow_user_limited_channels": True, "allow_subscribe_for_client": True}
MAP = {"name": "map", "subscription_type": "map", "map": {"mode": "ephemeral"}, "allow_subscribe_for_client": True}
POLL = {"name": "poll", "subscription_type": "shared_poll", "allow_subscribe_for_client": True}


def make(**client: Any) -> Permissions:
    config, _ = read_config(
        {
            "client": {"token": {"hmac_secret_key": "secret"}, **client},
            "channel": {"namespaces": [*NAMESPACES, LIMITED, MAP, POLL]},
        }
    )
    return Permissions(config)


def admit(permissions: Permissions, params: Connect) -> Admission:
    """Admit a client."""
    return permissions.admit(permissions.identify(params, 1000), params)


def subscribe(permissions: Permissions, channel: str, user: str = "42", **params: Any) -> str:
    """Return "granted", or the code of the error or close."""
    try:
        permissions.check_polling(channel, params.get("type", 0))
        permissions.subscribe(Subscribe(channel, **params), user, "id", 1000)
    except ServerError as error:
        return str(error.code)
    except FatalError as error:
        return f"closed {error.disconnect.code}"
    except TokenRefused as refusal:
        return f"token {refusal.error}"
    return "granted"


@pytest.mark.parametrize(
    ("channel", "user", "outcome"),
    [
        ("open:a", "42", "granted"),
        ("open:a", "", "granted"),
        ("auth:a", "42", "granted"),
        ("auth:a", "", "103"),
        ("closed:a", "42", "103"),
        ("plain", "42", "103"),
        ("nowhere:a", "42", "102"),
        ("open:ä", "42", "107"),
        ("$open:a", "42", "103"),
        ("limited:a#42", "42", "granted"),
        ("limited:a#41,42", "42", "granted"),
        ("limited:a#4,2", "42", "103"),
        ("limited:a#43#42", "42", "granted"),
        ("limited:a#", "", "granted"),
        ("limited:a#42", "", "103"),
        # Without a list of users the channel is an ordinary channel.
        ("limited:a", "42", "granted"),
        ("open:a#43", "42", "granted"),
    ],
)
def test_subscribing_is_allowed_by_name_and_options(channel: str, user: str, outcome: str) -> None:
    """The first rule that applies decides about a subscription (protocol 6: client-subscribe)."""
    assert subscribe(make(), channel, user) == outcome


@pytest.mark.parametrize(
    ("claims", "outcome"),
    [
        ({"sub": "42", "channel": "$closed:a"}, "granted"),
        ({"sub": "42", "channel": "$closed:a", "client": "id"}, "granted"),
        ({"sub": "42", "channel": "$closed:b"}, "closed 3500"),
        ({"sub": "43", "channel": "$closed:a"}, "closed 3500"),
        ({"sub": "42", "channel": "$closed:a", "client": "other"}, "closed 3500"),
        ({"sub": "42"}, "token 103"),
        ({"sub": "42", "channel": "$closed:a", "exp": 999}, "token 109"),
    ],
)
def test_a_subscription_token_is_sufficient(claims: dict[str, Any], outcome: str) -> None:
    """A token permits a subscription to its channel for its user and client if the channel name is valid."""
    assert subscribe(make(), "$closed:a", token=token(**claims)) == outcome
    assert subscribe(make(), "$closed:ä", token=token(sub="42", channel="$closed:ä")) == "107"


def test_subscription_tokens_may_have_separate_keys() -> None:
    """With separate keys, a connection token is not valid for subscriptions, and vice versa."""
    separate = make(subscription_token={"enabled": True, "hmac_secret_key": "other"})
    claims = {"sub": "42", "channel": "closed:a"}
    assert subscribe(separate, "closed:a", token=token("other", **claims)) == "granted"
    assert subscribe(separate, "closed:a", token=token(**claims)) == "token 103"
    with pytest.raises(FatalError, match="invalid token"):
        admit(separate, Connect(token=token("other", sub="42")))
    skipping = make(insecure_skip_token_signature_verify=True)
    assert admit(skipping, Connect(token=token("other", sub="42"))).user == "42"


@pytest.mark.parametrize(
    ("channel", "type_", "outcome"),
    [
        ("open:a", 1, "103"),
        ("open:a", 2, "103"),
        ("open:a", 4, "108"),
        ("nowhere:a", 4, "108"),
        ("open:a", 5, "closed 3004"),
        ("map:a", 0, "103"),
        ("poll:a", 0, "107"),
        # Types that are not emulated are not available.
        ("map:a", 1, "108"),
        ("poll:a", 4, "108"),
    ],
)
def test_a_namespace_has_subscriptions_of_one_type(channel: str, type_: int, outcome: str) -> None:
    """A subscription must have its namespace's type; only stream subscriptions are available."""
    assert subscribe(make(), channel, type=type_) == outcome


def test_insecure_permits_all_but_private_channels() -> None:
    """`insecure` permits everything except private channels and invalid channel names."""
    insecure = make(insecure=True)
    assert [subscribe(insecure, each, "") for each in ("closed:a", "limited:a#42", "$open:a", "open:ä")] == [
        *("granted", "granted", "103", "107"),
    ]
    assert insecure.may("publish", ChannelOptions(), "", subscribed=False)
    assert admit(insecure, Connect(token=token(sub="42", exp=1010))).expire_at == 0


@pytest.mark.parametrize("what", ["publish", "presence", "history"])
@pytest.mark.parametrize(
    ("options", "allowed"),
    [
        ((), []),
        (("client",), ["user", "subscribed user"]),
        (("subscriber",), ["subscribed user"]),
        (("anonymous",), []),
        (("client", "anonymous"), ["user", "subscribed user", "anonymous", "subscribed anonymous"]),
        (("subscriber", "anonymous"), ["subscribed user", "subscribed anonymous"]),
    ],
)
def test_permissions_of_clients_subscribers_and_anonymous_users(
    what: Any, options: tuple[str, ...], allowed: list[str]
) -> None:
    """The anonymous option extends the client and subscriber options and has no effect alone.

    See protocol 6: client-commands.
    """
    flags: dict[str, Any] = {f"allow_{what}_for_{whom}": True for whom in options}
    given = ChannelOptions(**flags)
    everybody = [("user", "42", False), ("subscribed user", "42", True)]
    everybody += [("anonymous", "", False), ("subscribed anonymous", "", True)]
    assert [
        name for name, user, subscribed in everybody if make().may(what, given, user, subscribed=subscribed)
    ] == allowed


def test_the_personal_channel_uses_the_configured_marks() -> None:
    """The personal channel uses the configured marks and namespace; the anonymous user has no such channel."""
    own = {"enabled": True, "personal_channel_namespace": "limited"}
    assert make(subscribe_to_user_personal_channel=own).personal_channel("42") == "limited:#42"
    alone = make(subscribe_to_user_personal_channel={"enabled": True})
    assert (alone.personal_channel("42"), alone.personal_channel("")) == ("#42", None)
    assert make().personal_channel("42") is None
    assert list(admit(alone, Connect(token=token(sub="42"))).subs) == ["#42"]


def test_a_channel_requested_on_connect_must_list_the_user() -> None:
    """A channel requested on connect must list the user; the anonymous user is never listed.

    See protocol 6: client-connect.
    """
    anonymous = make(allow_anonymous_connect_without_token=True)
    wishes = {"limited:a#42": Subscribe(), "limited:a#": Subscribe(), "limited:a#43": Subscribe()}
    assert list(admit(anonymous, Connect(token=token(sub="42"), subs=wishes)).subs) == ["limited:a#42"]
    assert list(admit(anonymous, Connect(subs=wishes)).subs) == []


def test_an_expired_token_differs_from_an_invalid_token() -> None:
    """A token counts as expired if only its time is wrong, and otherwise as invalid."""
    cases: list[tuple[dict[str, Any], bool]] = [({"exp": 999}, True), ({"nbf": 2000}, True), ({"aud": 1}, False)]
    for claims, ended in cases:
        with pytest.raises(TokenRefused) as refusal:
            make().verified_subscription(token(sub="42", channel="open:a", **claims), "open:a", "42", "id", 1000)
        assert has_ended(refusal.value) is ended
