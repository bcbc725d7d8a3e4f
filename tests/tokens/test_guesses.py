"""Tests of the usual mistakes that explanations recognize, each with a fix."""

import base64
import hashlib
import json
import re
from typing import Any

import pytest

from centripetal.tokens.explanation import explain
from centripetal.tokens.issuing import connection_token, subscription_token
from centripetal.tokens.signing_key import SigningKey
from centripetal.tokens.verification import TokenKeys
from tests.tokens.keys import NOW, SECRET, b64, hs256, pair, raw_token

GOOD = connection_token(SECRET, "42", now=NOW)
HOUR_AGO = NOW - 3600
RSA = SigningKey(pair("rsa").private)
EC = SigningKey(pair("p256").private)
ED = SigningKey(pair("ed25519").private)
KEPT = {"exp": NOW + 60}


def signed(key: SigningKey, claims: Any = KEPT, **header: Any) -> str:
    text = ".".join(b64(json.dumps(part).encode()) for part in ({"alg": key.algorithm, **header}, claims))
    return f"{text}.{b64(key.sign(text.encode()))}"


def in_der(token: str) -> str:
    """Return an ES256 token whose signature is DER-encoded, as OpenSSL writes it."""
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    head, _, signature = token.rpartition(".")
    raw = base64.urlsafe_b64decode(signature + "==")
    return f"{head}.{b64(encode_dss_signature(int.from_bytes(raw[:32], 'big'), int.from_bytes(raw[32:], 'big')))}"


