"""The guide to Docker Compose: its two files agree, and the embedded server and the client accept their settings."""

import json
import re
import warnings
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from centripetal import Client, UsageError, tokens
from centripetal.server import EmbeddedServer, UnhonouredConfigWarning
from tests.docs.pages import DOCS, files, read_yaml

FILES = files(DOCS / "howto" / "compose.md")
SERVER: dict[str, Any] = json.loads(FILES["centrifugo.json"])
COMPOSE: dict[str, Any] = read_yaml(FILES["compose.yaml"])
SERVICES: dict[str, Any] = COMPOSE["services"]
KEYS = {
    "CENTRIFUGO_HTTP_API_KEY": "an-api-key",
    "CENTRIFUGO_CLIENT_TOKEN_HMAC_SECRET_KEY": "a-secret-for-tokens-of-32-bytes-or-more",
}
"""The content of the file `.env`."""
VARIABLE = re.compile(r"\$\{(\w+):\?[^}]+\}")
OUTSIDE = {"engine", "http_server"}
"""Settings that concern the real server's storage and ports, which the embedded server does not have."""


def environment(service: str) -> dict[str, str]:
    """Return the environment of *service*, with the variables of `.env`."""
    given = SERVICES[service]["environment"]
    return {name: VARIABLE.sub(lambda found: KEYS[found[1]], value) for name, value in given.items()}


def with_environment(config: dict[str, Any], variables: dict[str, str]) -> dict[str, Any]:
    """Return *config* with the options that the real server takes from *variables* (protocol 6: configuration)."""
    places = {
        "CENTRIFUGO_HTTP_API_KEY": ("http_api", "key"),
        "CENTRIFUGO_CLIENT_TOKEN_HMAC_SECRET_KEY": ("client", "token", "hmac_secret_key"),
    }
    merged: dict[str, Any] = json.loads(json.dumps(config))
    for name, value in variables.items():
        assert name == f"CENTRIFUGO_{'_'.join(places[name]).upper()}"
        *sections, option = places[name]
        place = merged
        for section in sections:
            place = place.setdefault(section, {})
        place[option] = value
    return merged


def test_the_embedded_server_accepts_the_configuration() -> None:
    """The configuration is valid with the keys from the environment, and the application's environment fits to it."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        server = EmbeddedServer(config=with_environment(SERVER, environment("centrifugo")))
    unhonoured = {match[1] for each in caught if (match := re.match("'([\\w.]+)'", str(each.message)))}
    assert all(issubclass(each.category, UnhonouredConfigWarning) for each in caught)
    assert unhonoured == OUTSIDE
    app = environment("app")
    with server, Client.from_env(environment={**app, "CENTRIFUGO_HTTP_API_URL": server.url}) as client:
        result = client.publish("match:final", {"home": 1, "away": 0})
        assert result.offset == 1
        token = tokens.connection_token(app["CENTRIFUGO_CLIENT_TOKEN_HMAC_SECRET_KEY"], "ada")
        assert tokens.explain(token, server.token_secret).accepted


@pytest.mark.parametrize(
    ("section", "option"), [("client", "allowed_origins"), ("engine", "type"), ("channel", "namespaces")]
)
def test_the_check_finds_wrong_values(section: str, option: str) -> None:
    """The embedded server refuses a wrong value, so the check of the page can fail."""
    broken = {**SERVER, section: {**SERVER[section], option: 5}}
    with pytest.raises(UsageError, match=option):
        EmbeddedServer(config=with_environment(broken, KEYS))


def test_the_services_fit_together() -> None:
    """Services wait for healthy services, addresses name services and their ports, and every volume is used."""
    for service in SERVICES.values():
        for name, wait in service.get("depends_on", {}).items():
            assert wait == {"condition": "service_healthy"}
            assert SERVICES[name]["healthcheck"]["test"][0] == "CMD"
    internal = SERVER["http_server"]["internal_port"]
    address = urlsplit(environment("app")["CENTRIFUGO_HTTP_API_URL"])
    assert (address.hostname, str(address.port)) == ("centrifugo", internal)
    assert urlsplit(SERVER["engine"]["redis"]["address"]).hostname == "redis"
    assert SERVICES["centrifugo"]["healthcheck"]["test"][-1] == f"http://127.0.0.1:{internal}/health"
    assert SERVER["health"]["enabled"]
    assert not SERVER["admin"]["enabled"]
    mounts = [volume.split(":") for service in SERVICES.values() for volume in service.get("volumes", ())]
    named = {source for source, *_ in mounts if "/" not in source}
    assert named == set(COMPOSE["volumes"])
    (config,) = [target for source, target, *_ in mounts if source == "./centrifugo.json"]
    assert SERVICES["centrifugo"]["command"].endswith(f" --config {config}")


def test_the_keys_are_only_in_the_environment() -> None:
    """No file of the page contains a key, both containers get the same keys, and the API's port is not published."""
    assert "key" not in FILES["centrifugo.json"]
    written = re.findall(r"print\(f\"(\w+)=\{secrets\.token_hex\(\)\}\"\)", (DOCS / "howto" / "compose.md").read_text())
    assert set(written) == set(KEYS)
    for service in ("centrifugo", "app"):
        given = SERVICES[service]["environment"]
        assert all(VARIABLE.fullmatch(given[name]) for name in KEYS)
        assert {name: environment(service)[name] for name in KEYS} == KEYS
    published = [port for service in SERVICES.values() for port in service.get("ports", ())]
    assert all(port.startswith("127.0.0.1:") for port in published)
    assert not [port for port in published if port.endswith(f":{SERVER['http_server']['internal_port']}")]
    assert Path("centrifugo.json").name in FILES
