"""Building a server of the current generation from its configuration."""

import pytest

from centripetal.server.current.config import read_config
from centripetal.server.current.service import settings_of, start
from centripetal.server.engine.events import Events
from centripetal.server.listening.http1 import Request
from tests.server.environment import Clock, fixed_environment


def test_the_configuration_has_the_paths_and_keys() -> None:
    """Paths and keys are known before the server starts, and the keys are not in the repr."""
    settings = settings_of(read_config({"http_api": {"key": "k", "handler_prefix": "/rt/api"}})[0])
    paths = (settings.generation, settings.url_path, settings.api_path, settings.websocket_path)
    assert paths == ("6", "/rt", "/rt/api", "/connection/websocket")
    assert (settings.secret, settings.api_key, settings.token_secret) == ("", "k", "")
    assert "key" not in repr(settings)
    assert "secret" not in repr(settings)


@pytest.mark.parametrize(("config", "name"), [({}, "given"), ({"node": {"name": "mine"}}, "mine")])
def test_the_node_has_the_configured_name(config: dict[str, object], name: str) -> None:
    """The node uses the configured name, or else the name passed to the service."""
    service = start(read_config(config)[0], fixed_environment(), Events(), "given")
    assert service.node.config.node.name == name


def test_a_server_reads_the_clock_of_its_environment() -> None:
    """Every part of the service reads the time from the clock of its environment."""
    clock, heard = Clock(5.0), list[float]()
    events = Events()
    events.listen(lambda event: heard.append(event.at))
    service = start(read_config({"http_api": {"key": "k"}})[0], fixed_environment(now=clock), events, "node")
    assert service.console.publish("news", b"1") == ""
    clock.time = 7.0
    service.node.tick()
    service.console.publish("news", b"2")
    assert heard == [5.0, 5.0, 7.0, 7.0]
    assert service.http.answer(Request("POST", "/nowhere")).status == 404
    assert service.clients.max_message_size == 65536
