"""Keys from environment variables and files are recognised, and never become another kind of key."""

import base64
import contextlib
import json
import time

import pytest

from centripetal.errors import UsageError
from centripetal.tokens import SigningKey, explain, subscription_token
from centripetal.tokens.key_text import read_key
from tests.tokens.keys import NOW, SECRET, pair

PEM = pair("p256").private
BODY = "".join(PEM.splitlines()[1:-1])

# The same key as some tool passes it.
FORMS = {
    "plain": PEM,
    "without the last line break": PEM.strip(),
    "Windows line breaks": PEM.replace("\n", "\r\n"),
    "old Mac line breaks": PEM.replace("\n", "\r"),
    "escaped line breaks": PEM.replace("\n", "\\n"),
    "escaped Windows line breaks": PEM.replace("\n", "\\r\\n"),
    "twice escaped line breaks": PEM.replace("\n", "\\\\n"),
    "quotation marks": f'"{PEM}"',
    "single quotation marks": f"'{PEM}'",
    "both": '"' + PEM.replace("\n", "\\n") + '"',
    "quotation marks in quotation marks": f"'\"{PEM}\"'\n",
    "escaped quotation marks": '\\"' + PEM.replace("\n", "\\n") + '\\"',
    "typographic quotation marks": f"\u201c{PEM}\u201d",
    "JSON": json.dumps(PEM),
    "one line with spaces": PEM.replace("\n", " "),
    "one line": PEM.replace("\n", ""),
    "indented": "\n".join(f"    {line}" for line in PEM.splitlines()),
    "a byte order mark": "\ufeff" + PEM,
    "text before it": "Bag Attributes: <No Attributes>\n" + PEM,
    "the name of the variable": f"KEY={PEM}",
    "base64": base64.b64encode(PEM.encode()).decode(),
    "base64 in lines": base64.encodebytes(PEM.encode()).decode(),
    "base64url without padding": base64.urlsafe_b64encode(PEM.encode()).decode().rstrip("="),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("encode", [str, str.encode])
def test_a_private_key_is_recognised(form: str, encode: object) -> None:
    """The key is read in every form, as text and as bytes."""
    key = FORMS[form] if encode is str else FORMS[form].encode()
    assert read_key(key).decode() == PEM
    assert SigningKey(key).algorithm == "ES256"


JWK = {"kty": "EC", "crv": "P-256", "x": "a", "y": "b", "d": "c"}

# Keys that are neither a secret nor a private key in PEM, and a word of the error.
OTHERS = {
    "a JWK": (json.dumps(JWK), "JSON Web Key"),
    "a JWK in quotation marks": (f"'{json.dumps(JWK)}'", "JSON Web Key"),
    "a JWK with escapes": (json.dumps(json.dumps(JWK)), "JSON Web Key"),
    "a JWK in base64": (base64.b64encode(json.dumps(JWK).encode()).decode(), "JSON Web Key"),
    "a key set": (json.dumps({"keys": [JWK]}), "JSON Web Key"),
    "the body of a PEM": (BODY, "first and last lines"),
    "the body of a PEM in lines": ("\n".join(PEM.splitlines()[1:-1]), "first and last lines"),
    "a key of SSH": ("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA me@example", "SSH"),
    "the name of a file": ("/etc/keys/private.pem", "the name of a file"),
    "a public key": (pair("p256").public, "public key"),
    "a public key in quotation marks": (f'"{pair("rsa").public}"', "public key"),
    "a certificate": ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "public key"),
    "a key that was cut off": (PEM[:100], "cut off"),
    "a damaged first line": (PEM.replace("KEY-----", "KEY----", 1), "first line"),
    "quotation marks": (f'"{SECRET}"', "quotation marks"),
    "a line break": (f"{SECRET}\n", "line break"),
    "an escaped line break": (f"{SECRET}\\n", "line break"),
    "a byte order mark": (f"\ufeff{SECRET}", "begins or ends"),
}


@pytest.mark.parametrize("name", OTHERS)
def test_other_keys_never_become_a_secret(name: str) -> None:
    """The error names the problem and contains no part of the key."""
    key, word = OTHERS[name]
    with pytest.raises(UsageError, match=word) as caught:
        subscription_token(key, "news", "42", now=NOW)
    assert not {key[at : at + 8] for at in range(0, len(key) - 8, 3) if key[at : at + 8].isalnum()} & set(
        str(caught.value).split()
    )
    assert SECRET not in str(caught.value)
    assert BODY[:20] not in str(caught.value)


@pytest.mark.parametrize(
    "secret", ["s", SECRET, "a'b\"c", "{", '{"a": 1}', "a" * 64, "MIIB" * 12, "a.key", "-----", "=" * 50]
)
def test_secrets_are_unchanged(secret: str) -> None:
    """Any other text is a secret, also in forms that resemble other keys; bytes are never changed."""
    assert read_key(secret) == read_key(secret.encode()) == secret.encode()
    assert read_key(f' "{secret}"\n'.encode()) == f' "{secret}"\n'.encode()


def test_explain_reads_keys_in_the_same_forms() -> None:
    """A verdict does not depend on the form in which the private key is passed."""
    token = subscription_token(PEM, "news", "42", now=NOW)
    assert all(explain(token, key, now=NOW).accepted for key in FORMS.values())


@pytest.mark.parametrize("size", [10_000, 1_000_000])
def test_huge_keys_take_a_moment(size: int) -> None:
    """The forms are tried in a time that is proportional to the size of the text."""
    for text in ('"' * size + "a", "-----BEGIN A-----" * (size // 20), "\\n" * size + "a", "a" * size):
        started = time.perf_counter()
        with contextlib.suppress(UsageError):
            read_key(text)
        assert time.perf_counter() - started < 10