MISTAKES: list[tuple[str, str | bytes, Any, dict[str, Any], str, str, str]] = [
    # name, token, key, options, code for the client, reason, fix
    ("expired", hs256({"exp": HOUR_AGO}), SECRET, {}, "109", "expired: .* UTC, 60 min ago", "create a new token"),
    ("just expired", hs256({"exp": NOW - 5}), SECRET, {}, "109", "5 s ago", "both clocks"),
    ("a lifetime as exp", hs256({"exp": 3600}), SECRET, {}, "109", "looks like a lifetime", "current Unix time plus"),
    ("nbf", hs256({"nbf": NOW + 86400 * 3, **KEPT}), SECRET, {}, "109", "not valid until: .* in 3 days", "wait"),
    ("nbf, clock", hs256({"nbf": NOW + 5, **KEPT}), SECRET, {}, "109", "in 5 s", "both clocks"),
    ("nbf in ms", hs256({"nbf": NOW * 1000, **KEPT}), SECRET, {}, "109", "looks like milliseconds", "in seconds"),
    ("ended", hs256({"expire_at": 5, **KEPT}), SECRET, {}, "110", "looks like a lifetime", "Unix time"),
    ("ended", hs256({"expire_at": int(HOUR_AGO), **KEPT}), SECRET, {}, "110", "expired: .*ago", "0 for never"),
    ("integer sub", hs256({"sub": 42, **KEPT}), SECRET, {}, "3500", "`sub` is the number 42", r"str\(user\)"),
    ("exp as date", hs256({"exp": "2030-01-01"}), SECRET, {}, "3500", "`exp`|Unix seconds", "a number"),
    ("expire_at text", hs256({"expire_at": "5", **KEPT}), SECRET, {}, "3500", "integer", "without fraction"),
    ("null aud", hs256({"aud": None, **KEPT}), SECRET, {}, "3500", "`aud` is null", "leave it out"),
    ("subs a list", hs256({"subs": [], **KEPT}), SECRET, {}, "3500", "`subs`", "table of claims"),
    ("no object", hs256([1]), SECRET, {}, "3500", "the claims cannot be read", "one JSON object"),
    ("b64info", hs256({"b64info": "?", **KEPT}), SECRET, {}, "100", "`b64info` is not base64", "padded"),
    ("wrong secret", GOOD, "other secret", {}, "3500", "another secret", "hmac_secret_key"),
    ("newline in maker's secret", hs256(KEPT, SECRET + "\n"), SECRET, {}, "3500", "a line break after it",
     "byte for byte"),
    ("CR LF", hs256(KEPT, SECRET + "\r\n"), SECRET, {}, "3500", "CR LF", "byte for byte"),
    ("newline in server's", GOOD, SECRET + "\n", {}, "3500", "without the white space around it", "byte for byte"),
    ("quotes", GOOD, f'"{SECRET}"', {}, "3500", "without the quotation marks", "byte for byte"),
    ("base64 secret", GOOD, base64.b64encode(SECRET.encode()).decode(), {}, "3500", "decoded from base64", "byte"),
    ("hex secret", GOOD, SECRET.encode().hex(), {}, "3500", "decoded from hex", "byte"),
    ("encoded secret", hs256(KEPT, SECRET.encode().hex()), SECRET, {}, "3500", "the hex of the secret", "byte"),
    ("no secret", hs256(KEPT, ""), SECRET, {}, "3500", "an empty secret", "byte"),
    ("wrong digest", raw_token({"alg": "HS256"}, KEPT, digest=hashlib.sha512), SECRET, {}, "3500",
     "signed with HS512", "write"),
    ("cut", GOOD.rpartition(".")[0] + ".", SECRET, {}, "3500", "signature is empty", "copied whole"),
    ("changed", GOOD[:-1] + ("A" if GOOD[-1] != "A" else "E"), SECRET, {}, "3500", "changed afterwards", "copy"),
    ("none", raw_token({"alg": "none"}, KEPT), SECRET, {}, "3500", "not signed", "sign it"),
    ("lower case", raw_token({"alg": "hs256"}, KEPT), SECRET, {}, "3500", "written 'hs256'", "'HS256'"),
    ("PS256", signed(RSA, alg="PS256"), RSA, {}, "3500", "does not accept PS256", "RS256"),
    ("A256", raw_token({"alg": "A256"}, KEPT), SECRET, {}, "3500", "does not accept A256", "HS256, HS384"),
    ("RSA for a secret", signed(RSA), SECRET, {}, "3500", "signed with RS256, but the server's key is a secret",
     "rsa_public"),
    ("secret for RSA", GOOD, pair("rsa").public, {}, "3500", "the server has no hmac_secret_key", "private key"),
    ("public key as secret", hs256(KEPT, pair("rsa").public), RSA, {}, "3500", "anyone could", "rsa_public_key"),
    ("RSA for EC", signed(RSA), EC, {}, "3500", "no key for RS256", "rsa_public_key"),
    ("curve", signed(EC, alg="ES384"), EC, {}, "3500", "the curve of the server's key", "P-384: ES384"),
    ("DER", in_der(signed(EC)), EC, {}, "3500", "DER", "fixed length"),
    ("another RSA", signed(RSA)[:-4] + "AAAA", pair("rsa").public, {}, "3500", "not made with the server's key",
     "public half"),
    ("Ed25519 without set", signed(ED), pair("ed25519").public, {}, "3500", "only with a key set",
     "jwks_public_endpoint"),
    ("no kid", signed(RSA), {"keys": []}, {}, "3500", "needs the `kid`", "kid=…"),
    ("secret for set", GOOD, {"keys": []}, {}, "3500", "accepts no secret", "without jwks_public_endpoint"),
    ("bad server key", signed(RSA), TokenKeys(rsa_public_key="x"), {}, "3500", "cannot be used", "public_key"),
    ("issuer", GOOD, TokenKeys(hmac_secret_key=SECRET, issuer="i"), {}, "3500", "`iss` is ''.*'i'", "issuer=…"),
    ("audience", GOOD, TokenKeys(hmac_secret_key=SECRET, audience_regex="^a"), {}, "3500", "`aud` is", "audience=…"),
    ("connection for subscribe", GOOD, SECRET, {"channel": "a"}, "103", "looks like a connection token",
     "subscription_token"),
    ("channels for channel", hs256({"channels": ["a"]}), SECRET, {"channel": "a"}, "103",
     "this token has `channels`", "one token for each chann"),
    ("subscription for connect", subscription_token(SECRET, "a", 1, now=NOW), SECRET, {"kind": "connection"}, "3500",
     "this is a subscription token", "connection_token"),
    ("channel", subscription_token(SECRET, "a", 1, now=NOW), SECRET, {"channel": "A"}, "3500",
     "channel 'a', not for 'A'", "case"),
    ("user", subscription_token(SECRET, "a", 1, now=NOW), SECRET, {"user": 2}, "3500", "user '1', not for '2'",
     "of the connection"),
    ("client", subscription_token(SECRET, "a", 1, client="c", now=NOW), SECRET, {"client": "d"}, "3500",
     "'c', not for 'd'", "out"),
    ("user elsewhere", hs256({"channel": "a", "user_id": "2"}), SECRET, {"user": 2}, "3500",
     "anonymous user, not for '2': the server does not read the user from `user_id`", "into `sub`"),
    ("previous secret", hs256(KEPT, "old"), TokenKeys(
        hmac_secret_key=SECRET, hmac_previous_secret_key="old", hmac_previous_secret_key_valid_until=int(HOUR_AGO)),
     {}, "3500", "the previous secret, which was valid until .* 60 min ago", "create a new token"),
    ("empty", "", SECRET, {}, "3500", "the token is empty", "gets lost"),
    ("1.x", hashlib.sha256().hexdigest(), SECRET, {}, "3500", "a token of Centrifugo 1.x", "connection_token"),
    ("space", f"  {GOOD} ", SECRET, {}, "3500", "white space around", r"strip\(\)"),
    ("Bearer", f"Bearer {GOOD}", SECRET, {}, "3500", "Bearer", "only the token"),
    ("quoted", f"'{GOOD}'", SECRET, {}, "3500", "quotation marks", "only the token"),
    ("padded", f"{GOOD}==", SECRET, {}, "3500", "padded with =", "base64url"),
    ("plain base64", "eyJ+.e30.AA/", SECRET, {}, "3500", r"with \+ and /", "base64url"),
    ("JSON", '{"sub":"42"}', SECRET, {}, "3500", "this is JSON", "create tokens"),
    ("two parts", GOOD.rpartition(".")[0], SECRET, {}, "3500", "its signature is missing", "copied whole"),
    ("one part", "eyJx", SECRET, {}, "3500", "has 1 part, but it", "copied whole"),
    ("JWE", "eyJ.a.b.c.d", SECRET, {}, "3500", "encrypted", "sign the token"),
    ("indented", raw_token(b'{ "alg":"HS256"}', KEPT), SECRET, {}, "3500", "must begin with", "without a space"),
    ("header no JSON", b64(b'{"a') + ".e30.AA", SECRET, {}, "3500", "the header cannot be read", "whole"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("token", "key", "options", "told", "reason", "fix"),
    [row[1:] for row in MISTAKES],
    ids=[row[0] for row in MISTAKES],
)
def test_usual_mistakes_are_recognized(token: str, key: Any, options: Any, told: str, reason: str, fix: str) -> None:
    """Each usual mistake is explained with the client's code, the reason and a fix."""
    explanation = explain(token, key, now=NOW, **options)
    assert not explanation.accepted
    assert str(explanation.close or explanation.error) == told
    assert len(explanation.reasons) == len(explanation.fixes) > 0
    assert any(
        re.search(reason, why) and re.search(fix, what)
        for why, what in zip(explanation.reasons, explanation.fixes, strict=True)
    ), str(explanation)
    assert told in str(explanation)


SUSPICIONS: list[tuple[str, Any, dict[str, Any], str]] = [
    (hs256({"sub": "42"}), SECRET, {}, "never expires"),
    (hs256({"sub": "42", "exp": NOW * 1000}), SECRET, {}, "`exp` looks like milliseconds"),
    (hs256({"sub": "42", "iat": NOW + 7200, **KEPT}), SECRET, {}, "issued .* in 2 h .*clocks differ"),
    (hs256({"userId": "42", **KEPT}), SECRET, {}, "user is anonymous.*`sub`, not .*`userId`"),
    (hs256({"sub": "42", **KEPT}), TokenKeys(hmac_secret_key=SECRET, user_id_claim="uid"), {},
     "user is anonymous.*`uid`, not .*`sub`"),
    (hs256({"sub": "42", "channels": ["a"], "subs": {"b": {}}, **KEPT}), SECRET, {}, "`channels` is ignored"),
    (hs256({"sub": "42", "info": 1, "b64info": "AA==", **KEPT}), SECRET, {}, "`info` is ignored"),
    (hs256({"sub": "42", "expires": 1, **KEPT}), SECRET, {}, "ignores `expires`: did you mean `exp`"),
    (hs256({"sub": "42", "b64_info": 1, **KEPT}), SECRET, {}, "ignores `b64_info`: did you mean `b64info`"),
    (hs256({"sub": "42", **KEPT}, "short"), "short", {}, "shorter than 32 bytes"),
    (GOOD, SECRET, {"user": "43"}, "for the user '42', not for '43'"),
]  # fmt: skip


@pytest.mark.parametrize(("token", "key", "options", "note"), SUSPICIONS)
def test_suspicious_tokens_have_a_note(token: str, key: Any, options: Any, note: str) -> None:
    """A token that the server accepts but that is probably a mistake has a note."""
    explanation = explain(token, key, now=NOW, **options)
    assert explanation.accepted
    assert not explanation.reasons
    assert any(re.search(note, line) for line in explanation.notes), str(explanation)
