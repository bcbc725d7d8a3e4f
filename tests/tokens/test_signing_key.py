"""Tests of signing keys: valid inputs, rejected inputs and public keys."""

from typing import Any

import pytest

from centripetal.errors import UsageError
from centripetal.tokens.signing_key import SigningKey
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
