"""Tests of profiles: the file, its errors, and their precedence."""

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from centripetal.cli.generation import Generation
from centripetal.cli.profiles import NO_PROFILE, chosen_profile, config_path
from centripetal.cli.settings import Settings
from centripetal.cli.target import Source
from centripetal.errors import UsageError
from centripetal.server import EmbeddedServer
from tests.cli.conftest import API_KEY, SECRET, Run

Write = Callable[..., Mapping[str, str]]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Return a function that writes a file of profiles and returns the environment that names it."""

    def write(text: str | bytes, mode: int = 0o600) -> Mapping[str, str]:
        path = tmp_path / "config.toml"
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        path.chmod(mode)
        return {"CENTRIPETAL_CONFIG": str(path), "HOME": str(tmp_path / "home")}

    return write


def settings(environment: Mapping[str, str], **options: Any) -> Settings:
    return Settings(environment=environment, **options).with_profile()


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"HOME": "/home/ann"}, "/home/ann/.config/centripetal/config.toml"),
        ({"HOME": "/home/ann", "XDG_CONFIG_HOME": "/x"}, "/x/centripetal/config.toml"),
        ({"HOME": "/home/ann", "XDG_CONFIG_HOME": "relative"}, "/home/ann/.config/centripetal/config.toml"),
        ({"HOME": "/home/ann", "XDG_CONFIG_HOME": "/x", "CENTRIPETAL_CONFIG": "mine.toml"}, "mine.toml"),
        ({"CENTRIPETAL_CONFIG": "", "HOME": "/h"}, "/h/.config/centripetal/config.toml"),
        ({}, None),
    ],
)
def test_the_place_of_the_file(environment: Mapping[str, str], expected: str | None) -> None:
    """The file is where CENTRIPETAL_CONFIG says, otherwise in the folder for configuration of the user."""
    assert config_path(environment) == (None if expected is None else Path(expected))


def test_without_a_file() -> None:
    """Without a file and without a name, there are no settings; a name or a path that does not exist is an error."""
    for environment in ({}, {"HOME": "/nowhere"}):
        assert chosen_profile(None, environment) is NO_PROFILE
        with pytest.raises(UsageError, match=r"the profile 'staging' cannot be read|cannot read the profiles in"):
            chosen_profile("staging", environment)
    with pytest.raises(UsageError, match=r"cannot read the profiles in /nowhere\.toml: No such file"):
        chosen_profile(None, {"CENTRIPETAL_CONFIG": "/nowhere.toml"})


ALL = """
[profiles.staging]
url = ["https://a.example", "https://b.example"]
api_key = "k3y"
token_key = { env = "STAGING_TOKEN_KEY" }
timeout = 2
ca_file = "ca.pem"
handler_prefix = "/backend"
headers = { X-Team = "a", Authorization = { env = "STAGING_TOKEN_KEY" } }

[profiles.old]
url = "http://old.example"
secret = { file = "keys/old" }

