"""Tests of `token` for the current Centrifugo: connection, subscription, explain, and the 1.x form next to them."""

import json
import time
from pathlib import Path

import pytest

from centripetal.tokens import SigningKey, TokenKeys, explain, verify_connection, verify_subscription
from tests.cli.conftest import Run
from tests.tokens.keys import SECRET, hs256, pair

KEYS = TokenKeys(hmac_secret_key=SECRET)
VARIABLE = "CENTRIFUGO_CLIENT_TOKEN_HMAC_SECRET_KEY"


@pytest.fixture
def keyed(cli: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    """`cli` with the server's secret in the environment."""
    monkeypatch.setenv(VARIABLE, SECRET)
    return cli


def test_connection_token(keyed: Run) -> None:
    """`token connection` prints only the token, and its options set the claims."""
    options = ("--info", '{"name":"Zoë"}', "--channel", "a", "--channel", "b", "--meta", "1", "--expires-in", "2h")
    ran = keyed("token", "connection", "42", *options)
    assert (ran.code, ran.err) == (0, "")
    claims = verify_connection(ran.out.strip(), KEYS, time.time())
    assert (claims.user, json.loads(claims.info), set(claims.subs), claims.meta) == (
        "42",
        {"name": "Zoë"},
        {"a", "b"},
        b"1",
    )
    assert abs(claims.expire_at - time.time() - 7200) < 60


def test_subscription_token(keyed: Run) -> None:
    """`token subscription` takes the channel and then the user, and with --json prints an object with the token."""
    ran = keyed("token", "subscription", "news", "42", "--data", "[1]", "--expires-in", "never", "--json")
    claims = verify_subscription(json.loads(ran.out)["token"], KEYS, time.time())
    assert (claims.channel, claims.user, claims.data, claims.expire_at) == ("news", "42", b"[1]", 0)


def test_the_secret_may_be_an_option(cli: Run) -> None:
    """--secret-key has the same effect as the environment variable."""
    ran = cli(
        "token", "connection", "42", "--secret-key", SECRET, "--algorithm", "HS512", "--audience", "a", "--issuer", "i"
    )
    keys = TokenKeys(hmac_secret_key=SECRET, audience="a", issuer="i")
    assert verify_connection(ran.out.strip(), keys, time.time()).user == "42"


def test_key_files(cli: Run, tmp_path: Path) -> None:
    """A private key signs a token, and its public key or a key set explains the token."""
    private, public, key_set = tmp_path / "key.pem", tmp_path / "public.pem", tmp_path / "set.json"
    private.write_text(pair("p256").private)
    public.write_text(pair("p256").public)
    key_set.write_text(json.dumps({"keys": [SigningKey(pair("p256").private, kid="k").jwk()]}))
    token = cli("token", "connection", "42", "--key-file", str(private), "--kid", "k").out.strip()
    for file in (public, key_set, private):
        assert cli("token", "explain", token, "--key-file", str(file)).code == 0
    assert cli("token", "explain", token, "--secret-key", "x").code == 1


def test_explain_a_valid_token(keyed: Run) -> None:
    """`token explain` of a valid token, from an argument or standard input, exits with 0 and prints its content."""
    token = keyed("token", "connection", "42").out
    ran = keyed("token", "explain", stdin=token.encode())
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("The server accepts this connection token")
    shown = json.loads(keyed("token", "explain", token.strip(), "--json").out)
    assert (shown["accepted"], shown["claims"]["sub"], shown["reasons"]) == (True, "42", [])


def test_explain_an_invalid_token(keyed: Run) -> None:
    """`token explain` of an invalid token exits with 1 and prints the reason and the fix."""
    token = hs256({"sub": 42, "big": 10**40})
    ran = keyed("token", "explain", token)
    assert ran.code == 1
    assert "`sub` is the number 42" in ran.out
    shown = json.loads(keyed("token", "explain", "--json", token).out)
    assert (shown["accepted"], shown["close"], shown["claims"]["big"]) == (False, 3500, 10**40)
    assert shown["server_says"] == explain(token, SECRET).server_says


def test_explain_for_a_use(keyed: Run) -> None:
    """--channel, --user and --connect set the intended use of the explained token."""
    token = keyed("token", "subscription", "news", "42").out.strip()
    assert keyed("token", "explain", token, "--channel", "news", "--user", "42").code == 0
    assert "not for 'sport'" in keyed("token", "explain", token, "--channel", "sport").out
    assert "not for '43'" in keyed("token", "explain", token, "--user", "43").out
    assert "subscription token" in keyed("token", "explain", token, "--connect").out


def test_control_characters_in_tokens_are_escaped(keyed: Run) -> None:
    """Control characters in a token are escaped in the output."""
    assert "\x1b" not in keyed("token", "explain", hs256({"sub": "\x1b[2J"})).out


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("connection", "42"), f"no key given: set {VARIABLE}"),
        (("connection", "42", "--key-file", "nowhere.pem"), "--key-file: cannot read 'nowhere.pem'"),
        (("connection", "42", "--key-file", "x", "--secret-key", "y"), "cannot be combined"),
        (("connection", "42", "--secret-key", "y", "--algorithm", "PS256"), "the server does not accept the algorithm"),
        (("connection", "42", "--secret-key", "y", "--expires-in", "1 week"), "is not a duration"),
        (("connection", "42", "--secret-key", "y", "--info", "Zoë"), "--info"),
        (("subscription", "", "42", "--secret-key", "y"), "channel must not be empty"),
        (("explain", "x"), "no key given"),
    ],
)
def test_invalid_command_lines(cli: Run, arguments: tuple[str, ...], text: str) -> None:
    """Missing and invalid arguments are explained, with exit code 2."""
    ran = cli("token", *arguments)
    assert ran.code == 2
    assert text in ran.err


def test_the_1x_secret_is_not_the_token_key(cli: Run) -> None:
    """The 1.x option --secret does not sign tokens for a current server."""
    ran = cli("--secret", "s", "token", "connection", "42")
    assert (ran.code, "--secret-key" in ran.err) == (2, True)
