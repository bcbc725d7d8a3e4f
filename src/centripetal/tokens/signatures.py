"""Signatures of JSON Web Tokens, with the algorithms and keys that Centrifugo accepts (protocol 6: token-keys).

HMAC uses the standard library. RSA, ECDSA and Ed25519 use `cryptography` (extra `tokens`), which is imported when the
first such key is loaded. This package does not use a JWT library: the rest of a token is only base64 around two JSON
texts, and a library's own checks of claims would hide how the server treats them.
"""

import base64
import binascii
import functools
import hmac
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

from centripetal.errors import UsageError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey, EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

    PrivateKey: TypeAlias = RSAPrivateKey | EllipticCurvePrivateKey | Ed25519PrivateKey
    PublicKey: TypeAlias = RSAPublicKey | EllipticCurvePublicKey | Ed25519PublicKey

__all__ = ["ALGORITHMS", "HMAC", "Algorithm", "BadKey", "algorithms_of", "b64decode", "b64encode", "check_hmac"]
__all__ += ["check_public", "is_pem", "jwk_of", "load_private", "load_public", "pem_of", "public_from_jwk", "sign_hmac"]
__all__ += ["sign_private"]

Algorithm = Literal["HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "EdDSA"]
"""An algorithm for signing tokens."""

ALGORITHMS: tuple[str, ...] = get_args(Algorithm)
HMAC = ("HS256", "HS384", "HS512")
MIN_RSA_BITS = 2048  # RFC 7518, section 3.3
MIN_RSA_BITS_OF_SERVERS = 1024  # limit of Go's crypto/rsa

_CURVES = {"ES256": "secp256r1", "ES384": "secp384r1", "ES512": "secp521r1"}
_BASE64URL = re.compile(rb"[A-Za-z0-9_-]*")


class BadKey(UsageError):
    """The key is damaged, of the wrong kind or too short."""


def b64encode(data: bytes) -> bytes:
    """Encode as base64url without padding, as in tokens."""
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def b64decode(text: bytes) -> bytes:
    """Decode base64url without padding. Like Go, ignore line breaks and unused bits of the last character.

    Raises:
        ValueError: *text* is not base64url without padding.
    """
    text = text.replace(b"\r", b"").replace(b"\n", b"")
    if not _BASE64URL.fullmatch(text) or len(text) % 4 == 1:
        raise ValueError("not base64url without padding")
    return base64.urlsafe_b64decode(text + b"=" * (-len(text) % 4))


# ---- HMAC


def sign_hmac(algorithm: str, secret: bytes, message: bytes) -> bytes:
    """Return the signature of *message* with HS256, HS384 or HS512."""
    return hmac.digest(secret, message, f"sha{algorithm[2:]}")


def check_hmac(algorithm: str, secret: bytes, message: bytes, signature: bytes) -> bool:
    """Return whether *signature* is valid for *message*."""
    return hmac.compare_digest(sign_hmac(algorithm, secret, message), signature)


# ---- RSA, ECDSA and Ed25519


def is_pem(key: str | bytes) -> bool:
    """Return whether *key* is a key in PEM, not a secret."""
    text = key.encode("utf-8", "surrogatepass") if isinstance(key, str) else key
    return text.lstrip().startswith(b"-----BEGIN ")


def load_private(pem: bytes, password: bytes | None = None) -> "PrivateKey":
    """Load the private key in *pem*.

    Raises:
        BadKey: the key is public, of an unsupported kind, damaged or too short, or the password is wrong.
    """
    serialization = _serialization()
    if b"PUBLIC KEY-----" in pem or b"-----BEGIN CERTIFICATE-----" in pem:
        raise BadKey("this is a public key, which cannot sign: pass the private key that belongs to it")
    try:
        key = serialization.load_pem_private_key(pem.strip(), password)
    except TypeError:
        said = "is not encrypted: leave out password" if password else "is encrypted: pass its password"
        raise BadKey(f"the private key {said}") from None
    except (
        Exception
    ) as error:  # cryptography raises ValueError, UnsupportedAlgorithm and undocumented exceptions of its parser
        raise BadKey(f"the private key cannot be read: {_first_line(error)}") from None
    checked: PrivateKey = _check_kind(key, "private")
    return checked


@functools.lru_cache(maxsize=64)
def load_public(pem: bytes) -> "PublicKey":
    """Load the public key in *pem*, which may also be a certificate, as in the server.

    Raises:
        BadKey: the key is private, of an unsupported kind, damaged or too short.
    """
    serialization = _serialization()
    if b"PRIVATE KEY-----" in pem:
        raise BadKey("this is a private key: give the server only the public key (openssl pkey -in KEY -pubout)")
    try:
        if b"-----BEGIN CERTIFICATE-----" in pem:
            from cryptography.x509 import load_pem_x509_certificate

            key: Any = load_pem_x509_certificate(pem.strip()).public_key()
        else:
            key = serialization.load_pem_public_key(pem.strip())
    except Exception as error:  # see load_private
        raise BadKey(f"the public key cannot be read: {_first_line(error)}") from None
    checked: PublicKey = _check_kind(key, "public")
    return checked


def algorithms_of(key: "PrivateKey | PublicKey") -> tuple[str, ...]:
    """Return the algorithms that *key* supports, the default first."""
    kind = type(key).__name__
    if "RSA" in kind:
        return "RS256", "RS384", "RS512"
    if "Ed25519" in kind:
        return ("EdDSA",)
    curve: Any = key
    return tuple(name for name, wanted in _CURVES.items() if wanted == curve.curve.name)


def sign_private(algorithm: str, key: "PrivateKey", message: bytes) -> bytes:
    """Return the signature of *message*. The key must support *algorithm*."""
    from cryptography.hazmat.primitives.asymmetric import ec, padding, utils

    anykey: Any = key
    if algorithm == "EdDSA":
        return bytes(anykey.sign(message))
    if algorithm.startswith("RS"):
        return bytes(anykey.sign(message, padding.PKCS1v15(), _hash(algorithm)))
    size = _size(key)
    r, s = utils.decode_dss_signature(anykey.sign(message, ec.ECDSA(_hash(algorithm))))
    return r.to_bytes(size, "big") + s.to_bytes(size, "big")


def check_public(algorithm: str, key: "PublicKey", message: bytes, signature: bytes) -> bool:
    """Return whether *signature* is valid for *message*. The key must support *algorithm*."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric import ec, padding, utils

    anykey: Any = key
    try:
        if algorithm == "EdDSA":
            anykey.verify(signature, message)
        elif algorithm.startswith("RS"):
            anykey.verify(signature, message, padding.PKCS1v15(), _hash(algorithm))
        else:
            size = _size(key)
            if len(signature) != 2 * size:
                return False
            numbers = (int.from_bytes(half, "big") for half in (signature[:size], signature[size:]))
            anykey.verify(utils.encode_dss_signature(*numbers), message, ec.ECDSA(_hash(algorithm)))
    except InvalidSignature:
        return False
    return True


def public_from_jwk(jwk: Mapping[str, Any]) -> "PublicKey":
    """Return the public key in a member of a key set (RFC 7517).

    Raises:
        BadKey: the key is not RSA, EC or Ed25519, or a field is missing or invalid.
    """
    _serialization()
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    def number(name: str) -> int:
        return int.from_bytes(octets(name), "big")

    def octets(name: str) -> bytes:
        return b64decode(jwk[name].rstrip("=").encode())

    try:
        if jwk.get("kty") == "RSA":
            return rsa.RSAPublicNumbers(number("e"), number("n")).public_key()
        if jwk.get("kty") == "EC":
            curves: Any = {"P-256": ec.SECP256R1(), "P-384": ec.SECP384R1(), "P-521": ec.SECP521R1()}
            return ec.EllipticCurvePublicNumbers(number("x"), number("y"), curves[jwk["crv"]]).public_key()
        if jwk.get("kty") == "OKP" and jwk.get("crv") == "Ed25519":
            return Ed25519PublicKey.from_public_bytes(octets("x"))
    except KeyError as error:
        raise BadKey(f"the key {jwk.get('kid')!r} of the set has a missing or unknown value of {error}") from None
    except (ValueError, AttributeError, TypeError, binascii.Error) as error:
        raise BadKey(f"the key {jwk.get('kid')!r} of the set cannot be read: {_first_line(error)}") from None
    raise BadKey(
        f"the key {jwk.get('kid')!r} of the set has the type {jwk.get('kty')!r}: it must be RSA, EC or Ed25519"
    )


def pem_of(key: "PublicKey") -> str:
    """Return *key* in PEM."""
    serialization = _serialization()
    pem: bytes = key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return pem.decode()


def jwk_of(key: "PublicKey", kid: str, algorithm: str) -> dict[str, str]:
    """Return *key* as a member of a key set (RFC 7517)."""
    anykey: Any = key
    base = {"kid": kid, "use": "sig", "alg": algorithm}
    if algorithm == "EdDSA":
        return {**base, "kty": "OKP", "crv": "Ed25519", "x": b64encode(anykey.public_bytes_raw()).decode()}
    numbers = anykey.public_numbers()
    if algorithm.startswith("RS"):
        return {**base, "kty": "RSA", "n": _number(numbers.n), "e": _number(numbers.e)}
    size = _size(key)
    return {
        **base,
        "kty": "EC",
        "crv": f"P-{anykey.curve.key_size}",
        "x": _number(numbers.x, size),
        "y": _number(numbers.y, size),
    }


def _number(value: int, size: int = 0) -> str:
    return b64encode(value.to_bytes(size or (value.bit_length() + 7) // 8, "big")).decode()


def _size(key: Any) -> int:
    """Return the size in bytes of each of the two numbers in an ECDSA signature."""
    return (int(key.curve.key_size) + 7) // 8


def _hash(algorithm: str) -> Any:
    from cryptography.hazmat.primitives import hashes

    return getattr(hashes, f"SHA{algorithm[2:]}")()


def _serialization() -> Any:
    try:
        from cryptography.hazmat.primitives import serialization
    except ModuleNotFoundError:
        raise UsageError(
            "RSA, ECDSA and Ed25519 keys need another package: pip install 'centripetal[tokens]'"
        ) from None
    return serialization


def _check_kind(key: Any, half: Literal["private", "public"]) -> Any:
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    if isinstance(key, rsa.RSAPrivateKey | rsa.RSAPublicKey):
        least = MIN_RSA_BITS if half == "private" else MIN_RSA_BITS_OF_SERVERS
        if key.key_size < least:
            raise BadKey(f"an RSA key of {key.key_size} bits is too short: create a key of {MIN_RSA_BITS} bits or more")
    elif isinstance(key, ec.EllipticCurvePrivateKey | ec.EllipticCurvePublicKey):
        if key.curve.name not in _CURVES.values():
            raise BadKey(f"the curve {key.curve.name} is not supported: use P-256, P-384 or P-521")
    elif not isinstance(key, ed25519.Ed25519PrivateKey | ed25519.Ed25519PublicKey):
        raise BadKey(f"a {half} key of this kind ({type(key).__name__}) is not supported: use RSA, ECDSA or Ed25519")
    return key


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