[profiles.open]
insecure = true
server = 6
"""


def test_all_settings(write: Write, tmp_path: Path) -> None:
    """A profile has every setting of the server; paths are relative to the file."""
    environment = {**write(ALL), "STAGING_TOKEN_KEY": "t0ken"}
    chosen = settings(environment, profile="staging")
    target = chosen.target()
    assert target.urls == ["https://a.example", "https://b.example"]
    assert (target.generation, target.sent_credential(), target.api_path) == (Generation.CURRENT, "k3y", "/backend")
    assert (target.timeout.value, target.ca_file.value) == (2.0, str(tmp_path / "ca.pem"))
    assert target.transport == {
        "ca_file": str(tmp_path / "ca.pem"),
        "headers": {"X-Team": "a", "Authorization": "t0ken"},
    }
    assert chosen.token_key(None).value == "t0ken"
    assert chosen.token_key(None).name == "the profile 'staging' (variable STAGING_TOKEN_KEY)"
    assert {target.url.source, target.credential.source, target.timeout.source} == {Source.PROFILE}
    assert "k3y" not in repr(chosen) + repr(chosen.loaded)
    assert not chosen.loaded.warnings


def test_keys_in_files(write: Write, tmp_path: Path) -> None:
    """A key can be in a file, without its line break, relative to the file of profiles or to the home folder."""
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "old").write_text("s3cret\r\n")
    (tmp_path / "keys" / "old").chmod(0o640)
    chosen = settings(write(ALL), profile="old")
    assert (chosen.target().generation, chosen.target().sent_credential()) == (Generation.V1, "s3cret")
    assert (chosen.signing_secret(), len(chosen.loaded.warnings)) == ("s3cret", 1)
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "key").write_text("at home")
    environment = write('[profiles.a]\napi_key = { file = "~/key" }')
    assert settings(environment, profile="a").target().sent_credential() == "at home"


def test_precedence(write: Write) -> None:
    """Options come first, then the environment, then the profile."""
    profile = write('[profiles.default]\nurl = "http://profile"\napi_key = "p"\ntimeout = 7')
    assert settings(profile).target().url.value == "http://profile"
    environment = {**profile, "CENTRIFUGO_API_URL": "http://environment", "CENTRIFUGO_API_KEY": "e"}
    target = settings(environment, timeout=3.0).target()
    assert (target.url.value, target.credential.value, target.timeout.value) == ("http://environment", "e", 3.0)
    assert settings(environment, url="http://option", api_key="o").target().sent_credential() == "o"
    other = settings({**profile, "CENTRIFUGO_SECRET": "s"}).target()
    assert (other.generation, other.sent_credential(), other.url.value) == (Generation.V1, "s", "http://profile")


@pytest.mark.parametrize(
    ("text", "more", "expected"),
    [
        ("server = 1\nsecret = 's'", {}, Generation.V1),
        ("server = 1", {"CENTRIFUGO_API_KEY": "k"}, Generation.CURRENT),
        ("server = 1", {"CENTRIFUGO_API_KEY": "k", "CENTRIFUGO_SECRET": "s"}, Generation.V1),
        ("insecure = true\nserver = 6", {}, Generation.CURRENT),
        ("insecure = true", {}, None),
        ("url = 'http://x'", {}, None),
    ],
)
def test_the_generation(write: Write, text: str, more: Mapping[str, str], expected: Generation | None) -> None:
    """A profile selects the generation if neither options nor the environment do, or if the environment has both."""
    assert settings({**write(f"[profiles.default]\n{text}"), **more}).target().generation is expected


def test_insecure_profiles(write: Write) -> None:
    """`insecure` sends no credentials, unless an option or the environment gives them."""
    environment = write(ALL)
    assert settings(environment, profile="open").target().sent_credential() is None
    assert settings({**environment, "CENTRIFUGO_API_KEY": "k"}, profile="open").target().sent_credential() == "k"


def test_which_profile(write: Write) -> None:
    """The option comes before CENTRIPETAL_PROFILE, which comes before the profile `default`, which may be missing."""
    environment = write("[profiles.default]\ntimeout = 1\n[profiles.a]\ntimeout = 2\n[profiles.b]\ntimeout = 3")
    assert chosen_profile(None, environment).get("timeout") == 1
    environment = {**environment, "CENTRIPETAL_PROFILE": "a"}
    assert chosen_profile(None, environment).get("timeout") == 2
    assert chosen_profile("b", environment).get("timeout") == 3
    assert chosen_profile(None, write("[profiles.a]\ntimeout = 2")) is NO_PROFILE
    assert chosen_profile(None, write("")) is NO_PROFILE


KEY = "a-key-that-must-not-be-shown"
MISTAKES = [
    (
        "[profiles.stagin]\n[profiles.b]\n",
        r"has no profile 'staging'; its profiles: b, stagin\. Did you mean 'stagin'\?",
    ),
    ("", r"has no profile 'staging'; its profiles: none\.$"),
    ("[profiles.staging\n", r"config.toml is not valid TOML: .*line 1"),
    (f"[profiles.staging]\napi_key = {KEY}\n", r"config.toml is not valid TOML: .*line 2"),
    ("[profiles.staging]\nurl = 1\nurl = 2\n", r"is not valid TOML: .*line 3"),
    (b"[profiles.staging]\n# \xe9\n", r"config.toml is not UTF-8 at byte 21"),
    ("[profiles.staging]".encode("utf-16"), "config.toml is encoded as UTF-16"),
    ("[profile.staging]\n", r"unknown key 'profile': put settings into \[profiles.NAME\]. Did you mean 'profiles'\?"),
    ("profiles = 1\n", r"profiles must be tables"),
    ("[profiles]\nstaging = 1\n", r"profiles must be tables"),
    ('[profiles.staging]\napikey = "x"\n', r"profile 'staging': unknown key 'apikey': .* Did you mean 'api_key'\?"),
    ("[profiles.staging]\ntimeout = '5'\n", r"timeout must be a number of seconds above 0, not this text"),
    ("[profiles.staging]\ntimeout = 0\n", r"timeout must be a number of seconds above 0, not this number"),
    ("[profiles.staging]\ntimeout = nan\n", r"timeout must be a number of seconds above 0"),
    ("[profiles.staging]\ntimeout = true\n", r"timeout must be a number of seconds above 0, not a boolean"),
    ("[profiles.staging]\nserver = 2\n", r"server must be 1 for Centrifugo 1.x or 6"),
    ("[profiles.staging]\nserver = true\n", r"server must be 1 for Centrifugo 1.x or 6"),
    ("[profiles.staging]\ninsecure = 1\n", r"insecure must be true or false, not this number"),
    ("[profiles.staging]\nurl = []\n", r"url must be a text that is not empty, not a list"),
    ("[profiles.staging]\nurl = ['a', 1]\n", r"url must be a text that is not empty, not this number"),
    ("[profiles.staging]\nheaders = 'X: y'\n", r"headers must be a table of names and values, not this text"),
    ("[profiles.staging]\nheaders = { X = 1 }\n", r'headers.X must be a text, \{ file = "PATH" \}'),
    ("[profiles.staging]\napi_key = ''\n", r"api_key must be a text that is not empty"),
    ("[profiles.staging]\napi_key = 12345678\n", r'api_key must be a text, \{ file = "PATH" \} or \{ env = "NAME" \}'),
    (f"[profiles.staging]\napi_key = {{ path = '{KEY}' }}\n", r"api_key must be a text, \{ file"),
    (f"[profiles.staging]\napi_key = {{ file = 'a', env = '{KEY}' }}\n", r"api_key must be a text, \{ file"),
    (
        "[profiles.staging]\napi_key = { env = 'NOT_SET' }\n",
        "refers to the environment variable 'NOT_SET', which is not",
    ),
    (
        "[profiles.staging]\napi_key = { file = 'none' }\n",
        r"api_key: cannot read the file '.*/none': No such file",
    ),
    ("[profiles.staging]\napi_key = { file = '.' }\n", "is not a regular file"),
    ("[profiles.staging]\napi_key = { file = 'empty' }\n", r"api_key: the file '.*/empty' is empty"),
    (f"[profiles.staging]\napi_key = '{KEY}'\nsecret = 'x'\n", "api_key and secret cannot be combined"),
    (f"[profiles.staging]\napi_key = '{KEY}'\ninsecure = true\n", "api_key and insecure cannot be combined"),
]


@pytest.mark.parametrize(("text", "words"), MISTAKES, ids=[words for _, words in MISTAKES])
def test_mistakes(write: Write, tmp_path: Path, text: str | bytes, words: str) -> None:
    """A mistake in the file is an error that names the file, the profile and the key, and shows no secret."""
    (tmp_path / "empty").touch()
    with pytest.raises(UsageError, match=words) as error:
        chosen_profile("staging", write(text))
    assert KEY not in str(error.value)
    assert "config.toml" in str(error.value)


def test_other_profiles_may_be_wrong(write: Write) -> None:
    """Only the chosen profile is checked, and a byte order mark is accepted."""
    environment = write(b"\xef\xbb\xbf[profiles.a]\r\ntimeout = 1\r\n[profiles.b]\r\ntimeot = 'x'\r\n")
    assert chosen_profile("a", environment).get("timeout") == 1


@pytest.mark.skipif(os.name != "posix", reason="files have no permissions")
@pytest.mark.parametrize(("mode", "count"), [(0o600, 0), (0o400, 0), (0o640, 1), (0o604, 1), (0o620, 1)])
def test_wide_permissions(write: Write, mode: int, count: int) -> None:
    """A file that other users can access causes a warning with the command that fixes it."""
    warnings = chosen_profile("a", write("[profiles.a]\n", mode)).warnings
    assert len(warnings) == count
    assert all("run `chmod 600 " in text for text in warnings)


# ---- the command line


def test_headers_and_a_proxy_are_used(
    cli: Run, server: EmbeddedServer, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The headers and the proxy of a profile reach the client, which refuses a header that it sends itself."""
    text = f"[profiles.default]\nurl = '{server.url}'\nsecret = '{SECRET}'\n"
    for more, words in (("headers = { Host = 'x' }", "Host"), ("http_proxy = 'http://127.0.0.1:1'", "127.0.0.1:1")):
        monkeypatch.setenv("CENTRIPETAL_CONFIG", write(text + more)["CENTRIPETAL_CONFIG"])
        ran = cli("channels")
        assert (ran.code != 0, words in ran.err) == (True, True)


