"""Tests of the options that all verbs share, and of their environment variables."""

import json
import threading
from urllib.parse import urlsplit

import pytest

from centripetal import Client
from centripetal.cli.settings import Settings
from centripetal.cli.target import Source
from centripetal.errors import UsageError
from centripetal.server import EmbeddedServer
from tests.cli.conftest import API_KEY, SECRET, TOKEN_KEY, Run
from tests.cli.relay import secured
from tests.transport.certificates import Authority, server_context


def test_options_work_before_and_after_the_verb(cli: Run, server: EmbeddedServer) -> None:
    """Shared options work before and after the verb."""
    options = ("--url", server.url, "--secret", SECRET, "--timeout", "2.5", "--json")
    assert cli(*options, "channels").out == "[]\n"
    assert cli("channels", *options).out == "[]\n"


def test_options_after_the_verb_win() -> None:
    """An option after the verb overrides the same option before it, and other options are unaffected."""
    before = Settings(url="http://a", secret="s", json=True)
    after = before.and_then({"url": "http://b", "secret": None, "json": False})
    assert (after.url, after.secret, after.json) == ("http://b", "s", True)


@pytest.mark.parametrize("name", ["CENTRIFUGO_HTTP_API_URL", "CENTRIFUGO_API_URL"])
def test_environment_sets_the_server(
    cli: Run, server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Either variable sets the URL, also with /api at its end, and CENTRIFUGO_SECRET sets the secret."""
    monkeypatch.setenv(name, f"{server.url}/api")
    monkeypatch.setenv("CENTRIFUGO_SECRET", SECRET)
    assert cli("channels").code == 0


def test_conflicting_variables_are_an_error(cli: Run, server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two variables with different URLs are rejected unless --url is given."""
    monkeypatch.setenv("CENTRIFUGO_HTTP_API_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("CENTRIFUGO_API_URL", server.url)
    monkeypatch.setenv("CENTRIFUGO_SECRET", SECRET)
    ran = cli("channels")
    assert ran.code == 2
    assert "CENTRIFUGO_HTTP_API_URL and CENTRIFUGO_API_URL are both set and differ" in ran.err
    assert cli("channels", "--url", server.url).code == 0


def test_missing_secret_is_explained(cli: Run, server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing or empty secret is an error that explains how to set it, and nothing is sent."""
    assert "CENTRIFUGO_SECRET" in cli("channels", "--url", server.url).err
    monkeypatch.setenv("CENTRIFUGO_SECRET", "")
    ran = cli("channels", "--url", server.url)
    assert ran.code == 2
    assert "--insecure" in ran.err


def test_insecure_sends_no_signature(cli: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """--insecure works with `insecure_api` regardless of the environment, but excludes --secret."""
    with EmbeddedServer(config={"insecure_api": True}) as server:
        assert cli("channels", "--insecure", "--url", server.url).code == 0
        monkeypatch.setenv("CENTRIFUGO_SECRET", "of another server")
        assert cli("--insecure", "channels", "--url", server.url).code == 0
        ran = cli("channels", "--insecure", "--secret", "x", "--url", server.url)
    assert ran.code == 2


@pytest.mark.parametrize("value", ["0", "-1", "nan", "soon"])
def test_bad_timeout_is_a_usage_error(api: Run, value: str) -> None:
    """An invalid timeout is a usage error."""
    assert api("channels", f"--timeout={value}").code == 2


def test_no_output_contains_the_secret(api: Run, server: EmbeddedServer) -> None:
    """No help page, result, error or repr contains the secret."""
    runs = [
        api("--help"),
        api("publish", "--help"),
        api("serve", "--help"),
        api("channels", "--secret", SECRET, "--nonsense"),
        api("--secret", SECRET, "publish", "no-such:channel", "1"),
        api("channels", "--url", "http://127.0.0.1:1", "--json"),
        api("token", "42", "--json"),
    ]
    assert not [ran for ran in runs if SECRET in ran.out + ran.err]
    assert SECRET not in repr(Settings(secret=SECRET, environment={"CENTRIFUGO_SECRET": SECRET}))


def test_settings_read_only_the_given_environment() -> None:
    """Settings read the given environment only: an empty environment has neither server nor secret."""
    settings = Settings(environment={})
    assert settings.address().url.source is Source.DEFAULT
    with pytest.raises(UsageError, match="no secret given"):
        settings.signing_secret()
    with pytest.raises(UsageError, match="no API key or secret given"):
        settings.target().client()


def test_json_of_usage_errors(cli: Run) -> None:
    """With --json, an error in the command line is a JSON object."""
    error = json.loads(cli("publish", "--json").err)["error"]
    assert error["type"] == "UsageError"
    assert error["exit_code"] == 2
    assert "CHANNEL" in error["message"]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """The authority that signs the server's certificate and that the system does not trust."""
    return Authority(tmp_path_factory.mktemp("certificates"))


def test_ca_file_trusts_a_private_authority(cli: Run, current_server: EmbeddedServer, authority: Authority) -> None:
    """With --ca-file, calls and `doctor` trust the server's certificate, and without it calls fail."""
    with secured(server_context(authority.issue("localhost")), urlsplit(current_server.url).port or 0) as port:
        where = ("--url", f"https://localhost:{port}", "--api-key", API_KEY, "--json")
        assert cli("channels", *where).code == 3
        assert cli("channels", *where, "--ca-file", authority.ca_file).code == 0
        ran = cli("doctor", "--channel", "open:news", "--token-key", TOKEN_KEY, *where, "--ca-file", authority.ca_file)
    checks = {check["name"]: check["state"] for check in json.loads(ran.out)["checks"]}
    # The test certificates are valid for a few days only, which `doctor` reports as a warning.
    assert (checks["tls"], checks["http"], checks["clients"], checks["subscribe"]) == ("warning", "ok", "ok", "ok")


def test_watch_trusts_a_private_authority(cli: Run, current_server: EmbeddedServer, authority: Authority) -> None:
    """With --ca-file, `watch` receives publications over TLS."""
    over = threading.Event()

    def publish() -> None:
        with Client(current_server.url, API_KEY) as client:
            while not over.wait(0.02):
                client.publish("open:news", "hello")

    publisher = threading.Thread(target=publish)
    with secured(server_context(authority.issue("localhost")), urlsplit(current_server.url).port or 0) as port:
        publisher.start()
        where = ("--url", f"https://localhost:{port}", "--ca-file", authority.ca_file)
        ran = cli("watch", "open:news", "--count", "1", "--token-key", TOKEN_KEY, *where)
        over.set()
        publisher.join()
    assert (ran.code, "hello" in ran.out) == (0, True)


@pytest.mark.parametrize("verb", ["channels", "doctor"])
def test_a_ca_file_without_certificates(cli: Run, current_server: EmbeddedServer, verb: str) -> None:
    """A --ca-file without certificates is an error that names the file."""
    ran = cli(verb, "--url", current_server.url, "--api-key", API_KEY, "--ca-file", "nowhere.pem")
    assert ran.code != 0
    assert "nowhere.pem" in ran.out + ran.err


def test_handler_prefix_finds_the_api(cli: Run) -> None:
    """--handler-prefix sets the API path of a Centrifugo 6 server, also for `doctor`, and 1.x rejects it."""
    config = {"http_api": {"handler_prefix": "/backend"}}
    with EmbeddedServer(api_key=API_KEY, config=config) as server:
        where = ("--url", server.url, "--api-key", API_KEY, "--handler-prefix", "/backend")
        assert cli("publish", "news", "1", *where).code == 0
        checks = json.loads(cli("doctor", *where, "--json").out)["checks"]
        assert {check["name"]: check["state"] for check in checks}["credentials"] == "ok"
        ran = cli("channels", "--secret", "s", "--url", server.url, "--handler-prefix", "/backend")
    assert (ran.code, "--handler-prefix is for Centrifugo 3 and later" in ran.err) == (2, True)
