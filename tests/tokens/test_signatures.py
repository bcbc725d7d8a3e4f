"""Tests of making and verifying signatures with each algorithm."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from centripetal.errors import UsageError
from centripetal.tokens.issuing import connection_token, subscription_token
from centripetal.tokens.signatures import ALGORITHMS
from centripetal.tokens.signing_key import SigningKey
from centripetal.tokens.verification import (
    TokenKeys,
    TokenRefused,
    verify_connection,
    verify_subscription,
)
from tests.tokens.keys import NOW, SECRET, key_for, pair, raw_token
from tests.wire.golden import load

VECTORS = {vector["name"]: vector for vector in load("current", "jwt_vectors")["vectors"]}


def server_keys(key: SigningKey) -> TokenKeys:
    """Return the server's configuration for tokens signed by *key*."""
    if key.secret:
        return TokenKeys(hmac_secret_key=key.secret.decode())
    if key.kid is not None:
        return TokenKeys(jwks={"keys": [key.jwk()]})
    return msgspec.convert(
        {"rsa_public_key" if key.algorithm.startswith("RS") else "ecdsa_public_key": key.public_key()}, TokenKeys
    )


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@given(user=st.text() | st.integers(), info=st.none() | st.text() | st.booleans(), data=st.binary(max_size=9))
@settings(deadline=None, max_examples=15)
def test_signed_tokens_are_accepted(algorithm: str, user: Any, info: Any, data: bytes) -> None:
    """A token of each algorithm is accepted with its claims by key or key set, and rejected by any other key."""
    kids = {"EdDSA": ["k"]}.get(algorithm, [None, "k"] if not algorithm.startswith("HS") else [None])
    other = server_keys(SigningKey("another secret of thirty-two bytes"))
    for kid in kids:
        key = key_for(algorithm, kid)
        token = subscription_token(key, "a", user, info=info, b64data=data, now=NOW)
        claims = verify_subscription(token, server_keys(key), NOW)
        assert (claims.user, json.loads(claims.info), claims.data) == (str(user), info, data)
        token = connection_token(key, user, info=info, now=NOW)
        assert verify_connection(token, server_keys(key), NOW).user == str(user)
        with pytest.raises(TokenRefused):
            verify_connection(token, other, NOW)
        damaged = token[:-8] + ("A" * 8 if not token.endswith("A" * 8) else "B" * 8)
        with pytest.raises(TokenRefused) as caught:
            verify_connection(damaged, server_keys(key), NOW)
        assert caught.value.reason == "signature"


def test_hmac_works_without_cryptography(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without `cryptography`, secrets work, and other keys raise an error that names the package to install."""
    import sys

    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives", None)
    assert verify_connection(connection_token(SECRET, 42, now=NOW), TokenKeys(hmac_secret_key=SECRET), NOW).user == "42"
    with pytest.raises(UsageError, match=r"pip install 'centripetal\[tokens\]'"):
        SigningKey(pair("rsa").private)
    with pytest.raises(UsageError, match=r"pip install 'centripetal\[tokens\]'"):
        verify_connection(
            VECTORS["JWKS RS256"]["token"], TokenKeys(jwks={"keys": [{"kid": "rsa1", "use": "sig", "kty": "RSA"}]}), NOW
        )


@pytest.mark.parametrize(
    ("keys", "reason"),
    [
        (TokenKeys(rsa_public_key="nonsense"), "key"),
        (TokenKeys(rsa_public_key=pair("rsa").private), "key"),
        (TokenKeys(rsa_public_key=pair("p256").public), "algorithm"),
        (TokenKeys(jwks={}), "kid"),
        (TokenKeys(jwks={"keys": [5, {"kid": "k", "kty": "RSA"}]}), "kid"),
        (TokenKeys(jwks={"keys": [{"kid": "k", "use": "sig", "kty": "RSA", "n": "AQAB"}]}), "key"),
        (TokenKeys(jwks={"keys": [{"kid": "k", "use": "sig", "kty": "RSA", "n": 5, "e": "AQAB"}]}), "key"),
        (TokenKeys(jwks={"keys": [{"kid": "k", "use": "sig", "kty": "oct", "k": "AQAB"}]}), "key"),
        (
            TokenKeys(jwks={"keys": [{"kid": "k", "use": "sig", "kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}]}),
            "key",
        ),
    ],
)
def test_invalid_server_keys(keys: TokenKeys, reason: str) -> None:
    """An invalid key of the server rejects the token and raises no other error."""
    with pytest.raises(TokenRefused) as caught:
        verify_connection(raw_token({"alg": "RS256", "kid": "k"}, {}), keys, NOW)
    assert caught.value.reason == reason
