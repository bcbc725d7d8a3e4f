"""Tests of signing keys: valid inputs, rejected inputs and public keys."""

from typing import Any

import pytest

from centripetal.errors import UsageError
from centripetal.tokens import WeakKeyWarning, connection_token, explain, subscription_token
from centripetal.tokens.signing_key import SigningKey
from centripetal.v1 import generate_client_token
from tests.tokens.keys import SECRET, key_for, pair

HALF = "\ud83d"


@pytest.mark.parametrize(
    ("name", "algorithm"),
    [("rsa", "RS256"), ("p256", "ES256"), ("p384", "ES384"), ("p521", "ES512"), ("ed25519", "EdDSA")],
)
def test_the_key_determines_the_algorithm(name: str, algorithm: str) -> None:
    """A PEM key, as text or bytes, uses its default algorithm."""
    assert SigningKey(pair(name).private).algorithm == algorithm
    assert SigningKey(pair(name).private.encode()).algorithm == algorithm


BAD_KEYS: list[tuple[Any, dict[str, Any], str]] = [
    ("", {}, "the key is empty"),
    (b"", {}, "the key is empty"),
    (b"\xff", {}, "the key is not valid UTF-8"),
    (None, {}, "the key must be text, bytes or a SigningKey, not NoneType"),
    (HALF, {}, "the key contains a lone surrogate"),
    ("secret\n", {}, r"the secret begins or ends with white space.*strip\(\)"),
    (SECRET, {"algorithm": "PS256"}, "the server does not accept the algorithm 'PS256'"),
    (SECRET, {"algorithm": "none"}, "the algorithm 'none'"),
    (
        SECRET,
        {"algorithm": "RS256"},
        "a secret supports HS256 or HS384 or HS512, not RS256: this algorithm needs an RSA key",
    ),
    (SECRET, {"algorithm": "EdDSA"}, "this algorithm needs an Ed25519 key"),
    (SECRET, {"algorithm": "ES384"}, "this algorithm needs an ECDSA key on the curve P-384"),
    (SECRET, {"password": "x"}, "password is only for a private key"),
    (SECRET, {"kid": ""}, "kid must not be empty"),
    (pair("rsa").private, {"algorithm": "HS256"}, "a key in PEM cannot be the secret for HS256"),
    (pair("rsa").public, {"algorithm": "HS256"}, "a key in PEM cannot be the secret for HS256"),
    (pair("rsa").private, {"algorithm": "ES256"}, "this key supports RS256 or RS384 or RS512, not ES256"),
    (pair("p256").private, {"algorithm": "ES384"}, "this key supports ES256, not ES384: .* curve P-384"),
    (pair("ed25519").private, {"algorithm": "RS256"}, "this key supports EdDSA, not RS256"),
    (pair("rsa").public, {}, "this is a public key, which cannot sign"),
    (pair("rsa1024").private, {}, "an RSA key of 1024 bits is too short"),
    (pair("k256").private, {}, "the curve secp256k1 is not supported"),
    (pair("rsa").private, {"password": "x"}, "is not encrypted"),
    (pair("rsa").private[:500], {}, "the private key cannot be read"),
    ("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", {}, "the private key cannot be read"),
]


@pytest.mark.parametrize(("key", "options", "text"), BAD_KEYS)
def test_invalid_keys(key: Any, options: dict[str, Any], text: str) -> None:
    """A key that cannot sign tokens for the server is rejected with a fix."""
    with pytest.raises(UsageError, match=text):
        SigningKey(key, **options)


SHORT = [(1, "x"), (18, "s" * 18), (31, "ü" * 15 + "x"), (31, b"s" * 31)]


@pytest.mark.parametrize("secret", [secret for _, secret in SHORT])
def test_a_short_secret_signs_with_a_warning(secret: Any) -> None:
    """A warning names the program's line, the least length and the argument that allows the secret, not the secret."""
    text = (
        "the token secret is shorter than 32 bytes, so others may find it by trying: use a longer secret, "
        "for example from secrets.token_hex(), or pass allow_weak_key=True"
    )
    for sign in (
        lambda: SigningKey(secret).sign(b""),
        lambda: connection_token(secret, 42),
        lambda: subscription_token(secret, "news", 42),
    ):
        with pytest.warns(WeakKeyWarning) as caught:
            assert sign()
        assert [(str(each.message), each.filename) for each in caught] == [(text, __file__)]


@pytest.mark.parametrize(("size", "secret"), SHORT)
def test_a_short_secret_can_be_allowed(size: int, secret: Any) -> None:
    """With `allow_weak_key=True` there is no warning; a key that was allowed once may sign everything."""
    key = SigningKey(secret, allow_weak_key=True)
    assert len(key.secret) == size
    assert connection_token(key, 42, now=1) == connection_token(secret, 42, allow_weak_key=True, now=1)
    assert subscription_token(key, "a", 42, now=1) == subscription_token(secret, "a", 42, allow_weak_key=True, now=1)


def test_secrets_that_are_not_judged() -> None:
    """Secrets of 32 bytes, private keys, secrets of explanations and those of Centrifugo 1.x cause no warning."""
    assert connection_token("s" * 32, 42)
    assert connection_token("ü" * 16, 42)
    assert connection_token(pair("p256").private, 42)
    assert explain(connection_token("s" * 32, 42), "x")
    assert generate_client_token("x", "42", 1)


def test_a_secret_has_no_public_key() -> None:
    """The methods that return a public key never return a secret."""
    for get in (SigningKey(SECRET).public_key, SigningKey(SECRET, kid="k").jwk):
        with pytest.raises(UsageError, match="a secret must not be published"):
            get()
    with pytest.raises(UsageError, match="needs an id"):
        key_for("RS256").jwk()


def test_the_repr_does_not_contain_the_key() -> None:
    """The repr has the algorithm and the id, not the key."""
    assert repr(SigningKey(SECRET, kid="k")) == "<SigningKey HS256 k>"
    assert repr(key_for("ES256")) == "<SigningKey ES256>"


def test_encrypted_keys() -> None:
    """A password opens an encrypted PEM, and a missing or wrong password is an error."""
    from cryptography.hazmat.primitives.serialization import (
        BestAvailableEncryption,
        Encoding,
        PrivateFormat,
        load_pem_private_key,
    )

    key = load_pem_private_key(pair("p256").private.encode(), None)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"open"))
    assert SigningKey(pem, password="open").public_key() == pair("p256").public
    with pytest.raises(UsageError, match="is encrypted: pass its password"):
        SigningKey(pem)
    with pytest.raises(UsageError, match="cannot be read"):
        SigningKey(pem, password="closed")
