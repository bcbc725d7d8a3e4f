"""Reading the configuration of a real 1.x server, and naming the keys that have no effect."""

from typing import Any

import pytest

from centripetal.errors import UsageError
from centripetal.server.v1.channels import ChannelOptions
from centripetal.server.v1.config import Config, read_config


def test_an_empty_configuration_has_the_defaults_of_the_real_server() -> None:
    """An empty configuration is valid and has the defaults of the real server."""
    config, unhonoured = read_config({})
    assert config == Config()
    assert unhonoured == []
    assert (config.client_channel_limit, config.max_channel_length, config.node_ping_interval) == (128, 255, 3)


def test_every_kind_of_key_is_read() -> None:
    """Top-level options, channel marks and namespaces are read; a namespace inherits nothing."""
    config, unhonoured = read_config(
        {
            "Secret": "s",
            "insecure_api": True,
            "connection_lifetime": "60",
            "ping_interval": 25.0,
            "presence": "true",
            "history_size": 10,
            "namespace_channel_boundary": "/",
            "namespaces": [{"name": "public", "Publish": True}, {"name": "a-b_9"}],
            "engine": "memory",
            "admin": False,
            "web": None,
        }
    )
    assert unhonoured == []
    assert (config.secret, config.insecure_api, config.connection_lifetime) == ("s", True, 60)
    assert config.channels.options == ChannelOptions(presence=True, history_size=10)
    assert config.channels.options_of("public/x") == ChannelOptions(publish=True)
    assert config.channels.options_of("a-b_9/x") == ChannelOptions()


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ({"engine": "redis"}, "engine"),
        ({"redis_host": "h"}, "redis_host"),
        ({"admin": True}, "admin"),
        ({"secrett": "x"}, "secrett"),
        ({"port": 8000}, "port"),
        ({"namespaces": [{"name": "ab", "histroy_size": 1}]}, "namespaces[0].histroy_size"),
    ],
)
def test_a_key_without_effect_is_named(raw: dict[str, Any], name: str) -> None:
    """An unknown key and a key of an unsupported feature each get one sentence."""
    _, unhonoured = read_config(raw)
    assert len(unhonoured) == 1
    assert repr(name) in unhonoured[0]


@pytest.mark.parametrize(
    ("raw", "instead"),
    [
        ({"secrett": "x"}, "secret"),
        ({"Conection_Lifetime": 9}, "connection_lifetime"),
        ({"namespaces": [{"name": "ab"}, {"name": "cd", "histroy_size": 1}]}, "namespaces[1].history_size"),
        ({"namespace": [{"name": "ab"}]}, "namespaces"),
        ({"prot": 8000}, None),
        ({"nonsense": 1}, None),
    ],
)
def test_misspelled_keys_get_a_suggestion(raw: dict[str, Any], instead: str | None) -> None:
    """A misspelled key gets a suggestion if a supported key has a similar name."""
    (unhonoured,) = read_config(raw)[1]
    assert unhonoured.partition("; did you mean ")[2] == (f"{instead!r}?" if instead else "")


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ({"engine": "nats"}, "engine must be"),
        ({"namespaces": [{"name": "a"}]}, r"namespaces\[0\].name is 'a'"),
        ({"namespaces": [{"name": "a b"}]}, "letters, digits"),
        ({"namespaces": [{"name": "ab\n"}]}, "letters, digits"),
        ({"namespaces": [{}]}, r"namespaces\[0\].name is ''"),
        ({"namespaces": [{"name": "ab"}, {"name": "ab"}]}, "unique"),
        ({"namespaces": {"name": "ab"}}, "must be a list"),
        ({"namespaces": ["ab"]}, r"namespaces\[0\] must be an object"),
        ({"namespaces": [{"name": "ab", "presence": 2}]}, r"namespaces\[0\].presence must be true or false"),
        ({"history_size": "many"}, "history_size must be a whole number"),
        ({"history_size": 1.5}, "history_size must be a whole number"),
        ({"history_size": True}, "history_size must be a whole number"),
        ({"insecure": "maybe"}, "insecure must be true or false"),
        ({"name": ["x"]}, "name must be text"),
        ({"presence_ping_interval": 0}, "presence_ping_interval must be at least 1"),
    ],
)
def test_an_unusable_value_is_an_error_that_names_the_key(raw: dict[str, Any], message: str) -> None:
    """A value that the real server cannot use raises `UsageError` with the name of its key."""
    with pytest.raises(UsageError, match=message):
        read_config(raw)


def test_a_configuration_must_be_an_object() -> None:
    """A configuration must be an object; a list is an error."""
    with pytest.raises(UsageError, match="must be an object"):
        read_config(["secret"])  # type: ignore[arg-type]


def test_numbers_and_words_are_converted() -> None:
    """Numbers are accepted as text and words as booleans, as by the real server."""
    config, _ = read_config({"secret": 5, "insecure": 1, "insecure_api": "F", "websocket_compression": 0})
    assert (config.secret, config.insecure, config.insecure_api) == ("5", True, False)


def test_the_repr_hides_the_secret() -> None:
    """The repr of a configuration does not contain the secret, because it may be logged."""
    assert "hush" not in repr(Config(secret="hush"))