def test_verbs_use_a_profile(cli: Run, server: EmbeddedServer, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """`--profile` works before and after a verb, and warnings are printed once, with --json as objects."""
    text = f"[profiles.staging]\nurl = '{server.url}'\nsecret = '{SECRET}'\ntoken_key = '{'t' * 40}'\n"
    monkeypatch.setenv("CENTRIPETAL_CONFIG", write(text, 0o644)["CENTRIPETAL_CONFIG"])
    assert cli("channels", "--profile", "staging").code == 0
    ran = cli("--profile", "staging", "channels", "--json")
    assert (ran.code, ran.out) == (0, "[]\n")
    (line,) = ran.err.splitlines()
    assert "other users can access" in json.loads(line)["warning"]
    assert cli("token", "connection", "42", "--profile", "staging").code == 0
    assert cli("sign", "channel", "client", "$room", "--profile", "staging").code == 0
    ran = cli("channels", "--profile", "nothing", "--json")
    assert (ran.code, json.loads(ran.err)["error"]["type"]) == (2, "UsageError")


def test_a_variable_before_a_chosen_profile(
    cli: Run, current_server: EmbeddedServer, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A variable that takes precedence over a profile named by `--profile` is a warning; the default is silent."""
    text = f"[profiles.default]\nurl = 'http://127.0.0.1:1'\napi_key = '{API_KEY}'\n"
    monkeypatch.setenv("CENTRIPETAL_CONFIG", write(text)["CENTRIPETAL_CONFIG"])
    monkeypatch.setenv("CENTRIFUGO_API_URL", current_server.url)
    assert cli("channels").err == "(none)\n"
    warning = (
        "warning: CENTRIFUGO_API_URL takes precedence over `url` of the profile 'default': unset it to use the profile"
    )
    assert cli("channels", "--profile", "default").err.splitlines()[0] == warning
    assert "warning" not in cli("channels", "--profile", "default", "--url", current_server.url).err


def test_the_demo_never_publishes_to_a_default_profile(cli: Run, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """`demo` uses a profile only if `--profile` names it."""
    text = "[profiles.default]\nurl = 'http://127.0.0.1:1'\napi_key = 'k'\n"
    monkeypatch.setenv("CENTRIPETAL_CONFIG", write(text)["CENTRIPETAL_CONFIG"])
    assert cli("demo", "--json").code == 0
    assert cli("demo", "--json", "--profile", "default").code == 3
