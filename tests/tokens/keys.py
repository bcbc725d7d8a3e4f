"""Keys and tokens for tests, made by `cryptography` and the standard library instead of the code under test."""

import base64
import functools
import hashlib
import hmac
import json
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from centripetal.tokens.signing_key import SigningKey

SECRET = "a secret of thirty-two characters"
NOW = 1_800_000_000.0

_MAKE: dict[str, Any] = {
    "rsa": lambda: rsa.generate_private_key(65537, 2048),
    "rsa1024": lambda: rsa.generate_private_key(65537, 1024),
    "p256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "p384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "p521": lambda: ec.generate_private_key(ec.SECP521R1()),
    "k256": lambda: ec.generate_private_key(ec.SECP256K1()),
    "ed25519": ed25519.Ed25519PrivateKey.generate,
}


class Pair(NamedTuple):
    """A key pair in PEM."""

    private: str
    public: str


@functools.cache
def pair(name: str) -> Pair:
    """Return the key pair called *name*, which is created once."""
    key = _MAKE[name]()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return Pair(private.decode(), public.decode())


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def raw_token(header: Any, claims: Any, secret: str = SECRET, digest: Any = hashlib.sha256) -> str:
    """Return a token signed by HMAC; bytes are used unchanged, other values are encoded as JSON."""
    parts = [part if isinstance(part, bytes) else json.dumps(part).encode() for part in (header, claims)]
    signed = ".".join(map(b64, parts))
    return f"{signed}.{b64(hmac.new(secret.encode(), signed.encode(), digest).digest())}"


def hs256(claims: Any, secret: str = SECRET) -> str:
    """Return a token with these claims, signed by HS256."""
    return raw_token({"typ": "JWT", "alg": "HS256"}, claims, secret)


KEY_OF = {"RS": "rsa", "ES256": "p256", "ES384": "p384", "ES512": "p521", "Ed": "ed25519"}


@functools.cache  # reading an RSA key checks it, which takes longer than a signature
def key_for(algorithm: str, kid: str | None = None) -> SigningKey:
    name = next((name for start, name in KEY_OF.items() if algorithm.startswith(start)), None)
    key = pair(name).private if name else SECRET
    return SigningKey(key, algorithm=algorithm, kid=kid)  # type: ignore[arg-type]
